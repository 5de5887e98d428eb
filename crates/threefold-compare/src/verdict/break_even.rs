//! From which size on models are faster than the reference, from a cold start: with a new executor in a running
//! program.

use super::reason::{Reason, ReasonKind, Size};
use super::{Evidence, cause, is_plural};
use crate::row::{Basis, BreakEven, Difference};
use crate::text;

/// If the ends of a range are within this ratio, one number stands for it.
const NARROW: f64 = 1.5;

pub(super) fn lines(evidence: &Evidence<'_>, best: usize, shown: &[usize]) -> Vec<Reason> {
    // One chunk runs on one worker, whatever its size.
    if evidence.chunks <= 1 {
        return Vec::new();
    }
    let mut shown: Vec<usize> = shown.iter().copied().filter(|&row| row != evidence.reference).collect();
    shown.sort_unstable();
    let size = |&row: &usize| Size { row, break_even: evidence.rows[row].break_even };
    let sizes: Vec<Size> = shown.iter().map(size).filter(|size| is_told(evidence, size)).collect();
    let mut reasons = Vec::new();
    if !sizes.is_empty() {
        let text = sizes_text(evidence, &sizes);
        reasons.push(Reason::of_all(ReasonKind::BreakEven { sizes }, text));
    }
    reasons.extend(slower_cold(evidence, best));
    reasons
}

/// Whether a size is known, and does not contradict the rounds: where it is smaller than the workload, they show a gain.
fn is_told(evidence: &Evidence<'_>, size: &Size) -> bool {
    let row = &evidence.rows[size.row];
    let gains = match row.difference {
        Difference::Unknown => evidence.times(size.row) > 1.0,
        difference => difference == Difference::Faster,
    };
    // One worker that has nothing to wait for gains at no size.
    let can_gain = cause::of_one_worker(evidence, row).is_none();
    match size.break_even {
        BreakEven::Always { .. } => gains,
        BreakEven::From { high, .. } => gains || can_gain && high > evidence.items as f64,
        BreakEven::Never | BreakEven::Unknown => false,
    }
}

/// The rounds run on executors that have started. A recommendation from them may not hold for one fold from a cold start.
fn slower_cold(evidence: &Evidence<'_>, best: usize) -> Option<Reason> {
    let row = &evidence.rows[best];
    if best == evidence.reference || row.difference != Difference::Faster {
        return None;
    }
    let items = match row.break_even {
        BreakEven::From { items, low, .. } if low > evidence.items as f64 => Some(items),
        BreakEven::Never => None,
        _ => return None,
    };
    let (name, reference) = (evidence.name(best), evidence.name(evidence.reference));
    let text = format!("for one cold fold of this size use {reference}; {name} gain when folds follow one another");
    let text = if is_plural(row.model) { text } else { text.replace(" gain when", " gains when") };
    Some(Reason::of_row(ReasonKind::SlowerCold { items }, best, row.model, text))
}

/// One sentence for all sizes, in groups of those that are known in the same way. Models with the same size share it.
fn sizes_text(evidence: &Evidence<'_>, sizes: &[Size]) -> String {
    let than =
        if evidence.reference == 0 { String::new() } else { format!(" than {}", evidence.name(evidence.reference)) };
    let mut text = String::new();
    let mut left = sizes;
    while let Some(first) = left.first() {
        let is_same = |size: &&Size| from(&size.break_even, None) == from(&first.break_even, None);
        let (same, next) = left.split_at(left.iter().take_while(is_same).count());
        left = next;
        let names: Vec<String> = same.iter().map(|size| evidence.name(size.row)).collect();
        let names = text::list(&names);
        if text.is_empty() {
            let is_one = same.len() == 1 && !is_plural(evidence.rows[first.row].model);
            let are = if is_one { "is" } else { "are" };
            let on = if is_beyond_a_size(&first.break_even) { " on" } else { "" };
            text += &format!("{names} {are} faster{than} {}{on}", from(&first.break_even, Some(evidence.unit)));
        } else {
            text += &format!(", {names} {}", from(&first.break_even, None));
        }
        if next.first().map(|next| is_estimated(&next.break_even)) != Some(is_estimated(&first.break_even)) {
            let known = if is_estimated(&first.break_even) { "estimated" } else { "measured" };
            // What cold means is said once.
            let cold = if text.contains('(') { "" } else { " cold: a new executor for each fold" };
            text += &format!(" ({known}{cold})");
        }
    }
    text
}

/// `from 40,000 integers`.
fn from(break_even: &BreakEven, unit: Option<&str>) -> String {
    let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
    match *break_even {
        BreakEven::Always { smallest } if smallest < 2.0 => "at every size".to_string(),
        BreakEven::Always { smallest } => format!("at every size, down to {}{unit}", text::about(smallest)),
        BreakEven::From { high, .. } if high < 2.0 => "at every size".to_string(),
        BreakEven::From { items, low, high, basis } => {
            let about = if basis == Basis::Measured { "" } else { "about " };
            if high > NARROW * low {
                format!("from a size between {} and {}{unit}", text::about(low), text::about(high))
            } else {
                format!("from {about}{}{unit}", text::about(items))
            }
        }
        BreakEven::Never | BreakEven::Unknown => String::new(),
    }
}

/// Whether there are sizes below, at which the model is not faster.
fn is_beyond_a_size(break_even: &BreakEven) -> bool {
    matches!(break_even, BreakEven::From { high, .. } if *high >= 2.0)
}

fn is_estimated(break_even: &BreakEven) -> bool {
    matches!(break_even, BreakEven::From { basis, .. } if *basis != Basis::Measured)
}
