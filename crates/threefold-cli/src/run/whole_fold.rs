//! One run over chunks that are all known before: it ends at the first failure, or finishes the other chunks.

use std::ops::ControlFlow;

use threefold::{Executor, Source, Task, TryError};

use super::{Partial, SoFar};
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::{Prepared, Verb};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::work::Work;

/// The value of a fold that ends at the first chunk that fails. If it was cancelled, what the first chunks gave is the
/// `partial` result.
pub(super) fn fail_fast<S, T, A, V>(
    work: &Work,
    prepared: Prepared<S, T, A, V>,
    on: &Executor,
    so_far: &mut SoFar,
) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
    V: Verb<T>,
{
    let Prepared { plan, source, computation } = prepared;
    let (mut value, mut chunks) = (Some(computation.init), 0);
    let ended = V::fold(on, source, computation.task, |output| {
        so_far.note_retries(work, chunks, || plan.describe(chunks), (computation.retried)(&output));
        value = value.take().map(|value| (computation.reduce)(value, output));
        chunks += 1;
        match value.as_ref().is_some_and(computation.is_full) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let value = value.expect("no reduction panics");
    match ended {
        Ok(()) => (computation.finish)(value, &plan),
        Err(TryError::Task { chunk, error }) => {
            so_far.note_retries(work, chunk, || plan.describe(chunk), &error.earlier);
            Err(failed(work, &plan, chunk, error))
        }
        Err(TryError::Failed(error)) => {
            if error.is_cancelled() {
                so_far.partial = some_of(chunks, true, (computation.partial)(value));
            }
            Err(error.into())
        }
    }
}

/// The failure of a chunk that has failed on its own account.
fn failed(work: &Work, plan: &Plan, chunk: u64, error: ChunkError) -> Failure {
    Failure::Chunk(Box::new(FailedChunk::new(work.name(), chunk, || plan.describe(chunk), error)))
}

/// A partial result, if any chunk is in it.
pub(super) fn some_of(chunks: u64, are_first: bool, value: Option<String>) -> Option<Partial> {
    value.filter(|_| chunks > 0).map(|value| Partial { value, chunks, are_first })
}

/// The value of a fold that finishes the other chunks when one fails. The `failures` are noted in the order of chunks,
/// and what the finished chunks gave is the `partial` result.
pub(super) fn keep_going<S, T, A, V>(
    work: &Work,
    prepared: Prepared<S, T, A, V>,
    on: &Executor,
    so_far: &mut SoFar,
) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
    V: Verb<T>,
{
    let Prepared { plan, source, computation } = prepared;
    let results = on.map_results(source, computation.task)?;
    let (mut value, mut finished, mut failures_here, mut cancelled) = (computation.init, 0, Vec::new(), None);
    for (chunk, result) in (0..).zip(results) {
        match result {
            Ok(output) => {
                so_far.note_retries(work, chunk, || plan.describe(chunk), (computation.retried)(&output));
                match V::error(&output) {
                    Some(error) => failures_here.push(failed(work, &plan, chunk, error.clone())),
                    None => {
                        value = (computation.reduce)(value, output);
                        finished += 1;
                    }
                }
            }
            Err(error) if error.is_cancelled() => cancelled = Some(error),
            Err(error) => failures_here.push(error.into()),
        }
    }
    let first = failures_here.first().cloned().map(Box::new);
    let failure = match (cancelled, first) {
        (Some(cancelled), _) => Failure::Fold(cancelled),
        (None, Some(first)) => Failure::Chunks { first, failed: failures_here.len() as u64, finished },
        (None, None) => return (computation.finish)(value, &plan),
    };
    so_far.failures = failures_here;
    so_far.partial = some_of(finished, false, (computation.partial)(value));
    Err(failure)
}
