//! `ReducedTerm`: the sum, the product, .. of a term of the user's own, as a work.
//!
//! The term is a capture of the task: it is sent to each worker once, as its text.

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use threefold::{Model, task};
use threefold_term::{Partial, Reduction, Term};

use crate::chunk_error::ChunkError;
use crate::computation::{Computation, TryFold, Visitor};
use crate::description::Description;
use crate::failure::Failure;
use crate::plan::{Input, Plan};

/// How a range is cut, if the user does not say: as for the workload `sum`.
const DESCRIPTION: Description = Description {
    name: "term",
    summary: "reduces a term of your own",
    range: Some("1..=1_000_000"),
    items: ReducedTerm::ITEMS,
    chunk_size: 250_000,
    brief_items: 0,
    waits: false,
    best: &[Model::Threads],
    reason: "items do not depend on each other",
};

/// A term, and what becomes of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReducedTerm {
    term: Term,
    reduction: Reduction,
    name: String,
}

impl ReducedTerm {
    /// The word for the items.
    pub(crate) const ITEMS: &str = "integers";

    pub(crate) fn new(term: Term, reduction: Reduction) -> Self {
        let name = format!("{reduction} of {term}");
        Self { term, reduction, name }
    }

    /// For example "sum of i^2 mod 7".
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Prepares the work for `input`, then gives it to `visitor`.
    ///
    /// # Errors
    ///
    /// Why the ranges cannot be cut like that, or that no items have no smallest one.
    pub(crate) fn visit<V: Visitor>(&self, input: &Input, visitor: V) -> Result<V::Result, String> {
        let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
        let nothing = self.term.nothing(self.reduction);
        if plan.item_count() == 0 && nothing.value().is_err() {
            return Err(format!("--reduce {} needs an integer, and the RANGE has none", self.reduction));
        }
        let computation = Computation {
            task: reduce_term.with((self.term.clone(), self.reduction)),
            init: nothing,
            reduce: |so_far, part| match part {
                Ok(part) => so_far.then(part),
                Err(_) => so_far,
            },
            retried: |_| &[],
            is_full: |_| false,
            finish: value,
            partial: |so_far| so_far.value().ok().map(|value| value.to_string()),
            verb: PhantomData::<TryFold>,
        };
        Ok(computation.over(plan, RangeInclusive::clone, visitor))
    }
}

fn value(partial: Partial, _: &Plan) -> Result<String, Failure> {
    partial.value().map(|value| value.to_string()).map_err(|failure| Failure::NoValue(failure.to_string()))
}

/// The reduction of the term for all integers of `chunk`. Returns early, with any value, when the fold is cancelled.
#[task]
fn reduce_term(chunk: RangeInclusive<i64>, what: &(Term, Reduction)) -> Result<Partial, ChunkError> {
    let (term, reduction) = what;
    term.reduce_while(*reduction, chunk, || !threefold::is_cancelled()).map_err(|failure| {
        let message = match failure.item() {
            Some(item) => format!("has no value for i = {item}: {}", failure.reason()),
            None => format!("has no value: {failure}"),
        };
        ChunkError { message, ..ChunkError::default() }
    })
}
