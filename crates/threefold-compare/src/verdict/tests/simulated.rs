//! `Simulated`: a comparison as a machine of which the truth is known would give it.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use threefold::Model;

use crate::comparison::Comparison;
use crate::condition::Condition;
use crate::noise::Noise;
use crate::plan::{LEAST_WORTHWHILE, RankBy};
use crate::profile::{ChunkSpan, Profile};
use crate::row::{self, Cold, Measured, Row, Terms};
use crate::scaling;
use crate::stats;
use crate::verdict::{Evidence, Reason, Verdict};

/// How many times as long a run takes as it would on a quiet machine: of which round it is, of how many.
pub(super) type Disturbance = fn(round: usize, rounds: usize, random: &mut SmallRng) -> f64;

/// A contender. Its parts are shares of the workers' time: work, waiting, transfer, idle.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    pub(super) model: Model,
    pub(super) workers: usize,
    pub(super) median_s: f64,
    pub(super) startup_s: f64,
    pub(super) parts: [f64; 4],
    /// The processor seconds of a fold.
    pub(super) cpu_s: f64,
    /// What one of many empty chunks takes, all workers together, in seconds.
    pub(super) empty_chunk_s: f64,
    /// Runs scatter by this share, up and down.
    pub(super) spread: f64,
    /// Further changes.
    pub(super) profile: fn(&mut Profile),
    pub(super) row: fn(&mut Row),
}

pub(super) fn contender(model: Model, workers: usize, median_s: f64) -> Contender {
    Contender {
        model,
        workers,
        median_s,
        startup_s: 1e-4,
        parts: [1.0, 0.0, 0.0, 0.0],
        cpu_s: median_s * workers as f64,
        empty_chunk_s: 1e-7,
        spread: 0.005,
        profile: |_| (),
        row: |_| (),
    }
}

/// A comparison: of 1,000,000 integers in 64 chunks, on 2 cores, in 15 rounds, unless a test says otherwise.
#[derive(Clone)]
pub(super) struct Simulated {
    pub(super) contenders: Vec<Contender>,
    pub(super) items: u128,
    pub(super) chunks: u64,
    pub(super) rounds: usize,
    pub(super) awaits: bool,
    pub(super) formula: Option<&'static str>,
    pub(super) reference: usize,
    pub(super) rank_by: RankBy,
    pub(super) least_worthwhile: f64,
    pub(super) conditions: Vec<Condition>,
    /// What slows a whole round down, and what slows a single run down.
    pub(super) of_round: Disturbance,
    pub(super) of_run: Disturbance,
    pub(super) seed: u64,
}

pub(super) fn simulated(contenders: impl Into<Vec<Contender>>) -> Simulated {
    Simulated {
        contenders: contenders.into(),
        items: 1_000_000,
        chunks: 64,
        rounds: 15,
        awaits: false,
        formula: None,
        reference: 0,
        rank_by: RankBy::Time,
        least_worthwhile: LEAST_WORTHWHILE,
        conditions: Vec::new(),
        of_round: |_, _, _| 1.0,
        of_run: |_, _, _| 1.0,
        seed: 1,
    }
}

/// A machine that becomes half as slow again from the first round to the last.
pub(super) fn drifting(round: usize, rounds: usize, _: &mut SmallRng) -> f64 {
    1.0 + 0.5 * round as f64 / rounds as f64
}

/// One run in eight takes three times as long.
pub(super) fn in_bursts(_: usize, _: usize, random: &mut SmallRng) -> f64 {
    if random.random_bool(0.125) { 3.0 } else { 1.0 }
}

/// Half of the runs take a third longer.
pub(super) fn bimodal(_: usize, _: usize, random: &mut SmallRng) -> f64 {
    if random.random_bool(0.5) { 1.33 } else { 1.0 }
}

/// The host takes up to a third of the processor's time.
pub(super) fn stolen(_: usize, _: usize, random: &mut SmallRng) -> f64 {
    1.0 + random.random_range(0.0..0.33)
}

