//! `Against`: this comparison beside an earlier one of the same workload, for instance of the build before a change.
//!
//! The two were measured at different times. So their runs are not paired, and whatever changed on the machine in between
//! looks like a change of the program. What is known to differ is listed.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::row::Row;
use crate::stats::{self, Estimate, Interval};

mod rank_sum;
mod words;

pub(crate) use words::TITLES;

/// The probability that any contender is called faster or slower although none changed.
const ERROR: f64 = 0.05;

/// This comparison beside an earlier one of the same workload.
///
/// Each contender that both comparisons have is compared with itself. The ratio of the times is the Hodges-Lehmann estimate
/// of the shift between the logarithms of both sets of runs (*Estimates of Location Based on Rank Tests*, Annals of
/// Mathematical Statistics 34, 1963). Its interval contains the ratios that the test of Mann and Whitney does not reject
/// (*On a Test of Whether One of Two Random Variables Is Stochastically Larger than the Other*, Annals of Mathematical
/// Statistics 18, 1947). Nothing is assumed about the distribution of the runs.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// use threefold_compare::Change;
///
/// let earlier = comparison.clone(); // or `Comparison::from_json(&text)?`
/// let mut comparison = comparison;
/// comparison.set_against(&earlier)?;
/// let against = comparison.against.expect("it was set");
/// assert!(against.rows.iter().all(|row| row.change != Change::Slower && row.change != Change::Faster));
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Against {
    /// How many rounds the earlier comparison has.
    pub rounds: usize,
    /// The smallest difference, as a share, that is reported: the largest of what either comparison could show and of what
    /// is worthwhile.
    pub smallest: f64,
    /// What else differs between the two comparisons.
    pub differs: Vec<Differs>,
    /// The contenders that both comparisons have, in the order of this one.
    pub rows: Vec<AgainstRow>,
}

/// One contender beside itself in an earlier comparison.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let earlier = comparison.clone();
/// let mut comparison = comparison;
/// comparison.set_against(&earlier)?;
/// for row in &comparison.against.as_ref().expect("it was set").rows {
///     println!("{}: {:?}, {} s before", comparison.rows[row.row].name(), row.change, row.before_s);
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgainstRow {
    /// The index of the contender in [`Comparison::rows`](crate::Comparison::rows).
    pub row: usize,
    /// The median duration of its fold in the earlier comparison, in seconds.
    pub before_s: f64,
    /// How many times as fast as before it is, with a 95% interval. `None` if either comparison has fewer rounds than
    /// [`FEWEST`](crate::stats::FEWEST).
    pub ratio: Option<Estimate>,
    /// Whether that is a change.
    pub change: Change,
}

/// Whether a contender is faster or slower than before. All contenders together are called so by mistake in at most 5 of
/// 100 comparisons.
///
/// ```
/// assert_eq!(serde_json::to_string(&threefold_compare::Change::NotShown).unwrap(), "\"not_shown\"");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is faster than before.
    Faster,
    /// It is slower than before.
    Slower,
    /// It differs, but by less than [`Against::smallest`].
    TooSmall,
    /// The runs do not show a difference.
    NotShown,
    /// There are too few rounds to tell.
    Unknown,
}

/// What differs if the values do: the two did not do the same work.
const VALUES: &str = "values";

/// Something else than the program that differs between two comparisons. Each has both values, as text.
///
/// ```
/// use threefold_compare::Differs;
///
/// let differs = Differs { what: "cores".to_string(), before: "4".to_string(), now: "2".to_string() };
/// assert_eq!(serde_json::to_string(&differs).unwrap(), r#"{"what":"cores","before":"4","now":"2"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// What differs, in the plural: `processors`, `cores`, `systems`, `versions of Threefold` or `values`.
    pub what: String,
    /// What it was in the earlier comparison.
    pub before: String,
    /// What it is in this one.
    pub now: String,
}

/// What is compared of a comparison.
pub(crate) struct Side<'a> {
    pub(crate) version: &'a str,
    pub(crate) value: &'a str,
    pub(crate) machine: &'a Machine,
    pub(crate) rounds: usize,
    pub(crate) rows: &'a [Row],
    /// The smallest difference, as a share, that its runs could show, or that is worthwhile.
    pub(crate) smallest: f64,
}

