//! Copies of a rank: processes that a task, or `main`, has made with `fork`, and that run no other program.
//!
//! A copy has the memory of its rank, and none of its threads but one. It inherits the connections of MPI and must not use
//! them, since the rank would receive what the copy sends in its name. So it has no job: it leaves none when it exits,
//! its executors have no other ranks, and SIGTERM ends it as any process.
//!
//! A copy is recognized by its process id.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process that has joined the job, or 0.
static JOINED: AtomicU32 = AtomicU32::new(0);

/// This process joins its job.
pub(super) fn note_original() {
    // Relaxed, here and below: a copy inherits the number.
    JOINED.store(process::id(), Ordering::Relaxed);
}

/// Whether this process is a copy of one that has joined a job.
pub(super) fn is_one() -> bool {
    let joined = JOINED.load(Ordering::Relaxed);
    joined != 0 && joined != process::id()
}
