//! Panics of tasks, carried home as values: the message, and the file and line that only the panic hook is told.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// A panic as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// File, line and column.
    pub(crate) at: Option<String>,
}

thread_local! {
    /// How many `catch` are on this thread's stack: outside of them the hook leaves panics alone.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the latest panic inside a `catch` happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes the place of panics known to [`catch`]. The program's own hook goes on to be called, so that what it prints
/// is printed.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // `try_with`: a thread that is being torn down may still panic.
            if DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0) {
                let place = info.location().map(ToString::to_string);
                let _ = PLACE.try_with(|slot| slot.replace(place));
            }
            next(info);
        }));
    });
}

/// Runs `work`; a panic in it becomes a value.
///
/// What `work` touched is for the caller to judge: it must use nothing that a panic can leave half-done.
pub(crate) fn catch<R>(work: impl FnOnce() -> R) -> Result<R, Panic> {
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| Panic { message: message(payload), at: PLACE.take() })
}

fn message(payload: Box<dyn Any + Send>) -> String {
    let text = match payload.downcast_ref::<&'static str>() {
        Some(text) => Some((*text).to_string()),
        None => payload.downcast_ref::<String>().cloned(),
    };
    // The payload is the task's own value: its destructor may panic in turn.
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // That of a second one might as well, unless it is text.
        match second.downcast::<&'static str>() {
            Ok(text) => drop(text),
            Err(other) => std::mem::forget(other),
        }
    }
    text.unwrap_or_else(|| "(a panic payload that is not text)".to_string())
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
    fn a_payload_that_is_not_text_is_said_to_be_so() {
        let caught = catch(|| panic::panic_any(7u8)).unwrap_err();
        assert_eq!(caught.message, "(a panic payload that is not text)");
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
