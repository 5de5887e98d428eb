//! `Workload`: the computations that are built in, one file each. Only this file names them all.
//!
//! Each workload is shaped like a common real one, and every model is the best for some of them.

mod allocate;
mod array;
mod files;
mod locked;
mod mixed;
mod pi;
mod primes;
mod scramble;
mod sum;
mod wait;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::computation::Visitor;
use crate::description::Description;
use crate::plan::Input;

/// One of the workloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Workload {
    #[default]
    Sum,
    Primes,
    Wait,
    Files,
    Array,
    Allocate,
    Locked,
    Mixed,
    Pi,
}

impl Workload {
    pub(crate) const ALL: [Self; 9] = [
        Self::Sum,
        Self::Primes,
        Self::Wait,
        Self::Files,
        Self::Array,
        Self::Allocate,
        Self::Locked,
        Self::Mixed,
        Self::Pi,
    ];

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
            Self::Pi => &pi::DESCRIPTION,
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
            Self::Pi => pi::prepare(input, visitor),
        }
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

    #[cfg(feature = "async")]
    #[test]
    fn exactly_the_workloads_that_wait_can_have_a_timeout_on_async() {
        use std::time::Duration;

        use threefold::{Executor, Model, Source, Task};

        use crate::computation::{Prepared, Verb, Visitor};
        use crate::plan::{Cut, Input};

        struct HasTimeout;

        impl Visitor for HasTimeout {
            type Result = bool;

            fn visit<S, T, A, V>(self, prepared: Prepared<S, T, A, V>) -> bool
            where
                S: Source<Chunk = T::Chunk> + Clone + Send + Sync + 'static,
                T: Task + Clone,
                V: Verb<T>,
            {
                let on = Executor::builder(Model::Async).timeout(Duration::from_secs(60)).build().unwrap();
                match on.map(prepared.source, prepared.computation.task) {
                    Ok(_) => true,
                    Err(error) => {
                        assert!(error.is_setup(), "{error}");
                        false
                    }
                }
            }
        }

        threefold::init();
        for workload in Workload::ALL {
            let input = Input { ranges: vec![0..=0], cut: Cut::Default, folder: None, except: None };
            let description = workload.description();
            assert_eq!(workload.visit(&input, HasTimeout), Ok(description.waits), "{}", description.name);
        }
    }
}
