//! The length of an anonymous file, with an error where the kernel would end the process.
//!
//! A file of shared memory has no name and takes no space on a disk. Still the kernel applies the limit on the size of
//! files (`ulimit -f`) to it. A program that sets a length beyond the limit gets the signal SIGXFSZ, which ends it unless
//! it handles the signal. So this file compares the length with the limit first.

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
