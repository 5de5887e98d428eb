//! The work `mixed`: every chunk computes for some milliseconds, then waits for some.
//!
//! It stands for services that prepare a request and wait for the answer. Async computes one chunk while others wait,
//! but computes on one core only unless it is given more workers; threads use every core but wait as they stand.

use std::ops::RangeInclusive;
use std::time::Duration;

use threefold::{Model, task};

use super::scramble::scramble;
use super::{About, Recipe, Use};
use crate::plan::{Input, Plan};

pub(crate) const ABOUT: About = About {
    name: "mixed",
    does: "computes 2 ms, waits 8 ms",
    range: Some("1..=30"),
    items: "requests",
    chunk_size: 1,
    wins: Model::Async,
    because: "computes meanwhile",
};

/// Some 2 ms for each item.
const ROUNDS: u32 = 600_000;

/// Once for each chunk.
const WAIT: Duration = Duration::from_millis(8);

pub(crate) fn with<U: Use>(input: &Input, user: U) -> Result<U::Result, String> {
    let plan = Plan::new(input, ABOUT.all(), &ABOUT)?;
    Ok(Recipe::adding_up(request).over(plan, RangeInclusive::clone, user))
}

/// Prepares the items of `chunk`, then waits for it. Ends early, with any number, when the fold is cancelled.
#[task]
async fn request(chunk: RangeInclusive<i64>) -> u128 {
    let prepared = chunk.take_while(|_| !threefold::is_cancelled()).map(prepare).sum();
    tokio::time::sleep(WAIT).await;
    prepared
}

fn prepare(item: i64) -> u128 {
    // 32 bits of it, so that no sum of them passes 128.
    (scramble(item, ROUNDS) as u32).into()
}

#[cfg(test)]
mod tests {
    use threefold::Task;

    use super::{prepare, request};

    #[test]
    fn every_item_is_prepared() {
        assert_eq!(request.map(-2..=2), (-2..=2).map(prepare).sum());
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!(request.map(reversed), 0);
    }
}
