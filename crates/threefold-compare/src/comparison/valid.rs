//! What holds for every comparison. JSON from elsewhere is checked against it, so that whatever shows a comparison can rely
//! on it: indices exist, numbers are finite, counts are possible.

use threefold::Model;

use super::Comparison;
use crate::against::{Against, AgainstRow};
use crate::condition::Condition;
use crate::noise::Noise;
use crate::profile::Profile;
use crate::row::{BreakEven, Row};
use crate::scaling::{Amdahl, Scaling, Usl};
use crate::stats::{Estimate, Interval};
use crate::verdict::Verdict;

/// Executors have at most this many workers.
const MOST_WORKERS: usize = 4096;

/// No machine has more cores than this.
const MOST_CORES: usize = 1 << 20;

/// No duration is longer, in seconds: it is some 30 years.
const LONGEST_S: f64 = 1e9;

/// No fold is shorter, in seconds. Clocks count nanoseconds, and at most 1,000 folds are timed at once.
const SHORTEST_RUN_S: f64 = 1e-13;

/// What is wrong.
type Checked = Result<(), String>;

/// Checks all that holds for a comparison.
pub(super) fn check(comparison: &Comparison) -> Checked {
    let Comparison { rows, rounds, .. } = comparison;
    must(rows.first().is_some_and(|row| row.model == Model::Sequential), || {
        "the first row is not that of sequential".into()
    })?;
    let most_rows = Model::ALL.len() * MOST_WORKERS;
    must(rows.len() <= most_rows, || format!("it has {} rows; at most {most_rows} are possible", rows.len()))?;
    must(comparison.scaling.len() <= Model::ALL.len(), || "it has more scalings than there are models".into())?;
    number("machine.cores", comparison.machine.cores as f64, 1.0, MOST_CORES as f64)?;
    must(*rounds >= 1, || "rounds is 0".into())?;
    number("stolen_share", comparison.stolen_share, 0.0, 1.0)?;
    must(comparison.reference < rows.len(), || {
        format!("reference is {}, but the last row is row {}", comparison.reference, rows.len() - 1)
    })?;
    number("least_worthwhile", comparison.least_worthwhile, 0.0, 1.0)?;
    comparison.noise.map_or(Ok(()), check_noise)?;
    comparison.conditions.iter().try_for_each(check_condition)?;
    for (index, row) in rows.iter().enumerate() {
        check_row(comparison, row).map_err(|wrong| format!("in row {index}, {wrong}"))?;
    }
    for (index, scaling) in comparison.scaling.iter().enumerate() {
        check_scaling(scaling).map_err(|wrong| format!("in scaling {index}, {wrong}"))?;
    }
    check_verdict(&comparison.verdict, rows.len())?;
    comparison.against.as_ref().map_or(Ok(()), |against| check_against(against, rows.len()))
}

fn check_against(against: &Against, rows: usize) -> Checked {
    number("against.smallest", against.smallest, 0.0, LONGEST_S / SHORTEST_RUN_S)?;
    must(against.rows.len() <= rows, || format!("against has {} rows, but rows has {rows}", against.rows.len()))?;
    for AgainstRow { row, before_s, ratio, .. } in &against.rows {
        must(*row < rows, || format!("against names row {row}, but the last row is row {}", rows - 1))?;
        number("against.before_s", *before_s, SHORTEST_RUN_S, LONGEST_S)?;
        ratio.map_or(Ok(()), |ratio| check_estimate("against.ratio", ratio, LONGEST_S / SHORTEST_RUN_S))?;
    }
    Ok(())
}

fn check_verdict(verdict: &Verdict, rows: usize) -> Checked {
    let highest = verdict.tied.iter().copied().fold(verdict.best, usize::max);
    must(highest < rows, || format!("the verdict names row {highest}, but the last row is row {}", rows - 1))?;
    must(verdict.tied.contains(&verdict.best), || "verdict.tied does not contain verdict.best".into())
}

fn check_noise(Noise { ratio, smallest }: Noise) -> Checked {
    check_estimate("noise.ratio", ratio, LONGEST_S / SHORTEST_RUN_S)?;
    number("noise.smallest", smallest, 0.0, LONGEST_S / SHORTEST_RUN_S)
}

fn check_condition(condition: &Condition) -> Checked {
    condition.share().map_or(Ok(()), |share| number("conditions.share", share, 0.0, 1.0))?;
    match condition {
        Condition::Loaded { average, .. } => number("conditions.average", *average, 0.0, f64::MAX),
        _ => Ok(()),
    }
}

fn check_break_even(break_even: BreakEven) -> Checked {
    match break_even {
        BreakEven::Always { smallest } => number("break_even.smallest", smallest, 0.0, f64::MAX),
        BreakEven::From { items, low, high, .. } => {
            number("break_even.items", items, 0.0, f64::MAX)?;
            check_interval("break_even", Interval { low, high }, f64::MAX)
        }
        BreakEven::Never | BreakEven::Unknown => Ok(()),
    }
}

