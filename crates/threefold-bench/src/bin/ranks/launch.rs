//! How competitors are launched on ranks, and the programs that are rivals.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use threefold_contest::{Contest, Measured, Sample, once};

use crate::helper::{Helper, compile};
use crate::large::Large;
use crate::pace::Pace;
use crate::work::Job;

/// The master and its workers in C.
static MASTER: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| compile(&mpicc(), "src/bin/ranks/native/master.c", &[]));

/// The same for large chunks and outputs.
static LARGE: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| compile(&mpicc(), "src/bin/ranks/native/large.c", &[]));

/// The MPI program that does nothing.
static EMPTY: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| compile(&mpicc(), "src/bin/ranks/native/empty.c", &[]));

/// The arguments by which Python runs the rival with mpi4py.futures, or why there is none.
static FUTURES: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    match Command::new(python()).args(["-c", "import mpi4py.futures"]).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {
            Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/ranks/native/futures.py"))
        }
        Ok(_) => Err(format!("{} has no mpi4py", python())),
        Err(error) => Err(format!("{} cannot be run: {error}", python())),
    }
});

/// After this time a launched job is idle.
const LAUNCHED: Duration = Duration::from_millis(300);

fn mpicc() -> String {
    env::var("MPICC").unwrap_or_else(|_| "mpicc".to_string())
}

fn python() -> String {
    env::var("PYTHON").unwrap_or_else(|_| "python3".to_string())
}

/// Makes the rivals, and prints which are available.
pub(crate) fn prepare() {
    for (name, program) in [("C", &MASTER), ("an empty MPI program", &EMPTY), ("mpi4py.futures", &FUTURES)] {
        match &**program {
            Ok(program) => println!("{name}: {}", program.display()),
            Err(reason) => println!("{name} is absent: {reason}"),
        }
    }
}

/// The launcher, told to start a program on so many ranks.
fn on_ranks(ranks: u32, program: &Path) -> Command {
    let mut command = Command::new(env::var_os("MPIRUN").unwrap_or_else(|| "mpirun".into()));
    command.args(["-n", &ranks.to_string()]).arg(program);
    command
}

fn this_program(ranks: u32, word: &str) -> Command {
    let mut command = on_ranks(ranks, &env::current_exe().expect("this program has a file"));
    command.args([word, &ranks.to_string()]);
    command
}

/// A launched job, which answers requests.
struct Launched {
    helper: Helper,
    pids: Vec<u32>,
}

impl Launched {
    fn start(command: &mut Command) -> Self {
        let mut helper = Helper::start(command);
        // The first line has the process ids of all ranks.
        let pids = helper.line().split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        Self { helper, pids }
    }

    fn processor_time(&self) -> f64 {
        self.pids.iter().map(|&pid| processor_time_of(pid)).sum()
    }
}

/// A job whose ranks are stopped between samples: even ranks that sleep wake up now and then, and would disturb the others.
struct Stopped {
    /// There until this is dropped.
    sample: Option<Sample>,
    pids: Vec<u32>,
}

impl Stopped {
    fn measure(&mut self) -> Measured {
        self.send(Signal::CONT);
        let measured = self.sample.as_mut().expect("it is there until this is dropped")();
        self.send(Signal::STOP);
        measured
    }

