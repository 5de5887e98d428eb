//! `Contender`: a model with a number of workers, while it is measured.

use threefold::{Executor, Model};

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::row::{self, Cold};
use crate::stats;

/// A model with a number of workers, and what was measured of it so far.
pub(super) struct Contender {
    pub(super) model: Model,
    /// The number of workers that was asked for.
    asked: Option<usize>,
    /// How many chunks may be in progress at once, where the model can be told.
    in_flight: Option<usize>,
    /// The number of workers that it has.
    pub(super) workers: usize,
    /// It is kept from the last cold run until the rounds are over.
    pub(super) executor: Option<Executor>,
    pub(super) folds_per_run: u32,
    pub(super) cold: Vec<Cold>,
    pub(super) runs_s: Vec<f64>,
    /// The bytes that told the workers of the fold in the last cold run.
    pub(super) bytes_told: u64,
}

/// Every model with every number of workers, each once. The first is sequential. What cannot be made is refused now, before
/// anything is measured.
pub(super) fn all(plan: &Plan) -> Result<Vec<Contender>> {
    let mut asked = vec![(Model::Sequential, None)];
    let reference = Some(&plan.reference).filter(|reference| !plan.models.contains(reference));
    for &model in plan.models.iter().chain(reference).filter(|&&model| model != Model::Sequential) {
        if plan.workers.is_empty() {
            asked.push((model, None));
        }
        asked.extend(plan.workers.iter().map(|&workers| (model, Some(workers))));
    }
    let mut contenders = Vec::new();
    for (index, &(model, workers)) in asked.iter().enumerate() {
        if !asked[..index].contains(&(model, workers)) {
            contenders.push(Contender::new(model, workers, plan.in_flight)?);
        }
    }
    Ok(contenders)
}

impl Contender {
    fn new(model: Model, asked: Option<usize>, in_flight: Option<usize>) -> Result<Self> {
        if !Model::available().contains(&model)
            && let Err(error) = Executor::new(model)
        {
            return Err(Error::Setup(error.to_string()));
        }
        // With fewer chunks than workers the executor would have fewer workers than were asked for.
        let in_flight =
            in_flight.filter(|_| model.capabilities().waits_at_once).map(|chunks| chunks.max(asked.unwrap_or(1)));
        let workers = executor(model, asked, in_flight)
            .map_err(|error| Error::Fold { model, error: Box::new(error), succeeded_on: Vec::new() })?
            .workers();
        let (cold, runs_s) = (Vec::new(), Vec::new());
        Ok(Self { model, asked, in_flight, workers, executor: None, folds_per_run: 1, cold, runs_s, bytes_told: 0 })
    }

    /// As in the table's row.
    pub(super) fn name(&self) -> String {
        row::name(self.model, self.workers)
    }

    /// The median duration of one fold in so many rounds; of the cold runs if there are none. It is asked for after each round,
    /// so it is that of a bounded number of rounds which lie evenly among all.
    pub(super) fn median_s(&self, rounds: usize) -> f64 {
        match rounds {
            0 => stats::median(&self.cold.iter().map(Cold::fold_s).collect::<Vec<_>>()),
            rounds => {
                let runs_s = stats::evenly(rounds, stats::MOST_RESAMPLED).map(|round| self.runs_s[round]);
                stats::median(&runs_s.collect::<Vec<_>>())
            }
        }
    }

    /// A new executor for it.
    pub(super) fn executor(&self) -> threefold::Result<Executor> {
        executor(self.model, self.asked, self.in_flight)
    }
}

fn executor(model: Model, workers: Option<usize>, in_flight: Option<usize>) -> threefold::Result<Executor> {
    let mut builder = Executor::builder(model);
    if let Some(workers) = workers {
        builder = builder.workers(workers);
    }
    if let Some(chunks) = in_flight {
        builder = builder.in_flight(chunks);
    }
    builder.build()
}
