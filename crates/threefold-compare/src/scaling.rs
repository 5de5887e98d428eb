//! `Scaling`: how a model does on more workers, with the laws that are fitted to it.
//!
//! Nothing is said of numbers of workers beyond those that were measured.

use rand::Rng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::comparison::Row;
use crate::machine;
use crate::stats::{self, Estimate};
use crate::text;

mod fit;

/// How often rounds are drawn anew for the interval of a fit.
const RESAMPLES: usize = 1000;

/// In simulations the bootstrapped interval of six rounds held the serial share in 91 of 100, that of ten in 96.
const FEWEST_FOR_AMDAHL: usize = 10;

/// The Universal Scalability Law has three parameters: fewer distinct counts than this would fit anything.
const FEWEST_FOR_USL: usize = 5;

/// One model on several numbers of workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scaling {
    /// The model.
    pub model: Model,
    /// The numbers of workers, ascending.
    pub workers: Vec<usize>,
    /// The median time on each, in seconds.
    pub median_s: Vec<f64>,
    /// The smallest number of workers on which these runs show no difference to the fastest.
    pub best_workers: usize,
    /// Amdahl's law, fitted to the counts within the cores.
    pub amdahl: Option<Amdahl>,
    /// The Universal Scalability Law, from five distinct counts within the cores on.
    pub usl: Option<Usl>,
}

/// T(n) = T(1) (s + (1 - s) / n): Amdahl, *Validity of the Single Processor Approach to Achieving Large Scale Computing
/// Capabilities*, AFIPS Conference Proceedings 30, 1967.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Amdahl {
    /// T(1) as fitted, in seconds.
    pub one_worker_s: f64,
    /// The serial share s, from 0 to 1, with its 95 % interval: bootstrapped over the rounds.
    pub serial: Estimate,
}

impl Amdahl {
    /// The time on `workers` workers by this law, in seconds.
    pub fn time_s(&self, workers: f64) -> f64 {
        self.one_worker_s * (self.serial.value + (1.0 - self.serial.value) / workers)
    }
}

/// X(n) = l n / (1 + a (n - 1) + b n (n - 1)), the throughput on n workers: Gunther, *A Simple Capacity Model of Massively
/// Parallel Transaction Systems*, CMG Conference 1993.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usl {
    /// l, the folds a second of one worker.
    pub one_worker_per_s: f64,
    /// a, the contention: 0 is none.
    pub contention: f64,
    /// b, the cost of keeping workers in step with each other: 0 is none.
    pub coherency: f64,
    /// The number of workers with the highest throughput, sqrt((1 - a) / b), where it lies among those measured.
    pub peak: Option<f64>,
}

/// The scaling of every model that ran on several numbers of workers.
pub(crate) fn of(rows: &[Row], random: &mut SmallRng) -> Vec<Scaling> {
    let mut models: Vec<Model> = rows.iter().map(|row| row.model).collect();
    models.dedup();
    let each = models.into_iter().map(|model| {
        let mut rows: Vec<&Row> = rows.iter().filter(|row| row.model == model).collect();
        rows.sort_by_key(|row| row.workers);
        rows.dedup_by_key(|row| row.workers);
        rows
    });
    each.filter(|rows| rows.len() > 1).map(|rows| of_model(&rows, machine::cores(), random)).collect()
}

/// Of one model's rows, by their number of workers.
fn of_model(rows: &[&Row], cores: usize, random: &mut SmallRng) -> Scaling {
    // More workers than cores only share them: no law is about that.
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
    let drawn = (0..RESAMPLES).map(|_| {
        let draw: Vec<usize> = (0..rounds).map(|_| random.random_range(0..rounds)).collect();
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

impl Scaling {
    /// What it comes to, as a sentence.
    pub(crate) fn sentence(&self) -> Option<String> {
        let counts: Vec<String> = self.workers.iter().map(ToString::to_string).collect();
        let best = if self.best_workers == 1 { "1 worker is".into() } else { format!("{} are", self.best_workers) };
        let law = self.amdahl.map_or_else(String::new, |amdahl| {
            let Estimate { value, interval } = amdahl.serial;
            format!(
                "; by Amdahl's law {} of the work is serial ({} to {})",
                text::percent(value),
                text::percent(interval.low),
                text::percent(interval.high)
            )
        });
        Some(format!("Of {} workers on {} {best} enough{law}.", text::list(&counts), self.model))
    }
}

#[cfg(test)]
mod tests;
