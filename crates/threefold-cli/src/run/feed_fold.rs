//! `FeedFold`: one run over chunks that come one after another, and that may have no end.
//!
//! The outputs are taken from a stream of the library, so that only a window of chunks and outputs is in memory.

use std::sync::{Mutex, PoisonError};

use threefold::{Executor, Task};

use super::{SoFar, some_of};
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::Fed;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::work::Work;

/// A run over chunks that come one after another.
pub(super) struct FeedFold<'a> {
    pub(super) work: &'a Work,
    pub(super) on: &'a Executor,
    /// Whether the other chunks are finished when one fails.
    pub(super) keeps_going: bool,
    pub(super) failures: &'a Mutex<Vec<Failure>>,
    pub(super) so_far: &'a mut SoFar,
}

impl FeedFold<'_> {
    /// Runs it. The value, and the number of chunks that have come to an end.
    pub(super) fn run<I, T, A, O>(self, fed: Fed<I, T, A>) -> (Result<String, Failure>, Option<u64>)
    where
        I: Iterator<Item = T::Chunk> + Send + 'static,
        T: Task<Output = Result<O, ChunkError>>,
        T::Chunk: Clone,
    {
        let Fed { plan, feed, describe, computation } = fed;
        let (mut value, mut chunks, mut failed, mut ended) = (computation.init, 0, Vec::new(), None);
        for output in self.on.stream(threefold::from_iter(feed), computation.task) {
            if let Ok(output) = &output {
                self.so_far.note_retries(self.work, chunks, || describe(chunks), (computation.retried)(output));
            }
            match output {
                Ok(Ok(output)) => value = (computation.reduce)(value, Ok(output)),
                Ok(Err(error)) => {
                    let failure = FailedChunk::new(self.work.name(), chunks, || describe(chunks), error);
                    failed.push(Failure::Chunk(Box::new(failure)));
                }
                Err(error) => {
                    ended = Some(error);
                    break;
                }
            }
            chunks += 1;
            if (computation.is_full)(&value) || (!self.keeps_going && !failed.is_empty()) {
                break;
            }
        }
        let finished = chunks - failed.len() as u64;
        let first = failed.first().cloned();
        let failure = match (ended, first) {
            (Some(error), _) => Failure::Fold(error),
            (None, Some(first)) if self.keeps_going => {
                Failure::Chunks { first: Box::new(first), failed: failed.len() as u64, finished }
            }
            (None, Some(first)) => return (Err(first), Some(chunks)),
            (None, None) => {
                let plan = plan.unwrap_or_else(|| Plan::of_lines(0, 1));
                return ((computation.finish)(value, &plan), Some(chunks));
            }
        };
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
        self.so_far.partial = some_of(finished, false, (computation.partial)(value));
        (Err(failure), Some(chunks))
    }
}
