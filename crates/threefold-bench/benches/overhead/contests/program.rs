//! The program `threefold`: its time from start to end on the tutorial's job, and its memory.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use threefold_contest::{Contest, Measured, Sample, Unit, once};

use crate::holdings::{Holdings, children_of, ticks_of};

/// The program that does nothing.
const EMPTY: &str = env!("CARGO_BIN_EXE_empty");

/// Each model, and how many times as long as an empty `main` the program may take on it.
const MODELS: [(&str, f64); 4] = [("sequential", 1.10), ("threads", 1.20), ("async", 1.30), ("processes", 2.3)];

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// A sum that takes years.
const LONG: &str = "-9223372036854775808..=9223372036854775807";

/// After this time a program has started all its threads and processes.
const STARTED: Duration = Duration::from_millis(300);

pub(crate) fn startup(name: &str) -> Contest {
    let mut contest = Contest::new(name, "the program, from exec to exit, on the tutorial's job").rounds(501);
    let program = built();
    for (model, factor) in MODELS {
        contest.ours("program", model, started(&program, &[model]));
        contest.target(model, factor, "an empty `main`");
    }
    contest.rival("program", "an empty `main`", started(Path::new(EMPTY), &[]));
    contest
}

pub(crate) fn memory(name: &str) -> Contest {
    let title = "private memory of the program while it adds, and of an idle worker process of it";
    let mut contest = Contest::new(name, title).rounds(5).unit(Unit::Bytes).beside("in no file", Unit::Bytes);
    let program = built();
    for (model, _) in MODELS {
        let program = program.clone();
        let sample = move || Running::start(&program, &[model, LONG]).holdings();
        contest.ours("program", model, Box::new(sample));
        contest.target_at_most(model, 3.0 * MEBIBYTE);
    }
    contest.ours("program", "an idle worker", Box::new(move || idle_worker(&program)));
    contest.target_at_most("an idle worker", MEBIBYTE);
    contest
}

/// The program as its users build it, beside the folder that has this bench.
fn built() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--quiet", "--release", "--package", "threefold-cli"]).status();
    assert!(status.expect("Cargo runs").success(), "the program cannot be built");
    Path::new(EMPTY).with_file_name("threefold")
}

/// One run of a program, from its start to its end.
fn started(program: &Path, arguments: &[&str]) -> Sample {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    once(move || {
        let status = command.status().expect("it starts");
        assert!(status.success(), "{command:?}: {status}");
    })
}

fn idle_worker(program: &Path) -> Measured {
    // The first chunk is done at once, so that one of the two workers is idle.
    let running = Running::start(program, &["processes", "--workers", "2", "1..=3", LONG]);
    let workers = children_of(running.0.id());
    assert!(workers.len() > 1, "it has two workers");
    let idle = workers.into_iter().min_by_key(|&pid| ticks_of(pid)).expect("it has two workers");
    measured(&Holdings::of(idle))
}

fn measured(holdings: &Holdings) -> Measured {
    assert!(holdings.private > 0, "it has not ended");
    Measured { main: holdings.private as f64, beside: Some(holdings.anonymous as f64) }
}

/// A program that computes until this is dropped.
struct Running(Child);

impl Running {
    fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Self(command.spawn().expect("it starts"));
        sleep(STARTED);
        running
    }

    fn holdings(&self) -> Measured {
        measured(&Holdings::of(self.0.id()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
