//! Threefold as a competitor: this program, launched on ranks, answers the requests that helpers in C answer too.

use std::collections::BTreeSet;
use std::env;
use std::io::{Write, stdin, stdout};
use std::process;

use threefold::prelude::*;

use crate::large::Large;
use crate::pace::Pace;
use crate::work::{Job, Shape, Work};

/// The words that make this program a competitor. The number of ranks follows.
pub(crate) const HELPER: &str = "--answer";
/// Two more words follow: see [`Large::words`].
pub(crate) const LARGE: &str = "--answer-large";
pub(crate) const EMPTY: &str = "--start-and-end";
pub(crate) const ONE_FOLD: &str = "--fold-once";

/// Does what a competitor does, if this is one.
pub(crate) fn is_one_of_them() -> bool {
    let words: Vec<String> = env::args().skip(1).collect();
    let [word, ranks, more @ ..] = &words[..] else { return false };
    if ![HELPER, LARGE, EMPTY, ONE_FOLD].contains(&word.as_str()) {
        return false;
    }
    let on = Executor::new(Model::Mpi).expect("this program is launched by MPI");
    match word.as_str() {
        HELPER | LARGE => answer(&on, ranks.parse().expect("a number of ranks"), Large::of(more)),
        ONE_FOLD => _ = Job::empty(4).fold(&on),
        _ => {}
    }
    true
}

#[task]
fn process_of(_chunk: u64) -> u32 {
    process::id()
}

/// The process ids of all ranks.
fn pids(on: &Executor, ranks: usize) -> BTreeSet<u32> {
    let mut pids = BTreeSet::from([process::id()]);
    while pids.len() < ranks {
        pids.extend(on.map(Items((0..64).collect()), process_of).expect("no chunk fails"));
    }
    pids
}

/// Answers requests. With `large`, chunks or outputs are large.
fn answer(on: &Executor, ranks: usize, large: Option<Large>) {
    let pids: Vec<String> = pids(on, ranks).iter().map(u32::to_string).collect();
    say(&pids.join(" "));
    for line in stdin().lines() {
        let line = line.expect("a request is text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let [pace, chunks, steps, _] = words[..] else { panic!("unknown request `{line}`") };
        let number = |word: &str| word.parse().expect("a number");
        let pace = match pace {
            "hot" => Pace::Hot,
            "idle" => Pace::Idle,
            _ => Pace::Once,
        };
        let job = Job { chunks: number(chunks), work: Work { steps: number(steps), shape: Shape::Even } };
        let fold = move |on: &Executor| large.map_or_else(|| job.fold(on), |large| large.fold(on, job.chunks));
        let sum = fold(on);
        let on = on.clone();
        let measured = pace.sample(move || assert_eq!(fold(&on), sum))();
        say(&format!("{:.9e} {:.6} {sum}", measured.main, measured.beside.unwrap_or_default()));
    }
}

fn say(line: &str) {
    let mut out = stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the harness reads");
}
