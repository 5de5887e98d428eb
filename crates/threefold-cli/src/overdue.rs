//! `Overdue`: what is said of a cancelled run that does not end in time.
//!
//! A run speaks for itself when it has ended. So does a comparison, between its folds. If a signal must end the program
//! before, because a chunk in progress goes on, the thread that waits for signals says in its place what is known. Only one
//! of them speaks.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::messages;

/// How long it may take to say it: the streams may be pipes that nobody reads. Otherwise it takes far less, but the machine may
/// have no core for it at once.
const SAID_WITHIN: Duration = Duration::from_millis(300);

/// How long it may take to say after that, in one sentence, that it was not written.
const ONE_SENTENCE: Duration = Duration::from_millis(100);

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
    /// The run begins, or enters another part. If it does not end in time after a signal, `say` is called. If it is too late for
    /// that, this call does not return: the program ends.
    pub(crate) fn begin(&self, say: Say) {
        self.become_unless_ending(Speaker::Instead(say));
    }

    /// The run has ended, and speaks for itself. If it is too late for that, this call does not return: the program ends.
    pub(crate) fn end(&self) {
        self.become_unless_ending(Speaker::Itself);
    }

    /// The program is to end: says what is to be said, if the run has not ended.
    pub(crate) fn say(&self) -> Said {
        let mut speaker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Speaker::Instead(say) = &*speaker else { return Said::Nothing };
        let say = Arc::clone(say);
        *speaker = Speaker::Ending;
        drop(speaker);
        if said_within(SAID_WITHIN, move || say()) { Said::All } else { Said::Part }
    }

    fn become_unless_ending(&self, next: Speaker) {
        let mut speaker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Speaker::Ending = *speaker {
            drop(speaker);
            loop {
                thread::park();
            }
        }
        *speaker = next;
    }
}

/// What was said of a run that is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// All that is known.
    All,
    /// A part of it: it could not be written in time.
    Part,
    /// Nothing: the run has ended, and may be writing its result.
    Nothing,
}

/// Says one sentence, an error, but does not wait for long until it is said.
pub(crate) fn say_at_last(sentence: &'static str) {
    said_within(ONE_SENTENCE, move || messages::error(sentence));
}

/// Calls `say`, and waits for its end for so long. Returns whether it has ended.
fn said_within(time: Duration, say: impl FnOnce() + Send + 'static) -> bool {
    let (said, done) = mpsc::channel();
    let speaker = thread::Builder::new().name("threefold-overdue".to_string());
    // It is never joined: the program ends.
    let spoken = speaker.spawn(move || {
        say();
        let _ = said.send(());
    });
    spoken.is_ok() && done.recv_timeout(time).is_ok()
}
