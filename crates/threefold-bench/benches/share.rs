//! Tasks that use rayon, in as many worker processes as there are cores: with the share of threads that workers are told,
//! and with a thread for each core in each worker, as without it.
//!
//! Each round runs this program once for each of the two, in turn. The second has `RAYON_NUM_THREADS` set to the number of
//! cores, which rayon would choose by itself, and which the library then leaves alone.

use std::env;
use std::hint::black_box;
use std::process::Command;
use std::thread;
use std::time::Instant;

use rayon::prelude::*;
use threefold::prelude::*;
use threefold_contest::Quartiles;

/// How often each of the two is run.
const ROUNDS: usize = 7;

/// How many chunks each worker runs in a fold.
const CHUNKS_EACH: usize = 8;

/// A chunk is so many loops, one after the other. Each is shared out by rayon, and takes some ten microseconds.
const LOOPS: u64 = 2_000;

/// The number of threads that rayon has in this worker process.
#[task]
fn loops(seed: u64) -> usize {
    for i in 0..LOOPS {
        let mixed = |n: u64| (0..20).fold(n ^ seed ^ i, |n, _| n.wrapping_mul(6364136223846793005).rotate_left(17));
        black_box((0..1_000u64).into_par_iter().map(mixed).reduce(|| 0, u64::wrapping_add));
    }
    rayon::current_num_threads()
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn main() {
    threefold::init();
    if env::args().any(|word| word == "fold") {
        return fold();
    }
    let (mut shared, mut all) = (Vec::new(), Vec::new());
    let (mut shared_threads, mut all_threads) = (0, 0);
    for _ in 0..ROUNDS {
        let (threads, seconds) = run(None);
        shared_threads = threads;
        shared.push(seconds);
        let (threads, seconds) = run(Some(cores()));
        all_threads = threads;
        all.push(seconds);
    }
    let (shared, all) = (Quartiles::of(shared), Quartiles::of(all));
    println!("{} worker processes on {} cores", cores(), cores());
    println!("share          {:.3} s, {shared_threads} rayon threads in all", shared.median);
    println!("one per core   {:.3} s, {all_threads} rayon threads in all", all.median);
    println!("ratio          {:.2}", all.median / shared.median);
}

/// Runs the fold in a copy of this program: how many threads its workers have, and how long it takes.
fn run(threads: Option<usize>) -> (usize, f64) {
    let mut copy = Command::new(env::current_exe().expect("this program has a file"));
    copy.arg("fold").env_remove("RAYON_NUM_THREADS");
    if let Some(threads) = threads {
        copy.env("RAYON_NUM_THREADS", threads.to_string());
    }
    let output = copy.output().expect("this program can be run");
    let text = String::from_utf8(output.stdout).expect("a copy writes text");
    let (threads, seconds) = text.trim().split_once(' ').expect("a copy writes two numbers");
    (threads.parse().expect("a number"), seconds.parse().expect("a number"))
}

/// In a copy: folds once to start all workers and their threads, and once more for the time.
fn fold() {
    let on = Executor::builder(Model::Processes).workers(cores()).build().expect("this program calls init");
    let chunks = || Items((0..(cores() * CHUNKS_EACH) as u64).collect());
    let each = on.map(chunks(), loops).expect("it runs");
    let since = Instant::now();
    on.for_each(chunks(), loops).expect("it runs");
    println!("{} {}", each[0] * cores(), since.elapsed().as_secs_f64());
}
