//! Rivals in C and C++: OpenMP and oneTBB, each a helper program of its own that is compiled here and asked for
//! samples.
//!
//! The helper reads one request in a line, `PACE CHUNKS STEPS SHAPE`, and answers `SECONDS BUSY SUM`. It ends when its
//! standard input does.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use threefold_contest::{Contest, Measured, Sample};

use crate::pace::Pace;
use crate::work::{Job, Shape};

/// A library that helpers use, and its helper, or why there is none.
pub(crate) struct Library {
    name: &'static str,
    program: LazyLock<Result<PathBuf, String>>,
}

/// gcc's OpenMP.
pub(crate) static OPENMP: Library =
    Library { name: "OpenMP", program: LazyLock::new(|| compile("cc", "openmp.c", &["-fopenmp"])) };

/// oneTBB.
pub(crate) static TBB: Library =
    Library { name: "oneTBB", program: LazyLock::new(|| compile("c++", "tbb.cpp", &["-std=c++17", "-ltbb"])) };

/// Compiles a helper, unless it is newer than its sources.
fn compile(compiler: &str, source: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/overhead/native");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source).with_extension("helper");
    let changed = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    let sources = [folder.join(source), folder.join("helper.h")];
    if changed(&program) > sources.iter().map(|file| changed(file)).max().flatten() {
        return Ok(program);
    }
    let mut command = Command::new(compiler);
    command.args(["-O2", "-o"]).arg(&program).arg(folder.join(source)).args(flags);
    match command.output() {
        Ok(output) if output.status.success() => Ok(program),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(text.lines().find(|line| line.contains("error")).unwrap_or("it does not compile").to_string())
        }
        Err(error) => Err(format!("{compiler} cannot be run: {error}")),
    }
}

/// Compiles all helpers, and prints which are available.
pub(crate) fn prepare() {
    for library in [&OPENMP, &TBB] {
        match &*library.program {
            Ok(program) => println!("{}: {}", library.name, program.display()),
            Err(reason) => println!("{} is absent: {reason}", library.name),
        }
    }
}

impl Library {
    /// Adds a helper to the contest as a rival, or a remark below its table that says why there is none. `settings` are
    /// variables of the helper's environment.
    pub(crate) fn enter(
        &self,
        contest: &mut Contest,
        family: &str,
        job: Job,
        pace: Pace,
        threads: usize,
        settings: &[(&str, &str)],
    ) {
        match &*self.program {
            Ok(program) => {
                let schedule = settings.iter().find(|(name, _)| *name == "OMP_SCHEDULE").map(|(_, value)| *value);
                let name = [Some(self.name), schedule].into_iter().flatten().collect::<Vec<_>>().join(" ");
                contest.rival(family, &name, Helper::start(program, threads, settings).sample(job, pace));
            }
            Err(reason) => contest.remark(format!("{} is absent: {reason}.", self.name)),
        }
    }
}

/// A running helper program.
struct Helper {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Helper {
    fn start(program: &Path, threads: usize, settings: &[(&str, &str)]) -> Self {
        let threads = threads.to_string();
        let mut command = Command::new(program);
        command.env("OMP_NUM_THREADS", &threads).env("OMP_DYNAMIC", "false").envs(settings.iter().copied());
        let mut child =
            command.arg(&threads).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was compiled");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, requests, answers }
    }

    fn sample(mut self, job: Job, pace: Pace) -> Sample {
        let check = job.check();
        let (word, divisor) = match pace {
            Pace::Hot => ("hot", 1),
            Pace::Idle => ("idle", 1),
            Pace::Once => ("once", 1),
            Pace::PerChunk(chunks) => ("once", chunks),
        };
        let shape = match job.work.shape {
            Shape::Even => "even",
            Shape::Ascending => "ascending",
            Shape::Descending(_) => "descending",
        };
        let request = format!("{word} {} {} {shape}\n", job.chunks, job.work.steps);
        Box::new(move || {
            let requests = self.requests.as_mut().expect("it is piped");
            requests.write_all(request.as_bytes()).expect("the helper reads");
            let mut answer = String::new();
            self.answers.read_line(&mut answer).expect("the helper answers");
            let words: Vec<&str> = answer.split_whitespace().collect();
            let [seconds, busy, sum] = words[..] else { panic!("the helper answered `{answer}`") };
            check(sum.parse().expect("a sum"));
            let number = |word: &str| word.parse::<f64>().expect("a number");
            let beside = (pace == Pace::Idle).then(|| number(busy));
            Measured { main: number(seconds) / divisor as f64, beside }
        })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.requests = None;
        // It ends with its input; how is of no interest.
        _ = self.child.wait();
    }
}
