//! Forks of a rank: processes that a task, or `main`, has made with `fork`, and that run no other program.
//!
//! A fork has the memory of its rank, and only one of its threads. It inherits the connections of MPI and must not use
//! them: what it sends would count as sent by the rank. So a fork is in no job. It leaves no job when it exits, its
//! executors have no other ranks, and SIGTERM ends it like any process.
//!
//! Each fold and each answer asks whether this process is a fork. A [word](super::wiped) of memory that the kernel sets to
//! zero in forks tells. If the system cannot provide such a word, the process id is compared instead.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::wiped;

/// The process that has joined the job.
static ORIGINAL: OnceLock<Original> = OnceLock::new();

struct Original {
    pid: u32,
    /// Zero in forks.
    word: Option<&'static AtomicU32>,
}

/// This process joins its job.
pub(super) fn note_original() {
    ORIGINAL.get_or_init(|| {
        let word = wiped::word().ok();
        // Relaxed, here and below: a fork has the memory as it was.
        word.inspect(|word| word.store(1, Ordering::Relaxed));
        Original { pid: process::id(), word }
    });
}

/// Whether this process is a fork of one that has joined a job.
pub(super) fn is_one() -> bool {
    match ORIGINAL.get() {
        Some(Original { word: Some(word), .. }) => word.load(Ordering::Relaxed) == 0,
        Some(_) => has_another_id(),
        None => false,
    }
}

/// The same, for a signal handler. It may run in a process that shares the memory of its parent for a moment, until it
/// runs another program.
pub(super) fn has_another_id() -> bool {
    ORIGINAL.get().is_some_and(|original| original.pid != process::id())
}
