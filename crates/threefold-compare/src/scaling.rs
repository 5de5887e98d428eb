//! `Scaling`: the speed of a model on several numbers of workers, and the laws that are fitted to it.
//!
//! Nothing is forecast for numbers of workers beyond those that were measured.

use rand::Rng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::row::Row;
use crate::stats::{self, Estimate};

mod fit;

/// How often the bootstrap draws rounds for the interval of a fit.
const RESAMPLES: usize = 1000;

/// In simulations the bootstrapped interval of six rounds contained the serial share in 91 of 100, that of ten rounds in
/// 96 of 100.
const FEWEST_FOR_AMDAHL: usize = 10;

/// The Universal Scalability Law has three parameters. With fewer distinct counts than this it would fit anything.
const FEWEST_FOR_USL: usize = 5;

/// One model on several numbers of workers.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// use threefold::Model;
///
/// let comparison = Compare::new("add up")
///     .models([Model::Threads])
///     .workers([1, 2])
///     .runs(10)
///     .fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
/// let threads = &comparison.scaling[0];
/// assert_eq!((threads.model, &threads.workers[..]), (Model::Threads, &[1, 2][..]));
/// assert!(threads.workers.contains(&threads.best_workers));
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scaling {
    /// The model.
    pub model: Model,
    /// The numbers of workers, in ascending order. There are at least two.
    pub workers: Vec<usize>,
    /// The median duration of a fold on each number of workers, in seconds.
    pub median_s: Vec<f64>,
    /// The smallest number of workers for which these runs do not show that another number is faster.
    pub best_workers: usize,
    /// Amdahl's law, fitted to the numbers of workers up to the number of cores. `None` for fewer than two such numbers, and
    /// for fewer than ten rounds.
    pub amdahl: Option<Amdahl>,
    /// The Universal Scalability Law, fitted to the numbers of workers up to the number of cores. `None` for fewer than five
    /// such numbers.
    pub usl: Option<Usl>,
}

/// Amdahl's law, T(n) = T(1) (s + (1 - s) / n): the duration T of a fold on n workers.
///
/// Source: Amdahl, *Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities*, AFIPS
/// Conference Proceedings 30, 1967.
///
/// ```
#[doc = include_str!("doc/scaled.md")]
/// // `None` on a machine with one core.
/// if let Some(amdahl) = comparison.scaling[0].amdahl {
///     println!("{:.0}% of the workload is serial", amdahl.serial.value * 100.0);
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Amdahl {
    /// T(1), the fitted duration on one worker, in seconds.
    pub one_worker_s: f64,
    /// The serial share s, from 0 to 1. Its 95% interval comes from a bootstrap over the rounds.
    pub serial: Estimate,
}

impl Amdahl {
    /// The duration of a fold on `workers` workers by this law, in seconds. `workers` is at least 1.
    ///
    /// ```
    #[doc = include_str!("doc/scaled.md")]
    /// if let Some(amdahl) = comparison.scaling[0].amdahl {
    ///     assert!(amdahl.time_s(2.0) <= amdahl.one_worker_s);
    /// }
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn time_s(&self, workers: f64) -> f64 {
        self.one_worker_s * (self.serial.value + (1.0 - self.serial.value) / workers)
    }
}

/// The Universal Scalability Law, X(n) = l n / (1 + a (n - 1) + b n (n - 1)): the throughput X of n workers.
///
/// Source: Gunther, *A Simple Capacity Model of Massively Parallel Transaction Systems*, CMG Conference 1993.
///
/// ```
#[doc = include_str!("doc/scaled.md")]
/// assert!(comparison.scaling[0].usl.is_none(), "two numbers of workers are too few");
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usl {
    /// l, the throughput of one worker, in folds per second.
    pub one_worker_per_s: f64,
    /// a, the contention for what workers share, at least 0.
    pub contention: f64,
    /// b, the cost of keeping workers consistent with each other, at least 0.
    pub coherency: f64,
    /// The number of workers with the highest throughput, sqrt((1 - a) / b). `None` if it is larger than every number that was
    /// measured.
    pub peak: Option<f64>,
}

