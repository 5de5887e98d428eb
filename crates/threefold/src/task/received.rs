//! A task in a worker process: made from bytes, run from bytes to bytes.

use crate::panics::{self, Panic};
use crate::task::Task;

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
    let task = threefold_codec::decode::<T>(captures).map_err(|error| error.to_string())?;
    Ok(Box::new(task))
}

impl<T: Task> Received for T {
    fn run(&self, bytes: &[u8], output: &mut Vec<u8>) -> Ran {
        // A panic while the chunk is read (by its own `Deserialize`), or the output is written (by its `Serialize`), is
        // the task's as well.
        let start = output.len();
        let ran = panics::catch(|| {
            let chunk = threefold_codec::decode(bytes).map_err(|error| (Part::Chunk, error.to_string()))?;
            let value = self.map(chunk);
            threefold_codec::encode(&value, output).map_err(|error| (Part::Output, error.to_string()))?;
            Ok(T::__is_err(&value))
        });
        match ran {
            Ok(Ok(is_err)) => Ran::Done { is_err },
            Ok(Err((what, reason))) => {
                output.truncate(start);
                Ran::Unportable { what, reason }
            }
            Err(panic) => {
                output.truncate(start);
                Ran::Panicked(panic)
            }
        }
    }
}
