//! `Work`: what the program can fold, one file each. This is the only one that names them all.
//!
//! Each work stands for a shape of real work, and between them every model has its day. A work brings its own types -
//! chunks of integers, of an array, of files - so what is done with it is a [`Use`], which takes any.

mod allocate;
mod array;
mod files;
mod fold;
mod locked;
mod mixed;
mod primes;
mod scramble;
mod sum;
mod wait;

use std::ops::RangeInclusive;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use threefold::Model;

pub(crate) use self::fold::{Fold, Recipe, Use};
use crate::plan::Input;
use crate::range;

/// One of the works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Sum,
    Primes,
    Wait,
    Files,
    Array,
    Allocate,
    Locked,
    Mixed,
}

/// What is said of a work.
#[derive(Debug)]
pub(crate) struct About {
    /// Its word.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) does: &'static str,
    /// The RANGE where none is named; `None` where it is all that there is.
    pub(crate) range: Option<&'static str>,
    /// What its items are.
    pub(crate) items: &'static str,
    /// How many of them a chunk has where nothing is said.
    pub(crate) chunk_size: u64,
    /// The model that should win.
    pub(crate) wins: Model,
    /// Why that one.
    pub(crate) because: &'static str,
}

impl Work {
    pub(crate) const ALL: [Self; 8] =
        [Self::Sum, Self::Primes, Self::Wait, Self::Files, Self::Array, Self::Allocate, Self::Locked, Self::Mixed];

    /// What is said of it.
    pub(crate) fn about(self) -> &'static About {
        match self {
            Self::Sum => &sum::ABOUT,
            Self::Primes => &primes::ABOUT,
            Self::Wait => &wait::ABOUT,
            Self::Files => &files::ABOUT,
            Self::Array => &array::ABOUT,
            Self::Allocate => &allocate::ABOUT,
            Self::Locked => &locked::ABOUT,
            Self::Mixed => &mixed::ABOUT,
        }
    }

    /// Makes what `input` asks for ready, then lets `user` have it.
    ///
    /// # Errors
    ///
    /// Why this work cannot have such an input, and what would be right. `user` was then not asked.
    pub(crate) fn with<U: Use>(self, input: &Input, user: U) -> Result<U::Result, String> {
        match self {
            Self::Sum => sum::with(input, user),
            Self::Primes => primes::with(input, user),
            Self::Wait => wait::with(input, user),
            Self::Files => files::with(input, user),
            Self::Array => array::with(input, user),
            Self::Allocate => allocate::with(input, user),
            Self::Locked => locked::with(input, user),
            Self::Mixed => mixed::with(input, user),
        }
    }
}

impl About {
    /// The items where no RANGE is named; none where that is not known beforehand.
    fn all(&self) -> RangeInclusive<i64> {
        range::parse(self.range.unwrap_or("0..0")).expect("the default of every work is a range")
    }
}

impl ValueEnum for Work {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let About { name, does, .. } = self.about();
        Some(PossibleValue::new(name).help(does))
    }
}

#[cfg(test)]
mod tests {
    use super::Work;

    #[test]
    fn every_default_is_a_range_that_has_chunks() {
        for work in Work::ALL {
            let about = work.about();
            assert_eq!(about.range.is_none(), about.all().is_empty(), "{}", about.name);
            assert!(about.chunk_size > 0);
        }
    }
}
