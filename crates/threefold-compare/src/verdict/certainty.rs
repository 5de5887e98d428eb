//! How certain the verdict is: the rounds, the smallest difference that they can show, and what disturbed them.

use super::reason::{Reason, ReasonKind};
use super::{Evidence, ranking};
use crate::condition::Condition;
use crate::plan::RankBy;
use crate::row::Row;
use crate::stats;
use crate::text;

/// This share of the runs may take unusually long without a word.
const UNUSUAL_SHARE: f64 = 0.1;

/// The host of a virtual machine may take this share of its processors' time without a word.
const STOLEN_SHARE: f64 = 0.02;

/// Other programs may use this share of the processors' time without a word.
const BUSY_SHARE: f64 = 0.05;

/// A control group may be held back for this share of the time without a word.
const THROTTLED_SHARE: f64 = 0.01;

pub(super) fn lines(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut lines: Vec<Reason> = ranking(evidence).into_iter().chain(paired(evidence)).collect();
    lines.extend(profile(evidence));
    lines.extend(counted(evidence));
    lines.extend([certainty(evidence), disturbed(evidence), clock(evidence)].into_iter().flatten());
    lines
}

/// What models were to be ranked by was not measured.
fn ranking(evidence: &Evidence<'_>) -> Option<Reason> {
    let rank_by = evidence.rank_by;
    let is_measured = evidence.rows.iter().all(|row| ranking::amount(rank_by, row) > 0.0);
    (rank_by != RankBy::Time && !is_measured).then(|| {
        let noun = ranking::noun(rank_by);
        let text = if evidence.rows.iter().any(|row| row.profile.is_empty()) {
            format!("by time: the {noun} was not measured before the comparison was cancelled")
        } else {
            format!("by time: the {noun} could not be measured")
        };
        Reason::of_all(ReasonKind::RankedByTime { rank_by }, text)
    })
}

/// What could not be measured, and what cannot be said without.
fn profile(evidence: &Evidence<'_>) -> Option<Reason> {
    let is_unknown = |row: &Row| !row.profile.is_empty() && row.profile.chunks_cpu_s.is_none();
    evidence.rows.iter().any(is_unknown).then(|| {
        let text =
            "processor time could not be measured (on Linux it is read from /proc), so it is not known whether chunks wait";
        Reason::of_all(ReasonKind::ProcessorTimeUnknown, text)
    })
}

/// The speed-up of a contender may seem to contradict the medians.
fn paired(evidence: &Evidence<'_>) -> Option<Reason> {
    let rounded = |ratio: f64| (ratio * 100.0).round();
    let seems_wrong = |row: &Row| {
        let medians = evidence.reference_row().median_s / row.median_s;
        row.speedup.is_some_and(|speedup| (rounded(speedup.value) - 100.0) * (rounded(medians) - 100.0) < 0.0)
    };
    evidence.rows.iter().any(seems_wrong).then(|| {
        let text = "compares runs of the same round, so it can be above 1 although the median time is longer";
        Reason::of_all(ReasonKind::SpeedupsArePaired, text)
    })
}

/// What the hardware counted, a line for each contender, or why it did not.
fn counted(evidence: &Evidence<'_>) -> Vec<Reason> {
    let absent = evidence.conditions.iter().find_map(|condition| match condition {
        Condition::CountersAbsent { reason } => Some(reason),
        _ => None,
    });
    if let Some(reason) = absent {
        return vec![Reason::of_all(ReasonKind::NotCounted, format!("no hardware counters: {reason}"))];
    }
    let line = |row: usize| {
        let counters = evidence.rows[row].profile.counters?;
        let text = format!("{}: {}", evidence.name(row), counters.in_words());
        Some(Reason::of_row(ReasonKind::Counted { counters }, row, evidence.rows[row].model, text))
    };
    (0..evidence.rows.len()).filter_map(line).collect()
}

