//! What a journal costs: the same fold without one, with one, and with one that waits for the disk after each batch.
//!
//! ```text
//! cargo run --release -p threefold-bench --bin journal [CHUNKS] [MICROSECONDS] [ROUNDS]
//! ```
//!
//! By default 200 chunks of 1 ms, in 21 rounds. In each round every kind of fold runs once, and ratios are taken within
//! rounds. Each journal is a new file in the folder for temporary files, and the time includes that it is opened and
//! closed. A chunk computes for the same number of steps in every fold, and gives 96 bytes.

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use threefold::prelude::*;
use threefold::{Journal, Result};

/// A chain of steps, of which none can begin before the one before it has ended.
fn steps(count: u64) -> u64 {
    (0..count).fold(1, |state, _| black_box(state).wrapping_mul(6364136223846793005).wrapping_add(1))
}

#[task]
fn work(_chunk: u64, count: &u64) -> Vec<u8> {
    steps(*count).to_le_bytes().repeat(12)
}

/// How a fold is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Recorded,
    Synced,
}

const KINDS: [Kind; 3] = [Kind::Plain, Kind::Recorded, Kind::Synced];

fn main() -> Result<()> {
    threefold::init();
    let numbers: Vec<u64> = env::args().skip(1).map(|word| word.parse().expect("a number")).collect();
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (chunks, length, rounds) = (number(0, 200), Duration::from_micros(number(1, 1000)), number(2, 21));
    let path = env::temp_dir().join(format!("threefold-bench-{}.journal", std::process::id()));
    let count = count_for(length);
    for model in [Model::Sequential, Model::Threads, Model::Processes] {
        let on = Executor::new(model)?;
        for kind in KINDS {
            time(&on, kind, chunks, count, &path)?;
        }
        let mut times: [Vec<f64>; 3] = Default::default();
        for round in 0..rounds as usize {
            // Each kind is the first of a round as often as the others.
            for turn in 0..KINDS.len() {
                let at = (round + turn) % KINDS.len();
                times[at].push(time(&on, KINDS[at], chunks, count, &path)?.as_secs_f64());
            }
        }
        for (kind, own) in KINDS.iter().zip(&times) {
            let ratios = own.iter().zip(&times[0]).map(|(own, plain)| own / plain).collect();
            let (time, ratio) = (median(own.clone()), median(ratios));
            println!("{model:<10} {kind:?}: {:.2} ms, {ratio:.4} of Plain", time * 1e3);
        }
    }
    let _ = fs::remove_file(path);
    Ok(())
}

/// How many steps take so long.
fn count_for(length: Duration) -> u64 {
    let probe = 1_000_000;
    let times = (0..5).map(|_| {
        let since = Instant::now();
        black_box(steps(probe));
        since.elapsed()
    });
    let least = times.min().expect("there are some").as_secs_f64();
    (length.as_secs_f64() / least * probe as f64) as u64
}

/// How long one fold takes.
fn time(on: &Executor, kind: Kind, chunks: u64, count: u64, path: &PathBuf) -> Result<Duration> {
    let _ = fs::remove_file(path);
    let since = Instant::now();
    let on = match kind {
        Kind::Plain => on.clone(),
        Kind::Recorded | Kind::Synced => on.journal(&Journal::open(path)?.sync(kind == Kind::Synced)),
    };
    let bytes = on.fold(Items((0..chunks).collect()), work.with(count), 0, |sum, output| sum + output.len())?;
    assert_eq!(bytes as u64, chunks * 96);
    drop(on);
    Ok(since.elapsed())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
