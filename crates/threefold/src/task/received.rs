//! A task in a worker process: made from bytes, run from bytes to bytes.

use crate::panics::{self, Panic};
use crate::task::{Task, decode, encode};

/// What could not be serialized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Chunk,
    Output,
}

/// How a worker makes a task from its captures.
pub(crate) type Receive = fn(&[u8]) -> Result<Box<dyn Received>, String>;

/// A task whose types are known only here.
pub(crate) trait Received {
    /// Runs the chunk that `bytes` hold, and appends the output.
    fn run(&self, bytes: &[u8], output: &mut Vec<u8>) -> Ran;
}

/// What became of a chunk.
pub(crate) enum Ran {
    /// The output was appended.
    Done {
        /// Whether it is a `Result::Err`.
        is_err: bool,
    },
    Panicked(Panic),
    /// The chunk could not be read, or the output not be written.
    Unportable {
        what: Part,
        reason: String,
    },
}

pub(crate) fn receive<T: Task>(captures: &[u8]) -> Result<Box<dyn Received>, String> {
    Ok(Box::new(decode::<T>(captures)?))
}

impl<T: Task> Received for T {
    fn run(&self, bytes: &[u8], output: &mut Vec<u8>) -> Ran {
        let chunk = match decode(bytes) {
            Ok(chunk) => chunk,
            Err(reason) => return Ran::Unportable { what: Part::Chunk, reason },
        };
        // A panic while the output is written (by its own `Serialize`) is the task's as well.
        let start = output.len();
        let ran = panics::catch(|| {
            let value = self.map(chunk);
            (T::__is_err(&value), encode(&value, output))
        });
        match ran {
            Ok((is_err, Ok(()))) => Ran::Done { is_err },
            Ok((_, Err(reason))) => {
                output.truncate(start);
                Ran::Unportable { what: Part::Output, reason }
            }
            Err(panic) => {
                output.truncate(start);
                Ran::Panicked(panic)
            }
        }
    }
}
