//! Ctrl-C where there are no signals: it counts as INT.

use std::io;
use std::sync::Mutex;

/// The number of INT on Unix, so that exit codes are the same everywhere.
const INT: u8 = 2;

/// Calls `end` at the first Ctrl-C, on a thread of its own.
pub(super) fn watch(end: impl FnOnce(u8) + Send + 'static) -> io::Result<()> {
    let end = Mutex::new(Some(end));
    ctrlc::set_handler(move || {
        let end = end.lock().map_or(None, |mut end| end.take());
        if let Some(end) = end {
            end(INT);
        }
    })
    .map_err(io::Error::other)
}
