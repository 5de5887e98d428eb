//! A copy of a process that shares its descriptors, as a host makes it that forks without running another program. One
//! of the few files with unsafe code: the one call stands alone, with its proof.

#![allow(unsafe_code)]

use std::io;
use std::process;
use std::thread;
use std::time::Duration;

/// Forks a copy of this process that does nothing until it is killed, or ten minutes are over; gives its number.
pub(crate) fn fork_a_sleeper() -> io::Result<u32> {
    fork(|| thread::sleep(Duration::from_secs(600)))
}

/// Forks a copy of this process, in which this returns `None`. Here it gives the copy's number. What the copy runs takes no
/// lock that another thread of this process may have held.
pub(crate) fn fork_here() -> io::Result<Option<u32>> {
    // SAFETY: the copy has one thread. Whoever calls this makes sure that what it runs takes no lock that another thread
    // may have held.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        copy => u32::try_from(copy).map(Some).map_err(io::Error::other),
    }
}

/// Forks a copy of this process that runs `run` and then aborts; gives its number. What the copy runs takes no lock that
/// another thread of this process may have held.
pub(crate) fn fork(run: impl FnOnce()) -> io::Result<u32> {
    match fork_here()? {
        None => {
            run();
            process::abort()
        }
        Some(copy) => Ok(copy),
    }
}
