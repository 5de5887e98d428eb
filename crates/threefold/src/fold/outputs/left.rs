//! `Left`: the results that are left of a fold that keeps going, after it was cancelled.

use std::collections::{BTreeMap, btree_map};
use std::ops::Range;
use std::vec;

use super::Kept;
use crate::error::{Error, Result};

/// Gives the result of each chunk that the caller has not taken, in chunk order: what was finished, and the cancel as the
/// failure of every other chunk. All these failures share one allocation, since there may be very many.
#[derive(Debug)]
pub(crate) struct Left<O> {
    /// The chunks whose results are still to be given.
    chunks: Range<u64>,
    kept: btree_map::IntoIter<u64, Kept<O>>,
    /// The next entry of `kept`, if it begins at a later chunk.
    later: Option<(u64, Kept<O>)>,
    /// The values of the next chunks.
    values: vec::IntoIter<O>,
    cancelled: Error,
}

impl<O> Left<O> {
    /// Of `chunks`, those in `kept` are finished.
    pub(super) fn new(kept: BTreeMap<u64, Kept<O>>, chunks: Range<u64>, cancelled: Error) -> Self {
        Self { chunks, kept: kept.into_iter(), later: None, values: Vec::new().into_iter(), cancelled }
    }
}

impl<O> Iterator for Left<O> {
    type Item = Result<O>;

    fn next(&mut self) -> Option<Result<O>> {
        let chunk = self.chunks.next()?;
        if let Some(value) = self.values.next() {
            return Some(Ok(value));
        }
        match self.later.take().or_else(|| self.kept.next()) {
            Some((first, kept)) if first == chunk => match kept {
                Kept::Value(value) => Some(Ok(value)),
                Kept::Values(values) => {
                    self.values = values.into_iter();
                    self.values.next().map(Ok)
                }
                Kept::Failure(error) => Some(Err(error)),
                Kept::Merged(_) => unreachable!("a fold with a tree ends at its first failure"),
            },
            later => {
                self.later = later;
                Some(Err(self.cancelled.clone()))
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
        let outputs = Outputs::new();
        outputs.keep(0, vec![0, 1]);
        assert!(outputs.take().is_some());
        outputs.advance(2);
        outputs.keep(4, vec![4, 5]);
        outputs.fail(6, failure("six"));
        outputs.keep(9, vec![9]);
        let left: Vec<_> =
            outputs.left(2..12, failure("cancelled")).map(|result| result.map_err(|error| error.to_string())).collect();
        let expected = [None, None, Some(Ok(4)), Some(Ok(5)), Some(Err("six")), None, None, Some(Ok(9)), None, None];
        assert_eq!(left.len(), expected.len());
        for (left, expected) in left.into_iter().zip(expected) {
            match expected {
                Some(Ok(value)) => assert_eq!(left, Ok(value)),
                Some(Err(text)) => assert!(left.unwrap_err().contains(text)),
                None => assert!(left.unwrap_err().contains("cancelled")),
            }
        }
    }
}
