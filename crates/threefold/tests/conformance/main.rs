//! Every law of DESIGN, as a row for every model. Sequential is the oracle.
//!
//! A row is a function of the model; its name is the sentence that it proves. Where a row holds for some models only, it
//! says which, and why, and is not listed for the others. What must be watched from outside - a whole process's streams,
//! descriptors, children - runs in a copy of this program: see `fixtures`.
//!
//! With `THREEFOLD_ISOLATED` in the environment all rows for mpi run their chunks in worker processes of the ranks.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod arrays;
mod buffers;
mod cancelled;
mod captures;
mod combine;
mod events;
mod fixtures;
mod from_env;
#[path = "../holdings/mod.rs"]
mod holdings;
mod host_runtime;
mod hostile;
mod in_place;
#[cfg(feature = "journal")]
mod law10_journals;
#[cfg(feature = "journal")]
mod law10_resuming;
mod law1_same_answer;
mod law2_same_error;
mod law3_never_wrong;
mod law4_main_runs_once;
mod law5_no_waiting_on_yourself;
mod law6_nothing_left;
mod law7_exact;
mod law8_prints;
mod law9_awaiting;
mod law9_streaming;
mod lines;
#[cfg(feature = "tracing")]
mod logs;
#[path = "../holdings/notice.rs"]
mod notice;
mod options;
mod properties;
#[cfg(feature = "rand")]
mod random;
mod recall;
mod reliability;
mod retries;
mod share;
mod state;
mod tasks;
mod waits;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use threefold::{Executor, Model};

/// A law, or a part of one.
struct Row {
    name: &'static str,
    holds_for: fn(Model) -> bool,
    check: fn(Model),
}

/// The rows of one law: `every` model, or those for which a condition holds.
#[macro_export]
macro_rules! rows {
    ($($condition:ident: $($check:ident),+ $(,)?);+ $(;)?) => {
        /// The rows of this law.
        pub(crate) const ROWS: &[$crate::Row] =
            &[$($($crate::Row { name: stringify!($check), holds_for: $crate::$condition, check: $check }),+),+];
    };
}

fn every(_: Model) -> bool {
    true
}

/// Those with a number of workers to choose.
fn with_workers(model: Model) -> bool {
    model != Model::Sequential
}

/// Where an executor for which two workers are asked has two. Those of an MPI job are in all ranks but one.
fn with_two_workers(model: Model) -> bool {
    with_workers(model) && !(ranked(model) && threefold::ranks() == 2)
}

/// Where nothing but the chunk itself can end it.
fn uninterruptible(model: Model) -> bool {
    matches!(model, Model::Sequential | Model::Threads | Model::Mpi)
}

/// Where chunks run in this process. In an MPI job of one rank they do.
fn local(model: Model) -> bool {
    match model {
        Model::Processes => false,
        Model::Mpi => threefold::ranks() == 1 && !is_isolated(model),
        _ => true,
    }
}

/// Where chunks run on several threads of this process.
fn local_with_workers(model: Model) -> bool {
    local(model) && with_workers(model)
}

/// Where chunks run in other processes.
fn remote(model: Model) -> bool {
    !local(model)
}

/// Where chunks run in other ranks of an MPI job.
fn ranked(model: Model) -> bool {
    model == Model::Mpi && threefold::ranks() > 1
}

/// Where a start is told while the chunk runs. A rank says only with its answer when a chunk began.
fn telling_starts(model: Model) -> bool {
    model != Model::Mpi || local(model)
}

/// Where all chunks run on this host.
fn unranked(model: Model) -> bool {
    !ranked(model)
}

/// Where an executor can have one worker alone. The workers of an MPI job are in all ranks but one.
fn with_one_worker(model: Model) -> bool {
    model != Model::Mpi || threefold::ranks() <= 2
}

/// Where chunks run on threads that the executor starts.
fn pooled(model: Model) -> bool {
    matches!(model, Model::Async | Model::Threads)
}

