//! The errors of a journal. Each one names the file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::format::VERSION;
use super::header::Difference;
use super::scan::Fault;
use crate::error::{Cause, Error, Place};

/// The journal `path` is refused because of what it is: `what` follows its name.
pub(super) fn refusal(path: &Path, what: impl AsRef<str>) -> Error {
    Error::setup(None, format!("the journal `{}` {}", path.display(), what.as_ref()))
}

/// The system refused to do something with the journal: `what` is "be opened".
pub(super) fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    let reason = format!("the journal `{}` cannot {what}: {error}", path.display());
    Error::new(Cause::Setup { reason, source: Some(Arc::new(error)) }, Place::default())
}

/// The fold of this number is another one than the journal records.
pub(super) fn of_another_job(path: &Path, number: usize, difference: &Difference<'_>) -> Error {
    // Most programs have one fold on a journal.
    let which = if number == 0 { String::new() } else { format!("in fold {number}, counted from 0, ") };
    let next = "use another file, or delete this one to start from the beginning";
    refusal(path, format!("records another fold: {which}{difference}; {next}"))
}

/// The journal cannot be continued.
pub(super) fn fault(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Unreadable(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            refusal(path, "is shorter than the length that the system reports; use the path of an ordinary file")
        }
        Fault::Unreadable(error) => cannot("be read", path, error),
        Fault::Foreign => refusal(path, "is not a journal; use another path"),
        Fault::Version(version) => {
            let ours = format!("this program writes version {VERSION}");
            refusal(path, format!("has version {version} of the format, and {ours}; use another file"))
        }
        Fault::Damage { at: 0, what } => {
            refusal(path, format!("is damaged at byte 0: {what}; delete it to start from the beginning"))
        }
        Fault::Damage { at, what } => refusal(
            path,
            format!(
                "is damaged at byte {at}: {what}; delete it to start from the beginning, or cut it to {at} bytes to keep \
                 what is recorded before that byte"
            ),
        ),
    }
}

/// An output of the journal is what was written, and cannot be restored.
pub(super) fn unrestored(path: &Path, cause: Cause) -> Cause {
    match cause {
        Cause::Unportable { what, reason } => {
            let next = "if the type of the outputs has changed, delete the journal to start from the beginning";
            let path = path.display();
            Cause::Unportable { what, reason: format!("{reason}; it was read from the journal `{path}`: {next}") }
        }
        other => other,
    }
}
