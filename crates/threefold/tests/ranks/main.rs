//! Faults of MPI ranks at random moments: a chunk panics, a rank is killed, a rank is stopped. No job hangs, no total is
//! wrong, and the rank that was lost is named wherever the MPI library leaves the time.
//!
//! Each round is a job of its own, launched by `THREEFOLD_MPIRUN` (default: `mpirun`) with this program on its ranks. The rank that is
//! struck knows nothing of it: the signal comes from here, at a moment that the round's random numbers say. A round whose
//! fault did not happen has failed. `THREEFOLD_ROUNDS` is the number of rounds, `THREEFOLD_SEED` repeats the random numbers
//! of a run.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod job;
mod plan;
mod program;

use std::env;
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use libtest_mimic::{Arguments, Trial};

use crate::job::{Launcher, Library};
use crate::plan::Plan;

/// How many rounds an ordinary run has.
const ROUNDS: u64 = 100;

fn main() -> ExitCode {
    program::leave_pid();
    threefold::init();
    if let Some(code) = program::run() {
        return code;
    }
    let number = |name: &str| env::var(name).ok().map(|word| word.parse::<u64>().unwrap());
    let rounds = number("THREEFOLD_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("THREEFOLD_SEED").unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64);
    let launcher = launcher();
    println!("{rounds} rounds on {:?}, THREEFOLD_SEED={seed}", launcher.library);
    let trials = (0..rounds).map(|round| {
        let plan = Plan::of(seed, round);
        let launcher = launcher.clone();
        Trial::test(format!("round_{round}_{plan}"), move || plan.check(&launcher))
    });
    let mut arguments = Arguments::from_args();
    // Most of the time of a round is spent waiting.
    arguments.test_threads.get_or_insert(4);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn launcher() -> Launcher {
    let words = env::var("THREEFOLD_MPIRUN").unwrap_or_else(|_| "mpirun".to_string());
    let words: Vec<_> = words.split_whitespace().map(String::from).collect();
    let version =
        Command::new(&words[0]).args(&words[1..]).arg("--version").output().expect("THREEFOLD_MPIRUN names a launcher");
    let library =
        if String::from_utf8_lossy(&version.stdout).contains("HYDRA") { Library::Mpich } else { Library::OpenMpi };
    Launcher { words, library }
}
