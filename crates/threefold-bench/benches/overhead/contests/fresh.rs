//! A fresh process for every chunk, and one in place of each that crashed.

use std::path::PathBuf;

use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, timed};

use crate::pace::Pace;
use crate::rivals::procspawn;
use crate::work::Job;

const CHUNKS: u64 = 16;

pub(crate) fn fresh(name: &str) -> Contest {
    let mut contest = Contest::new(name, "one chunk in a process of its own, one after another").rounds(61);
    let job = Job::empty(CHUNKS);
    let check = job.check();
    let builder = Executor::builder(Model::Processes).workers(1).chunks_per_worker(1);
    let on = builder.build().expect("the executor can be made");
    contest.ours("processes", "processes", Pace::PerChunk(CHUNKS).sample(move || check(job.fold(&on))));
    one_after_another(&mut contest);
    contest
}

pub(crate) fn crash(name: &str) -> Contest {
    let mut contest = Contest::new(name, "one crash, and the chunk again in a new process").rounds(61);
    let builder = Executor::builder(Model::Processes).workers(1).retries(1);
    let on = builder.build().expect("the executor can be made");
    contest.ours("processes", "processes", crashes(on));
    one_after_another(&mut contest);
    contest
}

fn one_after_another(contest: &mut Contest) {
    let job = Job::empty(CHUNKS);
    let check = job.check();
    let spawned = move || check(procspawn::one_process_after_another(job));
    contest.rival("processes", "procspawn::spawn", Pace::PerChunk(CHUNKS).sample(spawned));
    contest.target_at_most("processes", 0.3e-3);
}

/// Takes the file away, and crashes where it was there: that is, once.
#[task]
fn crash_once(mark: PathBuf) -> u32 {
    if std::fs::remove_file(mark).is_ok() {
        std::process::abort();
    }
    1
}

fn crashes(on: Executor) -> Sample {
    Box::new(move || {
        let folder = std::env::temp_dir();
        let name = |chunk| folder.join(format!("threefold-crash-{}-{chunk}", std::process::id()));
        let marks: Vec<PathBuf> = (0..CHUNKS).map(name).collect();
        marks.iter().for_each(|mark| std::fs::write(mark, "").expect("a file can be written"));
        let mut all = Vec::new();
        let seconds = timed(|| all = on.map(Items(marks), crash_once).expect("the second attempt succeeds"));
        assert_eq!(all, [1; CHUNKS as usize]);
        Measured::from(seconds / CHUNKS as f64)
    })
}
