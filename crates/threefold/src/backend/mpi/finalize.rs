//! `MPI_Finalize`, the last call of MPI in rank 0, and what is done if it does not return.
//!
//! The call waits for the other ranks, and MPI sets no limit for it. A rank that is stopped after its goodbye would keep
//! this process for ever. No other call of MPI is allowed meanwhile, not even the one that aborts the job. So this
//! process ends itself with SIGABRT, and the launcher then ends the other ranks.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{process, thread};

use super::seam::Membership;

/// How long the call may take. The limit is generous: MPI libraries close connections in this call, the machine may be
/// busy, and the result has been printed before.
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
