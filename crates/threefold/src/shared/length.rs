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
    check(length)?;
    Ok(ftruncate(file, length)?)
}

/// An error if this process may not write a file up to this length.
pub(crate) fn check(length: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(most) if length > most => Err(Errno::FBIG.into()),
        _ => Ok(()),
    }
}
