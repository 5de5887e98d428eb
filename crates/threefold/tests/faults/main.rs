//! Every fault at every step of the protocol: the fold ends in the right answer or the right error, and the next fold on
//! the same executor works.
//!
//! Each case is a process of its own: a program that folds, whose first worker is played by `actor` up to the step where
//! it goes wrong. Nothing in the library knows of this. A case that does not end is killed, and has failed. So has a case
//! whose fault did not happen.
//!
//! With `THREEFOLD_INTERRUPTED` in the environment all programs that fold are interrupted by a signal every 5 ms.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod actor;
mod arrays;
mod cases;
mod copies;
#[path = "../holdings/mod.rs"]
mod holdings;
#[path = "../holdings/interval_timer.rs"]
mod interval_timer;
mod soak;
mod surroundings;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    actor::play();
    threefold::init();
    let is_interrupted = std::env::var_os("THREEFOLD_INTERRUPTED").is_some();
    if is_interrupted {
        interval_timer::start(Duration::from_millis(5)).unwrap();
    }
    if let Some(code) = cases::run().or_else(surroundings::run).or_else(arrays::run) {
        return code;
    }
    let mut trials: Vec<Trial> = cases::all().map(cases::Case::trial).collect();
    let how = if is_interrupted { ", all programs interrupted every 5 ms" } else { "" };
    println!("{} faults{how}", trials.len());
    trials.push(cases::a_fault_that_does_not_happen_is_noticed());
    trials.extend(surroundings::trials());
    trials.extend(arrays::trials());
    let mut arguments = Arguments::from_args();
    // Most of the time of a case is spent waiting for what is dead or hangs.
    arguments.test_threads.get_or_insert(24);
    libtest_mimic::run(&arguments, trials).exit_code()
}