fn certainty(evidence: &Evidence<'_>) -> Option<Reason> {
    let rounds = evidence.rounds;
    if rounds < stats::FEWEST {
        let needed = stats::FEWEST;
        let are = if rounds == 1 { "is" } else { "are" };
        let text = format!(
            "{} {are} too few for 95% intervals, which need {needed}: allow more rounds or more time",
            text::count(rounds as u64, "round")
        );
        return Some(Reason::of_all(ReasonKind::TooFewRounds { rounds, needed }, text));
    }
    // One row alone has nothing to differ from.
    if evidence.rows.len() == 1 {
        return None;
    }
    let smallest = evidence.noise.map(|noise| noise.smallest).filter(|&smallest| smallest > 0.0)?;
    let below = text::below(smallest);
    let text = format!("differences below {below} cannot be shown in these {}", text::count(rounds as u64, "round"));
    Some(Reason::of_all(ReasonKind::Certainty { rounds, smallest }, text))
}

/// What disturbed the runs, in one line: only what was seen, and not who may have caused it.
fn disturbed(evidence: &Evidence<'_>) -> Option<Reason> {
    let seen: Vec<(Condition, String)> =
        evidence.conditions.iter().filter_map(|condition| Some((condition.clone(), disturbance(condition)?))).collect();
    let slow: Vec<usize> = (0..evidence.rows.len()).filter(|&row| evidence.rows[row].slow_first_run).collect();
    let (conditions, mut texts): (Vec<Condition>, Vec<String>) = seen.into_iter().unzip();
    if !slow.is_empty() {
        let names: Vec<String> = slow.iter().map(|&row| evidence.name(row)).collect();
        let were = if slow.len() == 1 { "run of" } else { "runs of" };
        texts.push(format!("the first {were} {} took unusually long", text::list(&names)));
    }
    let text = texts.join("; ");
    (!text.is_empty()).then(|| Reason::of_all(ReasonKind::Disturbed { conditions, slow_first_runs: slow }, text))
}

fn disturbance(condition: &Condition) -> Option<String> {
    match *condition {
        Condition::UnusualRuns { share } if share > UNUSUAL_SHARE => {
            Some(format!("{} of the runs took unusually long or short", text::percent(share)))
        }
        Condition::Stolen { share } if share > STOLEN_SHARE => {
            let share = text::percent(share);
            Some(format!("steal time: the host gave {share} of this virtual machine's processor time to others"))
        }
        Condition::Throttled { share } if share > THROTTLED_SHARE => {
            Some(format!("the processor quota of this program held it back for {} of the time", text::percent(share)))
        }
        Condition::OtherPrograms { share } if share > BUSY_SHARE => {
            Some(format!("other programs used {} of the processors' time", text::percent(share)))
        }
        Condition::Loaded { average, cores } => Some(format!(
            "the load average was {} on {} when measuring began",
            text::digits(average),
            text::count(cores as u64, "core")
        )),
        _ => None,
    }
}

/// The clock of the processors may change, so that times of another day may differ.
fn clock(evidence: &Evidence<'_>) -> Option<Reason> {
    let governor = evidence.conditions.iter().find_map(|condition| match condition {
        Condition::Governor { name } if name != "performance" => Some(name),
        _ => None,
    });
    let is_boosted = evidence.conditions.contains(&Condition::BoostOn);
    let text = match (governor, is_boosted) {
        (Some(name), true) => format!("the processor's clock may change: governor {name}, boost on"),
        (Some(name), false) => format!("the processor's clock may change: governor {name}"),
        (None, true) => "the processor's clock may change: boost on".to_string(),
        (None, false) => return None,
    };
    let is_clock = |condition: &&Condition| matches!(condition, Condition::Governor { .. } | Condition::BoostOn);
    let conditions = evidence.conditions.iter().filter(is_clock).cloned().collect();
    Some(Reason::of_all(ReasonKind::ClockVaries { conditions }, text))
}
