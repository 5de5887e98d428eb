//! The workload `wait`: every chunk waits 10 ms and computes nothing.
//!
//! It is shaped like network calls. Async begins all waits at once, on one thread. Threads and processes wait for one
//! chunk per worker at a time.

use std::ops::RangeInclusive;
use std::time::Duration;

use threefold::{Model, Source, task};

use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "wait",
    summary: "waits 10 ms per chunk",
    range: Some("1..=30"),
    items: "waits",
    chunk_size: 1,
    brief_items: 0,
    waits: true,
    best: &[Model::Async],
    reason: "the waits overlap",
};

/// About the time that a request over a few hundred kilometres takes.
const WAIT: Duration = Duration::from_millis(10);

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    Ok(Computation::sum_of(wait).over(plan, RangeInclusive::clone, visitor))
}

/// Waits once for the whole `chunk`, as for one request. The number of its items.
#[cfg(feature = "async")]
#[task]
async fn wait(chunk: RangeInclusive<i64>) -> u128 {
    tokio::time::sleep(WAIT).await;
    chunk.item_count()
}

/// The same in a build without the model async.
#[cfg(not(feature = "async"))]
#[task]
fn wait(chunk: RangeInclusive<i64>) -> u128 {
    std::thread::sleep(WAIT);
    chunk.item_count()
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
