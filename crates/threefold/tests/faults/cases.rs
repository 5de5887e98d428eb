//! The cases: a step, a fault, how many workers, whether chunks are tried again; and what must come of it.
//!
//! A case passes only if its fault has happened: the actor has left its mark.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use threefold::prelude::*;

use crate::actor::{FOLDER, Fault, Step, mark, part};
use crate::holdings::children;

const MARK: &str = "--case";

/// How many chunks a case folds.
const CHUNKS: u64 = 6;

/// A chunk that hangs is stopped after this. Chunks that flood or are slow have no such deadline: on a busy machine they
/// would miss it.
const TIMEOUT: Duration = Duration::from_millis(500);

/// So many folds may pass until the actor has come to its step: others may be faster.
const FOLDS: usize = 100;

/// A worker that was told to exit is killed after a moment, on a busy machine before it has left its mark. Such a case is
/// run again, so often at most.
const GOODBYES: usize = 5;

/// A case that has not ended by then never will: the library's own patience is 10 s.
const BOUND: Duration = Duration::from_secs(60);

#[task]
pub(crate) fn echo(chunk: u64) -> u64 {
    chunk
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    step: Step,
    fault: Fault,
    workers: usize,
    retries: u32,
    /// Whether each chunk has its own worker. The first process is then a fork server, which runs no chunk.
    fresh: bool,
}

/// Every fault at every step, with one worker and two, with and without retries. The first worker makes copies if there
/// are two workers, or if it is a fork server.
pub(crate) fn all() -> impl Iterator<Item = Case> {
    Step::ALL.into_iter().flat_map(|step| {
        Fault::ALL.into_iter().flat_map(move |fault| {
            let asks = match step {
                Step::CopyWanted => [(1, 0, true), (2, 2, true), (2, 0, false), (2, 2, false)],
                _ => [(1, 0, false), (1, 2, false), (2, 0, false), (2, 2, false)],
            };
            asks.map(move |(workers, retries, fresh)| Case { step, fault, workers, retries, fresh })
        })
    })
}

/// What makes the others worth something.
pub(crate) fn a_fault_that_does_not_happen_is_noticed() -> Trial {
    Trial::test("a_fault_that_does_not_happen_is_noticed", || {
        let case = Case { step: Step::Never, fault: Fault::Kill, workers: 2, retries: 2, fresh: false };
        if case.happens() { Err("there is a mark of it".into()) } else { Ok(()) }
    })
}

impl Case {
    pub(crate) fn trial(self) -> Trial {
        let Self { step, fault, workers, retries, fresh } = self;
        let fresh = if fresh { "_fresh" } else { "" };
        Trial::test(format!("{step:?}::{fault:?}::{workers}_workers_{retries}_retries{fresh}"), move || {
            let times = if step == Step::AtGoodbye { GOODBYES } else { 1 };
            if (0..times).any(|_| self.happens()) { Ok(()) } else { Err("the actor left no mark".into()) }
        })
    }

    /// What may come of it: the right total, or an error of one kind.
    fn expected(self) -> &'static [&'static str] {
        let only_slow = matches!(self.fault, Fault::Flood | Fault::Slow);
        match self.step {
            _ if only_slow => &["right"],
            // The worker never became ready: another one is started.
            Step::BeforeHello | Step::CopyWanted | Step::InHello => &["right"],
            // Nothing was started: the chunk is handed out again. All is answered, and nothing more to lose.
            Step::AfterHello | Step::ChunkReceived | Step::AfterAnswer | Step::AtGoodbye => &["right"],
            Step::ChunkStarted | Step::InAnswer if self.retries > 0 => &["right"],
            Step::ChunkStarted if matches!(self.fault, Fault::Hang | Fault::Stop) => &["timeout"],
            Step::ChunkStarted | Step::InAnswer => &["lost"],
            Step::Never => &["right"],
        }
    }

    /// Runs the case and checks what came of it; says whether its fault happened.
    fn happens(self) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let part_words = format!("{:?} {:?}", self.step, self.fault);
        fs::write(part(folder.path()), &part_words).unwrap();
        let words = format!("{part_words} {} {} {}", self.workers, self.retries, self.fresh);
        let program = Command::new(std::env::current_exe().unwrap())
            .args([MARK])
            .args(words.split(' '))
            .env(FOLDER, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = program.id();
        let (done, watched) = std::sync::mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            if watched.recv_timeout(BOUND).is_err() {
                let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                return true;
            }
            false
        });
        let output = program.wait_with_output().unwrap();
        let _ = done.send(());
        assert!(!watchdog.join().unwrap(), "{words}: it did not end");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let result = stdout.lines().last().unwrap_or_default().to_string();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}: {result}\n{}", stderr.lines().last().unwrap_or_default());
        assert!(self.expected().contains(&result.as_str()), "{words}: {result}, not {:?}", self.expected());
        assert!(!part(folder.path()).exists(), "{words}: no worker took the part");
        let mark = fs::read_to_string(mark(folder.path()));
        mark.is_ok_and(|mark| mark == part_words)
    }
}

/// In the process of a case, runs it, and prints what came of it.
pub(crate) fn run() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [first, step, fault, workers, retries, fresh] = &words[..] else { return None };
    if first != MARK {
        return None;
    }
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let builder = Executor::builder(Model::Processes).workers(workers.parse().unwrap());
    let builder = builder.retries(retries.parse().unwrap());
    let builder = if fresh.parse().unwrap() { builder.chunks_per_worker(1) } else { builder };
    let hangs = [Fault::Hang, Fault::Stop].iter().any(|known| *fault == format!("{known:?}"));
    let on = if hangs { builder.timeout(TIMEOUT) } else { builder }.build().unwrap();
    let goes_wrong_in_a_fold = *step != format!("{:?}", Step::AtGoodbye);
    let mut result = fold(&on);
    for _ in 1..FOLDS {
        if !goes_wrong_in_a_fold || mark(&folder).exists() {
            break;
        }
        result = fold(&on);
    }
    assert_eq!(fold(&on), "right", "the next fold works");
    drop(on);
    assert_eq!(children(), [], "no worker is left");
    println!("\n{result}");
    Some(ExitCode::SUCCESS)
}

/// What comes of a fold.
fn fold(on: &Executor) -> &'static str {
    match on.fold(Items((0..CHUNKS).collect()), echo, 0, |sum, part| sum + part) {
        Ok(total) => {
            assert_eq!(total, (0..CHUNKS).sum(), "a wrong total");
            "right"
        }
        Err(error) if error.is_timeout() => "timeout",
        Err(error) if error.is_worker_lost() => "lost",
        Err(error) if error.is_setup() => "setup",
        Err(error) => panic!("{error}"),
    }
}
