//! The program that is killed: three folds on one journal.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{Journal, Result};

/// The first argument of a copy of this test that is such a program.
const MARK: &str = "--journal";

/// The variable with the number of the run. Workers inherit it, so a worker that outlives its caller for a moment does not
/// pass for one of the next run.
const RUN: &str = "THREEFOLD_JOURNAL_RUN";

/// How many folds there are, and how many chunks each has.
pub(crate) const FOLDS: u64 = 3;
pub(crate) const CHUNKS: u64 = 16;

/// The exit code of a program that has lost a worker, and of one with any other error.
pub(crate) const LOST: u8 = 3;
const FAILED: u8 = 4;

/// Sleeps, leaves the number of the run in the file of its chunk, and gives a text of some bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sleeps {
    pub(crate) folder: PathBuf,
    pub(crate) fold: u64,
    pub(crate) bytes: usize,
}

#[task]
impl Task for Sleeps {
    type Chunk = u64;
    type Output = String;

    fn map(&self, chunk: u64) -> String {
        let run = env::var(RUN).unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(mark(&self.folder, self.fold, chunk));
        file.and_then(|mut file| file.write_all(format!("{run}\n").as_bytes())).expect("the folder is there");
        thread::sleep(Duration::from_micros(300 + 100 * (chunk % 7)));
        text(self.fold, chunk, self.bytes)
    }
}

/// The file in which a chunk leaves the numbers of its runs.
pub(crate) fn mark(folder: &Path, fold: u64, chunk: u64) -> PathBuf {
    folder.join(format!("{fold}-{chunk}"))
}

/// The output of a chunk: no two have the same.
pub(crate) fn text(fold: u64, chunk: u64, bytes: usize) -> String {
    let word = format!("{} ", (fold * CHUNKS + chunk + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut text = word.repeat(bytes.div_ceil(word.len()));
    text.truncate(bytes);
    text
}

/// What the folds make of all outputs, in chunk order: of each its length and its beginning.
pub(crate) fn digest(before: u64, output: &str) -> u64 {
    let bytes = output.bytes().take(20).map(u64::from);
    bytes.fold(before ^ output.len() as u64, |state, byte| (state ^ byte).wrapping_mul(0x100_0000_01B3))
}

/// The arguments of the program, and its variable.
pub(crate) fn words(model: Model, folder: &Path, bytes: usize, run: u64) -> (Vec<String>, (&'static str, String)) {
    let words = [MARK, model.name(), folder.to_str().unwrap(), &bytes.to_string()];
    (words.map(String::from).to_vec(), (RUN, run.to_string()))
}

/// In a copy that is such a program, runs it.
pub(crate) fn run() -> Option<ExitCode> {
    let words: Vec<_> = env::args().skip(1).collect();
    let [mark, model, folder, bytes] = &words[..] else { return None };
    if mark != MARK {
        return None;
    }
    let (folder, bytes) = (PathBuf::from(folder), bytes.parse().unwrap());
    let code = match folds(model.parse().unwrap(), &folder, bytes) {
        Ok(answer) => {
            fs::write(folder.join("answer"), answer.to_string()).unwrap();
            0
        }
        Err(error) => {
            eprintln!("{error}");
            if error.is_worker_lost() { LOST } else { FAILED }
        }
    };
    Some(code.into())
}

fn folds(model: Model, folder: &Path, bytes: usize) -> Result<u64> {
    let journal = Journal::open(folder.join("journal"))?;
    let builder = Executor::builder(model);
    let builder = if model == Model::Sequential { builder } else { builder.workers(2) };
    let on = builder.build()?.journal(&journal);
    let mut answer = 0;
    for fold in 0..FOLDS {
        let task = Sleeps { folder: folder.to_path_buf(), fold, bytes };
        answer = on.fold(Items((0..CHUNKS).collect()), task, answer, |state, output| digest(state, &output))?;
    }
    Ok(answer)
}
