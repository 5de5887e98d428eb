//! The program as its users run it: arguments in, results out, on every model of this build.

mod compare;
#[cfg(target_os = "linux")]
mod exec;
mod exit_codes;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod interrupted;
mod journal;
mod json;
mod plain;
#[cfg(unix)]
mod progress;
mod refusals;
mod shells;
#[cfg(unix)]
mod signals;
mod terms;
mod texts;
mod workloads;

use std::env;
use std::ffi::OsStr;
#[cfg(target_os = "linux")]
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use threefold::Model;

/// The program: the one of this build, or one that `THREEFOLD_PROGRAM` names, such as the released one.
fn program() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| env::var("THREEFOLD_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_threefold").to_string()));
    &PATH
}

/// The program with these arguments, its streams captured, its texts 100 columns wide.
fn threefold<W: AsRef<OsStr>>(arguments: impl IntoIterator<Item = W>) -> Command {
    let mut program = Command::new(program());
    program.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("COLUMNS");
    program
}

/// What `env` is told so that a program does not ignore INT and TERM, even where these tests were started so. Scripts start
/// their background jobs so, and the program leaves alone what is ignored.
#[cfg(unix)]
const NOT_IGNORED: &str = "--default-signal=INT,TERM";

/// The program with these arguments, which INT and TERM reach.
#[cfg(unix)]
fn interruptible<W: AsRef<OsStr>>(arguments: impl IntoIterator<Item = W>) -> Command {
    let plain = threefold(arguments);
    if !cfg!(target_os = "linux") {
        return plain;
    }
    let mut program = Command::new("env");
    program.arg(NOT_IGNORED).arg(plain.get_program()).args(plain.get_args());
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => program.env(name, value),
            None => program.env_remove(name),
        };
    }
    program
}

/// Whether there is Python 3. Where there is not, says aloud that `what` is not tested.
#[cfg(target_os = "linux")]
fn has_python(what: &str) -> bool {
    let has = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has {
        // Past what the harness captures of a test that passes.
        let _ = writeln!(std::io::stderr(), "NOT RUN: {what}: there is no python3");
    }
    has
}

/// What the program answers to these arguments, which white space separates.
fn answer(arguments: &str) -> Answer {
    threefold(arguments.split_whitespace()).output().map(Answer::from).expect("the program starts")
}

struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Answer {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// The names of a model: its own, and the tutorial's.
fn names_of(model: Model) -> Vec<&'static str> {
    let tutorials = match model {
        Model::Threads => Some("multithreading"),
        Model::Processes => Some("multiprocess"),
        _ => None,
    };
    [model.name()].into_iter().chain(tutorials).collect()
}

fn every_name() -> impl Iterator<Item = &'static str> {
    Model::available().iter().flat_map(|&model| names_of(model))
}
