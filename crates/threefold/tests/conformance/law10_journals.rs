//! Law 10, for the journal itself. A future or a stream that is dropped while chunks run leaves it to others at once, with
//! every output that had come. Whatever goes wrong with it is an error that names it, also for a stream of which all outputs
//! are taken, but not its end.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Waker};

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{Executor, Items, Journal, Model};

use crate::executor;
use crate::fixtures::folder;
use crate::tasks::wait_until;

crate::rows! {
    every:
        a_dropped_fold_leaves_the_journal_to_others_at_once,
        a_stream_whose_outputs_are_all_taken_tells_of_a_write_that_has_failed,
        a_journal_that_is_removed_while_it_is_open_is_an_error,
        a_journal_that_is_cut_off_while_it_is_open_is_an_error,
        an_output_that_cannot_be_restored_is_an_error_that_names_the_journal;
}

/// Text that cannot be restored while it is the path of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
struct Picky {
    path: PathBuf,
}

impl TryFrom<PathBuf> for Picky {
    type Error = String;

    fn try_from(path: PathBuf) -> Result<Self, String> {
        if path.exists() { Err("there is such a file".to_string()) } else { Ok(Self { path }) }
    }
}

impl From<Picky> for PathBuf {
    fn from(output: Picky) -> Self {
        output.path
    }
}

#[task]
fn picky(chunk: u64, folder: &PathBuf) -> Picky {
    Picky { path: folder.join(chunk.to_string()) }
}

/// Chunk 3 waits until its folder is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    folder: PathBuf,
}

#[task]
impl Task for Held {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        if chunk == 3 {
            let _ = std::fs::write(self.folder.join("began"), "");
            wait_until("the folder is gone", || !self.folder.exists());
        }
        chunk
    }
}

#[task]
fn square(chunk: u64) -> u64 {
    chunk * chunk
}

fn source() -> Items<u64> {
    Items((0..6).collect())
}

/// Begins a fold, and drops it while chunk 3 runs. Gives how many outputs it has taken.
type Drops = fn(&Executor, Held) -> u64;

const DROPS: &[(&str, Drops)] = &[
    ("stream", |on, task| {
        let folder = task.folder.clone();
        let mut stream = on.stream(source(), task);
        // Chunk 3, which may run on the same worker, does not hold up those before it.
        (0..3).for_each(|chunk| assert_eq!(stream.next().unwrap().unwrap(), chunk));
        wait_for_chunk_3(&folder);
        3
    }),
    ("fold_async", |on, task| {
        let folder = task.folder.clone();
        let mut future = pin!(on.fold_async(source(), task, 0, |sum, n| sum + n));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        wait_for_chunk_3(&folder);
        0
    }),
];

fn wait_for_chunk_3(folder: &Path) {
    wait_until("chunk 3 runs", || folder.join("began").exists());
}

fn a_dropped_fold_leaves_the_journal_to_others_at_once(model: Model) {
    for (name, drops) in DROPS {
        let (folder, held) = (folder(), folder());
        let path = folder.path().join("journal");
        let on = executor(model, 2);
        {
            let journal = Journal::open(&path).unwrap();
            let on = on.journal(&journal);
            let taken = drops(&on, Held { folder: held.path().to_path_buf() });
            let recorded = journal.recorded();
            assert!((taken..=5).contains(&recorded), "{name}: {recorded} are recorded, {taken} taken");
            // The next fold need not wait for the chunk.
            Executor::new(Model::Sequential).unwrap().journal(&journal).for_each(source(), square).unwrap();
            assert_eq!(journal.recorded(), recorded + 6, "{name}");
        }
        // The file is nobody's any more. The chunk still runs, unless its worker was killed.
        let journal = Journal::open(&path).unwrap();
        assert!(journal.recorded() >= 6, "{name}");
        drop(journal);
        drop(held);
    }
}

#[cfg(target_os = "linux")]
fn a_stream_whose_outputs_are_all_taken_tells_of_a_write_that_has_failed(model: Model) {
    use std::os::fd::AsRawFd;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let on = executor(model, 2);
    for unordered in [false, true] {
        // A file that cannot grow once it is sealed, as on a disk that is full.
        let file = memfd_create("journal", MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC).unwrap();
        let journal = Journal::open(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
        fcntl_add_seals(&file, SealFlags::GROW).unwrap();
        let on = on.journal(&journal);
        let results: Vec<_> = match unordered {
            false => on.stream(source(), square).take(6).map(|result| result.map(drop)).collect(),
            true => on.stream_unordered(source(), square).take(6).map(|result| result.map(drop)).collect(),
        };
        let error = results.last().unwrap().as_ref().unwrap_err();
        assert!(error.is_setup() && error.to_string().contains("cannot be written"), "{error}");
        assert!(results[..results.len() - 1].iter().all(Result::is_ok));
    }
}

#[cfg(not(target_os = "linux"))]
fn a_stream_whose_outputs_are_all_taken_tells_of_a_write_that_has_failed(_model: Model) {}

fn a_journal_that_is_removed_while_it_is_open_is_an_error(model: Model) {
    let on = executor(model, 2);
    for replaced in [false, true] {
        let folder = folder();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        if replaced {
            std::fs::write(&path, "").unwrap();
        }
        let error = on.journal(&journal).for_each(source(), square).unwrap_err();
        let expected = format!(
            "the journal `{}` was removed or replaced while it was open, so what is recorded is lost; run the program again",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        assert!(error.is_setup());
        assert_eq!((journal.check().unwrap_err().to_string(), journal.recorded()), (expected.clone(), 0));
        assert_eq!(on.journal(&journal).for_each(source(), square).unwrap_err().to_string(), expected);
    }
}

fn a_journal_that_is_cut_off_while_it_is_open_is_an_error(model: Model) {
    let on = executor(model, 2);
    let folder = folder();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    on.journal(&journal).for_each(source(), square).unwrap();
    std::fs::write(&path, "").unwrap();
    // It writes behind what is gone.
    let error = on.journal(&journal).for_each((0..7u64).split_into(3), add_up_of_range).unwrap_err();
    let expected = format!(
        "the journal `{}` was cut off while it was open, so what is recorded is lost; delete it, and run the program again",
        path.display()
    );
    assert_eq!((error.to_string(), error.is_setup()), (expected.clone(), true));
    assert_eq!(journal.check().unwrap_err().to_string(), expected);
}

#[task]
fn add_up_of_range(chunk: std::ops::Range<u64>) -> u64 {
    chunk.sum()
}

fn an_output_that_cannot_be_restored_is_an_error_that_names_the_journal(model: Model) {
    let on = executor(model, 2);
    let folder = folder();
    let path = folder.path().join("journal");
    let map = || on.journal(&Journal::open(&path).unwrap()).map(source(), picky.with(folder.path().to_path_buf()));
    let first = map().unwrap();
    std::fs::write(folder.path().join("4"), "").unwrap();
    let error = map().unwrap_err();
    assert!(error.is_serialization());
    assert_eq!(error.chunk(), Some(4));
    let expected = format!(
        "; it was read from the journal `{}`: if the type of the outputs has changed, delete the journal \
         to start from the beginning",
        path.display()
    );
    assert!(error.to_string().contains("there is such a file") && error.to_string().ends_with(&expected), "{error}");
    std::fs::remove_file(folder.path().join("4")).unwrap();
    assert_eq!(map().unwrap(), first);
}
