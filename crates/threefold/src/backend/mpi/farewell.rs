//! The last call of MPI in rank 0, and what is done if it does not return.
//!
//! `MPI_Finalize` waits for the other ranks, and MPI gives it no limit. A rank that is stopped after its goodbye would
//! keep this process for ever. No other call of MPI is allowed meanwhile, not even the one that aborts the job. So this
//! process ends itself with SIGABRT, and the launcher then ends the other ranks.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{process, thread};

use super::seam::Membership;

/// So long the last call may take. It is generous: libraries close connections in it, on machines that are busy, and the
/// work is done.
const LIMIT: Duration = Duration::from_secs(30);

/// Leaves the job. If that takes too long, this process is ended with a message.
pub(super) fn leave(membership: Option<Membership>) {
    let (left, is_left) = mpsc::channel::<()>();
    let watch = thread::Builder::new().name("threefold-leave".to_string()).spawn(move || {
        if is_left.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!(
                "threefold: MPI_Finalize has not returned in {LIMIT:?}: a rank may be stopped, or the MPI library hangs; \
                 rank 0 ends with SIGABRT"
            );
            process::abort();
        }
    });
    drop(membership);
    drop(left);
    // Without a thread nobody watches, and the job ends as it does with any MPI program.
    if let Ok(watch) = watch {
        // It has no value and does not panic.
        _ = watch.join();
    }
}
