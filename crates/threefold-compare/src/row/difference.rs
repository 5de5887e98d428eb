//! `Difference`: whether the runs show that one contender is faster than another.
//!
//! A difference is called one if it is both shown and large enough. All pairs of contenders are compared, so the chance that
//! any two equal ones are told apart is bounded over all pairs ([`stats::level`]). This gives one level of error, and the
//! pairs whose test stays within it differ.

use serde::{Deserialize, Serialize};
use threefold::Model;

use super::Row;
use crate::stats::{self, Estimate};

/// How a contender's time differs from that of the reference.
///
/// ```
#[doc = include_str!("../doc/measured.md")]
/// use threefold_compare::Difference;
///
/// assert_eq!(comparison.rows[0].difference, Difference::Reference);
/// match comparison.rows[1].difference {
///     Difference::Faster => println!("threads are faster"),
///     Difference::Slower => println!("threads are slower"),
///     _ => println!("there is no difference that matters and can be shown"),
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// The contender is the reference.
    Reference,
    /// The runs show that it is faster, and by enough.
    Faster,
    /// The runs show that it is slower, and by enough.
    Slower,
    /// The runs show that any difference is too small to matter, or is below what the rounds can show.
    TooSmall,
    /// The runs show neither a difference nor that there is none.
    NotShown,
    /// There are fewer rounds than [`FEWEST`](crate::stats::FEWEST), so that nothing can be said.
    Unknown,
}

/// From when on a difference is called one. All rows of a comparison have the same.
///
/// ```
#[doc = include_str!("../doc/measured.md")]
/// let judged = comparison.rows[1].judged;
/// assert_eq!(judged.against, threefold::Model::Sequential);
/// println!("differences from {:.1}% on are called one", judged.smallest * 100.0);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Judged {
    /// The model of the reference.
    pub against: Model,
    /// The probability of error that the test of a pair may have, from 0 to 0.05.
    pub level: f64,
    /// The smallest difference that is called one, as a share: the larger of what the rounds can show and of what is
    /// worthwhile.
    pub smallest: f64,
}

/// What differences are judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The index of the reference.
    pub(crate) reference: usize,
    /// The probability that any two equal contenders are told apart.
    pub(crate) error: f64,
    /// See [`Judged::smallest`].
    pub(crate) smallest: f64,
}

/// Judges all rows.
pub(crate) fn judge(rows: &mut [Row], terms: Terms) {
    let Terms { reference, error, smallest } = terms;
    let against = rows[reference].model;
    let runs: Vec<&[f64]> = rows.iter().map(|row| &row.runs_s[..]).collect();
    let judged = Judged { against, level: stats::level(&runs, error), smallest };
    rows.iter_mut().for_each(|row| row.judged = judged);
    let speedup = |row: &Row| stats::ratio(&rows[reference].runs_s, &row.runs_s, error / 2.0);
    let speedups: Vec<Option<Estimate>> = rows.iter().map(speedup).collect();
    rows.iter_mut().zip(speedups).for_each(|(row, speedup)| row.speedup = speedup);
    let differences: Vec<Difference> = rows.iter().map(|row| between(row, &rows[reference])).collect();
    rows.iter_mut().zip(differences).for_each(|(row, difference)| row.difference = difference);
    (rows[reference].difference, rows[reference].speedup) = (Difference::Reference, None);
}

/// How `runs` differ from those of a `baseline`.
pub(crate) fn difference(baseline: &[f64], runs: &[f64], level: f64, smallest: f64) -> Difference {
    let (Some(chance), Some(Estimate { value, interval })) =
        (stats::chance(baseline, runs), stats::ratio(baseline, runs, level / 2.0))
    else {
        return Difference::Unknown;
    };
    let (is_shown, enough) = (chance <= level, 1.0 + smallest);
    match value {
        _ if is_shown && value > enough => Difference::Faster,
        _ if is_shown && value < 1.0 / enough => Difference::Slower,
        _ if is_shown || interval.low >= 1.0 / enough && interval.high <= enough => Difference::TooSmall,
        _ => Difference::NotShown,
    }
}

/// How `row` differs from `other`, by what `row` is judged by.
fn between(row: &Row, other: &Row) -> Difference {
    difference(&other.runs_s, &row.runs_s, row.judged.level, row.judged.smallest)
}

impl Row {
    /// Whether these runs show that this contender is faster than `other`, and by enough: see [`Judged`]. With fewer rounds
    /// than [`FEWEST`](crate::stats::FEWEST) every run of this contender must be that much faster than every run of the
    /// other, and fewer than four rounds show nothing.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// let (sequential, threads) = (&comparison.rows[0], &comparison.rows[1]);
    /// assert!(!(threads.is_faster_than(sequential) && sequential.is_faster_than(threads)));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn is_faster_than(&self, other: &Self) -> bool {
        match between(self, other) {
            Difference::Unknown => {
                stats::can_be_apart(self.runs_s.len())
                    && stats::are_apart(&other.runs_s, &self.runs_s, self.judged.smallest)
            }
            difference => difference == Difference::Faster,
        }
    }
}
