//! `Reduction`: what becomes of the values of a term; `Partial`: what it has given so far.

mod float_product;
mod float_sum;
mod partial;
mod product;

use std::fmt;
use std::str::FromStr;

pub use self::partial::Partial;

/// What becomes of the values of a term over a range.
///
/// ```
/// use threefold_term::{Reduction, Term};
///
/// let term = Term::parse("i^2 mod 7")?;
/// let values = Reduction::ALL.map(|reduction| {
///     let value = term.reduce(reduction, 1..=10).unwrap().value().unwrap();
///     format!("{reduction} {value}")
/// });
/// assert_eq!(values, ["sum 21", "product 0", "min 0", "max 4", "count 9"]);
/// # Ok::<(), threefold_term::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reduction {
    /// The sum of all values. That of no items is 0.
    #[default]
    Sum,
    /// The product of all values. That of no items is 1.
    Product,
    /// The smallest value. No items have none.
    Min,
    /// The greatest value. No items have none.
    Max,
    /// How many values are not 0. A comparison is 1 where it holds, so that this counts the items for which it holds.
    Count,
}

impl Reduction {
    /// All of them.
    ///
    /// ```
    /// use threefold_term::Reduction;
    ///
    /// assert_eq!(Reduction::ALL.map(Reduction::name), ["sum", "product", "min", "max", "count"]);
    /// ```
    pub const ALL: [Self; 5] = [Self::Sum, Self::Product, Self::Min, Self::Max, Self::Count];

    /// Its name, as it is typed.
    ///
    /// ```
    /// use threefold_term::Reduction;
    ///
    /// assert_eq!(Reduction::Sum.name(), "sum");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Product => "product",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Reduction {
    type Err = UnknownReduction;

    /// # Errors
    ///
    /// No reduction has this name.
    fn from_str(text: &str) -> Result<Self, UnknownReduction> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or_else(|| UnknownReduction(text.to_string()))
    }
}

/// A name that no [`Reduction`] has.
///
/// ```
/// use threefold_term::Reduction;
///
/// let error = "mean".parse::<Reduction>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown reduction `mean`; expected one of sum, product, min, max, count");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownReduction(String);

impl fmt::Display for UnknownReduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Reduction::ALL.map(Reduction::name).join(", ");
        write!(f, "unknown reduction `{}`; expected one of {names}", self.0.escape_debug())
    }
}

impl std::error::Error for UnknownReduction {}
