//! The soak: fold after fold while workers are killed at random, with retries on. Every total is right, and nothing
//! piles up: it runs in a process of its own, whose processes, threads and descriptors are after each fold what they were.
//! Signals are aimed at random and may come too late. What counts are the workers that died.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};
use threefold::Event;
use threefold::prelude::*;

use crate::holdings::{Holdings, stat};

/// How many folds an ordinary run has; `THREEFOLD_SOAK=10000` asks for more.
const FOLDS: u64 = 300;

#[task]
fn process_of(_chunk: u64) -> u32 {
    std::process::id()
}

#[task]
fn weigh(chunk: u64) -> u64 {
    (0..20_000).fold(chunk, |weight, i| std::hint::black_box(weight ^ i)) & 1 | chunk << 1
}

pub(crate) fn soak() {
    let folds = std::env::var("THREEFOLD_SOAK").ok().and_then(|folds| folds.parse().ok()).unwrap_or(FOLDS);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("{folds} folds, seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let expected: u64 = (0..40).map(*weigh).sum();
    let (mut deaths, cut_short) = (0, Arc::new(AtomicU64::new(0)));
    let before = Holdings::now();
    for fold in 0..folds {
        // An executor for some folds: its workers are this fold's to kill, and no other test's.
        let on = Executor::builder(Model::Processes).workers(2).retries(20).build().unwrap();
        let mut workers = on.map(Items((0..4).collect()), process_of).unwrap();
        workers.sort_unstable();
        workers.dedup();
        let ended = AtomicBool::new(false);
        let moments: Vec<(usize, u64)> =
            (0..2).map(|_| (random.random_range(0..8), random.random_range(0..3000))).collect();
        let total = thread::scope(|scope| {
            let killer = scope.spawn(|| {
                for (victim, moment) in moments {
                    thread::sleep(Duration::from_micros(moment));
                    if let Some(&pid) = workers.get(victim)
                        && !ended.load(Ordering::SeqCst)
                    {
                        let _ = Pid::from_raw(pid as i32).map(|pid| kill_process(pid, Signal::KILL));
                    }
                }
            });
            let count = Arc::clone(&cut_short);
            let watched = on.observe(move |event| {
                if matches!(event, Event::Retried(_)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            let total = watched.fold(Items((0..40).collect()), weigh, 0, |sum, part| sum + part);
            ended.store(true, Ordering::SeqCst);
            killer.join().unwrap();
            total
        });
        assert_eq!(total.unwrap(), expected, "fold {fold}");
        deaths += workers.iter().filter(|&&pid| is_dead(pid)).count();
        drop(on);
        // The thread that killed has been joined; the system may list it for a moment more.
        let is_as_before = (0..100_000).any(|_| Holdings::now() == before || (thread::yield_now(), false).1);
        assert!(is_as_before, "after fold {fold}: {:?}, not {before:?}", Holdings::now());
    }
    let cut_short = cut_short.load(Ordering::Relaxed);
    println!("{deaths} workers died, {cut_short} chunks were run again");
    assert!(deaths as u64 >= folds / 20 && cut_short > 0, "too little was put to the test");
}

/// Whether a child of this process is none any more, or only waits to be looked after.
fn is_dead(pid: u32) -> bool {
    stat(pid).is_none_or(|(state, parent)| state == 'Z' || parent != std::process::id())
}
