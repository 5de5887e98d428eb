//! Ctrl-C where there are no signals: it counts as INT.

use std::io;

use crate::exit;

/// The number of INT on Unix, so that exit codes are the same everywhere.
const INT: u8 = 2;

/// There is no such signal.
pub(super) fn hear_of_children() {}

/// From now on the first Ctrl-C ends the program.
pub(super) fn exit_at_once() -> io::Result<()> {
    watch(|signal| std::process::exit((exit::SIGNALLED + signal).into()))
}

/// Calls `end` at the first Ctrl-C, on a thread of its own.
pub(super) fn watch(end: impl FnOnce(u8) + Send + 'static) -> io::Result<()> {
    let mut end = Some(end);
    let handler = move || {
        if let Some(end) = end.take() {
            end(INT);
        }
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}
