//! `Loss`: what a lost worker leaves behind.
//!
//! Of the chunks that a worker was sent and has not answered, it had ended some, was running one, and had not started the
//! others. What it had ended it may not have sent. If these outputs were lost with it, a fold would end at a chunk that
//! has run to its end: below the one that killed the worker, and below a chunk of another worker that fails for certain,
//! which is the one to report. It must not run them again either, since their starts were recorded. So the carrier keeps
//! a copy of what is not sent where the worker's death cannot reach it, and hands it over before it says how far the
//! worker had come. As a rule, then, nothing is `done` that is not answered.
//!
//! It may be so nevertheless: an answer that is too large for the copy dies while it is sent, a task may write over the
//! copy, and a worker may be killed from outside in the instant between an answer and the note that it is there. Then the
//! finished chunks count as lost too. They run again where retries allow that, and are listed by the error otherwise.

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
