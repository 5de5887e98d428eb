//! Comparisons as users make and show them: in a program of their own, and from a recorded one.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod against;
mod measured;
mod page;
mod race;
mod read;
mod shown;
mod written;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use threefold_compare::Comparison;

fn main() -> ExitCode {
    threefold::init();
    let trial = |(name, test): (&'static str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = [against::TESTS, measured::TESTS, page::TESTS, race::TESTS, read::TESTS, shown::TESTS, written::TESTS]
        .into_iter()
        .flatten()
        .copied()
        .map(trial)
        .collect();
    let mut arguments = Arguments::from_args();
    // A comparison measures the processor time and the memory of the whole program.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A comparison that was measured once, by
/// `threefold compare -j 1,2 --models threads,processes --runs 8 --export-json FILE`.
fn recorded() -> Comparison {
    Comparison::from_json(include_str!("recorded.json")).unwrap()
}

/// A table of tests, each named as its function is.
#[macro_export]
macro_rules! tests {
    ($($test:ident),+ $(,)?) => {
        /// These tests.
        pub(crate) const TESTS: &[(&str, fn())] = &[$((stringify!($test), $test)),+];
    };
}