    fn send(&self, signal: Signal) {
        for pid in self.pids.iter().filter_map(|&pid| Pid::from_raw(pid.cast_signed())) {
            kill_process(pid, signal).expect("the rank is there");
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // It ends when its input does, which it must be able to notice.
        self.send(Signal::CONT);
        self.sample = None;
    }
}

/// The seconds of processor time of all threads of a process.
fn processor_time_of(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the rank is there").flatten();
    let times = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    times.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

/// What a contest asks of each competitor.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Job(Job, Pace),
    /// To do nothing for so many seconds.
    Idleness(u64),
}

impl Asked {
    fn of(self, mut command: Command) -> Sample {
        match self {
            Asked::Job(job, pace) => {
                let Launched { helper, pids } = Launched::start(&mut command);
                let mut stopped = Stopped { sample: Some(helper.sample(job, pace)), pids };
                stopped.send(Signal::STOP);
                Box::new(move || stopped.measure())
            }
            Asked::Idleness(seconds) => idle(command, seconds),
        }
    }
}

/// The processor time that all ranks together use in so many seconds of idleness. The job ends after each sample, since
/// ranks that do not sleep would disturb the others.
fn idle(mut command: Command, seconds: u64) -> Sample {
    Box::new(move || {
        let job = Launched::start(&mut command);
        thread::sleep(LAUNCHED);
        let before = job.processor_time();
        thread::sleep(Duration::from_secs(seconds));
        Measured::from(job.processor_time() - before)
    })
}

/// Threefold, and the rivals that do the same on as many ranks. `block` is the number of chunks in a block of the rivals in
/// C; 0 divides them evenly.
pub(crate) fn enter_all(contest: &mut Contest, ranks: u32, block: u64, asked: Asked) {
    contest.ours("mpi", "mpi", asked.of(this_program(ranks, crate::ours::HELPER)));
    match &*MASTER {
        Ok(master) => {
            for (name, wait) in [("C, polls", "polls"), ("C, blocks", "blocks")] {
                let mut command = on_ranks(ranks, master);
                command.args([wait, &block.to_string()]);
                contest.rival("mpi", name, asked.of(command));
            }
        }
        Err(reason) => contest.remark(format!("The rivals in C are absent: {reason}.")),
    }
    match &*FUTURES {
        // Chunks of its own have nothing but their number.
        Ok(_) if matches!(asked, Asked::Job(job, _) if job.work.steps > 0) => {}
        Ok(script) => {
            let mut command = on_ranks(ranks, Path::new(&python()));
            if Launched::start(command.arg(script)).pids.len() == ranks as usize {
                contest.rival("mpi", "mpi4py.futures", asked.of(command));
            } else {
                contest.remark("mpi4py.futures is absent: it uses another MPI library (set MPI4PY_LIBMPI).");
            }
        }
        Err(reason) => contest.remark(format!("mpi4py.futures is absent: {reason}.")),
    }
}

/// Threefold and the rivals in C with large chunks or outputs.
pub(crate) fn enter_large(contest: &mut Contest, ranks: u32, large: Large) {
    let asked = Asked::Job(Job::empty(large.chunks()), Pace::Once);
    let mut ours = this_program(ranks, crate::ours::LARGE);
    ours.args(large.words());
    contest.ours("mpi", "mpi", asked.of(ours));
    match &*LARGE {
        Ok(rival) => {
            for (name, wait) in [("C, polls", "polls"), ("C, blocks", "blocks")] {
                let mut command = on_ranks(ranks, rival);
                command.arg(wait).args(large.words());
                contest.rival("mpi", name, asked.of(command));
            }
        }
        Err(reason) => contest.remark(format!("The rivals in C are absent: {reason}.")),
    }
}

/// A whole job, from its launch to its end.
pub(crate) fn enter_launches(contest: &mut Contest, ranks: u32) {
    for (name, word) in [("mpi, no fold", crate::ours::EMPTY), ("mpi, a fold of 4", crate::ours::ONE_FOLD)] {
        contest.ours("mpi", name, launched(this_program(ranks, word)));
    }
    match &*EMPTY {
        Ok(empty) => contest.rival("mpi", "an empty MPI program", launched(on_ranks(ranks, empty))),
        Err(reason) => contest.remark(format!("The empty MPI program is absent: {reason}.")),
    }
}

fn launched(mut command: Command) -> Sample {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    once(move || {
        let status = command.status().expect("it starts");
        assert!(status.success(), "{command:?}: {status}");
    })
}
