//! What the verdict says of models beside the recommended one: whether they gain, from which size on, and why not.

use super::{Evidence, gains};
use crate::row::Row;
use crate::text;

/// Parts of the workers' time above this share can explain a missing gain.
const LARGE_SHARE: f64 = 0.2;

/// Chunks that take this many times as long as on sequential compete for something.
const COMPETING: f64 = 1.3;

/// Medians up to this many times as long as sequential's are not called slower.
const SLOWER: f64 = 1.1;

/// The contenders of other models that are as fast as the recommended one.
pub(super) fn as_fast(rows: &[Row], best: usize, tied: &[usize]) -> Option<String> {
    // If sequential is recommended, the sentence says it.
    let as_fast = tied.iter().filter(|&&row| best > 0 && rows[row].model != rows[best].model);
    let names: Vec<String> = as_fast.map(|&row| rows[row].name()).collect();
    (!names.is_empty()).then(|| {
        let others = text::list(&names);
        format!("These runs show no difference between {} and {others}.", rows[best].name())
    })
}

/// How a model that is not recommended does.
pub(super) fn beside(evidence: &Evidence<'_>, row: &Row) -> String {
    let baseline = &evidence.rows[0];
    let name = row.name();
    let ratio = row.median_s / baseline.median_s;
    if row.profile.is_empty() {
        return format!("On {name}, a fold takes about {} as long as on sequential.", text::times(ratio));
    }
    if let Some(gain) = gain_from(evidence, row) {
        return gain;
    }
    if let Some(speedup) = row.speedup.filter(|_| gains(row, baseline)) {
        return format!("On {name}, a fold is {} faster than on sequential.", text::times(speedup.value));
    }
    let fact = if ratio > SLOWER {
        format!("On {name}, a fold takes {} as long as on sequential", text::times(ratio))
    } else {
        format!("On {name}, these runs show no gain over sequential")
    };
    match why_no_gain(row, baseline) {
        Some(why) => format!("{fact}: {why}."),
        None => format!("{fact}. The profile does not explain it."),
    }
}

/// From which size on a contender is expected to gain; `None` if no such size is known.
pub(super) fn gain_from(evidence: &Evidence<'_>, row: &Row) -> Option<String> {
    let items = row.break_even.items()?;
    let size = if items < 2.0 {
        "at any size".to_string()
    } else {
        format!("from about {} {} on", text::about(items), evidence.unit)
    };
    let (name, startup) = (row.name(), text::seconds(row.startup_s));
    Some(format!("Starting {name} takes {startup}: a gain over sequential is expected {size}."))
}

/// Why a contender does not gain, as a clause.
fn why_no_gain(row: &Row, baseline: &Row) -> Option<String> {
    let (profile, alone) = (&row.profile, &baseline.profile);
    if row.model.capabilities().waits_at_once && row.workers == 1 && !alone.waits() {
        let waiting = text::percent(alone.waiting_share());
        return Some(format!("one worker gains only while chunks wait, and these wait for {waiting} of their time"));
    }
    if profile.waits() && !alone.waits() {
        let waiting = text::percent(profile.waiting_share());
        return Some(format!(
            "the chunks wait for {waiting} of their time, but not on sequential; a shared lock would explain that"
        ));
    }
    let transfer_share = profile.transfer_s / profile.workers_s();
    if profile.moves_much() && transfer_share > LARGE_SHARE {
        let (share, bytes) = (text::percent(transfer_share), text::bytes(profile.bytes_moved));
        return Some(format!("sending chunks and outputs takes {share} of the workers' time ({bytes})"));
    }
    if profile.transfer_s > profile.work_s {
        return Some("dispatching the chunks takes longer than computing them".to_string());
    }
    if profile.work_s > alone.work_s * COMPETING && alone.work_s > 0.0 {
        let ratio = text::times(profile.work_s / alone.work_s);
        return Some(format!(
            "the chunks take {ratio} as long as on sequential; workers that share memory or a cache would explain that"
        ));
    }
    if row.workers == 1 {
        return Some("one worker computes no faster than sequential does".to_string());
    }
    (row.startup_s + row.median_s > baseline.median_s)
        .then(|| "starting and dispatching cost more than the workers gain".to_string())
}
