//! How it is measured: cold runs, warm rounds in random order, and a watched run of each contender.
//!
//! Cold runs make an executor and fold once on it. Rounds then run every contender once, in an order drawn anew for each,
//! so that a machine that slows down, or does something else for a while, does so for all alike. At the end each
//! contender, alone by then, folds under watch: which worker ran what, processor time, memory, bytes.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use threefold::{Executor, Model, Source, Trace, task};

use crate::compare::{Compare, Progress, Rounds};
use crate::comparison::{Comparison, Profile, Row, SCHEMA};
use crate::error::{Error, Result};
use crate::profile;
use crate::stats;
use crate::subject::{Subject, shortened};
use crate::usage::Usage;
use crate::{machine, scaling, verdict};

/// A run of a short fold has as many folds as take this long together, so that the clock's own cost does not count.
const RUN: Duration = Duration::from_micros(500);

/// But never more than this.
const MOST_FOLDS: u128 = 1000;

/// The share of the budget that cold runs may take, all together.
const COLD_SHARE: f64 = 0.2;

/// Cold runs of each contender, at most.
const MOST_COLD_RUNS: usize = 5;

/// Medians are known well enough when their intervals reach no further than this to either side.
const PRECISION: f64 = 0.02;

/// So many folds are watched ..
const WATCHED: usize = 3;

/// .. unless one takes longer than this, in seconds: it is not the budget's to be spent over again.
const LONG_S: f64 = 0.5;

/// So many empty chunks tell what one costs.
const EMPTY: u64 = 1000;

/// Folds of them, of which the fastest counts: what comes between is not the model's.
const EMPTY_FOLDS: usize = 3;

/// Does nothing.
#[task]
fn nothing(_chunk: std::ops::Range<u64>) {}

/// A model with a number of workers, and what was measured of it.
struct Contender {
    model: Model,
    workers: Option<usize>,
    /// Kept between the rounds.
    executor: Option<Executor>,
    /// How many workers it has, where that was its own choice.
    size: usize,
    folds_per_run: u32,
    cold: Vec<Cold>,
    runs_s: Vec<f64>,
}

/// One cold run.
struct Cold {
    startup_s: f64,
    total_s: f64,
}

/// A comparison that is being measured.
struct Measuring<'a> {
    compare: &'a Compare,
    subject: &'a mut dyn Subject,
    began: Instant,
    random: SmallRng,
    /// What sequential came to.
    value: Option<String>,
    chunks: u64,
    contenders: Vec<Contender>,
}

/// Measures, and judges.
pub(crate) fn compare(compare: &Compare, subject: &mut dyn Subject) -> Result<Comparison> {
    let stolen_s = machine::stolen_s();
    let mut measuring = Measuring {
        compare,
        subject,
        began: Instant::now(),
        random: SmallRng::seed_from_u64(compare.seed),
        value: None,
        chunks: 0,
        contenders: contenders(compare)?,
    };
    measuring.run_cold()?;
    let rounds = match measuring.run_rounds()? {
        0 => measuring.count_cold_runs(),
        rounds => rounds,
    };
    let rows = measuring.watch(rounds)?;
    let processor_s = measuring.began.elapsed().as_secs_f64() * machine::cores() as f64;
    let mut comparison = Comparison {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_string(),
        work: compare.work.clone(),
        unit: compare.unit.clone(),
        items: measuring.subject.items(),
        chunks: measuring.chunks,
        value: shortened(measuring.value.as_deref().unwrap_or_default()),
        formula: compare.formula.clone(),
        machine: machine::this(),
        seed: compare.seed,
        rounds,
        stolen_share: (machine::stolen_s() - stolen_s) / processor_s,
        partial: compare.cancel.is_cancelled(),
        rows,
        scaling: Vec::new(),
        verdict: Default::default(),
    };
    comparison.scaling = scaling::of(&comparison.rows, &mut measuring.random);
    comparison.verdict = verdict::of(&comparison);
    Ok(comparison)
}

