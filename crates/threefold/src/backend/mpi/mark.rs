//! The mark of a process that joins its job: a variable that says which rank the launcher's variables have been used for.
//!
//! A process that a rank starts inherits the launcher's variables, and would take itself for the rank: MPI would then wait
//! for ever, or end the job. The process inherits the mark as well, so it finds that another process has been this rank
//! already. The same holds for a program that replaces a rank by `exec`.
//!
//! The mark names the rank and its job. A rank may start another launcher, whose ranks inherit the mark, too. But this
//! launcher sets other variables for its ranks, so the mark does not match them.
//!
//! A process with several threads is not marked: another thread might be reading the variables at this moment through the
//! C library, which has no lock for that. `init()` is called at the beginning of `main`, so other threads are rare then. A
//! process that was not marked must start programs without the launcher's variables.
#![allow(unsafe_code)]

use std::{env, fs};

/// The mark.
const MARK: &str = "THREEFOLD_RANK";

/// What tells one rank of one job from all others, as far as launchers say it.
const NAMES: [&str; 8] = [
    "PMIX_NAMESPACE",
    "PMIX_RANK",
    "PMIX_SERVER_URI2",
    "OMPI_COMM_WORLD_RANK",
    "PMI_JOBID",
    "PMI_RANK",
    "PMI_PORT",
    "PMI_ID",
];

/// The descriptor through which MPICH's launcher talks to its rank. The kernel gives each connection a number of its own.
const DESCRIPTOR: &str = "PMI_FD";

/// Whether this process, or one that it descends from, has joined the job as the rank that the launcher's variables name.
pub(super) fn is_set() -> bool {
    env::var(MARK).is_ok_and(|mark| mark == identity())
}

/// Sets the mark. It must be done before MPI starts threads.
pub(super) fn set() {
    let is_alone = fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1);
    if is_alone {
        // SAFETY: this is the only thread of the process, so no other one reads or changes the variables.
        unsafe { env::set_var(MARK, identity()) };
    }
}

/// The rank and its job as a text.
fn identity() -> String {
    let values = NAMES.iter().map(|name| env::var(name).unwrap_or_default());
    let connection = env::var(DESCRIPTOR).ok().and_then(|number| fs::read_link(format!("/proc/self/fd/{number}")).ok());
    let connection = connection.map_or_else(String::new, |link| link.to_string_lossy().into_owned());
    values.chain([connection]).collect::<Vec<_>>().join(" ").trim().to_string()
}
