//! Panics of tasks as values: the message, and the place, which only the panic hook is told.
//!
//! When the first executor is made, the panic hook of the process is wrapped once. The new hook notes where a panic
//! inside of a task happened, and then calls the earlier hook, so that what the program prints about panics stays the
//! same. The crate docs describe this to users.

use std::any::Any;
use std::cell::{Cell, RefCell};
#[cfg(feature = "async")]
use std::fmt;
#[cfg(feature = "async")]
use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::Cause;

/// A message of a panic is kept up to this many bytes. It is copied with each error, and written to logs.
const LONGEST: usize = 64 << 10;

/// The note that a message is cut has no more bytes than this.
const NOTE: usize = 64;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// A panic as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The file, line and column.
    pub(crate) at: Option<String>,
}

impl From<Panic> for Cause {
    fn from(panic: Panic) -> Self {
        Self::Panic { message: panic.message, at: panic.at }
    }
}

thread_local! {
    /// How many calls of `catch` are on this thread's stack. If there is none, the hook leaves panics alone.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Whether the earlier hook is told nothing, since a panic of this thread would be a question and no bug.
    #[cfg(feature = "async")]
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// The latest panic inside of a `catch`, as the hook was told of it.
    static LATEST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Wraps the panic hook, so that [`catch`] learns the places of panics.
pub(crate) fn watch() {
    /// Whether the hook is wrapped.
    static WATCHED: Mutex<bool> = Mutex::new(false);

    // A thread that is panicking cannot change the hook. An executor that is made in a destructor during unwinding
    // leaves it as it is, and the next executor wraps it.
    if thread::panicking() {
        return;
    }
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*watched {
        *watched = true;
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note(info);
            #[cfg(feature = "async")]
            if QUIET.try_with(Cell::get).unwrap_or_default() {
                return;
            }
            next(info);
        }));
    }
}

/// Whether a panic of this thread is caught, and becomes a value.
#[cfg(any(feature = "async", feature = "mpi"))]
pub(crate) fn is_catching() -> bool {
    DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0)
}

/// What the system has refused to a task: the payload of a panic that is nobody's fault.
#[cfg(feature = "async")]
pub(crate) struct Refused {
    pub(crate) what: &'static str,
    pub(crate) error: io::Error,
}

#[cfg(feature = "async")]
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.error)
    }
}

/// Panics because of `refused`. The panic hook, whose message is for bugs, is not told where the panic becomes an error.
#[cfg(feature = "async")]
pub(crate) fn refuse(refused: Refused) -> ! {
    if is_catching() {
        panic::resume_unwind(Box::new(refused));
    }
    panic!("{refused}")
}

fn note(info: &PanicHookInfo<'_>) {
    // `try_with`: a thread that is being torn down may still panic.
    if DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0) {
        let message = text(info.payload()).unwrap_or_default();
        let panic = Panic { message, at: info.location().map(ToString::to_string) };
        let _ = LATEST.try_with(|latest| latest.replace(Some(panic)));
    }
}

/// Runs `work`, and turns a panic in it into a value.
///
/// The caller decides what is still valid: it must use nothing that a panic can leave half done.
#[cfg(any(test, feature = "async", feature = "journal", feature = "processes"))]
pub(crate) fn catch<R>(work: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_payload(work).map_err(describe)
}

/// Runs `work`, and gives the payload of a panic in it, to [`describe`] or to continue with. Of what `work` touched, use
/// nothing that a panic can leave half done.
pub(crate) fn catch_payload<R>(work: impl FnOnce() -> R) -> Result<R, Payload> {
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result
}

/// Runs `work`, and gives the payload of a panic in it, which is not printed. A part of it that is run [`loudly`] is as
/// ever.
#[cfg(feature = "async")]
pub(crate) fn catch_quietly<R>(work: impl FnOnce() -> R) -> Result<R, Payload> {
    // If a panic aborts the program, somebody should know why.
    let before = QUIET.replace(cfg!(panic = "unwind"));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    result
}

