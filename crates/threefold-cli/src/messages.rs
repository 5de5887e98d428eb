//! Messages on stderr. Control characters in text from elsewhere are escaped.

use std::fmt::Display;
use std::io::{self, Write};

use crate::escape;

/// Says what failed and was run again.
pub(crate) fn warning(what: impl Display) {
    write(&format!("threefold: warning: {what}\n"));
}

/// Says what the user may not expect.
pub(crate) fn note(what: impl Display) {
    write(&format!("threefold: note: {what}\n"));
}

/// Says what failed.
pub(crate) fn error(what: impl Display) {
    write(&format!("threefold: error: {what}\n"));
}

/// Writes `text` as it is, but for control characters.
pub(crate) fn write(text: &str) {
    // In one piece, so that no other line comes between. If stderr is closed, nobody reads it.
    let _ = io::stderr().write_all(escape::lines(text).as_bytes());
}
