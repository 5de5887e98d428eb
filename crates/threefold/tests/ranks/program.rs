//! What runs on the ranks: fold after fold, until the file `end` is there.

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use threefold::prelude::*;

/// The word that makes this program one. A folder follows, and the chunk of the third fold that panics, or `none`.
pub(crate) const WORD: &str = "--fold-on-ranks";

/// The chunks of a fold.
pub(crate) const CHUNKS: u64 = 60;

/// What the panic says.
pub(crate) const MESSAGE: &str = "this chunk is bad";

/// Some 10 us in a release build for the cheapest chunk, and 60 times as much for the dearest.
#[task]
fn weigh(chunk: u64, bad: &Option<u64>) -> u64 {
    assert_ne!(Some(chunk), *bad, "{MESSAGE}");
    (0..chunk * 5_000).fold(chunk, |weight, i| black_box(weight ^ i)) & 1 | chunk << 1
}

/// The total of a fold without a panic.
pub(crate) fn total() -> u64 {
    (0..CHUNKS).map(|chunk| weigh(chunk, &None)).sum()
}

fn words() -> Option<(PathBuf, Option<u64>)> {
    let mut words = env::args().skip(1);
    let [word, folder, bad] = [words.next()?, words.next()?, words.next()?];
    (word == WORD).then(|| (folder.into(), bad.parse().ok()))
}

/// Says in a file which process this rank is, before it has joined the job.
pub(crate) fn leave_pid() {
    let Some((folder, _)) = words() else { return };
    let variables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"];
    let rank = variables.iter().find_map(|name| env::var(name).ok()).unwrap();
    put(&folder, &format!("rank-{rank}"), &std::process::id().to_string());
}

/// Writes a file that is there only when it is complete.
fn put(folder: &Path, name: &str, text: &str) {
    let unfinished = folder.join(format!("{name}.unfinished"));
    fs::write(&unfinished, text).unwrap();
    fs::rename(unfinished, folder.join(name)).unwrap();
}

pub(crate) fn run() -> Option<ExitCode> {
    let (folder, bad) = words()?;
    let on = Executor::new(Model::Mpi).unwrap();
    for fold in 1.. {
        // Read before the fold, so that one fold at least begins after it.
        let is_last = folder.join("end").exists();
        let bad = bad.filter(|_| fold == 3);
        match on.fold(Items((0..CHUNKS).collect()), weigh.with(bad), 0, |sum, part| sum + part) {
            Ok(total) => println!("total {total}"),
            Err(error) => {
                println!("error {error}");
                if bad.is_none() {
                    return Some(ExitCode::FAILURE);
                }
                put(&folder, "panicked", "");
            }
        }
        put(&folder, "folded", "");
        if is_last {
            break;
        }
    }
    println!("end");
    Some(ExitCode::SUCCESS)
}
