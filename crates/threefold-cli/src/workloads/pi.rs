//! The workload `pi`: estimates pi from random points in a square.
//!
//! It is shaped like a simulation: random numbers, much computing, and hardly any data. The random numbers come from
//! [`chunk_rng`], so they depend on the seed and on the number of the chunk alone. The estimate is therefore the same, digit
//! for digit, on every model and with any number of workers. Another cut of the range has other chunks, and so another
//! estimate.

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use rand_core::Rng;
use threefold::{Model, Source, chunk_rng, task};

use crate::computation::{Computation, Fold, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "pi",
    summary: "estimates pi at random",
    range: Some("1..=40_000_000"),
    items: "points",
    chunk_size: 500_000,
    brief_items: 200_000,
    waits: false,
    best: &[Model::Threads],
    reason: "all cores compute",
};

/// From which all random numbers come.
const SEED: u64 = 2026;

/// So many points are drawn before the task looks whether it is cancelled.
const BLOCK: u32 = 4096;

/// How many points are inside of the circle, and how many there are. No number of 64-bit ranges exceeds 128 bits.
type Points = [u128; 2];

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    let recipe = Computation {
        task: draw_points,
        init: [0; 2],
        reduce: |all: Points, part: Points| [all[0] + part[0], all[1] + part[1]],
        retried: |_| &[],
        is_full: |_| false,
        finish: |points, _| Ok(estimate(points)),
        partial: |points| Some(estimate(points)),
        verb: PhantomData::<Fold>,
    };
    Ok(recipe.over(plan, RangeInclusive::clone, visitor))
}

/// Draws a point for each item of `chunk`. Returns early, with any numbers, when the fold is cancelled.
#[task]
fn draw_points(chunk: RangeInclusive<i64>) -> Points {
    let mut rng = chunk_rng(SEED);
    // The square of a coordinate below 2^32. Two squares add up to 2^64 or more exactly if the point is not inside.
    let mut square = || u64::from(rng.next_u32()).pow(2);
    let count = chunk.item_count();
    let mut inside = 0;
    let mut left = count;
    while left > 0 && !threefold::is_cancelled() {
        let block = left.min(BLOCK.into());
        inside += (0..block as u32).filter(|_| square().checked_add(square()).is_some()).count() as u128;
        left -= block;
    }
    [inside, count]
}

/// What the points say of pi; 0 if there are none.
fn estimate([inside, count]: Points) -> String {
    if count == 0 { "0".to_string() } else { (4.0 * inside as f64 / count as f64).to_string() }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::{draw_points, estimate};

    #[test]
    fn the_estimate_is_as_near_to_pi_as_chance_allows() {
        let points = draw_points(1..=1_000_000);
        assert_eq!(points[1], 1_000_000);
        let estimate: f64 = estimate(points).parse().unwrap();
        // The standard deviation is 0.0016; the seed is fixed.
        assert!((estimate - PI).abs() < 0.006, "{estimate}");
    }

    #[test]
    fn no_points_are_an_estimate_of_0() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!((draw_points(reversed.clone()), estimate(draw_points(reversed))), ([0, 0], "0".to_string()));
    }

    #[test]
    fn only_the_number_of_items_counts() {
        assert_eq!(draw_points(-5..=4), draw_points(1..=10));
        assert_eq!(draw_points(i64::MAX - 9..=i64::MAX), draw_points(1..=10));
    }
}
