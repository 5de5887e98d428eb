//! `BreakEven`: from how many items on a contender is faster than the reference, from a cold start.

use serde::{Deserialize, Serialize};

/// From how many items on a contender is faster than the reference, from a cold start: a new executor in a running
/// program, whose making is counted.
///
/// ```
#[doc = include_str!("../doc/measured.md")]
/// use threefold_compare::BreakEven;
///
/// match comparison.rows[1].break_even {
///     BreakEven::Always { smallest } => println!("at every size from {smallest} items on"),
///     BreakEven::From { items, low, high, .. } => println!("from {items} items on ({low} to {high})"),
///     BreakEven::Never => println!("at no size"),
///     _ => println!("not known"),
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakEven {
    /// At every size that was tried.
    Always {
        /// The smallest size that was tried, in items.
        smallest: f64,
    },
    /// From about this size on.
    From {
        /// The size, in items.
        items: f64,
        /// The lower end of the range in which the size lies.
        low: f64,
        /// The upper end of that range.
        high: f64,
        /// How the size was found.
        basis: Basis,
    },
    /// At no size up to that of the workload, and nothing shows a trend towards one.
    Never,
    /// It was not measured, or the runs scatter too much.
    Unknown,
}

/// How a break-even size was found.
///
/// ```
#[doc = include_str!("../doc/measured.md")]
/// use threefold_compare::{Basis, BreakEven};
///
/// if let BreakEven::From { basis: Basis::Measured, items, .. } = comparison.rows[1].break_even {
///     assert!(items <= comparison.items as f64);
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// Folds of smaller parts of the workload were measured on both sides of the size.
    Measured,
    /// The size lies beyond the workload. It follows from how the times depend on the size.
    Estimated,
}

impl BreakEven {
    /// The size in items, if it is known: for [`Always`](Self::Always) the smallest that was tried.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// if let Some(items) = comparison.rows[1].break_even.items() {
    ///     println!("threads are faster from {items:.0} items on");
    /// }
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn items(&self) -> Option<f64> {
        match *self {
            Self::Always { smallest } => Some(smallest),
            Self::From { items, .. } => Some(items),
            Self::Never | Self::Unknown => None,
        }
    }
}
