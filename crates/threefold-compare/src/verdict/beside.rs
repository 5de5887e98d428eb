//! The line of a model that is not recommended: how it compares, and the one reason that matters.

use threefold::Model;

use super::cause::{self, Cause};
use super::ranking::{self, Ranking};
use super::reason::{Reason, ReasonKind};
use super::{Evidence, is_plural};
use crate::row::{Difference, Row};
use crate::text;

/// A contender with this share of a perfect speed-up needs no reason why it has no more.
const GOOD_EFFICIENCY: f64 = 0.85;

/// The recommended contender needs a reason if it has less than this share of a perfect speed-up.
const MUCH_LESS: f64 = 0.75;

/// Below this many times as fast, a model is called "only" so fast.
const ONLY: f64 = 0.9;

/// An interval of a speed-up that reaches up to here leaves room for a gain that matters.
const ROOM: f64 = 1.1;

/// A start-up time this many times that of the recommended contender is a reason against a model that is as fast.
const LONG_STARTUP: f64 = 2.0;

/// The line of this contender. There is none for the reference, which the sentence names.
pub(super) fn line(evidence: &Evidence<'_>, ranking: &Ranking, index: usize) -> Option<Reason> {
    let row = &evidence.rows[index];
    if ranking.is_by_use {
        return Some(by_use(evidence, ranking, index));
    }
    if index == evidence.reference {
        return None;
    }
    let (kind, text) = compared(evidence, ranking, index);
    // Where the model has several rows, the line says which it speaks of.
    let text = if row.model.name() == evidence.name(index) {
        text
    } else {
        format!("with {}, {text}", text::count(row.workers as u64, "worker"))
    };
    Some(Reason::of_row(kind, index, row.model, text))
}

/// Why the recommended contender gains much less than its workers could give, if that is known and no other line says it.
pub(super) fn of_best(evidence: &Evidence<'_>, ranking: &Ranking) -> Option<Reason> {
    let row = &evidence.rows[ranking.best];
    let times = evidence.times(ranking.best);
    let possible = row.workers.min(evidence.cores);
    if row.difference != Difference::Faster || ranking.is_by_use || times > MUCH_LESS * possible as f64 {
        return None;
    }
    let cause = cause::of(evidence, row)?;
    let is_said_elsewhere = matches!(
        cause,
        Cause::FewChunks { .. } | Cause::Dispatches { .. } | Cause::Uneven { .. } | Cause::WaitsForOneEach { .. }
    );
    let text = format!("{possible} cores could give up to {possible}x, but {}", cause.clause());
    let kind = ReasonKind::FallsShort { times, possible: possible as f64, cause };
    (!is_said_elsewhere && evidence.reference == 0).then(|| Reason::of_row(kind, ranking.best, row.model, text))
}