/// Every model with every number of workers; sequential is always the first.
fn contenders(compare: &Compare) -> Result<Vec<Contender>> {
    let contender = |model, workers| Contender {
        model,
        workers,
        executor: None,
        size: 0,
        folds_per_run: 1,
        cold: Vec::new(),
        runs_s: Vec::new(),
    };
    let mut contenders = vec![contender(Model::Sequential, None)];
    for &model in compare.models.iter().filter(|&&model| model != Model::Sequential) {
        if !Model::available().contains(&model) {
            return Err(Error::Setup(format!("{model} is not in this build")));
        }
        if compare.workers.is_empty() {
            contenders.push(contender(model, None));
        }
        contenders.extend(compare.workers.iter().map(|&workers| contender(model, Some(workers))));
    }
    let mut seen = Vec::new();
    contenders.retain(|contender| {
        let new = !seen.contains(&(contender.model, contender.workers));
        seen.push((contender.model, contender.workers));
        new
    });
    // All are made once before anything is measured: what cannot be is refused now.
    for contender in &mut contenders {
        contender.size = contender.make().map_err(|error| refused(contender.model, error))?.workers();
    }
    Ok(contenders)
}

fn refused(model: Model, error: threefold::Error) -> Error {
    Error::Fold { model, error: Box::new(error), went_well_on: Vec::new() }
}

impl Contender {
    fn make(&self) -> threefold::Result<Executor> {
        let builder = Executor::builder(self.model);
        match self.workers {
            Some(workers) => builder.workers(workers),
            None => builder,
        }
        .build()
    }
}

