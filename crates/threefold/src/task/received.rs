//! A task in a worker process: made from bytes, run from bytes to bytes.

use crate::panics::{self, Panic};
use crate::task::{Task, portable};

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
    let task = portable::decode::<T>(captures).map_err(|error| error.to_string())?;
    Ok(Box::new(task))
}

impl<T: Task> Received for T {
    fn run(&self, bytes: &[u8], output: &mut Vec<u8>) -> Ran {
        let chunk = match portable::decode(bytes) {
            Ok(chunk) => chunk,
            Err(error) => return Ran::Unportable { what: Part::Chunk, reason: error.to_string() },
        };
        // A panic while the output is written (by its own `Serialize`) is the task's as well.
        let start = output.len();
        let ran = panics::catch(|| {
            let value = self.map(chunk);
            (T::__is_err(&value), portable::encode(&value, output))
        });
        match ran {
            Ok((is_err, Ok(()))) => Ran::Done { is_err },
            Ok((_, Err(error))) => {
                output.truncate(start);
                Ran::Unportable { what: Part::Output, reason: error.to_string() }
            }
            Err(panic) => {
                output.truncate(start);
                Ran::Panicked(panic)
            }
        }
    }
}
