//! `Overdue`: what is said of a cancelled run that does not end in time.
//!
//! A run speaks for itself when it has ended. So does a comparison, between its folds. If a signal must end the program before, because a chunk in progress goes on,
//! the thread that waits for signals says in its place what is known. Only one of them speaks.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// How long it may take to say it: the streams may be pipes that nobody reads.
const SAID_WITHIN: Duration = Duration::from_millis(50);

/// Says what is known.
pub(crate) type Say = Arc<dyn Fn() + Send + Sync>;

/// Who speaks.
#[derive(Default)]
enum Speaker {
    /// Nobody: there is no run yet, or it has ended and speaks for itself.
    #[default]
    Itself,
    /// This, if the run does not end in time.
    Instead(Say),
    /// The program ends, and the run must not speak any more.
    Ending,
}

/// Shared by a run and the thread that waits for signals.
#[derive(Clone, Default)]
pub(crate) struct Overdue(Arc<Mutex<Speaker>>);

impl Overdue {
    /// The run begins. If it does not end in time after a signal, `say` is called.
    pub(crate) fn begin(&self, say: Say) {
        self.replace(Speaker::Instead(say));
    }

    /// The run has ended, and speaks for itself. If it is too late for that, this call does not return: the program ends.
    pub(crate) fn end(&self) {
        if let Speaker::Ending = self.replace(Speaker::Itself) {
            loop {
                thread::park();
            }
        }
    }

    /// The program is to end: says what is to be said, if the run has not ended, and returns whether it said something.
    /// A run that has ended may be writing its result.
    pub(crate) fn say(&self) -> bool {
        let mut speaker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Speaker::Instead(say) = &*speaker else { return false };
        let say = Arc::clone(say);
        *speaker = Speaker::Ending;
        drop(speaker);
        say_soon(move || say());
        true
    }

    fn replace(&self, speaker: Speaker) -> Speaker {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), speaker)
    }
}

/// Calls `say`, and waits for its end, but not for long.
pub(crate) fn say_soon(say: impl FnOnce() + Send + 'static) {
    let (said, done) = mpsc::channel();
    let speaker = thread::Builder::new().name("threefold-overdue".to_string());
    // It is never joined: the program ends.
    let spoken = speaker.spawn(move || {
        say();
        let _ = said.send(());
    });
    if spoken.is_ok() {
        let _ = done.recv_timeout(SAID_WITHIN);
    }
}
