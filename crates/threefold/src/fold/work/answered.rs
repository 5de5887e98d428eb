//! What becomes of outputs that have come back: from this process as values, from workers elsewhere as bytes, and from
//! the journal of the fold.
//!
//! The order of the steps matters. An output is recorded before it is kept, so the caller never reduces an output that
//! the journal has refused without learning of it at the end. It is recorded before an `Err` lowers the limit, since an
//! output of a chunk above the limit is not recorded. And an `Err` that ends the fold is not recorded at all: the chunk
//! is to run again when the fold is continued.
//!
//! A batch of outputs of a worker elsewhere may hold such an `Err` in the middle. The outputs before it are recorded and
//! kept. Those behind it are kept only, and nobody takes them.

use super::Work;
use crate::error::{Cause, Result};
use crate::fold::Fold;
#[cfg(feature = "processes")]
use crate::fold::job::Refused;
use crate::fold::recording::Recording;
#[cfg(feature = "processes")]
use crate::panics;
use crate::source::Pieces;
use crate::task::{Task, roundtrip};

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    /// Ends the fold after chunk `number`, if its output is an `Err` and that ends the fold.
    #[inline]
    pub(super) fn stop_on_err(&self, number: u64, output: &T::Output, fold: &Fold) {
        if self.ends_fold(output) {
            fold.stop_after(number);
        }
    }

    /// Checks the output of chunk `number`, and records it, if that is asked for. Returns the output to go on with: what
    /// the bytes restore, if it is recorded.
    pub(super) fn watch(&self, number: u64, output: T::Output, fold: &Fold) -> Result<T::Output, Cause> {
        if self.is_checked(number) {
            roundtrip::check("the output", &output, T::__output_eq)?;
        }
        match &self.recording {
            Some(recording) if !self.ends_fold(&output) => recording.add(number, output, fold),
            _ => Ok(output),
        }
    }

    /// Whether the fold ends after this output.
    #[inline]
    fn ends_fold(&self, output: &T::Output) -> bool {
        self.looks.for_errs && T::__is_err(output)
    }

    /// Reads the output of `chunk` from the journal, which has it.
    pub(crate) fn read(&self, chunk: u64, fold: &Fold) -> Result<T::Output> {
        self.recording.as_ref().expect("only a journal has chunks before the fold begins").read(chunk, fold)
    }

    /// Writes what waits to be written to the journal, if the fold has one.
    pub(crate) fn end_recording(&self) -> Result<()> {
        self.recording().map_or(Ok(()), Recording::end)
    }

    /// See [`Job::decode`](crate::fold::job::Job::decode).
    #[cfg(feature = "processes")]
    pub(super) fn take_answers(
        &self,
        first: u64,
        attempt: u32,
        outputs: &mut dyn Iterator<Item = &[u8]>,
        fold: &Fold,
    ) -> (u64, Result<(), Refused>) {
        let (mut values, mut bytes): (Vec<T::Output>, Vec<&[u8]>) = (Vec::new(), Vec::new());
        let mut result = match &self.recording {
            None => roundtrip::decode_all("the output", outputs, &mut values),
            Some(_) => roundtrip::decode_all("the output", &mut outputs.inspect(|one| bytes.push(one)), &mut values),
        }
        .map_err(Refused::Unportable);
        if fold.retries_error(attempt)
            && let Some(err) = values.iter().position(T::__is_err)
        {
            // Where chunks are retried, each is answered alone: nothing follows.
            values.truncate(err);
            result = Err(Refused::Erred);
        }
        if let Some(recording) = &self.recording {
            let recorded = values.iter().take_while(|value| !self.ends_fold(value)).count();
            bytes[..recorded].iter().zip(first..).for_each(|(bytes, chunk)| recording.add_bytes(chunk, bytes, fold));
        }
        if self.looks.for_errs
            && let Some(err) = values.iter().position(T::__is_err)
        {
            fold.stop_after(first + err as u64);
        }
        let count = values.len() as u64;
        if fold.counts_results() {
            self.keep(first, values, fold);
        } else if let Err(payload) = panics::catch_payload(|| drop(values)) {
            panics::drop_quietly(payload);
        }
        (count, result)
    }
}
