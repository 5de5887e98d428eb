//! Messages on stderr. Control characters in text from elsewhere are escaped.

use std::fmt::Display;
use std::io::{self, Write};

use crate::escape;
use crate::paint::{self, Label};

/// Says what failed and was run again.
pub(crate) fn warning(what: impl Display) {
    labelled(Label::Warning, what);
}

/// Says what the user may not expect.
pub(crate) fn note(what: impl Display) {
    labelled(Label::Note, what);
}

/// Says what failed.
pub(crate) fn error(what: impl Display) {
    labelled(Label::Error, what);
}

fn labelled(label: Label, what: impl Display) {
    let text = what.to_string();
    to_stderr(&format!("threefold: {} {}\n", paint::label(label), escape::lines(&text)));
}

/// Writes `text` as it is, but for control characters.
pub(crate) fn write(text: &str) {
    to_stderr(&escape::lines(text));
}

/// In one piece, so that no other line comes between. If stderr is closed, nobody reads it.
fn to_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