/// The scaling of every model that ran on several numbers of workers, on a machine with so many cores.
pub(crate) fn of(rows: &[Row], cores: usize, random: &mut SmallRng) -> Vec<Scaling> {
    let mut models: Vec<Model> = rows.iter().map(|row| row.model).collect();
    models.dedup();
    let each = models.into_iter().map(|model| {
        let mut rows: Vec<&Row> = rows.iter().filter(|row| row.model == model).collect();
        rows.sort_by_key(|row| row.workers);
        rows.dedup_by_key(|row| row.workers);
        rows
    });
    each.filter(|rows| rows.len() > 1).map(|rows| of_model(&rows, cores, random)).collect()
}

/// The scaling of one model, from its rows in ascending order of their numbers of workers.
fn of_model(rows: &[&Row], cores: usize, random: &mut SmallRng) -> Scaling {
    // More workers than cores share the cores. The laws do not describe that.
    let within: Vec<&Row> = rows.iter().copied().filter(|row| row.workers <= cores).collect();
    let median_s: Vec<f64> = rows.iter().map(|row| row.median_s).collect();
    Scaling {
        model: rows[0].model,
        workers: rows.iter().map(|row| row.workers).collect(),
        median_s,
        best_workers: best_workers(rows),
        amdahl: amdahl(&within, random),
        usl: usl(&within),
    }
}

fn best_workers(rows: &[&Row]) -> usize {
    let fastest = rows.iter().min_by(|a, b| a.median_s.total_cmp(&b.median_s)).expect("there are rows");
    rows.iter().find(|row| !fastest.is_faster_than(row)).map_or(fastest.workers, |row| row.workers)
}

fn amdahl(rows: &[&Row], random: &mut SmallRng) -> Option<Amdahl> {
    if rows.len() < 2 {
        return None;
    }
    let counts: Vec<f64> = rows.iter().map(|row| row.workers as f64).collect();
    let rounds = rows.iter().map(|row| row.runs_s.len()).min().unwrap_or(0);
    let medians: Vec<f64> = rows.iter().map(|row| row.median_s).collect();
    let (one_worker_s, serial) = fit::amdahl(&counts, &medians);
    if rounds < FEWEST_FOR_AMDAHL {
        return None;
    }
    let judged: Vec<usize> = stats::evenly(rounds, stats::MOST_RESAMPLED).collect();
    let drawn = (0..RESAMPLES).map(|_| {
        let draw: Vec<usize> = judged.iter().map(|_| judged[random.random_range(0..judged.len())]).collect();
        let medians: Vec<f64> = rows
            .iter()
            .map(|row| stats::median(&draw.iter().map(|&round| row.runs_s[round]).collect::<Vec<_>>()))
            .collect();
        fit::amdahl(&counts, &medians).1
    });
    let interval = stats::middle_95(drawn.collect());
    Some(Amdahl { one_worker_s, serial: Estimate { value: serial, interval } })
}

fn usl(rows: &[&Row]) -> Option<Usl> {
    if rows.len() < FEWEST_FOR_USL {
        return None;
    }
    let counts: Vec<f64> = rows.iter().map(|row| row.workers as f64).collect();
    let medians: Vec<f64> = rows.iter().map(|row| row.median_s).collect();
    let (one_worker_s, contention, coherency) = fit::usl(&counts, &medians)?;
    let peak = ((1.0 - contention) / coherency).sqrt();
    let within = peak.is_finite() && peak <= counts[counts.len() - 1];
    Some(Usl { one_worker_per_s: 1.0 / one_worker_s, contention, coherency, peak: within.then_some(peak) })
}

#[cfg(test)]
mod tests;
