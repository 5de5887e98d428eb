//! The length of an anonymous file, with an error where the kernel would end the process.
//!
//! A file of shared memory has no name and takes no place on any disk, and the limit on the size of files (`ulimit -f`)
//! applies to it all the same. The kernel answers a length beyond that limit with the signal SIGXFSZ, which ends a
//! program that does not handle it. So the limit is asked for first.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::ftruncate;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// Gives the new file this length in bytes.
pub(crate) fn set(file: impl AsFd, length: u64) -> io::Result<()> {
    if getrlimit(Resource::Fsize).current.is_some_and(|most| length > most) {
        return Err(Errno::FBIG.into());
    }
    Ok(ftruncate(file, length)?)
}
