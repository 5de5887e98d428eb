//! The break-even size as it is expected from one observed fold: from how many items on a contender is faster.

use crate::profile::Profile;
use crate::stats::Estimate;

/// A contender must cost less than this share of sequential for each item. What is closer to 1 lies within the error of a
/// forecast from one observed fold.
const LARGEST_COST_RATIO: f64 = 0.9;

/// Folds below this duration, in seconds, say little about the speed of computing: most of the time goes into waking
/// workers.
const SHORT_S: f64 = 2e-3;

/// A fixed cost up to this share of a fold is negligible.
const NEGLIGIBLE: f64 = 0.1;

/// What a contender costs.
pub(in crate::row) struct Costs<'a> {
    pub(in crate::row) workers: usize,
    pub(in crate::row) startup_s: f64,
    /// The median duration of a warm fold.
    pub(in crate::row) median_s: f64,
    pub(in crate::row) profile: &'a Profile,
}

/// From how many items on the contender is expected to be faster than sequential, from a cold start; `None` if never.
///
/// Let f be the contender's fixed cost, a its cost for each item when all its workers are busy, and s the cost of an item
/// on sequential. f + a n < s n holds for n > f / (s - a). a is the workers' time in chunks and between them, divided by
/// the number of workers. The time between small chunks is taken from a fold of 1,000 empty chunks, since in a fold of
/// few chunks it consists mostly of waking the workers. f is the start-up time, and what a warm fold takes beyond a n.
pub(in crate::row) fn items(
    own: &Costs<'_>,
    sequential: &Costs<'_>,
    speedup: Option<&Estimate>,
    items: u128,
) -> Option<f64> {
    let items = items as f64;
    if items == 0.0 || own.profile.workers_s() == 0.0 {
        return None;
    }
    let (alone, steady) = (Steady::of(sequential), Steady::of(own));
    // No worker computes faster than sequential does. Whether it computes more slowly is not seen in short folds.
    let work_s = if own.median_s < SHORT_S { alone.work_s } else { steady.work_s.max(alone.work_s) };
    let sequential_s = (alone.work_s + alone.other_s) / items;
    let each_s = (work_s + steady.other_s) / own.workers as f64 / items;
    let fixed_s = own.startup_s + (own.median_s - each_s * items).max(0.0);
    let gains = each_s < sequential_s * LARGEST_COST_RATIO;
    // If next to nothing of the time is fixed, a larger size changes nothing: the gain must be there in these runs.
    let is_shown = fixed_s > NEGLIGIBLE * own.median_s || speedup.is_none_or(|speedup| speedup.interval.low > 1.0);
    (gains && is_shown).then(|| (fixed_s / (sequential_s - each_s)).max(1.0))
}

/// What the chunks of a fold take of the workers' time when there are many chunks, in seconds.
struct Steady {
    /// In chunks that compute.
    work_s: f64,
    /// In chunks that wait, and between chunks.
    other_s: f64,
}

impl Steady {
    fn of(costs: &Costs<'_>) -> Self {
        let profile = costs.profile;
        let empty_s = profile.empty_chunk_s * profile.spans.len() as f64;
        let between_s = if profile.moves_much() { profile.transfer_s } else { profile.transfer_s.min(empty_s) };
        // One fold was observed. The median tells how long such folds take, observed or not.
        let scale = if profile.wall_s > 0.0 { (costs.median_s / profile.wall_s).min(1.0) } else { 1.0 };
        Self { work_s: scale * profile.work_s, other_s: scale * (profile.waiting_s + between_s) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ChunkSpan;

    /// The profile of a fold of 64 chunks in which all workers compute all the time.
    fn busy(wall_s: f64, workers: usize) -> Profile {
        let span = |chunk| ChunkSpan { chunk, worker: 0, start_s: 0.0, duration_s: 0.0 };
        Profile { wall_s, work_s: wall_s * workers as f64, spans: (0..64).map(span).collect(), ..Profile::default() }
    }

    #[test]
    fn the_break_even_size_is_where_the_fixed_cost_is_earned() {
        let (second, half) = (busy(1.0, 1), busy(0.5, 2));
        let sequential = Costs { workers: 1, startup_s: 0.0, median_s: 1.0, profile: &second };
        let processes = Costs { workers: 2, startup_s: 0.01, median_s: 0.5, profile: &half };
        // A million items take one second, of which half is saved: 10 ms are earned by 20,000 items.
        let found = items(&processes, &sequential, None, 1_000_000).unwrap();
        assert!((found - 20_000.0).abs() < 1.0, "{found}");
        assert_eq!(items(&sequential, &sequential, None, 1_000_000), None);
        assert_eq!(items(&processes, &sequential, None, 0), None);
    }
}
