//! Rivals in other languages: helper programs, which are compiled here and asked for samples.
//!
//! A helper reads one request in a line, `PACE CHUNKS STEPS SHAPE`, and answers `SECONDS BUSY SUM`. It ends when its
//! standard input does.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs};

use threefold_contest::{Measured, Sample};

use crate::pace::Pace;
use crate::work::{Job, Shape};

/// Compiles a helper, unless it is newer than its sources. `source` is its path in this package. The helper is put beside
/// this program.
pub(crate) fn compile(compiler: &str, source: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = folder.join(source);
    let name = source.file_name().expect("it is a file");
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let program = own.with_file_name(name).with_extension("helper");
    let changed = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    let sources = [source.clone(), folder.join("benches/overhead/native/helper.h")];
    if changed(&program) > sources.iter().map(|file| changed(file)).max().flatten() {
        return Ok(program);
    }
    let mut command = Command::new(compiler);
    command.args(["-O2", "-o"]).arg(&program).arg(source).args(flags);
    match command.output() {
        Ok(output) if output.status.success() => Ok(program),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(text.lines().find(|line| line.contains("error")).unwrap_or("it does not compile").to_string())
        }
        Err(error) => Err(format!("{compiler} cannot be run: {error}")),
    }
}

/// A running helper program.
pub(crate) struct Helper {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Helper {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be run");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, requests, answers }
    }

    /// The next line that the helper prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the helper answers");
        line
    }

    pub(crate) fn sample(mut self, job: Job, pace: Pace) -> Sample {
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
            let answer = self.line();
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
