//! The cases: a step, a fault, how many workers, whether chunks are tried again; and what must come of it.

use std::fs;
use std::process::{Command, ExitCode, Stdio, id};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use threefold::prelude::*;

use crate::actor::{Fault, Step, part_of};

const MARK: &str = "--case";

/// How many chunks a case folds.
const CHUNKS: u64 = 6;

/// Chunks take no time; one that hangs is stopped after this.
const TIMEOUT: Duration = Duration::from_millis(500);

/// A case has ended by then, whatever else the machine does; the library's own patience is 10 s.
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
}

/// Every fault at every step, with one worker and two, with and without retries.
pub(crate) fn all() -> impl Iterator<Item = Case> {
    Step::ALL.into_iter().flat_map(|step| {
        Fault::ALL.into_iter().flat_map(move |fault| {
            [(1, 0), (1, 2), (2, 0), (2, 2)].map(move |(workers, retries)| Case { step, fault, workers, retries })
        })
    })
}

impl Case {
    pub(crate) fn trial(self) -> Trial {
        let Self { step, fault, workers, retries } = self;
        Trial::test(format!("{step:?}::{fault:?}::{workers}_workers_{retries}_retries"), move || {
            self.check();
            Ok(())
        })
    }

    /// What may come of it: the right total, or an error of one kind.
    fn expected(self) -> &'static [&'static str] {
        let only_slow = matches!(self.fault, Fault::Flood | Fault::Slow);
        match self.step {
            _ if only_slow => &["right"],
            // It never came to life: another is tried.
            Step::BeforeHello | Step::InHello => &["right"],
            // Nothing was started: the chunk is handed out again. All is answered, and nothing more to lose.
            Step::AfterHello | Step::ChunkReceived | Step::AfterAnswer | Step::AtGoodbye => &["right"],
            Step::ChunkStarted | Step::InAnswer if self.retries > 0 => &["right"],
            Step::ChunkStarted if matches!(self.fault, Fault::Hang | Fault::Stop) => &["timeout"],
            Step::ChunkStarted | Step::InAnswer => &["lost"],
        }
    }

    fn check(self) {
        let words = format!("{:?} {:?} {} {}", self.step, self.fault, self.workers, self.retries);
        let program = Command::new(std::env::current_exe().unwrap())
            .args([MARK])
            .args(words.split(' '))
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
    }
}

/// In the process of a case, runs it, and prints what came of it.
pub(crate) fn run() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [mark, step, fault, workers, retries] = &words[..] else { return None };
    if mark != MARK {
        return None;
    }
    fs::write(part_of(id()), format!("{step} {fault}")).unwrap();
    let builder = Executor::builder(Model::Processes).workers(workers.parse().unwrap());
    // What is only slow is not to be stopped, however busy the machine is.
    let timeout = if ["Flood", "Slow"].contains(&fault.as_str()) { BOUND / 2 } else { TIMEOUT };
    let on = builder.retries(retries.parse().unwrap()).timeout(timeout).build().unwrap();
    let chunks = || Items((0..CHUNKS).collect::<Vec<_>>());
    let sum = || on.fold(chunks(), echo, 0, |sum, part| sum + part);
    let expected = (0..CHUNKS).sum();

    let result = match sum() {
        Ok(total) => {
            assert_eq!(total, expected, "a wrong total");
            "right"
        }
        Err(error) if error.is_timeout() => "timeout",
        Err(error) if error.is_worker_lost() => "lost",
        Err(error) if error.is_setup() => "setup",
        Err(error) => panic!("{error}"),
    };
    assert!(!part_of(id()).exists(), "the part was played");
    assert_eq!(sum().unwrap(), expected, "the next fold works");
    let begun = Instant::now();
    drop(on);
    assert!(begun.elapsed() < BOUND / 10, "the executor ends");
    println!("\n{result}");
    Some(ExitCode::SUCCESS)
}
