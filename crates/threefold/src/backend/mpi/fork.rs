//! Forks of a rank: processes that a task, or `main`, has made with `fork`, and that run no other program.
//!
//! A fork has the memory of its rank, and only one of its threads. It inherits the connections of MPI and must not use
//! them: what it sends would count as sent by the rank. So a fork is in no job. It leaves no job when it exits, its
//! executors have no other ranks, and SIGTERM ends it like any process.
//!
//! Each fold and each answer asks whether this process is a fork.

use std::process;
use std::sync::OnceLock;

use crate::backend::fork::Identity;

/// The process that has joined the job.
static ORIGINAL: OnceLock<Original> = OnceLock::new();

struct Original {
    pid: u32,
    identity: Identity,
}

/// This process joins its job.
pub(super) fn note_original() {
    ORIGINAL.get_or_init(|| Original { pid: process::id(), identity: Identity::this() });
}

/// Whether this process is a fork of one that has joined a job.
pub(super) fn is_one() -> bool {
    ORIGINAL.get().is_some_and(|original| !original.identity.is_this())
}

/// The same, for a signal handler. It may run in a process that shares the memory of its parent for a moment, until it
/// runs another program.
pub(super) fn has_another_id() -> bool {
    ORIGINAL.get().is_some_and(|original| original.pid != process::id())
}