fn compared(evidence: &Evidence<'_>, ranking: &Ranking, index: usize) -> (ReasonKind, String) {
    let row = &evidence.rows[index];
    let times = evidence.times(index);
    let than =
        if evidence.reference == 0 { String::new() } else { format!(" than {}", evidence.name(evidence.reference)) };
    let as_fast =
        if evidence.reference == 0 { String::new() } else { format!(" as {}", evidence.name(evidence.reference)) };
    match row.difference {
        Difference::Faster if ranking.tied.contains(&index) && ranking.best != evidence.reference => {
            as_fast_as_best(evidence, ranking, index)
        }
        Difference::Faster => {
            let cause = cause::of(evidence, row).filter(|cause| falls_short(evidence, row, cause));
            let text = format!("{} as fast{as_fast}", evidence.times_text(index));
            (ReasonKind::Faster { times, cause }, with(text, cause))
        }
        Difference::Slower => {
            let cause = cause::of(evidence, row);
            let only = if times < ONLY { "only " } else { "slower, " };
            let text = format!("{only}{} as fast{as_fast}", evidence.times_text(index));
            (ReasonKind::Slower { times, cause }, with(text, cause))
        }
        // The reference has no line.
        Difference::Unknown | Difference::Reference => {
            let cause = (times < 1.0).then(|| cause::of(evidence, row)).flatten();
            let text = format!("about {} as fast{as_fast}", text::times(times));
            (ReasonKind::About { times, cause }, with(text, cause))
        }
        Difference::TooSmall | Difference::NotShown => {
            let cause = cause::of(evidence, row);
            match row.speedup.map(|speedup| speedup.interval) {
                Some(interval) if interval.high > ROOM.min(1.0 + evidence.smallest()) => {
                    let (between, it) =
                        (text::times_between(interval), if is_plural(row.model) { "they" } else { "it" });
                    let text = if interval.low > 1.0 && interval.high > ROOM {
                        let (noise, reference) = (evidence.smallest(), evidence.name(evidence.reference));
                        let most = text::below(noise);
                        format!("perhaps faster{than}, {between}; but equal runs of {reference} differ by up to {most}")
                    } else if interval.high > ROOM {
                        format!("not shown to be faster{than}: {it} may be {between} as fast")
                    } else {
                        with(format!("not shown to be faster{than}"), cause)
                    };
                    (ReasonKind::NotShown { interval, cause }, text)
                }
                _ => (ReasonKind::NoFaster { cause }, with(format!("no faster{than}"), cause)),
            }
        }
    }
}

/// A model that is as fast as the recommended one: why that one is recommended.
fn as_fast_as_best(evidence: &Evidence<'_>, ranking: &Ranking, index: usize) -> (ReasonKind, String) {
    let (row, best) = (&evidence.rows[index], &evidence.rows[ranking.best]);
    let startup_s = row.startup_s;
    let mut text = "as fast".to_string();
    if startup_s > LONG_STARTUP * best.startup_s {
        text += &format!(", but {} to start", text::short_seconds(startup_s));
    }
    match row.model {
        Model::Processes => text += "; choose them if a crash must not stop the program",
        Model::Mpi => text += "; choose it for more than one machine",
        Model::Async => text += "; choose it in a program that is async already",
        _ => {}
    }
    (ReasonKind::AsFast { startup_s }, text)
}

/// The line where models are ranked by processor time or memory.
fn by_use(evidence: &Evidence<'_>, ranking: &Ranking, index: usize) -> Reason {
    let Evidence { rows, rank_by, .. } = *evidence;
    let (row, best) = (&rows[index], &rows[ranking.best]);
    let amount = ranking::amount(rank_by, row);
    let times = amount / ranking::amount(rank_by, best);
    let (noun, amount_text) = (ranking::noun(rank_by), ranking::amount_text(rank_by, row));
    let needs = if ranking.tied.contains(&index) {
        format!("about as much {noun}, {amount_text}")
    } else {
        format!("{} the {noun}, {amount_text}", text::long_times(times))
    };
    let speed = match row.difference {
        _ if index == evidence.reference => String::new(),
        Difference::Faster | Difference::Slower => {
            format!("; {} as fast as {}", evidence.times_text(index), evidence.name(evidence.reference))
        }
        _ => String::new(),
    };
    Reason::of_row(ReasonKind::Uses { rank_by, amount, times }, index, row.model, needs + &speed)
}

/// Whether a contender that gains falls so far short of what its workers could give that the cause matters.
fn falls_short(evidence: &Evidence<'_>, row: &Row, cause: &Cause) -> bool {
    let times = row.speedup.map_or(1.0, |speedup| speedup.value);
    let possible = row.workers.min(evidence.cores) as f64;
    // Those that wait for one chunk each could wait for all at once.
    matches!(cause, Cause::WaitsForOneEach { .. }) || times < GOOD_EFFICIENCY * possible
}

/// A text, and its cause after a colon.
fn with(text: String, cause: Option<Cause>) -> String {
    match cause {
        Some(cause) => format!("{text}: {}", cause.clause()),
        None => text,
    }
}
