//! `Loss`: what happens to the chunks of a lost worker.
//!
//! Some chunks that the worker was sent have no answer yet. The worker had finished some of them, was running one, and
//! had not started the others. It may not have sent the outputs of the finished chunks. Suppose these outputs were lost
//! with the worker. Then a fold would end at a chunk that has run to its end. That chunk is below the one that killed
//! the worker, and it may be below a chunk of another worker that fails for certain. But the failing chunk is the one
//! to report. And the fold must not run the finished chunks again either, since their starts were recorded. So the
//! carrier keeps a copy of the unsent answers in a place that survives the worker. It hands the copy over before it
//! reports how far the worker had come. As a rule, then, every chunk that is `done` is also answered.
//!
//! There are exceptions. An answer that is too large for the copy is lost if the worker dies while it is sent. A task
//! may write over the copy. And a worker may be killed from outside between an answer and the note that it is there. In
//! these cases the finished chunks count as lost too. They run again if retries allow that, and otherwise the error
//! lists them.

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
