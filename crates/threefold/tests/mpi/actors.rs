//! The parts that processes of a job play: what rank 0 does, and the tasks that end their rank.

use std::process::{self, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use threefold::prelude::*;

#[task]
pub(crate) fn same(chunk: u64) -> u64 {
    chunk
}

#[task]
fn dies_on_seven(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(20));
    if chunk == 7 {
        let _ = kill_process(getpid(), Signal::KILL);
        thread::sleep(Duration::from_secs(60));
    }
    chunk
}

#[task]
fn exits_on_seven(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(20));
    if chunk == 7 {
        process::exit(3);
    }
    chunk
}

#[task]
pub(crate) fn stops_on_seven(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(20));
    if chunk == 7 {
        let _ = kill_process(getpid(), Signal::STOP);
        // The signal may take a moment.
        thread::sleep(Duration::from_secs(60));
    }
    chunk
}

#[task]
fn panics_on_seven(chunk: u64) -> u64 {
    assert!(chunk != 7, "seven is not welcome");
    chunk
}

/// The chunks of a small fold.
pub(crate) fn numbers() -> Items<u64> {
    Items((0..10).collect())
}

pub(crate) fn add(sum: u64, part: u64) -> u64 {
    sum + part
}

pub(crate) fn show(result: threefold::Result<u64>) {
    match result {
        Ok(total) => println!("total {total}"),
        Err(error) => println!("error: {error}"),
    }
}

/// What rank 0 does.
pub(crate) fn play(actor: &str) -> ExitCode {
    let on = || Executor::new(Model::Mpi).unwrap();
    let total = |on: &Executor| println!("total {}", on.fold(numbers(), same, 0, add).unwrap());
    match actor {
        "killed" => show(on().fold(numbers(), dies_on_seven, 0, add)),
        "exits" => show(on().fold(numbers(), exits_on_seven, 0, add)),
        "stopped" => show(on().fold(numbers(), stops_on_seven, 0, add)),
        "panics" => {
            let on = on();
            show(on.fold(numbers(), panics_on_seven, 0, add));
            total(&on);
        }
        "main-panics" => {
            total(&on());
            panic!("main has had enough");
        }
        "main-exits" => {
            total(&on());
            process::exit(3);
        }
        "thread-exits" => {
            let on = on();
            total(&on);
            let _ = thread::spawn(|| process::exit(0)).join();
        }
        "rests" => {
            thread::sleep(Duration::from_millis(300));
            println!("rested");
        }
        "cost" => cost(),
        _ => panic!("no actor {actor}"),
    }
    ExitCode::SUCCESS
}

/// Prints what a fold of four empty chunks takes, in microseconds, and what a chunk of a longer fold takes.
fn cost() {
    let on = Executor::new(Model::Mpi).unwrap();
    for _ in 0..5 {
        let time = |folds: u32, chunks: u64| {
            let began = Instant::now();
            (0..folds).for_each(|_| on.for_each((0..chunks).chunks_of(1), nothing_of).unwrap());
            began.elapsed().as_secs_f64() * 1e6 / f64::from(folds)
        };
        let (four, many) = (time(2000, 4), time(20, 100_000));
        let began = Instant::now();
        on.for_each((0..2000u64).chunks_of(1), brief).unwrap();
        let each = began.elapsed().as_secs_f64() * 1e6 / 2000.0;
        println!("fold of 4: {four:.2} us; empty chunk: {:.4} us; chunk of 50 us: {each:.2} us", many / 100_000.0);
        thread::sleep(Duration::from_millis(100));
        let began = Instant::now();
        on.for_each((0..4u64).chunks_of(1), nothing_of).unwrap();
        println!("first fold after a pause: {:.0} us", began.elapsed().as_secs_f64() * 1e6);
    }
}

#[task]
fn nothing_of(_chunk: std::ops::Range<u64>) {}

#[task]
fn brief(_chunk: std::ops::Range<u64>) {
    let until = Instant::now() + Duration::from_micros(50);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}
