//! `Recording`: the journal of one fold while it runs: where outputs are added, and where those of an earlier run are
//! read.
//!
//! # What is recorded
//!
//! The output of a chunk is added when it has come back to the process of the caller, and before the caller can take it.
//! On the local models the worker that ran the chunk serializes it, and hands on what the bytes restore. The output of a
//! worker elsewhere has come as bytes, and these bytes are added. So the caller is always given what bytes restore, whether
//! the chunk ran in this run or in an earlier one. What serde skips is missing in every output, and not just in some.
//!
//! Three things are not recorded, so their chunks run again when the fold is continued:
//!
//! - *A failure*, whatever its kind.
//! - *An `Err` that ends the fold*, as in `try_fold`. In verbs that go on after an `Err`, such as `map`, it is an output
//!   like any other. An `Err` that is retried is no output at all.
//! - *The output of a chunk that is not wanted any more.* After a cancel or the failure of a lower chunk, a task that asks
//!   whether it is cancelled may return anything. It can learn of this only after [`Fold::may_start`] tells it, which is
//!   asked here after the task has ended. A token says that it is cancelled when its folds have been told.
//!
//! # The life of an output
//!
//! 1. A worker runs the chunk. On the models with workers elsewhere the output is sent to the process of the caller.
//! 2. It is asked whether the chunk is still wanted. If so, the bytes of the output are given to the [`Log`], which writes
//!    them to the file within a second.
//! 3. The output is kept for the caller, who takes it in chunk order.
//! 4. The program is killed, and run again. The log now knows where in the file the output is, and the chunk is one of the
//!    [`Finished`], so that nobody claims it.
//! 5. When the caller comes to the chunk, it reads the bytes, restores the output, and reduces it.
//!
//! If the program is killed between step 2 and the write, the chunk runs again. If it is killed before step 3, the chunk
//! does not: a record is valid whether or not its output was ever reduced.
//!
//! # How the same fold is recognized
//!
//! By the name of the task with its module, its captures, the number of chunks, a fingerprint of the source, and the type
//! of the outputs. The type is compared by its spelling, since bytes of one type may well be bytes of another. The
//! fingerprint is that of the ends and the cut of a range, of the name and the state of a file, and of all chunks of any
//! other source, each as its bytes. What the code of the task does is not compared: nothing tells whether it has changed.
//! A task in place has no name, so a hash of its code takes the place of one.
//!
//! What would make an unchanged program be refused in its next run is refused in the first: a name that two tasks have, and
//! captures or a chunk 0 that give different bytes when they are serialized twice, as a `HashMap` does.
//!
//! # What ends the fold
//!
//! An output that cannot be serialized is a failure of its chunk. An output that cannot be written ends the whole fold. So
//! does one that cannot be read.

use std::any::type_name;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::Fold;
use super::finished::Finished;
use crate::error::{Cause, Error, Result};
use crate::journal::fingerprint::Fingerprint;
use crate::journal::spelling::spelled;
use crate::journal::{Job, Journal, Log};
use crate::panics;
use crate::shared::printed::printing;
use crate::source::{Ours, Pieces};
use crate::task::{Portable, Task, roundtrip};

/// The journal of one fold.
#[derive(Debug)]
pub(crate) struct Recording {
    log: Arc<Log>,
    finished: Option<Arc<Finished>>,
    /// Why an output could not be written, if one could not.
    broken: OnceLock<Error>,
}

impl Recording {
    /// Begins or continues a fold over so many chunks. An error, if the journal is one of another fold.
    pub(crate) fn begin<P, T>(journal: &Journal, pieces: &P, task: &T, chunks: u64) -> Result<Self, Refusal>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let name = T::__entry().only_name().map_err(|reason| Error::setup(None, reason))?;
        let mut captures = Vec::new();
        let source_print = printing(Fingerprint::of, || {
            roundtrip::encode_alike("the task", task, &mut captures, T::__eq)?;
            fingerprint(pieces, chunks)
        })?;
        let source = match chunks {
            1 => format!("{} in 1 chunk", pieces.describe(0)),
            _ => format!("{} to {} in {chunks} chunks", pieces.describe(0), pieces.describe(chunks - 1)),
        };
        let log = journal.begin(&Job {
            task: name,
            captures: &captures,
            source: &source,
            source_print,
            chunks,
            output: &spelled(type_name::<T::Output>()),
        })?;
        let finished = Finished::new(log.finished()).map(Arc::new);
        Ok(Self { log, finished, broken: OnceLock::new() })
    }

    /// The chunks that were finished when the fold began, if there are any.
    pub(crate) fn finished(&self) -> Option<Arc<Finished>> {
        self.finished.clone()
    }

    /// The same as ranges.
    pub(crate) fn ranges(&self) -> &[Range<u64>] {
        self.log.finished()
    }

    /// Adds the output of `chunk`, if it is still wanted, and returns what its bytes restore.
    pub(crate) fn add<O: Portable>(&self, chunk: u64, output: O, fold: &Fold) -> Result<O, Cause> {
        let (restored, bytes) = roundtrip::restored("the output", output)?;
        self.add_bytes(chunk, &bytes, fold);
        Ok(restored)
    }

    /// The same for an output that is there as bytes.
    pub(crate) fn add_bytes(&self, chunk: u64, bytes: &[u8], fold: &Fold) {
        if fold.may_start(chunk)
            && let Err(error) = self.log.append(chunk, bytes)
        {
            let _ = self.broken.set(error.clone());
            fold.abort(error);
        }
    }

    /// Reads the output of `chunk`, which was finished when the fold began.
    pub(crate) fn read<O: Portable>(&self, chunk: u64, fold: &Fold) -> Result<O> {
        let bytes = self.log.read(chunk)?;
        let output = roundtrip::decode("the output in the journal", &bytes);
        output.map_err(|cause| Error::new(self.log.explain(cause), fold.place(chunk)))
    }

    /// Writes what waits to be written, and lets another fold begin. An error, if any output could not be written.
    pub(crate) fn end(&self) -> Result<()> {
        let ended = self.log.end();
        self.broken.get().cloned().map_or(ended, Err)
    }
}

/// Why a fold cannot be recorded.
pub(crate) enum Refusal {
    /// The task or the source cannot be serialized.
    Unportable(Cause),
    /// The journal refuses it.
    Refused(Error),
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::Unportable(cause)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Stands for the chunks of a source. It is the same in every run, and on every model.
fn fingerprint<P: Pieces<Chunk: Portable>>(pieces: &P, chunks: u64) -> Result<u64, Cause> {
    let mut print = Fingerprint::default();
    if let Some(bytes) = pieces.as_bytes(Ours::new()) {
        print.add(&bytes);
        return Ok(print.finish());
    }
    let mut bytes = Vec::new();
    for chunk in 0..chunks {
        let piece = panics::catch(|| pieces.try_piece(chunk))?.map_err(Cause::unreadable)?;
        bytes.clear();
        match chunk {
            // The others have the same type, and one copy tells.
            0 => roundtrip::encode_alike("the chunk", &piece, &mut bytes, |_, _| None)?,
            _ => roundtrip::encode("the chunk", &piece, &mut bytes)?,
        }
        print.add(&(bytes.len() as u64).to_le_bytes());
        print.add(&bytes);
    }
    Ok(print.finish())
}
