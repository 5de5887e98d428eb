//! The program, driven from outside as its users do: words in, results out, on every model of this build.

mod compare;
mod json;
mod plain;
mod progress;
mod refusals;
mod signals;
mod texts;
mod works;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use threefold::Model;

/// The program with these words, its streams captured.
fn threefold<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_threefold"));
    program.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// What the program answers to a line of words.
fn answer(words: &str) -> Answer {
    threefold(words.split_whitespace()).output().map(Answer::from).expect("the program starts")
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

/// The words of a model: its own, and the tutorial's.
fn words_of(model: Model) -> Vec<&'static str> {
    let tutorials = match model {
        Model::Threads => Some("multithreading"),
        Model::Processes => Some("multiprocess"),
        _ => None,
    };
    [model.name()].into_iter().chain(tutorials).collect()
}

fn every_word() -> impl Iterator<Item = &'static str> {
    Model::available().iter().flat_map(|&model| words_of(model))
}
