//! The work `wait`: every chunk waits 10 ms and computes nothing.
//!
//! It stands for network calls, where the time goes by elsewhere. Async begins all waits at once, on one thread;
//! threads and processes wait for as many chunks at a time as there are workers.

use std::ops::RangeInclusive;
use std::time::Duration;

use threefold::{Model, task};

use super::{About, Recipe, Use};
use crate::plan::{Input, Plan};
use crate::range;

pub(crate) const ABOUT: About = About {
    name: "wait",
    does: "waits 10 ms for each chunk",
    range: Some("1..=30"),
    items: "waits",
    chunk_size: 1,
    wins: Model::Async,
    because: "all wait at once",
};

/// As long as an answer takes from some hundred kilometres away.
const WAIT: Duration = Duration::from_millis(10);

pub(crate) fn with<U: Use>(input: &Input, user: U) -> Result<U::Result, String> {
    let plan = Plan::new(input, ABOUT.all(), &ABOUT)?;
    Ok(Recipe::adding_up(wait).over(plan, RangeInclusive::clone, user))
}

/// Waits once for the whole of `chunk`, as for one request; how many items it waited for.
#[task]
async fn wait(chunk: RangeInclusive<i64>) -> u128 {
    tokio::time::sleep(WAIT).await;
    range::len(&chunk)
}

#[cfg(test)]
mod tests {
    use threefold::Task;

    use super::wait;

    #[test]
    fn every_item_is_waited_for() {
        assert_eq!((wait.map(1..=40), wait.map(-3..=-3), wait.map(i64::MIN..=i64::MAX)), (40, 1, 1 << 64));
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!(wait.map(reversed), 0);
    }
}