impl Against {
    pub(crate) fn of(before: &Side<'_>, now: &Side<'_>) -> Self {
        let smallest = before.smallest.max(now.smallest);
        let same = |row: &Row| before.rows.iter().find(|old| (old.model, old.workers) == (row.model, row.workers));
        let pairs: Vec<(usize, &Row, &Row)> =
            now.rows.iter().enumerate().filter_map(|(index, row)| Some((index, same(row)?, row))).collect();
        // The error is shared among the contenders (Bonferroni).
        let each = ERROR / pairs.len().max(1) as f64 / 2.0;
        let row = |&(row, old, new): &(usize, &Row, &Row)| AgainstRow {
            row,
            before_s: old.median_s,
            ratio: ratio(old, new, ERROR / 2.0),
            change: change(ratio(old, new, ERROR / 2.0), ratio(old, new, each), smallest),
        };
        Self { rounds: before.rounds, smallest, differs: differs(before, now), rows: pairs.iter().map(row).collect() }
    }
}

/// How many times as fast the runs of `new` are. The ratio lies beyond either end of the interval with this probability.
fn ratio(old: &Row, new: &Row, beyond: f64) -> Option<Estimate> {
    let judged = |row: &Row| stats::evenly(row.runs_s.len(), stats::MOST_JUDGED);
    let logs = |row: &Row| judged(row).map(|round| row.runs_s[round].ln()).collect();
    let Estimate { value, interval } = rank_sum::shift(logs(new), logs(old), beyond)?;
    Some(Estimate { value: value.exp(), interval: Interval { low: interval.low.exp(), high: interval.high.exp() } })
}

/// The change that these ratios show: the ratio with its own interval, and with one that is wide enough for all contenders.
fn change(ratio: Option<Estimate>, wide: Option<Estimate>, smallest: f64) -> Change {
    let (Some(ratio), Some(wide)) = (ratio, wide) else { return Change::Unknown };
    if wide.interval.contains(1.0) {
        return Change::NotShown;
    }
    if ratio.value.max(1.0 / ratio.value) < 1.0 + smallest {
        return Change::TooSmall;
    }
    if ratio.value > 1.0 { Change::Faster } else { Change::Slower }
}

fn differs(before: &Side<'_>, now: &Side<'_>) -> Vec<Differs> {
    let of = |side: &Side<'_>| {
        let machine = side.machine;
        [
            ("processors", machine.processor.clone()),
            ("cores", machine.cores.to_string()),
            ("systems", machine.system.clone()),
            ("versions of Threefold", side.version.to_string()),
            (VALUES, side.value.to_string()),
        ]
    };
    let both = of(before).into_iter().zip(of(now));
    both.filter(|(before, now)| before != now)
        .map(|((what, before), (_, now))| Differs { what: what.to_string(), before, now })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, value: f64, high: f64) -> Option<Estimate> {
        Some(Estimate { value, interval: Interval { low, high } })
    }

    #[test]
    fn a_change_is_shown_by_the_wide_interval_and_exceeds_the_smallest() {
        let changed =
            |low, value, high, smallest| change(estimate(low, value, high), estimate(low, value, high), smallest);
        assert_eq!(changed(1.05, 1.1, 1.2, 0.02), Change::Faster);
        assert_eq!(changed(0.8, 0.9, 0.95, 0.02), Change::Slower);
        assert_eq!(changed(1.005, 1.01, 1.015, 0.02), Change::TooSmall);
        assert_eq!(changed(0.985, 0.99, 0.995, 0.02), Change::TooSmall);
        assert_eq!(changed(0.9, 1.1, 1.2, 0.02), Change::NotShown);
        assert_eq!(change(estimate(1.05, 1.1, 1.2), estimate(0.99, 1.1, 1.3), 0.02), Change::NotShown);
        assert_eq!(change(None, None, 0.0), Change::Unknown);
    }
}
