//! The tasks of the suite. What they do is seen by their outputs, or by files: statics would be one process's own.

use std::fs;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use threefold::prelude::*;

/// Longer than anything here takes, on a machine with much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[task]
pub(crate) fn add_up(chunk: RangeInclusive<i64>) -> i128 {
    chunk.map(i128::from).sum()
}

/// Any other order of additions gives other bits.
#[task]
pub(crate) fn irregular(chunk: Range<u64>) -> f64 {
    chunk.map(|i| (i as f64).sin() * 10f64.powi((i % 37) as i32 - 18)).sum()
}

#[task]
pub(crate) fn ends(chunk: Range<u64>) -> (u64, u64) {
    (chunk.start, chunk.end)
}

/// Later chunks cost far more.
#[task]
pub(crate) fn uneven(chunk: Range<u64>) -> u64 {
    (0..chunk.start * chunk.start).fold(chunk.start, |state, i| state.wrapping_mul(6364136223846793005) ^ i)
}

#[task]
pub(crate) fn echo(chunk: Vec<u8>) -> Vec<u8> {
    chunk
}

#[task]
pub(crate) fn echo_text(chunk: String) -> String {
    chunk
}

#[task]
pub(crate) fn total_of(chunk: Slice<i32>) -> i64 {
    chunk.iter().copied().map(i64::from).sum()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Affine {
    pub(crate) factor: f64,
    pub(crate) offset: f64,
}

#[task]
impl Task for Affine {
    type Chunk = Range<u64>;
    type Output = f64;

    fn map(&self, chunk: Range<u64>) -> f64 {
        chunk.map(|i| (i as f64).mul_add(self.factor, self.offset)).sum()
    }
}

/// Loses a capture on the way.
#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct Forgetful {
    #[serde(skip)]
    pub(crate) limit: u64,
}

#[task]
impl Task for Forgetful {
    type Chunk = u64;
    type Output = bool;

    fn map(&self, chunk: u64) -> bool {
        chunk < self.limit
    }
}

#[task]
pub(crate) async fn nap(milliseconds: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    milliseconds
}

/// Panics on the chunks of a set, and says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PanicsOn(pub(crate) Vec<u64>);

#[task]
impl Task for PanicsOn {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        assert!(!self.0.contains(&chunk), "{chunk} is not welcome");
        chunk
    }
}

/// Panics on some chunks, is an error on others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FailsOn {
    pub(crate) panics: Vec<u64>,
    pub(crate) errors: Vec<u64>,
}

#[task]
impl Task for FailsOn {
    type Chunk = u64;
    type Output = Result<u64, String>;

    fn map(&self, chunk: u64) -> Result<u64, String> {
        assert!(!self.panics.contains(&chunk), "{chunk} is not welcome");
        if self.errors.contains(&chunk) { Err(format!("{chunk} is an error")) } else { Ok(chunk) }
    }
}

#[task]
pub(crate) fn panics_without_text(chunk: u64) -> u64 {
    std::panic::panic_any(chunk)
}

#[task]
pub(crate) fn panics_twice(_chunk: u64) -> u64 {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("and again");
        }
    }
    std::panic::panic_any(Bomb)
}

/// Leaves a file named after each chunk that starts; panics on one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Leaves {
    pub(crate) folder: PathBuf,
    pub(crate) panics_on: Option<u64>,
}

#[task]
impl Task for Leaves {
    type Chunk = u64;
    type Output = ();

    fn map(&self, chunk: u64) {
        fs::write(self.folder.join(chunk.to_string()), "").expect("the folder is there");
        assert_ne!(Some(chunk), self.panics_on, "as asked");
    }
}

/// Waits until so many chunks have started, so that as many workers must take part; gives the process and thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Meets {
    pub(crate) folder: PathBuf,
    pub(crate) party: usize,
}

#[task]
impl Task for Meets {
    type Chunk = u64;
    type Output = (u32, i32);

    fn map(&self, chunk: u64) -> (u32, i32) {
        fs::write(self.folder.join(chunk.to_string()), "").expect("the folder is there");
        wait_until("all have come", || files(&self.folder) >= self.party);
        (process::id(), rustix::thread::gettid().as_raw_nonzero().get())
    }
}

/// Begins, says so, and goes on until it is told that the fold is cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Endless {
    pub(crate) folder: PathBuf,
}

