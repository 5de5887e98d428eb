//! Memory that several processes share, as a slice of atomics. One of the few files with unsafe code: each operation
//! stands alone, with its proof.
//!
//! A task may write anything here, since it runs in a process that has the memory mapped: words of any value, torn ones
//! too. Nothing is indexed, allocated or trusted by them. The worst is a wrong report of which chunk a worker was
//! running when it died, or a fold that ends in an error; a test writes nonsense and holds the totals against it.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::shared::length;

/// 64-bit words that every process with the same descriptor sees.
#[derive(Debug)]
pub(crate) struct SharedWords {
    start: NonNull<AtomicU64>,
    count: usize,
}

impl SharedWords {
    /// `count` words of zero, and the descriptor that another process opens them with.
    pub(crate) fn create(count: usize) -> io::Result<(Self, OwnedFd)> {
        let descriptor = memfd_create("threefold", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        length::set(&descriptor, (count * size_of::<AtomicU64>()) as u64)?;
        // The size is fixed for good: a mapping that loses its pages would be a fault on the next access.
        fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self::map(descriptor.as_fd(), count)?, descriptor))
    }

    /// The first `count` words of what another process created.
    pub(crate) fn open(descriptor: impl AsFd, count: usize) -> io::Result<Self> {
        let length = (count * size_of::<AtomicU64>()) as u64;
        // The seal first: until it is there the size may still change.
        let fixed = fcntl_get_seals(&descriptor)?.contains(SealFlags::SHRINK);
        let large_enough = u64::try_from(fstat(&descriptor)?.st_size).is_ok_and(|size| size >= length);
        if count == 0 || !large_enough || !fixed {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a piece of shared memory of the right size"));
        }
        Self::map(descriptor.as_fd(), count)
    }

    /// Maps a file of at least `count` words that is sealed against shrinking.
    fn map(descriptor: BorrowedFd<'_>, count: usize) -> io::Result<Self> {
        let length = count * size_of::<AtomicU64>();
        // SAFETY: the address is the kernel's to choose, so no existing mapping is replaced. A length of 0 is refused.
        let start = unsafe {
            mmap(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, descriptor, 0)
        }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, count })
    }

    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: `start` is the beginning of a mapping of `count` words that lives as long as `self`, is aligned to a
        // page, and cannot lose its pages since its file is sealed against shrinking. Any bits are a valid `AtomicU64`.
        // This process accesses the words as atomics only. What another process writes, in whatever pieces, is outside
        // of this one: a load here gives some bits of each word, and that is all it can do.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `open` made, whole, and nothing borrows from it any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.count * size_of::<AtomicU64>()) };
    }
}

// SAFETY: the words are atomics, and a mapping belongs to the process, not to a thread.
unsafe impl Send for SharedWords {}

// SAFETY: as above; a shared reference gives access to atomics only.
unsafe impl Sync for SharedWords {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use rustix::fs::ftruncate;

    use super::*;

    #[test]
    fn what_one_mapping_writes_the_other_reads() {
        let (one, descriptor) = SharedWords::create(4).unwrap();
        let other = SharedWords::open(&descriptor, 4).unwrap();
        one.words()[3].store(7, Ordering::Relaxed);
        assert_eq!(other.words()[3].load(Ordering::Relaxed), 7);
    }

    #[test]
    fn a_file_that_is_too_small_or_not_sealed_is_refused() {
        let (_one, descriptor) = SharedWords::create(4).unwrap();
        assert!(SharedWords::open(&descriptor, 5).is_err());
        let unsealed = memfd_create("threefold-test", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&unsealed, 64).unwrap();
        assert!(SharedWords::open(&unsealed, 4).is_err());
    }
}
