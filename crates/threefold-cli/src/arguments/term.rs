//! The argument `--term`: a term of the user's own.

use clap::Args;
use threefold_term::Term;

use super::how::How;
use crate::reduced_term::ReducedTerm;

/// A term of the user's own.
#[derive(Args, Default)]
pub(super) struct TermArguments {
    /// Reduce the values of EXPR for all integers i of the RANGE, instead of a built-in computation
    ///
    /// For example 'i^2 mod 7', '1./i^2' or 'if(gcd(i, 10) == 1, i, 0)'. Integers are exact, whatever their size; `/`,
    /// decimal points, pi, sqrt, exp, ln, sin, cos, tan and atan make f64, with the same bits on every model.
    /// Operators: + - * / // mod ^ == != < <= > >= not and or; functions: gcd min max abs floor ceil if(condition, then,
    /// otherwise). `//` is the quotient of integers, and `mod` the remainder, which is never negative. Without a RANGE i is
    /// from 1 to 1000000. --reduce says what becomes of the values.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, conflicts_with_all = ["workload", "folder"])]
    term: Option<String>,
}

impl TermArguments {
    pub(super) fn is_given(&self) -> bool {
        self.term.is_some()
    }

    /// What the user calls the work, if a term was given, which need not be one.
    pub(super) fn name(&self, how: Option<How>) -> Option<String> {
        let text = self.term.as_ref()?;
        let reduction = how.map_or(Ok(Default::default()), How::of_term);
        Some(match (Term::parse(text), reduction) {
            (Ok(term), Ok(reduction)) => ReducedTerm::new(term, reduction).name().to_string(),
            (Err(_), Ok(reduction)) => format!("{reduction} of {text}"),
            (_, Err(_)) => text.clone(),
        })
    }

    /// The term, if one was given.
    ///
    /// # Errors
    ///
    /// The text is not a term: where, and what was expected there.
    pub(super) fn read(self, how: Option<How>) -> Result<Option<ReducedTerm>, String> {
        let Self { term } = self;
        let Some(text) = term else { return Ok(None) };
        let term = Term::parse(&text).map_err(|error| format!("--term: {error}"))?;
        let reduction = how.map_or(Ok(Default::default()), How::of_term)?;
        Ok(Some(ReducedTerm::new(term, reduction)))
    }
}
