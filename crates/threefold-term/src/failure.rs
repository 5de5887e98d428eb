//! `Failure`: why a term or its reduction has no value.

use std::fmt;

/// Why a term or its reduction has no value.
///
/// ```
/// use threefold_term::{Reduction, Term};
///
/// let term = Term::parse("100 // (i - 17)")?;
/// let failure = term.reduce(Reduction::Sum, 1..=100).unwrap_err();
/// assert_eq!(failure.item(), Some(17));
/// assert_eq!(failure.to_string(), "i = 17: `//` by zero (100 // 0)");
/// # Ok::<(), threefold_term::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    item: Option<i64>,
    reason: String,
}

impl Failure {
    pub(crate) fn at(item: i64, reason: String) -> Self {
        Self { item: Some(item), reason }
    }

    pub(crate) fn of_reduction(reason: String) -> Self {
        Self { item: None, reason }
    }

    /// The item for which the term has no value: the first one of its range. `None` if the term has a value for every
    /// item, and only the reduction has none.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let term = Term::parse("10.^i")?;
    /// let product = term.reduce(Reduction::Product, 1..=30).unwrap();
    /// assert_eq!(product.value().unwrap_err().item(), None);
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn item(&self) -> Option<i64> {
        self.item
    }

    /// The reason alone, without the item.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// let failure = Term::parse("1 / i")?.value(0).unwrap_err();
    /// assert_eq!(failure.reason(), "division by zero (1.0 / 0.0)");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "i = {item}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Failure {}
