//! Recall: a worker with nothing to do gets chunks that another has not started, whatever happens to either of them.
//!
//! The fold runs twice. The first time its chunks are cheap, so the second time each worker is sent many of them at
//! once. The second time the worker with chunk 0 stays in it until all chunks that the other worker has are done. So
//! the other worker can only go on with chunks that the first one gives back.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Error, Executor, Model};

use crate::executor;
use crate::fixtures::folder;
use crate::tasks::wait_until;

crate::rows! {
    processes:
        an_idle_worker_gets_chunks_that_another_has_not_started,
        a_worker_that_dies_after_a_recall_loses_the_chunk_that_it_was_running,
        a_chunk_that_is_lost_after_a_recall_runs_again_and_no_other_does,
        a_chunk_that_fails_after_it_was_given_back_is_reported,
        a_lower_chunk_that_fails_after_a_recall_is_reported_instead,
        a_fold_is_cancelled_after_a_recall;
}

const CHUNKS: u64 = 100;

/// At most this many chunks are in a worker's first block: half of its share.
const FIRST_BLOCK: u64 = CHUNKS / 4;

/// This chunk stays with the worker that was sent it, since it is early in its block.
const KEPT: u64 = 5;

/// A chunk of the first worker lasts this long, or until chunks were given back.
const MOMENT: Duration = Duration::from_millis(50);

/// A fold before that takes less than this has had chunks so cheap that the first block is a large one.
const SHORT: Duration = Duration::from_millis(10);

/// What happens in the second fold after chunks were given back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Then {
    Nothing,
    /// The first worker dies in chunk [`KEPT`], the first time.
    Dies,
    /// The last chunks of the first block panic.
    LastPanic,
    /// Those panic, and then chunk [`KEPT`].
    BothPanic,
    /// Chunk [`KEPT`] never ends.
    Hangs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shared {
    folder: PathBuf,
    then: Then,
}

