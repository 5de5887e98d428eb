//! The workload `mixed`: every chunk computes for some milliseconds, then waits for some.
//!
//! It is shaped like a service that prepares a request and waits for the answer. Async computes one chunk while others
//! wait, by default on one core. Threads use every core, but each waits for its own chunk.

use std::ops::RangeInclusive;
use std::time::Duration;

use threefold::{Model, task};

use super::scramble::scramble;
use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "mixed",
    summary: "computes 2 ms, waits 8 ms",
    range: Some("1..=30"),
    items: "requests",
    chunk_size: 1,
    brief_items: 0,
    waits: true,
    best: &[Model::Async],
    reason: "the waits overlap",
};

/// About 2 ms for each item.
const ROUNDS: u32 = 600_000;

/// Once for each chunk.
const WAIT: Duration = Duration::from_millis(8);

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    Ok(Computation::sum_of(request).over(plan, RangeInclusive::clone, visitor))
}

/// Computes `chunk`, then waits once for all its items.
#[cfg(feature = "async")]
#[task]
async fn request(chunk: RangeInclusive<i64>) -> u128 {
    let computed = compute_all(chunk);
    tokio::time::sleep(WAIT).await;
    computed
}

/// The same in a build without the model async.
#[cfg(not(feature = "async"))]
#[task]
fn request(chunk: RangeInclusive<i64>) -> u128 {
    let computed = compute_all(chunk);
    std::thread::sleep(WAIT);
    computed
}

/// Computes the items of `chunk`. Returns early, with any number, when the fold is cancelled.
fn compute_all(chunk: RangeInclusive<i64>) -> u128 {
    chunk.take_while(|_| !threefold::is_cancelled()).map(compute).sum()
}

fn compute(item: i64) -> u128 {
    // 32 bits of it, so that no sum exceeds 128 bits.
    (scramble(item, ROUNDS) as u32).into()
}

#[cfg(test)]
mod tests {
    use threefold::Task;

    use super::{compute, request};

    #[test]
    fn every_item_is_computed() {
        assert_eq!(request.map(-2..=2), (-2..=2).map(compute).sum());
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!(request.map(reversed), 0);
    }
}