impl Simulated {
    /// The comparison that would be made of it.
    pub(super) fn comparison(&self) -> Comparison {
        let mut random = SmallRng::seed_from_u64(self.seed);
        let of_round: Vec<f64> =
            (0..self.rounds).map(|round| (self.of_round)(round, self.rounds, &mut random)).collect();
        let mut runs = |contender: &Contender| -> Vec<f64> {
            let scatter = |random: &mut SmallRng| {
                if contender.spread > 0.0 { random.random_range(-contender.spread..contender.spread) } else { 0.0 }
            };
            (0..self.rounds)
                .map(|round| {
                    let slower = of_round[round] * (self.of_run)(round, self.rounds, &mut random);
                    contender.median_s * slower * (1.0 + scatter(&mut random))
                })
                .collect()
        };
        let measured: Vec<Measured> =
            self.contenders.iter().map(|contender| self.measured(contender, runs(contender))).collect();
        let again_s = runs(&self.contenders[self.reference]);
        let reference = Row::of(measured[self.reference].clone(), None, &mut random);
        let row = |(index, measured): (usize, Measured)| {
            Row::of(measured, Some(&reference).filter(|_| index != self.reference), &mut random)
        };
        let mut rows: Vec<Row> = measured.into_iter().enumerate().map(row).collect();
        let level = stats::level(&rows.iter().map(|row| &row.runs_s[..]).collect::<Vec<_>>(), stats::ERROR);
        let noise = Noise::of(&rows[self.reference].runs_s, &again_s, level);
        let smallest = noise.map_or(0.0, |noise| noise.smallest).max(self.least_worthwhile);
        row::judge(&mut rows, Terms { reference: self.reference, error: stats::ERROR, smallest });
        for (row, contender) in rows.iter_mut().zip(&self.contenders) {
            (contender.row)(row);
        }
        let mut comparison = recorded();
        comparison.scaling = scaling::of(&rows, 2, &mut random);
        comparison.workload = "simulated".to_string();
        comparison.unit = "integers".to_string();
        comparison.items = self.items;
        comparison.chunks = self.chunks;
        comparison.formula = self.formula.map(str::to_string);
        comparison.machine.cores = 2;
        comparison.rounds = self.rounds;
        comparison.awaits = self.awaits;
        comparison.reference = self.reference;
        comparison.noise = noise;
        comparison.least_worthwhile = self.least_worthwhile;
        comparison.rank_by = self.rank_by;
        comparison.conditions = self.conditions.clone();
        comparison.rows = rows;
        comparison.verdict = Verdict::of(&evidence(&comparison));
        comparison
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.comparison().verdict
    }

    /// The line with this label, if there is one. If there are several it is the first.
    pub(super) fn line(&self, label: &str) -> Option<String> {
        let reasons = self.verdict().reasons;
        reasons.iter().find(|reason| reason.label() == label).map(|reason| reason.text().to_string())
    }

    /// All that is said, as one text.
    pub(super) fn says(&self) -> String {
        let verdict = self.verdict();
        let reasons = verdict.reasons.iter().map(Reason::to_string);
        [verdict.sentence.clone()].into_iter().chain(reasons).collect::<Vec<_>>().join("\n")
    }

    fn measured(&self, contender: &Contender, runs_s: Vec<f64>) -> Measured {
        let Contender { model, workers, median_s, startup_s, parts, cpu_s, empty_chunk_s, profile, .. } = *contender;
        let [work_s, waiting_s, transfer_s, idle_s] = parts.map(|share| share * median_s * workers as f64);
        let chunks = self.chunks.max(1) as f64;
        let span = |chunk| ChunkSpan { chunk, worker: 0, start_s: 0.0, duration_s: (work_s + waiting_s) / chunks };
        let mut observed = Profile {
            wall_s: median_s,
            cpu_s,
            work_s,
            waiting_s,
            transfer_s,
            idle_s,
            cost_per_chunk_s: transfer_s / chunks,
            empty_chunk_s,
            mean_chunk_s: (work_s + waiting_s) / chunks,
            longest_chunk_s: (work_s + waiting_s) / chunks,
            imbalance: 1.0,
            chunks_cpu_s: Some(cpu_s),
            spans: (0..self.chunks.min(1000)).map(span).collect(),
            ..Profile::default()
        };
        profile(&mut observed);
        let cold = vec![Cold { startup_s, total_s: startup_s + median_s }];
        Measured { model, workers, folds_per_run: 1, runs_s, cold, cpu_s, profile: observed }
    }
}

/// The comparison that the tests of the formats show.
pub(super) fn recorded() -> Comparison {
    Comparison::from_json(include_str!("../../../tests/compare/recorded.json")).unwrap()
}

/// What the verdict of a comparison is drawn from.
pub(super) fn evidence(comparison: &Comparison) -> Evidence<'_> {
    Evidence {
        unit: &comparison.unit,
        items: comparison.items,
        chunks: comparison.chunks,
        formula: comparison.formula.as_deref(),
        cores: comparison.machine.cores,
        rounds: comparison.rounds,
        awaits: comparison.awaits,
        rows: &comparison.rows,
        reference: comparison.reference,
        noise: comparison.noise,
        rank_by: comparison.rank_by,
        conditions: &comparison.conditions,
        scaling: &comparison.scaling,
    }
}

/// The verdict on a comparison, drawn anew.
pub(super) fn judged(comparison: &Comparison) -> Verdict {
    Verdict::of(&evidence(comparison))
}
