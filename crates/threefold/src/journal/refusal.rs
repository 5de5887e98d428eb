//! The errors of a journal. Each one names the file.

use std::io;
use std::path::Path;
use std::sync::Arc;

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

/// The journal cannot be continued.
pub(super) fn fault(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Unreadable(error) => cannot("be read", path, error),
        Fault::Foreign => refusal(path, "is not a journal: its first bytes, from byte 0 on, are not those of one"),
        Fault::Version(version) => {
            let ours = super::format::VERSION;
            refusal(
                path,
                format!(
                    "has version {version} of the format, and this program writes version {ours}: use another file"
                ),
            )
        }
        Fault::Damage { at: 0, what } => {
            refusal(path, format!("is damaged at byte 0: {what}; delete it to start from the beginning"))
        }
        Fault::Damage { at, what } => refusal(
            path,
            format!(
                "is damaged at byte {at}: {what}; delete it to start from the beginning, or cut it to {at} bytes to keep \
                 what is recorded before"
            ),
        ),
    }
}
