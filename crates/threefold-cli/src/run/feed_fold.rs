//! `FeedFold`: one run over chunks that come one after another, and that may have no end.
//!
//! The outputs are taken from a stream of the library, so that only a window of chunks and outputs is in memory.

use threefold::{Executor, Feed, Task, TaskOf};

use super::SoFar;
use super::whole_fold::some_of;
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::Fed;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::work::Work;

/// After a cancel, so many chunks that were not finished are the last ones that come: a stream runs no chunk further ahead.
const AHEAD: u64 = 1024;

/// A run over chunks that come one after another.
pub(super) struct FeedFold<'a> {
    pub(super) work: &'a Work,
    pub(super) on: &'a Executor,
    /// Whether the other chunks are finished when one fails.
    pub(super) keeps_going: bool,
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
        let (mut value, mut failed, mut finished, mut unfinished, mut ended) =
            (computation.init, Vec::new(), 0, 0, None);
        for (chunk, output) in (0..).zip(self.results(threefold::from_iter(feed), computation.task)) {
            if let Ok(Ok(output)) = &output {
                self.so_far.note_retries(self.work, chunk, || describe(chunk), (computation.retried)(output));
            }
            match output {
                Ok(Ok(Ok(output))) => {
                    value = (computation.reduce)(value, Ok(output));
                    finished += 1;
                }
                Ok(Ok(Err(error))) => {
                    let failure = FailedChunk::new(self.work.name(), chunk, || describe(chunk), error);
                    failed.push(Failure::Chunk(Box::new(failure)));
                }
                Ok(Err(error)) if error.is_cancelled() => {
                    ended = Some(error);
                    unfinished += 1;
                }
                Ok(Err(error)) => failed.push(error.into()),
                Err(error) => ended = Some(error),
            }
            let is_known = (computation.is_full)(&value) || (!self.keeps_going && !failed.is_empty());
            if is_known || unfinished == AHEAD {
                break;
            }
        }
        let come = finished + failed.len() as u64;
        let first = failed.first().cloned();
        let failure = match (ended, first) {
            (Some(error), _) => Failure::Fold(error),
            (None, Some(first)) if self.keeps_going => {
                Failure::Chunks { first: Box::new(first), failed: failed.len() as u64, finished }
            }
            (None, Some(first)) => return (Err(first), Some(come)),
            (None, None) => {
                let plan = plan.unwrap_or_else(|| Plan::of_lines(0, 1));
                return ((computation.finish)(value, &plan), Some(come));
            }
        };
        self.so_far.failures = failed;
        self.so_far.partial = some_of(finished, false, (computation.partial)(value));
        (Err(failure), Some(come))
    }

    /// The result of each chunk, which ends the others only if the run does not keep going. An outer error ends the run.
    fn results<I, T>(
        &self,
        feed: I,
        task: T,
    ) -> Box<dyn Iterator<Item = threefold::Result<threefold::Result<T::Output>>>>
    where
        I: Feed,
        T: TaskOf<I::Chunk>,
    {
        if self.keeps_going {
            Box::new(self.on.__stream_results(feed, task))
        } else {
            Box::new(self.on.stream(feed, task).map(|output| output.map(Ok)))
        }
    }
}