impl Measuring<'_> {
    /// Makes each contender's executor and folds on it, some times, in random order.
    fn run_cold(&mut self) -> Result<()> {
        let budget = self.compare.time_budget.mul_f64(COLD_SHARE);
        'runs: for run in 0..MOST_COLD_RUNS {
            for index in self.shuffled(run == 0) {
                if self.is_cancelled() {
                    break 'runs;
                }
                self.contenders[index].executor = None;
                let began = Instant::now();
                let executor = self.contenders[index].make().map_err(|error| self.failed(index, error))?;
                let trace = Trace::new();
                if self.fold(index, &executor, Some(&trace))?.is_none() {
                    break 'runs;
                }
                let total_s = began.elapsed().as_secs_f64();
                let first = trace.spans().iter().map(|span| span.started).min();
                let startup_s = first.map_or(0.0, |first| first.duration_since(began).as_secs_f64());
                self.chunks = trace.spans().len() as u64;
                let contender = &mut self.contenders[index];
                contender.cold.push(Cold { startup_s, total_s });
                contender.executor = Some(executor);
            }
            let share = (run + 1) as f64 / MOST_COLD_RUNS as f64;
            self.tell(COLD_SHARE * share, 0);
            if self.began.elapsed().mul_f64((run + 2) as f64 / (run + 1) as f64) > budget {
                break;
            }
        }
        if self.contenders.iter().any(|contender| contender.cold.is_empty()) {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Runs every contender in rounds; returns how many rounds were whole.
    fn run_rounds(&mut self) -> Result<usize> {
        self.warm_up()?;
        let mut rounds = 0;
        while rounds < self.compare.most_rounds() && !self.is_cancelled() {
            let began = Instant::now();
            for index in self.shuffled(false) {
                let Some(seconds) = self.run(index)? else { return Ok(rounds) };
                self.contenders[index].runs_s.push(seconds);
            }
            rounds += 1;
            let share = self.share(rounds);
            self.tell(COLD_SHARE + (1.0 - COLD_SHARE) * share, rounds);
            if self.compare.rounds == Rounds::Needed {
                let runs: Vec<&[f64]> = self.contenders.iter().map(|contender| &contender.runs_s[..rounds]).collect();
                let known = stats::is_checkpoint(rounds) && stats::enough(&runs, PRECISION, &mut self.random);
                if known || self.began.elapsed() + began.elapsed() > self.compare.time_budget {
                    break;
                }
            }
        }
        Ok(rounds)
    }

    /// Where it was cancelled before the first round was whole, the cold runs tell what there is to tell.
    fn count_cold_runs(&mut self) -> usize {
        let rounds = self.contenders.iter().map(|contender| contender.cold.len()).min().unwrap_or(0);
        for contender in &mut self.contenders {
            contender.runs_s = contender.cold[..rounds].iter().map(|cold| cold.total_s - cold.startup_s).collect();
        }
        rounds
    }

    /// Folds before the first round, and finds how many folds a run needs.
    fn warm_up(&mut self) -> Result<()> {
        for index in 0..self.contenders.len() {
            let mut shortest = self.contenders[index].cold.last().map_or(0.0, |cold| cold.total_s - cold.startup_s);
            for _ in 0..self.compare.warmup {
                let Some(seconds) = self.run(index)? else { return Ok(()) };
                shortest = shortest.min(seconds);
            }
            let folds = RUN.as_nanos() / (shortest * 1e9).max(1.0) as u128 + 1;
            self.contenders[index].folds_per_run = folds.min(MOST_FOLDS) as u32;
        }
        Ok(())
    }

    /// One run of a contender: the seconds of one fold. `None` when it was cancelled.
    fn run(&mut self, index: usize) -> Result<Option<f64>> {
        let executor = self.contenders[index].executor.clone().expect("cold runs have made it");
        let folds = self.contenders[index].folds_per_run;
        let mut took = Duration::ZERO;
        for _ in 0..folds {
            match self.fold(index, &executor, None)? {
                Some(fold) => took += fold,
                None => return Ok(None),
            }
        }
        Ok(Some(took.as_secs_f64() / f64::from(folds)))
    }

    /// One fold of a contender, whose value must be sequential's. `None` when it was cancelled.
    fn fold(&mut self, index: usize, on: &Executor, trace: Option<&Trace>) -> Result<Option<Duration>> {
        let model = self.contenders[index].model;
        match self.subject.run(on, &self.compare.cancel, trace) {
            Ok((_, Err(reason))) => Err(Error::Value { model, reason }),
            Ok((took, Ok(value))) => match &self.value {
                Some(expected) if value != *expected => {
                    Err(Error::Disagreement { model, expected: shortened(expected), value: shortened(&value) })
                }
                Some(_) => Ok(Some(took)),
                None => {
                    self.value = Some(value);
                    Ok(Some(took))
                }
            },
            Err(error) if error.is_cancelled() && self.compare.cancel.is_cancelled() => Ok(None),
            Err(error) => Err(self.failed(index, error)),
        }
    }

    fn failed(&self, index: usize, error: threefold::Error) -> Error {
        let mut went_well_on: Vec<Model> = Vec::new();
        for contender in self.contenders.iter().filter(|contender| !contender.cold.is_empty()) {
            if !went_well_on.contains(&contender.model) {
                went_well_on.push(contender.model);
            }
        }
        Error::Fold { model: self.contenders[index].model, error: Box::new(error), went_well_on }
    }

    /// Watches each contender, alone, and makes the rows of the rounds that were whole.
    fn watch(&mut self, rounds: usize) -> Result<Vec<Row>> {
        self.contenders.iter_mut().for_each(|contender| contender.executor = None);
        let baseline: Vec<f64> = self.contenders[0].runs_s[..rounds].to_vec();
        let mut rows = Vec::new();
        for index in 0..self.contenders.len() {
            let executor = self.contenders[index].make().map_err(|error| self.failed(index, error))?;
            let median_s = stats::median(&self.contenders[index].runs_s[..rounds]);
            let profile = self.profile(index, &executor, median_s)?;
            rows.push(self.row(index, rounds, profile.unwrap_or_default(), &baseline));
        }
        let baseline = rows[0].clone();
        for row in &mut rows[1..] {
            row.break_even_items = verdict::break_even(row, &baseline, self.subject.items());
        }
        Ok(rows)
    }

    /// Where the time of a fold goes: of some that are watched, the one that is closest to the median of those that were
    /// timed. `None` when it was cancelled.
    fn profile(&mut self, index: usize, on: &Executor, median_s: f64) -> Result<Option<Profile>> {
        // A long fold needs no warming, and shows no less in one run.
        let is_long = median_s > LONG_S;
        if !is_long && self.fold(index, on, None)?.is_none() {
            return Ok(None);
        }
        let mut closest: Option<Profile> = None;
        for _ in 0..if is_long { 1 } else { WATCHED } {
            let usage = Usage::watch();
            let trace = Trace::new();
            let began = Instant::now();
            let Some(took) = self.fold(index, on, Some(&trace))? else { break };
            let used = usage.since();
            let off = |profile: &Profile| (profile.wall_s - median_s).abs();
            let profile = profile::of(&trace, began, took, on.workers(), used);
            closest = Some(closest.filter(|closest| off(closest) <= off(&profile)).unwrap_or(profile));
        }
        let empty_chunk_s = if closest.is_some() { self.empty_chunk(index, on)? } else { 0.0 };
        Ok(closest.map(|profile| Profile { empty_chunk_s, ..profile }))
    }

    /// The seconds of one empty chunk of many.
    fn empty_chunk(&self, index: usize, on: &Executor) -> Result<f64> {
        let mut fastest = f64::INFINITY;
        for _ in 0..EMPTY_FOLDS {
            let began = Instant::now();
            on.for_each((0..EMPTY).chunks_of(1), nothing).map_err(|error| self.failed(index, error))?;
            fastest = fastest.min(began.elapsed().as_secs_f64());
        }
        Ok(fastest / EMPTY as f64)
    }

    fn row(&mut self, index: usize, rounds: usize, profile: Profile, baseline: &[f64]) -> Row {
        let contender = &self.contenders[index];
        let runs_s = contender.runs_s[..rounds].to_vec();
        let startups: Vec<f64> = contender.cold.iter().map(|cold| cold.startup_s).collect();
        let totals: Vec<f64> = contender.cold.iter().map(|cold| cold.total_s).collect();
        let speedup = if index > 0 { stats::speedup(baseline, &runs_s) } else { None };
        Row {
            model: contender.model,
            workers: contender.size,
            folds_per_run: contender.folds_per_run,
            median_s: stats::median(&runs_s),
            interval_s: stats::interval_of_median(&runs_s, &mut self.random),
            startup_s: stats::median(&startups),
            cold_startup_s: startups,
            cold_s: stats::median(&totals),
            speedup,
            break_even_items: None,
            profile,
            outliers: stats::outliers(&runs_s).len(),
            slow_first_run: stats::slow_first_run(&runs_s),
            runs_s,
        }
    }

    /// The contenders in random order; sequential first where its value is still to be found.
    fn shuffled(&mut self, sequential_first: bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.contenders.len()).collect();
        let from = usize::from(sequential_first);
        order[from..].shuffle(&mut self.random);
        order
    }

    /// How much of the rounds is done: of those asked for, or of the budget.
    fn share(&self, rounds: usize) -> f64 {
        match self.compare.rounds {
            Rounds::Exactly(all) => rounds as f64 / all as f64,
            Rounds::Needed => {
                (self.began.elapsed().as_secs_f64() / self.compare.time_budget.as_secs_f64().max(1e-9)).min(1.0)
            }
        }
    }

    fn tell(&self, share: f64, rounds: usize) {
        if let Some(observer) = &self.compare.observer {
            observer(&Progress { share, rounds });
        }
    }

    fn is_cancelled(&self) -> bool {
        self.compare.cancel.is_cancelled()
    }
}