fn sequential(model: Model) -> bool {
    model == Model::Sequential
}

fn threads(model: Model) -> bool {
    model == Model::Threads
}

fn asynchronous(model: Model) -> bool {
    model == Model::Async
}

fn processes(model: Model) -> bool {
    model == Model::Processes
}

/// Where a crash ends a worker and never the caller, if that is asked for.
fn isolating(model: Model) -> bool {
    model.capabilities().survives_crashes
}

fn isolating_with_one_worker(model: Model) -> bool {
    isolating(model) && with_one_worker(model)
}

/// Where one chunk of an async task waits at a time.
fn waiting_alone(model: Model) -> bool {
    !model.capabilities().waits_at_once
}

/// Where a chunk that takes too long can be stopped.
fn stopping(model: Model) -> bool {
    model.capabilities().stops_chunks
}

/// Where nothing can stop a chunk.
fn without_deadlines(model: Model) -> bool {
    !model.capabilities().stops_chunks
}

/// Whether chunks of an MPI job run in worker processes of the ranks in all rows, as the environment asks for.
fn is_isolated(model: Model) -> bool {
    model == Model::Mpi && std::env::var_os("THREEFOLD_ISOLATED").is_some()
}

/// An executor with so many workers, where the model has a choice.
fn executor(model: Model, workers: usize) -> Executor {
    let builder = Executor::builder(model);
    let builder = if with_workers(model) { builder.workers(workers) } else { builder };
    let builder = if is_isolated(model) { builder.isolate(true) } else { builder };
    builder.build().expect("the model is available")
}

/// An executor with so many workers, where a crash ends a worker.
fn isolated(model: Model, workers: usize) -> Executor {
    Executor::builder(model).workers(workers).isolate(true).build().expect("the model is available")
}

fn main() -> ExitCode {
    if let Some(code) = fixtures::run_without_init() {
        return code;
    }
    threefold::init();
    if let Some(code) = fixtures::run() {
        return code;
    }
    let laws = [
        ("law1", law1_same_answer::ROWS),
        ("law2", law2_same_error::ROWS),
        ("law3", law3_never_wrong::ROWS),
        ("law4", law4_main_runs_once::ROWS),
        ("law5", law5_no_waiting_on_yourself::ROWS),
        ("law6", law6_nothing_left::ROWS),
        ("law7", law7_exact::ROWS),
        ("law8", law8_prints::ROWS),
        ("cancelled", cancelled::ROWS),
        ("combine", combine::ROWS),
        ("law9", law9_awaiting::ROWS),
        ("law9", law9_streaming::ROWS),
        #[cfg(feature = "journal")]
        ("law10", law10_resuming::ROWS),
        #[cfg(feature = "journal")]
        ("law10", law10_journals::ROWS),
        ("host_runtime", host_runtime::ROWS),
        ("arrays", arrays::ROWS),
        ("buffers", buffers::ROWS),
        ("events", events::ROWS),
        ("from_env", from_env::ROWS),
        ("captures", captures::ROWS),
        ("hostile", hostile::ROWS),
        ("in_place", in_place::ROWS),
        ("lines", lines::ROWS),
        #[cfg(feature = "tracing")]
        ("logs", logs::ROWS),
        ("options", options::ROWS),
        ("properties", properties::ROWS),
        #[cfg(feature = "rand")]
        ("random", random::ROWS),
        ("recall", recall::ROWS),
        ("reliability", reliability::ROWS),
        ("retries", retries::ROWS),
        ("share", share::ROWS),
        ("state", state::ROWS),
        ("waits", waits::ROWS),
    ];
    let mut trials = Vec::new();
    for &model in Model::available() {
        for (law, rows) in laws {
            for row in rows.iter().filter(|row| (row.holds_for)(model)) {
                let check = row.check;
                let name = format!("{model}::{law}::{}", row.name);
                trials.push(Trial::test(name, move || {
                    check(model);
                    Ok(())
                }));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
