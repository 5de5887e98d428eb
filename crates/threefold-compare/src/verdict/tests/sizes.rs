//! Break-even sizes, and the recommendation beside them.

use Model::{Processes, Sequential, Threads};
use threefold::Model;

use super::simulated::{Contender, Simulated, contender, simulated};
use crate::row::{Basis, BreakEven, Row};
use crate::verdict::ReasonKind;

fn from(items: f64, basis: Basis) -> BreakEven {
    BreakEven::From { items, low: 0.9 * items, high: 1.1 * items, basis }
}

/// Threads and processes that gain, with these break-even sizes.
fn with(threads: fn(&mut Row), processes: fn(&mut Row)) -> Simulated {
    let threads = Contender { row: threads, ..contender(Threads, 2, 0.5) };
    let processes = Contender { row: processes, ..contender(Processes, 2, 0.5) };
    simulated([contender(Sequential, 1, 1.0), threads, processes])
}

#[test]
fn measured_sizes_share_a_line_that_says_what_cold_means() {
    let comparison = with(
        |row| row.break_even = from(40_123.0, Basis::Measured),
        |row| row.break_even = from(160_456.0, Basis::Measured),
    );
    assert_eq!(
        comparison.line("break-even").unwrap(),
        "threads are faster from 40,000 integers on, processes from 160,000 (measured cold: a new executor for each fold)"
    );
}

#[test]
fn estimated_sizes_and_ranges_are_called_so() {
    let comparison = with(
        |row| row.break_even = BreakEven::Always { smallest: 1000.0 },
        |row| row.break_even = from(3.4e6, Basis::Estimated),
    );
    assert_eq!(
        comparison.line("break-even").unwrap(),
        "threads are faster at every size, down to 1,000 integers (measured cold: a new executor for each fold), \
         processes from about 3.4 million (estimated)"
    );
    let comparison = with(
        |row| row.break_even = BreakEven::From { items: 9e6, low: 4e6, high: 2e7, basis: Basis::Estimated },
        |row| row.break_even = BreakEven::Unknown,
    );
    assert_eq!(
        comparison.line("break-even").unwrap(),
        "threads are faster from a size between 4 million and 20 million integers on (estimated cold: a new executor \
         for each fold)"
    );
}

#[test]
fn no_size_is_said_where_none_is_known() {
    let unknown = |row: &mut Row| row.break_even = BreakEven::Unknown;
    assert_eq!(with(unknown, unknown).line("break-even"), None);
}

#[test]
fn a_recommendation_that_does_not_hold_for_one_cold_fold_is_explained() {
    let kinds = |comparison: &Simulated| -> Vec<ReasonKind> {
        comparison.verdict().reasons.into_iter().map(|reason| reason.kind).collect()
    };
    let beyond =
        with(|row| row.break_even = from(5.1e6, Basis::Estimated), |row| row.break_even = from(42e6, Basis::Estimated));
    let text = beyond.says();
    let explained =
        "break-even: for one cold fold of this size use sequential; threads gain when folds follow one another";
    assert!(text.contains(explained), "{text}");
    assert!(kinds(&beyond).contains(&ReasonKind::SlowerCold { items: Some(5.1e6) }));

    let never = with(|row| row.break_even = BreakEven::Never, |row| row.break_even = BreakEven::Never);
    assert!(never.says().contains(explained));

    let within = with(
        |row| row.break_even = from(40_000.0, Basis::Measured),
        |row| row.break_even = from(42e6, Basis::Estimated),
    );
    assert!(!within.says().contains("one cold fold"), "{}", within.says());
}
