//! What is done when this process exits: a process that leaves its job without a word may leave the others waiting.
//!
//! An exit is in order on rank 0's main thread, whose [`Leave`](super::world::Leave) was dropped before, and in a rank
//! to which rank 0 has said goodbye. Any other exit ends the job: that of a task, or of another thread of `main`'s.
//!
//! What a launcher does with a rank that has just gone differs. Open MPI ends the others. MPICH does, too, if the exit
//! code is not 0, and waits for the others otherwise. And MPI itself must be left by the thread that joined it, which is
//! not the one that exits. So the job is aborted, with a word about who exited.
//!
//! A [fork](super::fork) of a rank may exit as it likes.
//!
//! The C library calls this once, after it has dropped the thread-local values of the exiting thread. So on the main
//! thread of rank 0 the job has been left by then.
#![allow(unsafe_code)]

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fork;

/// What ends the job.
static ABORT: OnceLock<fn()> = OnceLock::new();

/// Whether this process has left the job.
static IS_IN_ORDER: AtomicBool = AtomicBool::new(false);

extern "C" fn check() {
    if let Some(abort) = ABORT.get().filter(|_| !IS_IN_ORDER.load(Ordering::Acquire) && !fork::is_one()) {
        abort();
    }
}

/// Has `abort` called at an exit that is not in order. It is called once, on the thread that exits.
pub(super) fn abort_with(abort: fn()) -> io::Result<()> {
    if ABORT.set(abort).is_err() {
        return Ok(());
    }
    // SAFETY: `check` is a function of the type that is asked for, and is there until the process is gone, since a
    // program does not unload itself.
    match unsafe { libc::atexit(check) } {
        0 => Ok(()),
        _ => Err(io::Error::other("the C library takes no function to call at the exit")),
    }
}

/// Whether this process has left the job, or is about to leave it in order.
pub(super) fn is_leaving() -> bool {
    IS_IN_ORDER.load(Ordering::Acquire)
}

/// This process has left the job, or is about to leave it in order.
pub(super) fn note_leaving() {
    IS_IN_ORDER.store(true, Ordering::Release);
}
