//! The workload `locked`: every item is computed under one lock, which the whole process shares.
//!
//! It is shaped like code around global state, above all like an interpreter with a global lock, under which threads
//! take turns. Every process has its own lock, so processes run in parallel.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use threefold::{Model, task};

use super::scramble::scramble;
use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "locked",
    summary: "computes under one lock",
    range: Some("1..=20_000"),
    items: "steps",
    chunk_size: 500,
    brief_items: 0,
    waits: false,
    best: &[Model::Processes],
    reason: "a lock for each",
};

/// One step takes about 20 microseconds.
const ROUNDS: u32 = 6_000;

/// The lock of this process.
static LOCK: Mutex<()> = Mutex::new(());

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    Ok(Computation::sum_of(take_turns).over(plan, RangeInclusive::clone, visitor))
}

/// Adds up the steps of `chunk`. Returns early, with any number, when the fold is cancelled.
#[task]
fn take_turns(chunk: RangeInclusive<i64>) -> u128 {
    chunk.take_while(|_| !threefold::is_cancelled()).map(step).map(u128::from).sum()
}

fn step(number: i64) -> u32 {
    // It guards no data, so that a panic leaves nothing inconsistent.
    let _turn = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    scramble(number, ROUNDS) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LOCK, ROUNDS, scramble, step, take_turns};

    #[test]
    fn no_step_is_computed_without_the_lock() {
        let turn = LOCK.lock().unwrap();
        let waiting = std::thread::spawn(|| step(1));
        // However long the thread is given, it cannot have ended.
        std::thread::yield_now();
        assert!(!waiting.is_finished());
        drop(turn);
        assert_eq!(waiting.join().unwrap(), scramble(1, ROUNDS) as u32);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_value_is_the_sum_of_the_steps(start: i64, len in 0i64..20) {
            let range = start..=start.saturating_add(len);
            let steps = range.clone().map(|number| u128::from(scramble(number, ROUNDS) as u32));
            prop_assert_eq!(take_turns(range.clone()), steps.sum::<u128>());
        }
    }
}
