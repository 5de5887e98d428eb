//! A task in a worker process: made from bytes, run from bytes to bytes.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::state::{self, State};
use super::{Task, portable, roundtrip};
use crate::error::Cause;
use crate::panics::{self, Panic};
use crate::source::{Pieces, sent};

/// What could not be serialized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Chunk,
    Output,
    /// The chunk could not be made from the source.
    Source,
}

/// How a worker makes a task from its captures.
pub(crate) type Receive = fn(&[u8]) -> Result<Box<dyn Received>, String>;

/// A task whose types are known only here.
pub(crate) trait Received: Send {
    /// The same task, with the same captures in memory, for another thread. It has no source.
    #[cfg(feature = "mpi")]
    fn another(&self) -> Box<dyn Received>;

    /// Cuts chunks from this source from now on. Returns how many chunks it has, or an error if its chunks cannot have
    /// the task's type.
    fn cut_from(&mut self, source: &[u8]) -> Result<u64, String>;

    /// Drops the source of the fold before.
    fn forget_source(&mut self);

    /// A new fold begins: drops the state of the fold before. Returns whether the task has a state.
    fn forget_state(&self) -> bool;

    /// Makes the state of this worker, before its next chunk. The error says why that failed.
    fn make_state(&self) -> Result<(), String>;

    /// Runs a chunk, and appends the output.
    fn run(&self, chunk: Chunk<'_>, output: &mut Vec<u8>) -> Ran;
}

/// The form in which a worker gets a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Chunk<'a> {
    /// The chunk as bytes.
    Sent(&'a [u8]),
    /// The number of the chunk in the source.
    Cut(u64),
}

/// What became of a chunk.
pub(crate) enum Ran {
    /// The output was appended.
    Done {
        /// Whether it is a `Result::Err`.
        is_err: bool,
    },
    Panicked(Panic),
    /// The chunk could not be read or made, or the output not be written.
    Unportable {
        what: Part,
        reason: String,
    },
}

pub(crate) fn receive<T: Task>(captures: &[u8]) -> Result<Box<dyn Received>, String> {
    let task = portable::decode::<T>(captures).map_err(|error| error.to_string())?;
    let checks = Cell::new(cfg!(debug_assertions));
    Ok(Box::new(Restored { task: Some(Arc::new(task)), pieces: None, state: RefCell::default(), checks }))
}

/// A task that was restored from its captures.
struct Restored<T: Task> {
    /// Taken by the destructor alone.
    task: Option<Arc<T>>,
    /// The source from which chunks are cut.
    pieces: Option<Box<dyn Pieces<Chunk = T::Chunk>>>,
    /// The state of this worker, empty if it has none.
    state: RefCell<State>,
    /// Whether the next output is checked to be the same on every model: the first one, in debug builds.
    checks: Cell<bool>,
}

impl<T: Task> Restored<T> {
    fn task(&self) -> &T {
        self.task.as_ref().expect("the task is there until it is dropped")
    }

    fn try_run(&self, chunk: Chunk<'_>, output: &mut Vec<u8>) -> Result<bool, (Part, Cause)> {
        let chunk = match (chunk, &self.pieces) {
            (Chunk::Sent(bytes), _) => roundtrip::decode("the chunk", bytes).map_err(|cause| (Part::Chunk, cause))?,
            (Chunk::Cut(number), Some(pieces)) => {
                pieces.try_piece(number).map_err(|reason| (Part::Source, Cause::Setup { reason, source: None }))?
            }
            (Chunk::Cut(_), None) => unreachable!("the worker has counted the chunks of the source"),
        };
        let value = self.task().__map_with(&mut self.state.borrow_mut(), chunk);
        let check = || if self.checks.take() { roundtrip::check("the output", &value, T::__output_eq) } else { Ok(()) };
        let written = check().and_then(|()| roundtrip::encode("the output", &value, output));
        written.map(|()| T::__is_err(&value)).map_err(|cause| (Part::Output, cause))
    }
}

impl<T: Task> Drop for Restored<T> {
    /// The worker gets another task, or forgets the arrays that this one has.
    fn drop(&mut self) {
        // The captures may have destructors that panic, too. All chunks are answered by now, so no fold is to blame, and
        // the worker goes on. The panic hook has told the user.
        self.forget_state();
        panics::drop_caught(self.task.take());
    }
}

impl<T: Task> Received for Restored<T> {
    #[cfg(feature = "mpi")]
    fn another(&self) -> Box<dyn Received> {
        Box::new(Self { task: self.task.clone(), pieces: None, state: RefCell::default(), checks: self.checks.clone() })
    }

    fn cut_from(&mut self, source: &[u8]) -> Result<u64, String> {
        let pieces = sent::restore(source).or_else(|| T::__array(source));
        let pieces = pieces.ok_or("it is no source of chunks of this task")?;
        let count = pieces.count()?;
        self.pieces = Some(pieces);
        Ok(count)
    }

    fn forget_source(&mut self) {
        self.pieces = None;
    }

    fn forget_state(&self) -> bool {
        if T::__STATEFUL {
            let state = self.state.take();
            // A destructor that panics is no failure of the next fold.
            if let Err(payload) = panics::catch_payload(|| drop(state)) {
                panics::drop_quietly(payload);
            }
        }
        T::__STATEFUL
    }

    fn make_state(&self) -> Result<(), String> {
        // That of the fold before, whose destructor may panic.
        panics::drop_caught(self.state.take());
        let made = panics::catch(|| self.task().__state()).unwrap_or_else(|panic| Err(panic.message));
        *self.state.borrow_mut() = made.map_err(|reason| state::unmade(&reason))?;
        Ok(())
    }

    fn run(&self, chunk: Chunk<'_>, output: &mut Vec<u8>) -> Ran {
        let start = output.len();
        let ran = match panics::catch(|| self.try_run(chunk, output)) {
            Ok(Ok(is_err)) => return Ran::Done { is_err },
            // A panic of the value's own `Serialize` or `Deserialize` is the task's as well.
            Err(panic) => Ran::Panicked(panic),
            Ok(Err((_, Cause::Panic { message, at }))) => Ran::Panicked(Panic { message, at }),
            Ok(Err((what, Cause::Unportable { reason, .. } | Cause::Setup { reason, .. }))) => {
                Ran::Unportable { what, reason }
            }
            Ok(Err(_)) => unreachable!("a value fails to be serialized, or its code panics"),
        };
        output.truncate(start);
        ran
    }
}
