//! `Left`: the results that are left of a fold that keeps going, after it was cancelled.

use std::collections::{BTreeMap, btree_map};
use std::ops::Range;
use std::sync::Arc;
use std::vec;

use super::Kept;
use crate::error::{Error, Result};
use crate::fold::finished::Finished;

/// Gives the result of each chunk that the caller has not taken, in chunk order: what was finished, what is in the
/// journal, and the cancel as the failure of every other chunk. All these failures share one allocation, since there may be
/// very many.
#[derive(Debug)]
pub(crate) struct Left<O> {
    /// The chunks whose results are still to be given.
    chunks: Range<u64>,
    kept: btree_map::IntoIter<u64, Kept<O>>,
    /// The next entry of `kept`, if it begins at a later chunk.
    later: Option<(u64, Kept<O>)>,
    /// The values of the next chunks.
    values: vec::IntoIter<O>,
    finished: Option<Arc<Finished>>,
    cancelled: Error,
}

/// What became of a chunk.
#[derive(Debug)]
pub(crate) enum Outcome<O> {
    /// It gave this, or failed.
    Here(Result<O>),
    /// Its output is in the journal.
    Recorded,
}

impl<O> Left<O> {
    /// Of `chunks`, those in `kept` are finished, and so are those that the journal has.
    pub(super) fn new(
        kept: BTreeMap<u64, Kept<O>>,
        chunks: Range<u64>,
        finished: Option<Arc<Finished>>,
        cancelled: Error,
    ) -> Self {
        Self { chunks, kept: kept.into_iter(), later: None, values: Vec::new().into_iter(), finished, cancelled }
    }
}

impl<O> Iterator for Left<O> {
    type Item = (u64, Outcome<O>);

    fn next(&mut self) -> Option<(u64, Outcome<O>)> {
        let chunk = self.chunks.next()?;
        let is_recorded = self.finished.as_ref().is_some_and(|finished| finished.has(chunk));
        let outcome = if is_recorded { Outcome::Recorded } else { Outcome::Here(self.here(chunk)) };
        Some((chunk, outcome))
    }
}

impl<O> Left<O> {
    /// The result of `chunk`, which is not in the journal.
    fn here(&mut self, chunk: u64) -> Result<O> {
        if let Some(value) = self.values.next() {
            return Ok(value);
        }
        match self.later.take().or_else(|| self.kept.next()) {
            Some((first, kept)) if first == chunk => match kept {
                Kept::Value(value) => Ok(value),
                Kept::Values(values) => {
                    self.values = values.into_iter();
                    self.values.next().ok_or_else(|| self.cancelled.clone())
                }
                Kept::Failure(error) => Err(error),
                Kept::Merged(_) => unreachable!("a fold with a tree ends at its first failure"),
                Kept::Recorded => unreachable!("what the journal has is not kept"),
            },
            later => {
                self.later = later;
                Err(self.cancelled.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outputs;
    use super::*;
    use crate::model::Model;

    fn failure(reason: &str) -> Error {
        Error::setup(Some(Model::Threads), reason.to_string())
    }

    #[test]
    fn what_was_finished_is_given_and_every_gap_is_the_cancel() {
        let outputs = Outputs::new(Finished::new(&[7..8, 10..11]).map(Arc::new));
        outputs.keep(0, vec![0, 1]);
        assert!(outputs.take().is_some());
        outputs.advance(2);
        outputs.keep(4, vec![4, 5]);
        outputs.fail(6, failure("six"));
        outputs.keep(9, vec![9]);
        let text = |(chunk, outcome)| match outcome {
            Outcome::Here(Ok(value)) => format!("{chunk}: {value}"),
            Outcome::Here(Err(error)) => format!("{chunk}: {}", error.to_string().rsplit(' ').next().unwrap()),
            Outcome::Recorded => format!("{chunk} is recorded"),
        };
        let left: Vec<_> = outputs.left(2..12, failure("cancelled")).map(text).collect();
        let expected = [
            "2: cancelled",
            "3: cancelled",
            "4: 4",
            "5: 5",
            "6: six",
            "7 is recorded",
            "8: cancelled",
            "9: 9",
            "10 is recorded",
            "11: cancelled",
        ];
        assert_eq!(left, expected);
    }
}
