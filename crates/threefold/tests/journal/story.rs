//! A story: one program from its first run to its last, killed at a random moment in each run but the last.

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use threefold::prelude::*;
use threefold::{CancelToken, Journal};

use crate::holdings::children_of;
use crate::program::{self, CHUNKS, FOLDS, LOST, Sleeps, digest, mark, text};

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Caller,
    Worker,
    Either,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "caller",
            Self::Worker => "worker",
            Self::Either => "caller_or_worker",
        })
    }
}

/// Longer than any run takes, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chunk, by the number of its fold and its own.
type Chunk = (u64, u64);

/// A program in a folder of its own.
struct Story {
    model: Model,
    folder: TempDir,
    /// The size of an output.
    bytes: usize,
    /// How many runs there were.
    runs: u64,
}

/// Tells stories until there were so many moments, and the last story to its end. Returns at how many of the moments the
/// journal had outputs.
pub(crate) fn tell(model: Model, victim: Victim, moments: u64, seed: u64) -> u64 {
    let random = &mut SmallRng::seed_from_u64(seed);
    let (mut count, mut stories, mut continued) = (0, 0, 0);
    while count < moments {
        // Large outputs are written while a fold runs, and small ones at its end.
        let bytes = if random.random_range(0..3) == 0 { 300_000 } else { random.random_range(1..200) };
        let loses_tail = random.random_range(0..4) == 0;
        let story = Story { model, folder: TempDir::new().unwrap(), bytes, runs: 0 };
        println!("{model}, {victim}, seed {seed}, story {stories}, {bytes} bytes: {}", story.folder.path().display());
        count += story.run_to_its_end(victim, loses_tail, moments - count, random, &mut continued);
        stories += 1;
    }
    println!("{model}, {victim}: {count} moments in {stories} stories, {continued} of them found outputs");
    continued
}

impl Story {
    /// Returns how many moments there were, at most `most`. Counts those at which the journal had outputs.
    fn run_to_its_end(
        mut self,
        victim: Victim,
        loses_tail: bool,
        most: u64,
        random: &mut SmallRng,
        continued: &mut u64,
    ) -> u64 {
        let mut recorded = BTreeSet::new();
        let mut moments = 0;
        // A run without an interruption takes about as long as this on an idle machine. The moments come later if runs are
        // slower, or no run would ever have an output in the file before it is killed.
        let mut whole = Duration::from_millis(45);
        loop {
            let moment = (moments < most).then(|| whole.mul_f64(random.random_range(0.0..1.3)));
            let kills_worker = match victim {
                Victim::Caller => false,
                Victim::Worker => true,
                Victim::Either => random.random(),
            };
            let status = self.run(moment, kills_worker, random);
            self.no_chunk_ran_of(&recorded);
            if status.success() {
                self.answer_is_right();
                return moments;
            }
            let was_killed = status.code().is_none();
            assert!(moment.is_some() && was_killed != kills_worker, "{status}: {}", self.stderr());
            assert!(was_killed || status.code() == Some(i32::from(LOST)), "{status}: {}", self.stderr());
            moments += 1;
            if loses_tail {
                self.lose_tail(random);
                recorded.clear();
            }
            let found = self.recorded();
            assert!(recorded.is_subset(&found), "outputs are gone: {:?}", recorded.difference(&found));
            *continued += u64::from(!found.is_empty());
            if found == recorded {
                whole = whole.mul_f64(1.1);
            }
            recorded = found;
        }
    }

    /// Runs the program, and kills it or one of its workers at that moment.
    fn run(&mut self, moment: Option<Duration>, kills_worker: bool, random: &mut SmallRng) -> ExitStatus {
        self.runs += 1;
        let (words, (variable, run)) = program::words(self.model, self.folder.path(), self.bytes, self.runs);
        let stderr = OpenOptions::new().create(true).append(true).open(self.folder.path().join("stderr")).unwrap();
        let mut program = Command::new(env::current_exe().unwrap());
        program.args(words).env(variable, run).env("RUST_BACKTRACE", "0");
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        if let Some(moment) = moment {
            // The moment is what is tested here, and nothing is waited for.
            thread::sleep(moment);
            if kills_worker {
                kill_worker(&mut child, random);
            } else {
                child.kill().unwrap();
            }
        }
        wait(&mut child)
    }

    /// None of these chunks ran in the last run.
    fn no_chunk_ran_of(&self, recorded: &BTreeSet<Chunk>) {
        for &(fold, chunk) in recorded {
            let runs = fs::read_to_string(mark(self.folder.path(), fold, chunk)).unwrap();
            let last = runs.lines().filter_map(|run| run.parse::<u64>().ok()).max();
            assert!(
                last < Some(self.runs),
                "chunk {chunk} of fold {fold} was recorded before run {}: {runs}",
                self.runs
            );
        }
    }

    /// The chunks whose outputs the journal has. Each of these outputs must be right.
    fn recorded(&self) -> BTreeSet<Chunk> {
        let (journal, copy) = (self.folder.path().join("journal"), self.folder.path().join("copy"));
        if !journal.exists() {
            return BTreeSet::new();
        }
        // A copy, since to look means to begin folds.
        fs::copy(&journal, &copy).unwrap();
        let token = CancelToken::new();
        token.cancel();
        let on = Executor::new(Model::Sequential).unwrap().cancel(&token).journal(&Journal::open(&copy).unwrap());
        let mut recorded = BTreeSet::new();
        for fold in 0..FOLDS {
            let task = Sleeps { folder: self.folder.path().to_path_buf(), fold, bytes: self.bytes };
            let results = on.map_results(Items((0..CHUNKS).collect()), task).unwrap();
            for (chunk, output) in (0..).zip(results).filter_map(|(chunk, result)| Some((chunk, result.ok()?))) {
                assert!(output == text(fold, chunk, self.bytes), "the output of chunk {chunk} of fold {fold} is wrong");
                recorded.insert((fold, chunk));
            }
        }
        recorded
    }

    /// The last bytes of the journal are gone, as after a crash of the whole machine.
    fn lose_tail(&self, random: &mut SmallRng) {
        let Ok(file) = OpenOptions::new().write(true).open(self.folder.path().join("journal")) else { return };
        let length = file.metadata().unwrap().len();
        file.set_len(length - random.random_range(0..=length.min(100))).unwrap();
    }

    fn answer_is_right(&self) {
        let answer = fs::read_to_string(self.folder.path().join("answer")).unwrap();
        let outputs = (0..FOLDS).flat_map(|fold| (0..CHUNKS).map(move |chunk| text(fold, chunk, self.bytes)));
        let expected = outputs.fold(0, |state, output| digest(state, &output));
        assert_eq!(answer, expected.to_string());
        assert_eq!(self.recorded().len() as u64, FOLDS * CHUNKS, "all of it is recorded");
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }
}

/// Kills one of the workers, as soon as there is one. There is none any more if the program has just ended.
fn kill_worker(child: &mut Child, random: &mut SmallRng) {
    while child.try_wait().unwrap().is_none() {
        let workers = children_of(child.id());
        if !workers.is_empty() {
            let pid = Pid::from_raw(workers[random.random_range(0..workers.len())] as i32).unwrap();
            // It may have just ended.
            let _ = kill_process(pid, Signal::KILL);
            return;
        }
    }
}

/// Waits until the program has ended.
fn wait(child: &mut Child) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the program hangs");
        }
        thread::sleep(Duration::from_millis(1));
    }
}
