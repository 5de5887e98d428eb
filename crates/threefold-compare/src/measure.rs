//! Measuring: cold runs, warm rounds in random order, an observed fold of each contender, and cold runs of parts.
//!
//! Cold runs make an executor and fold once on it. Rounds then run every contender once, in an order drawn anew for each
//! round, so that a slow moment of the machine affects all contenders alike. At the end each contender folds alone while it
//! is observed: which worker ran which chunk, processor time, memory, bytes. Then cold runs of parts of the workload show
//! from which size on each contender gains. The rows, the verdict and the comparison are made from that in one go.

use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use threefold::{Executor, Model, Trace};

use crate::comparison::{Comparison, SCHEMA};
use crate::condition::Condition;
use crate::error::{Error, Result};
use crate::looks::Seen;
use crate::machine::Machine;
use crate::noise::Noise;
use crate::plan::{Plan, Progress};
use crate::row::{self, Row, Terms};
use crate::scaling;
use crate::stats;
use crate::text;
use crate::verdict::{Evidence, Verdict};

mod break_even;
mod cold;
mod contender;
#[cfg_attr(not(target_os = "linux"), path = "measure/counting_elsewhere.rs")]
mod counting;
mod observe;
#[cfg_attr(not(target_os = "linux"), path = "measure/process_elsewhere.rs")]
mod process;
mod ranks;
mod rounds;
mod subject;
mod surroundings;
mod usage;

use contender::Contender;
use subject::{Folded, Problem, Timing};
pub(crate) use subject::{Folding, Subject};
use surroundings::Surroundings;

/// The share of the progress, and of the time budget, that cold runs may take.
const COLD_SHARE: f64 = 0.1;

/// A comparison that is being measured.
struct Measuring<'a> {
    plan: &'a Plan,
    subject: &'a mut dyn Subject,
    began: Instant,
    random: SmallRng,
    contenders: Vec<Contender>,
    /// The index of the contender that the others are compared with.
    reference: usize,
    /// The second run of the reference in each round.
    again_s: Vec<f64>,
    /// Why there are no hardware counters, if they were asked for.
    no_counters: Option<String>,
    /// The chance that any two equal contenders are told apart.
    error: f64,
}

/// Measures and judges.
pub(crate) fn compare(plan: &Plan, subject: &mut dyn Subject) -> Result<Comparison> {
    let surroundings = Surroundings::watch();
    let contenders = contender::all(plan)?;
    let reference = contenders.iter().position(|contender| contender.model == plan.reference).unwrap_or(0);
    let random = SmallRng::seed_from_u64(plan.seed);
    let (began, again_s, error) = (Instant::now(), Vec::new(), stats::ERROR);
    let mut measuring =
        Measuring { plan, subject, began, random, contenders, reference, again_s, no_counters: None, error };
    let chunks = measuring.run_cold()?;
    let rounds = match measuring.run_rounds()? {
        0 => measuring.count_cold_runs(),
        rounds => rounds,
    };
    let mut rows = measuring.rows(rounds)?;
    let noise = measuring.judge(&mut rows);
    measuring.find_break_even(&mut rows, chunks);
    let machine = Machine::this();
    let scaling = scaling::of(&rows, machine.cores, &mut measuring.random);
    let stolen_share = surroundings.stolen_share();
    let mut conditions = surroundings.conditions(&rows);
    conditions.extend(measuring.no_counters.take().map(|reason| Condition::CountersAbsent { reason }));
    let (items, partial) = (measuring.subject.items(), measuring.is_cancelled());
    let awaits = measuring.subject.awaits();
    let verdict = Verdict::of(&Evidence {
        unit: &plan.unit,
        items,
        chunks,
        formula: plan.formula.as_deref(),
        cores: machine.cores,
        rounds,
        awaits,
        rows: &rows,
        reference,
        noise,
        rank_by: plan.rank_by,
        conditions: &conditions,
        scaling: &scaling,
    });
    Ok(Comparison {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_string(),
        workload: plan.workload.clone(),
        unit: plan.unit.clone(),
        items,
        chunks,
        value: measuring.subject.value(),
        formula: plan.formula.clone(),
        machine,
        seed: plan.seed,
        rounds,
        stolen_share,
        partial,
        awaits,
        reference,
        noise,
        least_worthwhile: plan.least_worthwhile,
        rank_by: plan.rank_by,
        conditions,
        rows,
        scaling,
        verdict,
        against: None,
    })
}