fn check_row(comparison: &Comparison, row: &Row) -> Checked {
    number("workers", row.workers as f64, 1.0, MOST_WORKERS as f64)?;
    must(row.folds_per_run >= 1, || "folds_per_run is 0".into())?;
    let (runs, rounds) = (row.runs_s.len(), comparison.rounds);
    must(runs == rounds, || format!("runs_s has {runs} runs, but rounds is {rounds}"))?;
    numbers("runs_s", &row.runs_s, SHORTEST_RUN_S, LONGEST_S)?;
    number("median_s", row.median_s, SHORTEST_RUN_S, LONGEST_S)?;
    row.interval_s.map_or(Ok(()), |interval| check_interval("interval_s", interval, LONGEST_S))?;
    must(!row.cold_startup_s.is_empty(), || "cold_startup_s is empty".into())?;
    numbers("cold_startup_s", &row.cold_startup_s, 0.0, LONGEST_S)?;
    number("startup_s", row.startup_s, 0.0, LONGEST_S)?;
    number("cold_s", row.cold_s, 0.0, LONGEST_S)?;
    row.speedup.map_or(Ok(()), |speedup| check_estimate("speedup", speedup, LONGEST_S / SHORTEST_RUN_S))?;
    number("judged.level", row.judged.level, 0.0, 1.0)?;
    number("judged.smallest", row.judged.smallest, 0.0, LONGEST_S / SHORTEST_RUN_S)?;
    check_break_even(row.break_even)?;
    number("cpu_s", row.cpu_s, 0.0, LONGEST_S * MOST_WORKERS as f64)?;
    must(row.outliers <= runs, || format!("outliers is {}, but there are {runs} runs", row.outliers))?;
    check_profile(comparison.chunks, row.workers, &row.profile).map_err(|wrong| format!("profile: {wrong}"))
}

fn check_profile(chunks: u64, workers: usize, profile: &Profile) -> Checked {
    let workers_s = LONGEST_S * MOST_WORKERS as f64;
    number("wall_s", profile.wall_s, 0.0, LONGEST_S)?;
    for (name, seconds) in [
        ("cpu_s", profile.cpu_s),
        ("queued_s", profile.queued_s),
        ("work_s", profile.work_s),
        ("waiting_s", profile.waiting_s),
        ("transfer_s", profile.transfer_s),
        ("idle_s", profile.idle_s),
        ("cost_per_chunk_s", profile.cost_per_chunk_s),
        ("empty_chunk_s", profile.empty_chunk_s),
        ("mean_chunk_s", profile.mean_chunk_s),
        ("longest_chunk_s", profile.longest_chunk_s),
        ("chunks_cpu_s", profile.chunks_cpu_s.unwrap_or(0.0)),
        ("bystanders_cpu_s", profile.bystanders_cpu_s.unwrap_or(0.0)),
    ] {
        number(name, seconds, 0.0, workers_s)?;
    }
    number("slowdown", profile.slowdown.unwrap_or(1.0), 0.0, LONGEST_S / SHORTEST_RUN_S)?;
    number("imbalance", profile.imbalance, 0.0, MOST_WORKERS as f64 * 2.0)?;
    for (index, span) in profile.spans.iter().enumerate() {
        must(span.chunk < chunks, || format!("span {index} names chunk {}, but chunks is {chunks}", span.chunk))?;
        must(span.worker < workers, || format!("span {index} names worker {}, but workers is {workers}", span.worker))?;
        number("spans.start_s", span.start_s, 0.0, LONGEST_S)?;
        number("spans.duration_s", span.duration_s, 0.0, LONGEST_S)?;
    }
    Ok(())
}

fn check_scaling(scaling: &Scaling) -> Checked {
    let Scaling { workers, median_s, best_workers, amdahl, usl, .. } = scaling;
    let counts = workers.len();
    must(counts >= 2 && workers.is_sorted_by(|a, b| a < b), || {
        "workers is not a list of two or more ascending numbers".into()
    })?;
    must(counts == median_s.len(), || format!("workers has {counts} numbers, but median_s has {}", median_s.len()))?;
    workers.iter().try_for_each(|&workers| number("workers", workers as f64, 1.0, MOST_WORKERS as f64))?;
    numbers("median_s", median_s, SHORTEST_RUN_S, LONGEST_S)?;
    must(workers.contains(best_workers), || format!("best_workers is {best_workers}, which is not in workers"))?;
    if let Some(Amdahl { one_worker_s, serial }) = amdahl {
        number("amdahl.one_worker_s", *one_worker_s, SHORTEST_RUN_S, LONGEST_S)?;
        check_estimate("amdahl.serial", *serial, 1.0)?;
    }
    if let Some(Usl { one_worker_per_s, contention, coherency, peak }) = usl {
        number("usl.one_worker_per_s", *one_worker_per_s, 0.0, f64::MAX)?;
        number("usl.contention", *contention, 0.0, f64::MAX)?;
        number("usl.coherency", *coherency, 0.0, f64::MAX)?;
        peak.map_or(Ok(()), |peak| number("usl.peak", peak, 0.0, MOST_WORKERS as f64))?;
    }
    Ok(())
}

fn check_estimate(name: &str, estimate: Estimate, most: f64) -> Checked {
    number(name, estimate.value, 0.0, most)?;
    check_interval(name, estimate.interval, most)
}

fn check_interval(name: &str, Interval { low, high }: Interval, most: f64) -> Checked {
    number(name, low, 0.0, most)?;
    number(name, high, 0.0, most)?;
    must(low <= high, || format!("the interval {name} begins at {low:?}, above its end at {high:?}"))
}

fn numbers(name: &str, all: &[f64], least: f64, most: f64) -> Checked {
    all.iter().try_for_each(|&each| number(name, each, least, most))
}

/// A number must be finite and lie between these.
fn number(name: &str, number: f64, least: f64, most: f64) -> Checked {
    must((least..=most).contains(&number), || {
        let (number, least) = (plain(number), plain(least));
        if most < f64::MAX {
            format!("{name} is {number}; it must be from {least} to {}", plain(most))
        } else {
            format!("{name} is {number}; it must be finite and at least {least}")
        }
    })
}

/// A number without a useless `.0`. `Debug` writes very large and very small ones with an exponent.
fn plain(number: f64) -> String {
    let text = format!("{number:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

fn must(holds: bool, wrong: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(wrong()) }
}
