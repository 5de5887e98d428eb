//! What the dispatcher itself takes, measured on this machine.
//!
//! It must be the same for any number of workers. Only the caches make a difference: the state of 10,000 workers does not
//! fit into the smallest of them.

use std::hint::black_box;
use std::time::Instant;

use crate::remote::dispatch::{Command, Dispatch, Progress, Terms};

const WORKERS: [usize; 4] = [10, 100, 1_000, 10_000];

/// How many blocks are measured together.
const BLOCKS: u64 = 300_000;

/// How many workers are lost together. Each is replaced.
const LOSSES: u64 = 1_000;

/// The median of so many measurements counts.
const ROUNDS: usize = 9;

/// The median times of a dispatcher, in nanoseconds.
pub(crate) struct Measured {
    pub(crate) workers: usize,
    /// A worker answers its block and is sent another.
    pub(crate) block: f64,
    /// A worker is lost, and another is started and sent a block.
    pub(crate) loss: f64,
}

pub(crate) fn measure() -> Vec<Measured> {
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let rounds = |one: fn(usize) -> f64, workers| median((0..ROUNDS).map(|_| one(workers)).collect());
    WORKERS.map(|workers| Measured { workers, block: rounds(block, workers), loss: rounds(loss, workers) }).into()
}

/// A dispatcher whose workers all have two blocks of one chunk.
fn busy(workers: usize) -> Dispatch {
    let terms = Terms {
        chunks: u64::MAX / 4,
        workers,
        attempts: u32::MAX,
        attempts_at_panics: 1,
        keeps_going: false,
        chunks_per_worker: None,
        timeout: None,
        window: u64::MAX / 2,
    };
    let mut dispatch = Dispatch::new(terms, 0);
    for worker in 0..workers {
        dispatch.admit(worker, 0).expect("there is room for every worker");
    }
    obey(&mut dispatch);
    // From now on a chunk takes longer than a block should, so each block has one.
    for worker in 0..workers {
        answer(&mut dispatch, worker);
    }
    obey(&mut dispatch);
    dispatch
}

fn obey(dispatch: &mut Dispatch) {
    while let Some(command) = dispatch.next() {
        match command {
            Command::Send { worker, .. } => dispatch.drained(worker),
            Command::Start { worker } => _ = dispatch.ready(worker),
            Command::Recall { .. } => {}
            other => unreachable!("no time passes: {other:?}"),
        }
    }
}

fn answer(dispatch: &mut Dispatch, worker: usize) {
    let count = dispatch.due_together(worker);
    dispatch.done(worker, count, 1 << 40);
}

/// Goes through the workers in an order that no cache expects.
fn scattered(workers: usize) -> impl Iterator<Item = usize> {
    // The step has no divisor in common with a power of ten, so every worker has its turn.
    (0u64..).map(move |turn| (turn.wrapping_mul(6_364_136_223_846_793_003) % workers as u64) as usize)
}

fn block(workers: usize) -> f64 {
    let mut dispatch = busy(workers);
    let began = Instant::now();
    for worker in scattered(workers).take(BLOCKS as usize) {
        answer(&mut dispatch, worker);
        obey(black_box(&mut dispatch));
    }
    began.elapsed().as_nanos() as f64 / BLOCKS as f64
}

fn loss(workers: usize) -> f64 {
    let mut dispatch = busy(workers);
    let began = Instant::now();
    for worker in scattered(workers).take(LOSSES as usize) {
        dispatch.lost(worker, Progress::Unknown, &|_| 0);
        // A turn begins: a worker may be started.
        dispatch.time(0);
        obey(black_box(&mut dispatch));
    }
    began.elapsed().as_nanos() as f64 / LOSSES as f64
}