impl Measuring<'_> {
    /// Observes each contender, and makes the rows of the rounds that were completed.
    fn rows(&mut self, rounds: usize) -> Result<Vec<Row>> {
        let measured = self.observe(rounds)?;
        let reference = Row::of(measured[self.reference].clone(), None, &mut self.random);
        let mut rows: Vec<Row> = Vec::with_capacity(measured.len());
        for (index, measured) in measured.into_iter().enumerate() {
            let other = Some(&reference).filter(|_| index != self.reference);
            rows.push(Row::of(measured, other, &mut self.random));
        }
        Ok(rows)
    }

    /// Judges how the rows differ. Returns what the reference differs from itself.
    fn judge(&self, rows: &mut [Row]) -> Option<Noise> {
        let runs: Vec<&[f64]> = rows.iter().map(|row| &row.runs_s[..]).collect();
        let seen = self.seen(&runs);
        let (noise, smallest) = seen.floor(stats::level(&runs, self.error));
        row::judge(rows, Terms { reference: self.reference, error: self.error, smallest });
        noise
    }

    /// What is looked at, of these runs.
    fn seen<'s>(&'s self, runs: &'s [&'s [f64]]) -> Seen<'s> {
        let (reference, least_worthwhile) = (self.reference, self.plan.least_worthwhile);
        Seen { runs, again: &self.again_s, reference, least_worthwhile }
    }

    /// One fold of a contender, whose value must be right. `None` if it was cancelled.
    fn fold(&mut self, index: usize, on: &Executor, trace: Option<&Trace>) -> Result<Option<Timing>> {
        let folded = self.subject.run(on, &self.plan.cancel, trace);
        Ok(self.checked(index, folded.map(|folded| ((), folded)))?.map(|((), timing)| timing))
    }

    /// The timing of a fold, whose value must be right, with what came beside it. `None` if it was cancelled.
    fn checked<T>(&self, index: usize, folded: threefold::Result<(T, Folded)>) -> Result<Option<(T, Timing)>> {
        let model = self.contenders[index].model;
        let (beside, folded) = match folded {
            Ok(folded) => folded,
            Err(error) if error.is_cancelled() && self.is_cancelled() => return Ok(None),
            Err(error) => return Err(self.failed(index, error)),
        };
        match folded.value {
            Ok(()) => Ok(Some((beside, folded.timing))),
            Err(Problem::Different { expected, value }) => Err(Error::Disagreement { model, expected, value }),
            Err(Problem::NotItself { value }) => Err(Error::Incomparable { value }),
            Err(Problem::Wrong { reason }) => Err(Error::Value { model, reason: text::shortened(&reason) }),
        }
    }

    fn failed(&self, index: usize, error: threefold::Error) -> Error {
        let mut succeeded_on: Vec<Model> = Vec::new();
        for contender in self.contenders.iter().filter(|contender| !contender.cold.is_empty()) {
            if !succeeded_on.contains(&contender.model) {
                succeeded_on.push(contender.model);
            }
        }
        Error::Fold { model: self.contenders[index].model, error: Box::new(error), succeeded_on }
    }

    /// All contenders in random order.
    fn shuffled(&mut self) -> Vec<usize> {
        self.shuffled_from(0)
    }

    /// The same, with sequential before all others, as long as the right value is not known.
    fn sequential_first(&mut self) -> Vec<usize> {
        self.shuffled_from(1)
    }

    fn shuffled_from(&mut self, first: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.contenders.len()).collect();
        order[first..].shuffle(&mut self.random);
        order
    }

    fn report(&self, share: f64, rounds: usize) {
        if let Some(observer) = &self.plan.observer {
            let have_run = self.contenders.iter().filter(|contender| !contender.cold.is_empty());
            let medians = have_run.map(|contender| (contender.name(), contender.median_s(rounds))).collect();
            observer(&Progress { share, rounds, medians });
        }
    }

    fn is_cancelled(&self) -> bool {
        self.plan.cancel.is_cancelled()
    }
}
