//! `Job`: one launch of this program on ranks, watched from outside.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::program::WORD;

/// A job that has not ended by then hangs. A silent rank is noticed after 2 s, and four jobs share the machine.
const HANGS: Duration = Duration::from_secs(60);

/// After so many seconds a silent rank is lost.
const SILENCE: &str = "2";

/// How long the system may take to remove a process that was killed.
const REMOVED: Duration = Duration::from_secs(10);

/// Which MPI library the ranks use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Library {
    OpenMpi,
    Mpich,
}

/// What launches ranks.
#[derive(Clone)]
pub(crate) struct Launcher {
    /// Its program, and options of it.
    pub(crate) words: Vec<String>,
    pub(crate) library: Library,
}

/// A running job.
pub(crate) struct Job {
    launcher: Child,
    folder: TempDir,
    ranks: usize,
    began: Instant,
    output: [JoinHandle<String>; 2],
}

/// A job that has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    out: String,
    err: String,
}

impl Job {
    pub(crate) fn launch(launcher: &Launcher, ranks: usize, bad: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(&launcher.words[0]);
        command.args(&launcher.words[1..]).args(["-n", &ranks.to_string()]).arg(std::env::current_exe().unwrap());
        command.arg(WORD).arg(folder.path());
        command.arg(bad.map_or("none".to_string(), |chunk| chunk.to_string()));
        // What the launcher keeps while the job runs is in the folder, and goes with it.
        command.env("TMPDIR", folder.path()).env("RUST_BACKTRACE", "0");
        command.env("THREEFOLD_RANK_SILENCE", SILENCE);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut launcher = command.spawn().unwrap();
        let output = [reader(launcher.stdout.take().unwrap()), reader(launcher.stderr.take().unwrap())];
        Self { launcher, folder, ranks, began: Instant::now(), output }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits until that file is there. The job must not end before.
    pub(crate) fn wait_for(mut self, name: &str) -> Result<Self, Failed> {
        while !self.file(name).exists() {
            if self.began.elapsed() > HANGS || self.launcher.try_wait().unwrap().is_some() {
                let ended = self.end()?;
                return Err(ended.failure(&format!("the job ended without the file `{name}`")));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(self)
    }

    /// The next fold that begins is the last one.
    pub(crate) fn tell_to_end(&self) {
        fs::write(self.file("end"), "").unwrap();
    }

    /// What errors say of a rank.
    pub(crate) fn name_of(&self, rank: usize) -> String {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        format!("rank {rank} ({}, pid {})", host.trim(), self.pid(rank).unwrap().as_raw_nonzero())
    }

    fn pid(&self, rank: usize) -> Option<Pid> {
        Pid::from_raw(fs::read_to_string(self.file(&format!("rank-{rank}"))).ok()?.parse().ok()?)
    }

    /// Sends the signal to a rank. Returns whether its effect can be seen: the process was alive before, and is dead or
    /// stopped then, as the signal says.
    pub(crate) fn strike(&self, rank: usize, signal: Signal) -> bool {
        let pid = self.pid(rank).unwrap();
        if is_dead(pid) || kill_process(pid, signal).is_err() {
            return false;
        }
        let has_effect = || match signal {
            Signal::STOP => state_of(pid) == Some('T'),
            Signal::CONT => state_of(pid) != Some('T'),
            _ => is_dead(pid),
        };
        let sent = Instant::now();
        while sent.elapsed() < REMOVED && !is_dead(pid) && !has_effect() {
            thread::yield_now();
        }
        has_effect()
    }

    /// Whether rank 0 was told to end and is gone, and every other rank that is there is stopped.
    fn is_left_to_stopped_ranks(&self) -> bool {
        let mut pids = (0..self.ranks).map(|rank| self.pid(rank));
        let gone = |pid: Option<Pid>| pid.is_some_and(is_dead);
        let is_stopped = |pid: Option<Pid>| pid.is_some_and(|pid| is_dead(pid) || state_of(pid) == Some('T'));
        self.file("end").exists() && gone(pids.next().flatten()) && pids.all(is_stopped)
    }

    /// Waits for the end of the job. Nothing of it is left then.
    pub(crate) fn end(mut self) -> Result<Ended, Failed> {
        let mut hangs = false;
        let mut is_over = None;
        let status = loop {
            if let Some(status) = self.launcher.try_wait().unwrap() {
                break status;
            }
            // A rank that is stopped when rank 0 has left the job already keeps the launcher, and nobody is there who
            // could notice. It is continued, so that the round can show that all else was well.
            if self.is_left_to_stopped_ranks() {
                if is_over.get_or_insert_with(Instant::now).elapsed() > REMOVED {
                    (0..self.ranks)
                        .filter_map(|rank| self.pid(rank))
                        .for_each(|pid| _ = kill_process(pid, Signal::CONT));
                }
            } else {
                is_over = None;
            }
            if self.began.elapsed() > HANGS {
                hangs = true;
                self.launcher.kill().unwrap();
            }
            thread::sleep(Duration::from_millis(1));
        };
        let waits = Instant::now();
        let pids: Vec<Pid> = (0..self.ranks).filter_map(|rank| self.pid(rank)).collect();
        while !hangs && waits.elapsed() < REMOVED && !pids.iter().all(|&pid| is_dead(pid)) {
            thread::sleep(Duration::from_millis(1));
        }
        let left: Vec<_> = pids.into_iter().filter(|&pid| !is_dead(pid)).collect();
        for &pid in &left {
            _ = kill_process(pid, Signal::KILL);
        }
        let [out, err] = self.output.map(|reader| reader.join().unwrap());
        let ended = Ended { status, out, err };
        ended.demand(!hangs || ended.only_the_launcher_hangs(), "the job hangs")?;
        ended.demand(hangs || left.is_empty(), "ranks are left when the launcher has ended")?;
        Ok(ended)
    }
}

/// The letter that the system has for the state of a process.
fn state_of(pid: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name before may hold anything, brackets included.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

fn is_dead(pid: Pid) -> bool {
    state_of(pid).is_none_or(|state| state == 'Z' || state == 'X')
}

fn reader(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read counts, even if the launcher dies.
        _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ended {
    /// What follows `start` in the lines of the standard output that begin with it.
    pub(crate) fn lines<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.out.lines().filter_map(move |line| line.strip_prefix(start))
    }

    pub(crate) fn has_line(&self, line: &str) -> bool {
        self.out.lines().any(|other| other == line)
    }

    /// Whether the program, or the launcher, printed these words.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.out.contains(words) || self.err.contains(words)
    }

    /// Open MPI's launcher may fail to connect with a rank that was killed at this moment. It then says that the rank was
    /// killed, and does not end.
    fn only_the_launcher_hangs(&self) -> bool {
        ["PMIX ERROR: UNREACHABLE", "noticed that process rank"].iter().all(|words| self.err.contains(words))
    }

    /// That failure, with what was printed, unless it holds.
    pub(crate) fn demand(&self, holds: bool, otherwise: &str) -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(self.failure(otherwise)) }
    }

    fn failure(&self, sentence: &str) -> Failed {
        let Self { status, out, err } = self;
        let last = out.lines().rev().take(5).collect::<Vec<_>>();
        format!("{sentence}\n{status}\nthe last lines, the last first: {last:#?}\n{err}").into()
    }
}