/// The chunks that ran in the second fold, with the processes that ran them, in no order.
fn ran(folder: &Path) -> Vec<(u64, u32)> {
    let names = fs::read_dir(folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names
        .filter_map(|name| name.split_once('-').map(|(chunk, pid)| (chunk.parse().unwrap(), pid.parse().unwrap())))
        .collect()
}

/// Whether a chunk of the first block has run in another process than chunk 0.
fn was_given_back(folder: &Path) -> bool {
    let ran = ran(folder);
    let first = ran.iter().find(|(chunk, _)| *chunk == 0).map(|(_, pid)| *pid);
    ran.iter().any(|&(chunk, pid)| (KEPT..FIRST_BLOCK).contains(&chunk) && first.is_some_and(|first| first != pid))
}

impl Shared {
    fn run(&self, chunk: u64) {
        let pid = std::process::id();
        fs::write(self.folder.join(format!("{chunk}-{pid}")), "").unwrap();
        if chunk == 0 {
            return wait_until("the last chunk has run", || {
                ran(&self.folder).iter().any(|&(other, _)| other == CHUNKS - 1)
            });
        }
        let is_first = ran(&self.folder).contains(&(0, pid));
        if chunk < FIRST_BLOCK && is_first {
            let began = Instant::now();
            while !was_given_back(&self.folder) && began.elapsed() < MOMENT {
                thread::yield_now();
            }
        }
        let again = ran(&self.folder).iter().filter(|(other, _)| *other == chunk).count() > 1;
        let is_kept = chunk == KEPT && !again;
        if is_kept && self.then != Then::Nothing && self.then != Then::LastPanic {
            wait_until("chunks were given back", || was_given_back(&self.folder));
        }
        match self.then {
            Then::Dies if is_kept => {
                let _ = kill_process(getpid(), Signal::KILL);
                wait_until("the signal has come", || false);
            }
            Then::BothPanic if is_kept => panic!("the lower one"),
            Then::LastPanic | Then::BothPanic if chunk + 1 == FIRST_BLOCK => panic!("the higher one"),
            Then::Hangs if is_kept => wait_until("the fold is cancelled", || false),
            _ => {}
        }
    }
}

#[task]
impl Task for Shared {
    type Chunk = Range<u64>;
    type Output = u32;

    fn map(&self, chunk: Range<u64>) -> u32 {
        if self.folder.join("second").exists() {
            self.run(chunk.start);
        }
        std::process::id()
    }
}

/// Runs the fold twice: the processes that ran the chunks the second time, in the order of the chunks.
fn twice(on: &Executor, folder: &Path, then: Then) -> Result<Vec<u32>, Error> {
    let fold = |on: &Executor| {
        let task = Shared { folder: folder.into(), then };
        on.map((0..CHUNKS).split_into(CHUNKS as usize), task)
    };
    // The size of the first block follows from the time of the fold before. A moment in which the machine stands still would
    // spoil it.
    let is_short = |_| {
        let began = Instant::now();
        fold(on).map(|_| began.elapsed() < SHORT)
    };
    for result in (0..50).map(is_short) {
        if result? {
            break;
        }
    }
    fs::write(folder.join("second"), "").unwrap();
    fold(on)
}

fn an_idle_worker_gets_chunks_that_another_has_not_started(model: Model) {
    let folder = folder();
    let processes = twice(&executor(model, 2), folder.path(), Then::Nothing).unwrap();
    assert!(was_given_back(folder.path()), "{processes:?}");
    let mut ran = ran(folder.path());
    ran.sort_unstable();
    let outputs: Vec<_> = (0..CHUNKS).zip(processes).collect();
    assert_eq!(ran, outputs, "each chunk ran once, and its own output is in its place");
}

fn a_worker_that_dies_after_a_recall_loses_the_chunk_that_it_was_running(model: Model) {
    let folder = folder();
    let error = twice(&executor(model, 2), folder.path(), Then::Dies).unwrap_err();
    assert!(error.is_worker_lost() && error.signal() == Some(9), "{error}");
    assert_eq!((error.chunk(), error.attempt()), (Some(KEPT), Some(1)), "{error}");
    assert!(!error.to_string().contains("also"), "no other chunk is lost: {error}");
}

fn a_chunk_that_is_lost_after_a_recall_runs_again_and_no_other_does(model: Model) {
    let folder = folder();
    let on = Executor::builder(model).workers(2).retries(1).build().unwrap();
    assert_eq!(twice(&on, folder.path(), Then::Dies).unwrap().len() as u64, CHUNKS);
    let mut chunks: Vec<u64> = ran(folder.path()).into_iter().map(|(chunk, _)| chunk).collect();
    chunks.sort_unstable();
    let mut expected: Vec<u64> = (0..CHUNKS).chain([KEPT]).collect();
    expected.sort_unstable();
    assert_eq!(chunks, expected);
}

fn a_chunk_that_fails_after_it_was_given_back_is_reported(model: Model) {
    let folder = folder();
    let error = twice(&executor(model, 2), folder.path(), Then::LastPanic).unwrap_err();
    assert!(error.is_panic() && was_given_back(folder.path()), "{error}");
    assert_eq!(error.chunk(), Some(FIRST_BLOCK - 1), "{error}");
    let mut below: Vec<u64> = ran(folder.path()).into_iter().map(|(chunk, _)| chunk).collect();
    below.sort_unstable();
    assert_eq!(below[..FIRST_BLOCK as usize], (0..FIRST_BLOCK).collect::<Vec<_>>(), "lower chunks are finished");
}

fn a_lower_chunk_that_fails_after_a_recall_is_reported_instead(model: Model) {
    let folder = folder();
    let error = twice(&executor(model, 2), folder.path(), Then::BothPanic).unwrap_err();
    assert!(error.is_panic() && was_given_back(folder.path()), "{error}");
    assert_eq!(error.chunk(), Some(KEPT), "{error}");
}

fn a_fold_is_cancelled_after_a_recall(model: Model) {
    let folder = folder();
    let (on, token) = (executor(model, 2), CancelToken::new());
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("chunks were given back", || was_given_back(folder.path()));
            token.cancel();
        });
        twice(&on.cancel(&token), folder.path(), Then::Hangs).unwrap_err()
    });
    assert!(error.is_cancelled(), "{error}");
    // The executor is as good as before.
    let again = crate::fixtures::folder();
    assert_eq!(twice(&on, again.path(), Then::Nothing).unwrap().len() as u64, CHUNKS);
}
