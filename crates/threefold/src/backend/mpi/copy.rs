//! Copies of a rank: processes that a task, or `main`, has made with `fork`, and that run no other program.
//!
//! A copy has the memory of its rank, and none of its threads but one. It inherits the connections of MPI and must not
//! use them, since the rank would receive what the copy sends in its name. So it has no job: it leaves none when it
//! exits, its executors have no other ranks, and SIGTERM ends it as any process.
//!
//! Each fold and each answer asks whether this process is a copy. A [word](super::wiped) that the kernel wipes in copies
//! says so. Where there can be none, the process id does.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::wiped;

/// The process that has joined the job.
static ORIGINAL: OnceLock<Original> = OnceLock::new();

struct Original {
    pid: u32,
    /// Zero in copies.
    word: Option<&'static AtomicU32>,
}

/// This process joins its job.
pub(super) fn note_original() {
    ORIGINAL.get_or_init(|| {
        let word = wiped::word().ok();
        // Relaxed, here and below: a copy has the memory as it was.
        word.inspect(|word| word.store(1, Ordering::Relaxed));
        Original { pid: process::id(), word }
    });
}

/// Whether this process is a copy of one that has joined a job.
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