#[task]
impl Task for Endless {
    type Chunk = u64;
    type Output = ();

    fn map(&self, chunk: u64) {
        fs::write(self.folder.join(chunk.to_string()), "").expect("the folder is there");
        wait_until("the fold is cancelled", threefold::is_cancelled);
    }
}

/// The same, at an await.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EndlessWait {
    pub(crate) folder: PathBuf,
}

#[task]
impl Task for EndlessWait {
    type Chunk = u64;
    type Output = ();

    async fn map(&self, chunk: u64) {
        struct Dropped(PathBuf);
        impl Drop for Dropped {
            fn drop(&mut self) {
                fs::write(&self.0, "").expect("the folder is there");
            }
        }
        let _dropped = Dropped(self.folder.join(format!("dropped-{chunk}")));
        fs::write(self.folder.join(chunk.to_string()), "").expect("the folder is there");
        std::future::pending::<()>().await;
    }
}

/// How a chunk takes its worker down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Death {
    Kill,
    Abort,
    Exit(i32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DiesOn {
    pub(crate) chunk: u64,
    pub(crate) death: Death,
}

#[task]
impl Task for DiesOn {
    type Chunk = RangeInclusive<i64>;
    type Output = i128;

    fn map(&self, chunk: RangeInclusive<i64>) -> i128 {
        if chunk.contains(&(self.chunk as i64)) {
            match self.death {
                Death::Kill => {
                    let _ = kill_process(getpid(), Signal::KILL);
                    wait_until("the signal has come", || false);
                }
                Death::Abort => process::abort(),
                Death::Exit(code) => process::exit(code),
            }
        }
        add_up(chunk)
    }
}

/// Folds within folds, as deep as asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Nests {
    pub(crate) depth: u32,
}

#[task]
impl Task for Nests {
    type Chunk = Range<u64>;
    type Output = u64;

    fn map(&self, chunk: Range<u64>) -> u64 {
        if self.depth == 0 {
            return chunk.sum();
        }
        let inner = Nests { depth: self.depth - 1 };
        chunk
            .map(|i| {
                let on = Executor::current();
                i + on.fold((0..12).split_into(6), inner.clone(), 0, |total, part| total + part).expect("it finishes")
            })
            .sum()
    }
}

#[task]
pub(crate) fn model_of(_chunk: u64) -> Model {
    Executor::current().model()
}

/// Folds on the executor that runs it, and folds again in each reduction, which is a part of this task and not of the
/// tasks that it reduces.
#[task]
pub(crate) fn folds_in_its_reductions(chunk: u64) -> u64 {
    let on = Executor::current();
    let reduce = |total, part: u64| {
        let here = Executor::current();
        assert_eq!(here.model(), on.model(), "a reduction in a task is a part of that task");
        total + part + here.fold((0..chunk).chunks_of(2), Nests { depth: 0 }, 0, |a, b| a + b).expect("it finishes")
    };
    on.fold((0..6).chunks_of(1), Nests { depth: 1 }, 0, reduce).expect("it finishes")
}

#[task]
pub(crate) fn own_workers(_chunk: u64) -> String {
    match Executor::new(Model::Processes) {
        Ok(_) => "started".to_string(),
        Err(error) => error.to_string(),
    }
}

#[task]
pub(crate) fn process_of(_chunk: u64) -> u32 {
    process::id()
}

/// Half a thousandth of a second of work for each chunk. The chunk with the number `waits_at` notes its process in the
/// name of a file, and does not end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BriefOrEndless {
    pub(crate) folder: PathBuf,
    pub(crate) waits_at: Option<i64>,
}

#[task]
impl Task for BriefOrEndless {
    type Chunk = RangeInclusive<i64>;
    type Output = i128;

    fn map(&self, chunk: RangeInclusive<i64>) -> i128 {
        if self.waits_at.is_some_and(|number| chunk.contains(&number)) {
            fs::write(self.folder.join(process::id().to_string()), "").expect("the folder is there");
            wait_until("it is killed", || false);
        }
        let until = Instant::now() + Duration::from_micros(500);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        add_up(chunk)
    }
}

/// Waits for something that another thread or process will do.
pub(crate) fn wait_until(what: &str, mut has_come: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !has_come() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How many files there are.
pub(crate) fn files(folder: &Path) -> usize {
    fs::read_dir(folder).expect("the folder is there").count()
}
