//! A program that is killed at random moments, and run again with its journal until it comes to its end: it gives the
//! answer of a run that nobody has killed, and no chunk runs again whose output was in the journal.
//!
//! A [`story`] is one such program ([`program`]), from its first run to its last. Each kill is a *moment*. After each moment
//! the journal is read by itself: every output that it has must be the right one, and must still be there after the next
//! moment. Some stories also lose the last bytes of the journal at each moment, as after a crash of the whole machine.
//!
//! `THREEFOLD_MOMENTS` is the number of moments, `THREEFOLD_SEED` repeats the random numbers of a run.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

#[path = "../holdings/mod.rs"]
#[allow(dead_code, reason = "parts of it are for other programs")]
mod holdings;
mod program;
mod story;

use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use libtest_mimic::{Arguments, Trial};
use threefold::Model;

use crate::story::Victim;

/// How many moments an ordinary run has. `.ci/run` asks for more.
const MOMENTS: u64 = 50;

/// At how many moments of all victims the journal had outputs, so that the next run was continued.
static CONTINUED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    threefold::init();
    if let Some(code) = program::run() {
        return code;
    }
    let number = |name: &str| env::var(name).ok().map(|word| word.parse::<u64>().unwrap());
    let moments = number("THREEFOLD_MOMENTS").unwrap_or(MOMENTS);
    let seed = number("THREEFOLD_SEED").unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64);
    println!("{moments} moments, THREEFOLD_SEED={seed}");
    // MPI ranks are killed by their launcher, and have a suite of their own.
    let models = Model::available().iter().filter(|&&model| model != Model::Mpi);
    let mut victims: Vec<_> = models.map(|&model| (model, Victim::Caller)).collect();
    victims.retain(|(model, _)| *model != Model::Processes);
    if Model::available().contains(&Model::Processes) {
        // Most of what can go wrong is there.
        victims.extend([Victim::Caller, Victim::Worker, Victim::Either].map(|victim| (Model::Processes, victim)));
    }
    let count = victims.len();
    let share = moments.div_ceil(count as u64);
    let trials = victims.into_iter().zip(0..).map(|((model, victim), number)| {
        let name = format!("{model}::{victim}_killed_at_{share}_moments");
        Trial::test(name, move || {
            CONTINUED.fetch_add(story::tell(model, victim, share, seed.wrapping_add(number)), Ordering::Relaxed);
            Ok(())
        })
    });
    let mut arguments = Arguments::from_args();
    // The tasks sleep, and runs wait for a moment.
    arguments.test_threads.get_or_insert(4);
    let ended = libtest_mimic::run(&arguments, trials.collect());
    // A victim of its own, or a few moments, may be unlucky.
    let is_whole = ended.num_passed as usize == count && moments >= MOMENTS;
    if is_whole && CONTINUED.load(Ordering::Relaxed) == 0 {
        eprintln!("no run was continued: the journal had no outputs at any moment");
        return ExitCode::FAILURE;
    }
    ended.exit_code()
}