/// Runs `work`, whose panics are printed.
#[cfg(feature = "async")]
pub(crate) fn loudly<R>(work: impl FnOnce() -> R) -> R {
    /// Ends it also if the work panics.
    struct Ends(bool);
    impl Drop for Ends {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }
    let _ends = Ends(QUIET.replace(false));
    work()
}

/// The panic whose payload this thread has caught last.
pub(crate) fn describe(payload: Payload) -> Panic {
    let message = text(&*payload);
    // The task may have caught the latest panic that the hook was told of, and may have gone on with another
    // payload, of which the hook is not told.
    let latest = LATEST.try_with(RefCell::take).ok().flatten();
    let latest = latest.filter(|latest| latest.message == message.as_deref().unwrap_or_default());
    drop_quietly(payload);
    let message = message.unwrap_or_else(|| "(a panic payload that is not text)".to_string());
    Panic { message, at: latest.and_then(|latest| latest.at) }
}

/// Continues a panic that was caught on another thread. [`catch`] still learns its place.
#[cfg(feature = "async")]
pub(crate) fn resume(panic: Panic) -> ! {
    let message = panic.message.clone();
    let _ = LATEST.try_with(|latest| latest.replace(Some(panic)));
    panic::resume_unwind(Box::new(message))
}

fn text(payload: &(dyn Any + Send)) -> Option<String> {
    #[cfg(feature = "async")]
    if let Some(refused) = payload.downcast_ref::<Refused>() {
        return Some(refused.to_string());
    }
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).map(cut)
}

/// The text, with a note in place of its end if it is longer than [`LONGEST`].
fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_string();
    }
    let kept = (0..=LONGEST - NOTE).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    format!("{} .. ({} bytes more)", &text[..kept], text.len() - kept)
}

/// Drops a value of the user's, whose destructor may panic.
pub(crate) fn drop_caught<V>(value: V) {
    if let Err(payload) = catch_payload(|| drop(value)) {
        // It is no panic of a task, whose place somebody asks for.
        let _ = LATEST.try_with(RefCell::take);
        drop_quietly(payload);
    }
}

/// Drops the payload of a panic. It is a value of the task's, and its destructor may panic.
pub(crate) fn drop_quietly(payload: Payload) {
    if let Err(second) = catch_payload(|| drop(payload)) {
        // It is no panic of a task, whose place somebody asks for.
        let _ = LATEST.try_with(RefCell::take);
        // The payload of the second panic may do so too, unless it is text.
        match second.downcast::<&'static str>() {
            Ok(text) => drop(text),
            Err(other) => std::mem::forget(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_and_the_place_are_kept() {
        watch();
        let line = line!() + 1;
        let caught = catch(|| panic!("{} and {}", 1, 2)).unwrap_err();
        assert_eq!(caught.message, "1 and 2");
        assert!(caught.at.unwrap().contains(&format!("panics.rs:{line}:")));
    }

    #[test]
    fn a_long_message_is_cut_once_and_says_so() {
        let long = format!("x{}", "ö".repeat(LONGEST));
        let caught = catch(|| panic!("{long}")).unwrap_err().message;
        assert!(caught.len() <= LONGEST && long.starts_with(&caught[..LONGEST / 2 + 1]), "{}", caught.len());
        let kept = LONGEST - NOTE - 1;
        assert!(caught.ends_with(&format!("ö .. ({} bytes more)", long.len() - kept)));
        assert_eq!(cut(&caught), caught);
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn a_payload_that_is_not_text_is_said_to_be_so() {
        let caught = catch(|| panic::panic_any(7u8)).unwrap_err();
        assert_eq!(caught.message, "(a panic payload that is not text)");
    }

    #[test]
    fn a_panic_that_the_task_caught_itself_is_not_the_place_of_a_later_one() {
        watch();
        let caught = catch(|| {
            let _ = panic::catch_unwind(|| panic!("caught"));
            panic::resume_unwind(Box::new("later"))
        });
        let later = Panic { message: "later".to_string(), at: None };
        assert_eq!(caught, Err::<(), _>(later));
    }

    #[test]
    fn a_payload_whose_destructor_panics_is_caught_as_well() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert!(catch(|| panic::panic_any(Bomb)).is_err());
    }
}
