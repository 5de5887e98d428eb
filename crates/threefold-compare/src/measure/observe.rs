//! The observed folds, from which each contender's profile is made.

use std::collections::BTreeSet;
use std::io;
use std::time::Instant;

use threefold::{Executor, Model, Source, Trace, task};

use super::Measuring;
use super::counting::{self, Counting};
use super::process::threads;
use super::usage::Usage;
use crate::error::Result;
use crate::profile::Profile;
use crate::row::Measured;
use crate::stats;

/// So many folds of a contender are observed, and the most typical one is kept.
const OBSERVED: usize = 3;

/// Of folds above this duration, in seconds, only one is observed: the time budget is not to be spent over again.
const LONG_S: f64 = 0.2;

/// So many empty chunks show what one costs.
const EMPTY_CHUNKS: u64 = 1000;

/// The fastest of so many folds of empty chunks counts. Interruptions make the others slower.
const EMPTY_FOLDS: usize = 3;

/// Does nothing.
#[task]
fn nothing(_chunk: std::ops::Range<u64>) {}

/// What the observed folds of a contender show.
#[derive(Default)]
struct Observed {
    /// The median of their processor time; 0 if it is not known.
    cpu_s: f64,
    profile: Profile,
}

impl Measuring<'_> {
    /// Observes each contender, alone, and returns all that was measured of each in the completed rounds.
    pub(super) fn observe(&mut self, rounds: usize) -> Result<Vec<Measured>> {
        self.contenders.iter_mut().for_each(|contender| contender.executor = None);
        let mut all: Vec<Measured> = Vec::new();
        for index in 0..self.contenders.len() {
            let bystanders = threads();
            let executor = self.contenders[index].executor().map_err(|error| self.failed(index, error))?;
            let runs_s = self.contenders[index].runs_s[..rounds].to_vec();
            let Observed { cpu_s, mut profile } =
                self.observed(index, &executor, bystanders.as_ref(), stats::median(&runs_s))?.unwrap_or_default();
            let contender = &self.contenders[index];
            profile.sent_once_bytes = contender.bytes_told;
            profile.slowdown = all.first().and_then(|sequential| profile.slowdown_beside(&sequential.profile));
            all.push(Measured {
                model: contender.model,
                workers: contender.workers,
                folds_per_run: contender.folds_per_run,
                runs_s,
                cold: contender.cold.clone(),
                cpu_s,
                profile,
            });
        }
        Ok(all)
    }

    /// The processor time of the observed folds, and the profile of the one whose duration is closest to the median of the
    /// timed ones. `None` if it was cancelled.
    fn observed(
        &mut self,
        index: usize,
        on: &Executor,
        bystanders: Option<&BTreeSet<i32>>,
        median_s: f64,
    ) -> Result<Option<Observed>> {
        // A long fold needs no warm-up, and one observation shows as much as three.
        let is_long = median_s > LONG_S;
        if !is_long && self.fold(index, on, None)?.is_none() {
            return Ok(None);
        }
        let mut closest: Option<Profile> = None;
        let mut cpu_s = Vec::new();
        for _ in 0..if is_long { 1 } else { OBSERVED } {
            let usage = Usage::observe(on.model(), bystanders).map_err(|error| self.failed(index, error))?;
            let counting = self.counting(on.model(), bystanders);
            let trace = Trace::new();
            let Some(timing) = self.fold(index, on, Some(&trace))? else { break };
            let used = usage.since().map_err(|error| self.failed(index, error))?;
            let counters = counting.and_then(|counting| self.counters(counting.end()));
            cpu_s.extend(used.time.map(|time| time.cpu_s));
            let off = |profile: &Profile| (profile.wall_s - median_s).abs();
            let profile = Profile::of(&trace, timing.began, timing.took, on.workers(), used);
            let profile = Profile { counters, ..profile };
            closest = Some(closest.filter(|closest| off(closest) <= off(&profile)).unwrap_or(profile));
        }
        let empty_chunk_s = if closest.is_some() { self.empty_chunk_s(index, on)? } else { 0.0 };
        let cpu_s = if cpu_s.is_empty() { 0.0 } else { stats::median(&cpu_s) };
        Ok(closest.map(|profile| Observed {
            cpu_s,
            profile: Profile { empty_chunk_s, ..profile.without_watching(median_s) },
        }))
    }

    /// The hardware's counters, which run from here on, if they were asked for and there are any. Those of other ranks cannot
    /// be read.
    fn counting(&mut self, model: Model, bystanders: Option<&BTreeSet<i32>>) -> Option<Counting> {
        let are_wanted = self.plan.counters && self.no_counters.is_none() && model != Model::Mpi;
        if are_wanted { self.counters(Counting::begin(bystanders)) } else { None }
    }

    /// What was read of the hardware's counters. If nothing could be, the reason is kept.
    fn counters<T>(&mut self, read: io::Result<T>) -> Option<T> {
        read.map_err(|error| self.no_counters = Some(counting::reason(&error))).ok()
    }

    /// The seconds of one empty chunk among many.
    fn empty_chunk_s(&self, index: usize, on: &Executor) -> Result<f64> {
        let mut fastest = f64::INFINITY;
        for _ in 0..EMPTY_FOLDS {
            let began = Instant::now();
            on.for_each((0..EMPTY_CHUNKS).chunks_of(1), nothing).map_err(|error| self.failed(index, error))?;
            fastest = fastest.min(began.elapsed().as_secs_f64());
        }
        Ok(fastest / EMPTY_CHUNKS as f64)
    }
}
