//! `How`: the words of `--reduce`, of which each work of the user's own has some.

use clap::ValueEnum;
use threefold_term::Reduction;

use crate::exec_options::Reduce;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum How {
    /// The sum, exact for integers; of --exec, each process prints one number
    Sum,
    /// The product; only for --term
    Product,
    /// The smallest value
    Min,
    /// The greatest value
    Max,
    /// How many values of --term are not 0; how many lines the processes of --exec print
    Count,
    /// All that the processes print, in the order of the chunks; only for --exec
    Concat,
}

impl How {
    /// # Errors
    ///
    /// The values of a term are not reduced in this way.
    pub(super) fn of_term(self) -> Result<Reduction, String> {
        match self {
            Self::Sum => Ok(Reduction::Sum),
            Self::Product => Ok(Reduction::Product),
            Self::Min => Ok(Reduction::Min),
            Self::Max => Ok(Reduction::Max),
            Self::Count => Ok(Reduction::Count),
            Self::Concat => {
                Err("--reduce concat is only for --exec; --term has sum, product, min, max and count".to_string())
            }
        }
    }

    /// # Errors
    ///
    /// What programs print is not reduced in this way.
    pub(super) fn of_program(self) -> Result<Reduce, String> {
        match self {
            Self::Sum => Ok(Reduce::Sum),
            Self::Min => Ok(Reduce::Min),
            Self::Max => Ok(Reduce::Max),
            Self::Count => Ok(Reduce::Count),
            Self::Concat => Ok(Reduce::Concat),
            Self::Product => {
                Err("--reduce product is only for --term; --exec has concat, sum, min, max and count".to_string())
            }
        }
    }
}
