//! `Workload`: what the program can compute, one file each. Only this file names them all.
//!
//! Each workload is shaped like a common real one, and every model is the best for some of them. What is done with a
//! workload is a [`Visitor`], which takes any types.

mod allocate;
mod array;
mod computation;
mod files;
mod locked;
mod mixed;
mod prepared;
mod primes;
mod scramble;
mod sum;
mod wait;

use std::ops::RangeInclusive;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use threefold::Model;

use self::computation::Computation;
pub(crate) use self::prepared::{Prepared, Visitor};
use crate::plan::Input;
use crate::range;

/// One of the workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    Sum,
    Primes,
    Wait,
    Files,
    Array,
    Allocate,
    Locked,
    Mixed,
}

/// What the program says of a workload, and its defaults.
#[derive(Debug)]
pub(crate) struct Description {
    /// The name that is typed.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
    /// The default RANGE; `None` for all items that there are.
    pub(crate) range: Option<&'static str>,
    /// The word for its items.
    pub(crate) items: &'static str,
    /// The default number of items in a chunk.
    pub(crate) chunk_size: u64,
    /// Whether its chunks wait without computing: its task is an `async fn`.
    pub(crate) waits: bool,
    /// The model that is expected to be the fastest on a few cores.
    pub(crate) best: Model,
    /// Why that model.
    pub(crate) reason: &'static str,
}

impl Workload {
    pub(crate) const ALL: [Self; 8] =
        [Self::Sum, Self::Primes, Self::Wait, Self::Files, Self::Array, Self::Allocate, Self::Locked, Self::Mixed];

    /// What the program says of it, and its defaults.
    pub(crate) fn description(self) -> &'static Description {
        match self {
            Self::Sum => &sum::DESCRIPTION,
            Self::Primes => &primes::DESCRIPTION,
            Self::Wait => &wait::DESCRIPTION,
            Self::Files => &files::DESCRIPTION,
            Self::Array => &array::DESCRIPTION,
            Self::Allocate => &allocate::DESCRIPTION,
            Self::Locked => &locked::DESCRIPTION,
            Self::Mixed => &mixed::DESCRIPTION,
        }
    }

    /// The names of the workloads that wait.
    pub(crate) fn names_that_wait() -> Vec<&'static str> {
        Self::ALL.iter().map(|workload| workload.description()).filter(|it| it.waits).map(|it| it.name).collect()
    }

    /// Prepares this workload for `input`, then gives it to `visitor`.
    ///
    /// # Errors
    ///
    /// Why this workload cannot have this input, and what it can have. `visitor` was not called.
    pub(crate) fn visit<V: Visitor>(self, input: &Input, visitor: V) -> Result<V::Result, String> {
        match self {
            Self::Sum => sum::prepare(input, visitor),
            Self::Primes => primes::prepare(input, visitor),
            Self::Wait => wait::prepare(input, visitor),
            Self::Files => files::prepare(input, visitor),
            Self::Array => array::prepare(input, visitor),
            Self::Allocate => allocate::prepare(input, visitor),
            Self::Locked => locked::prepare(input, visitor),
            Self::Mixed => mixed::prepare(input, visitor),
        }
    }
}

impl Description {
    /// The default RANGE; empty if the number of items is not known beforehand.
    fn default_range(&self) -> RangeInclusive<i64> {
        range::parse(self.range.unwrap_or("0..0")).expect("the default of every workload is a range")
    }
}

impl ValueEnum for Workload {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let Description { name, summary, .. } = self.description();
        Some(PossibleValue::new(name).help(summary))
    }
}

#[cfg(test)]
mod tests {
    use super::Workload;

    #[test]
    fn every_default_is_a_range_that_has_chunks() {
        for workload in Workload::ALL {
            let description = workload.description();
            let is_empty = description.default_range().is_empty();
            assert_eq!(description.range.is_none(), is_empty, "{}", description.name);
            assert!(description.chunk_size > 0);
        }
    }
}
