//! Comparisons as users make and show them: in a program of their own, and from a recorded one.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod measured;
mod shown;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    threefold::init();
    let trial = |(name, test): (&'static str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = measured::TESTS.iter().chain(shown::TESTS).copied().map(trial).collect();
    let mut arguments = Arguments::from_args();
    // What a comparison sees of processor time and memory is the whole program's.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A table of tests, each named as its function is.
#[macro_export]
macro_rules! tests {
    ($($test:ident),+ $(,)?) => {
        /// These tests.
        pub(crate) const TESTS: &[(&str, fn())] = &[$((stringify!($test), $test)),+];
    };
}
