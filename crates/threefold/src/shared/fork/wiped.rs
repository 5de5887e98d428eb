//! A word of memory that is zero in each fork of this process, whichever system call made the fork. One of the few files
//! with unsafe code: each operation stands alone, with its proof.
//!
//! The kernel gives a fork a page of zeros in place of the page with the word. So a process finds out with one load
//! whether it is a fork. Asking for the process id would take a system call for each fold and for each answer.

#![allow(unsafe_code)]

use std::io;
use std::ptr;
use std::sync::atomic::AtomicU32;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

/// A new word, which is zero here, too. It is never given back.
pub(super) fn word() -> io::Result<&'static AtomicU32> {
    let length = size_of::<AtomicU32>();
    // SAFETY: the address is the kernel's to choose, so no existing mapping is replaced.
    let start =
        unsafe { mmap_anonymous(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) }?;
    // SAFETY: the page was mapped just now, and nothing is in it. The advice changes it in forks of the process alone,
    // and zero is a value of the word.
    unsafe { madvise(start, length, Advice::LinuxWipeOnFork) }?;
    // SAFETY: the mapping is aligned to a page, holds the word, and is never unmapped. Its bytes are zero.
    Ok(unsafe { &*start.cast::<AtomicU32>() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn a_word_keeps_its_value_in_the_process_that_has_made_it() {
        let word = word().unwrap();
        assert_eq!(word.swap(1, Ordering::Relaxed), 0);
        assert_eq!(word.load(Ordering::Relaxed), 1);
    }
}
