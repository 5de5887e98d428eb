//! The verbs of `Compare`: each measures a fold on every model.

use std::fmt;

use threefold::{Source, Task};

use super::Compare;
use crate::comparison::Comparison;
use crate::error::{Error, Result};
use crate::measure::{self, Folding, Subject};
use crate::plan::Rounds;
use crate::text;

impl Compare {
    /// Measures the fold of `source` with `task` and `reduce` on every model, as
    /// [`Executor::fold`](threefold::Executor::fold) runs it.
    ///
    /// The values of all models must be equal by `PartialEq`. A value that is not equal to itself, such as NaN, cannot
    /// be compared in this way, so the comparison returns an error: [`fold_by`](Self::fold_by) compares by a key of the
    /// value.
    ///
    /// ```
    #[doc = include_str!("../doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.value, "499500");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Error::Setup`] if 0 runs, 0 workers, no models, an impossible share, or a model that is not in this build were asked for.
    /// - [`Error::Fold`] if an executor cannot be made, or a fold fails on a model.
    /// - [`Error::Disagreement`] if a model gives another value than sequential.
    /// - [`Error::Incomparable`] if the value is not equal to itself.
    /// - [`Error::Cancelled`] if the comparison was cancelled before every model had run once.
    pub fn fold<S, T, A>(&self, source: S, task: T, init: A, reduce: impl Fn(A, T::Output) -> A) -> Result<Comparison>
    where
        S: Source + Clone,
        T: Task<Chunk = S::Chunk> + Clone,
        A: Clone + PartialEq + fmt::Debug,
    {
        self.measure(&mut Folding {
            source,
            task,
            init,
            reduce,
            key: Ok,
            show: text::debug::<A>,
            first: None,
            pieces: None,
        })
    }

    /// Measures a fold as [`fold`](Self::fold) does, and compares the values of the models by a `key` of each value.
    ///
    /// The key is what must be equal on all models. Use it for values without `PartialEq`, for values that contain NaN, or
    /// to leave out what may differ. The text of the key becomes [`Comparison::value`].
    ///
    /// ```
    /// use std::ops::Range;
    /// use threefold::task;
    /// use threefold_compare::Compare;
    ///
    /// #[task]
    /// fn invalid(_chunk: Range<u64>) -> f64 {
    ///     f64::NAN
    /// }
    ///
    /// // NaN is not equal to itself. Its bits are.
    /// let compare = Compare::new("invalid").models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold_by(0..1000u64, invalid, 0.0, |sum, part| sum + part, |sum| sum.to_bits())?;
    /// assert_eq!(comparison.value, f64::NAN.to_bits().to_string());
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Error::Setup`] if 0 runs, 0 workers, no models, an impossible share, or a model that is not in this build were asked for.
    /// - [`Error::Fold`] if an executor cannot be made, or a fold fails on a model.
    /// - [`Error::Disagreement`] if a model gives a value with another key than sequential.
    /// - [`Error::Incomparable`] if the key is not equal to itself.
    /// - [`Error::Cancelled`] if the comparison was cancelled before every model had run once.
    pub fn fold_by<S, T, A, K>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: impl Fn(A, T::Output) -> A,
        key: impl Fn(A) -> K,
    ) -> Result<Comparison>
    where
        S: Source + Clone,
        T: Task<Chunk = S::Chunk> + Clone,
        A: Clone,
        K: PartialEq + fmt::Debug,
    {
        let key = |value| Ok(key(value));
        self.measure(&mut Folding {
            source,
            task,
            init,
            reduce,
            key,
            show: text::debug::<K>,
            first: None,
            pieces: None,
        })
    }

    /// Measures a fold as [`fold`](Self::fold) does, and checks each value.
    ///
    /// `check` gives the text of a right value, or says what is wrong with the value. The texts of all models must be equal;
    /// the text becomes [`Comparison::value`].
    ///
    /// ```
    #[doc = include_str!("../doc/sum.md")]
    /// let check = |sum: u64| if sum == 499_500 { Ok(sum.to_string()) } else { Err(format!("{sum} is not 499500")) };
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold_and_check(0..1000u64, add_up, 0, |sum, part| sum + part, check)?;
    /// assert_eq!(comparison.value, "499500");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Error::Setup`] if 0 runs, 0 workers, no models, an impossible share, or a model that is not in this build were asked for.
    /// - [`Error::Fold`] if an executor cannot be made, or a fold fails on a model.
    /// - [`Error::Value`] if `check` says that a value is wrong.
    /// - [`Error::Disagreement`] if a model gives a value with another text than sequential.
    /// - [`Error::Cancelled`] if the comparison was cancelled before every model had run once.
    pub fn fold_and_check<S, T, A>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: impl Fn(A, T::Output) -> A,
        check: impl Fn(A) -> Result<String, String>,
    ) -> Result<Comparison>
    where
        S: Source + Clone,
        T: Task<Chunk = S::Chunk> + Clone,
        A: Clone,
    {
        let show = |text: &String| text::shortened(text);
        self.measure(&mut Folding { source, task, init, reduce, key: check, show, first: None, pieces: None })
    }

    /// Measures, if what was asked for is possible.
    fn measure(&self, subject: &mut dyn Subject) -> Result<Comparison> {
        let plan = &self.plan;
        if plan.rounds == Rounds::Exactly(0) {
            return Err(Error::Setup("runs must be at least 1".to_string()));
        }
        if plan.workers.contains(&0) {
            return Err(Error::Setup("workers must be at least 1".to_string()));
        }
        if plan.models.is_empty() {
            return Err(Error::Setup("there is no model to compare: name at least one".to_string()));
        }
        if !(0.0..=1.0).contains(&plan.least_worthwhile) {
            let share = plan.least_worthwhile;
            return Err(Error::Setup(format!("the least worthwhile difference is {share}; it must be from 0 to 1")));
        }
        measure::compare(plan, subject)
    }
}
