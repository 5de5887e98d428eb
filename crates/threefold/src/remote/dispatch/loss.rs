//! `Loss`: what a lost worker leaves behind.

use super::Sent;

/// How far a worker that is lost had come with the chunks that it had not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It had ended the first `done` of them, and was running the next where that is named in `running`.
    Known { done: u64, running: Option<Sent> },
    /// Nothing is known, or what is known cannot be: each of them counts as started.
    Unknown,
}

/// What becomes of the chunks that a lost worker had started, as far as they are still wanted. In both lists the chunk
/// that was running comes first; the others had been run there, and their outputs are lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// These run again.
    pub(crate) again: Vec<Sent>,
    /// These have failed for good.
    pub(crate) given_up: Vec<Sent>,
}
