//! Four cold worker processes: one fold, and shut down.

use std::process::{Command, Stdio};

use threefold::prelude::*;
use threefold_contest::{Contest, once};

use crate::field::executor;
use crate::rivals::procspawn;
use crate::work::Job;

const WORKERS: usize = 4;

pub(crate) fn crew(name: &str) -> Contest {
    filled(Contest::new(name, "make 4 worker processes, fold 4 empty chunks, shut down"))
}

/// The same with much memory in the parent, which an ordinary fork would have to map again.
pub(crate) fn heavy(name: &str) -> Contest {
    let mut memory = vec![0u8; 1 << 30];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    let mut contest = filled(Contest::new(name, "the same, with 1 GiB touched in the parent"));
    contest.hold(memory);
    contest
}

fn filled(contest: Contest) -> Contest {
    let mut contest = contest.rounds(101);
    let job = Job::empty(WORKERS as u64);
    let check = job.check();
    let fold = move || check(job.fold(&executor(Model::Processes, WORKERS)));
    contest.ours("processes", "processes", once(fold));
    contest.rival("processes", "4 `Command`s of an empty main", once(commands));
    let pool = move || {
        let pool = procspawn::pool(WORKERS);
        check(procspawn::run(&pool, job));
        pool.shutdown();
    };
    contest.rival("processes", "procspawn, pool", once(pool));
    contest.rival(
        "processes",
        "procspawn, a process for each",
        once(move || check(procspawn::a_process_for_each(job))),
    );
    contest.target("processes", 1.0, "4 `Command`s of an empty main");
    contest
}

/// The cost of starting and ending four processes of a Rust program that does nothing.
fn commands() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_empty"));
    command.stdin(Stdio::null());
    let children: Vec<_> = (0..WORKERS).map(|_| command.spawn().expect("it was built")).collect();
    for mut child in children {
        assert!(child.wait().expect("it is ours").success());
    }
}
