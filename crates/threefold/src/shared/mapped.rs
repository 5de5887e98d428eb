//! Memory that worker processes can map. One of the few files with unsafe code: each operation stands alone, with its
//! proof.
//!
//! The memory is an anonymous file of the kernel (`memfd_create`). It has no name in any file system. The kernel frees
//! it when the last mapping and the last descriptor of it are gone, however their processes ended.
//!
//! It has two states:
//!
//! - A [`Draft`] is mapped for writing, by this process alone. Its length is sealed. While it is lent to a fold
//!   ([`loan`]), and nobody borrows its bytes, worker processes may write to it. A fork of this process does not have it,
//!   and may soon have something else at its addresses. So a fork must not touch them.
//! - [`Sealed`] memory is mapped for reading only. Before it is mapped, the kernel has refused all later writes, and
//!   all later changes of its length, to everybody: this is what the seals `WRITE`, `SHRINK` and `GROW` mean. The
//!   kernel grants the seal `WRITE` only if nobody has the file mapped for writing. So the items can be read as `&[T]`
//!   by several processes at once, and no process can break that promise for another one.
//!
//! A process that opens sealed memory of another process believes neither its length nor its seals. It asks the kernel
//! for both.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::slice;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

use super::fork::Identity;
use super::loan::Listed;
use super::{PAGE, length, parent};

/// What makes it safe to read the memory while other processes have it.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::WRITE);

/// Where an empty array is: at no page, but aligned like one.
const DANGLING: NonNull<u8> = NonNull::new(ptr::without_provenance_mut(PAGE)).expect("a page has bytes");

/// Memory that this process fills.
pub(crate) struct Draft {
    /// It can be lent to a fold. Dropped first: what is listed is mapped.
    listed: Listed,
    mapping: Mapping,
    descriptor: OwnedFd,
}

impl Draft {
    /// `length` bytes of zero.
    pub(crate) fn zeroed(length: usize) -> io::Result<Self> {
        let descriptor = memfd_create("threefold", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let size = u64::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        length::set(&descriptor, size)?;
        fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW)?;
        let mut mapping = Mapping::new(descriptor.as_fd(), length, ProtFlags::READ | ProtFlags::WRITE)?;
        mapping.keep_from_forks()?;
        let start = mapping.start.addr().get();
        let file = file_of(descriptor.as_fd())?;
        Ok(Self { mapping, listed: Listed::new(start..start + length, file), descriptor })
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.mapping.bytes()
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.mapping.check();
        let Mapping { start, length, .. } = self.mapping;
        // SAFETY: `start` is the beginning of `length` bytes that are mapped for writing as long as `self` lives, or it
        // is dangling and `length` is 0. This is not a fork without them: that was checked. Any bits are valid bytes. `self` is borrowed mutably, so nobody else in this process
        // reads or writes them. Workers write to the file only while it is lent to a fold, which nobody borrows from.
        unsafe { slice::from_raw_parts_mut(start.as_ptr(), length) }
    }

    /// Seals the memory: nobody can write to it any more.
    pub(crate) fn seal(self) -> io::Result<Sealed> {
        let Self { mapping, descriptor, listed } = self;
        drop(listed);
        let length = mapping.length;
        // While it is mapped for writing, the kernel does not seal it.
        drop(mapping);
        fcntl_add_seals(&descriptor, SEALS | SealFlags::SEAL)?;
        let mapping = Mapping::new(descriptor.as_fd(), length, ProtFlags::READ)?;
        Ok(Sealed { mapping, descriptor: Some(descriptor) })
    }
}

/// Memory that nobody can change.
pub(crate) struct Sealed {
    mapping: Mapping,
    /// From which others can open it. A process that has opened the memory of another one does not keep it.
    descriptor: Option<OwnedFd>,
}

impl Sealed {
    /// The memory behind `descriptor`, which another process has sealed, with a length of `length` bytes.
    pub(crate) fn open(descriptor: OwnedFd, length: usize) -> io::Result<Self> {
        let invalid = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        // The seals first: until they are there the length may still change.
        if !fcntl_get_seals(&descriptor)?.contains(SEALS) {
            return invalid("it is not sealed");
        }
        if u64::try_from(fstat(&descriptor)?.st_size).ok() != u64::try_from(length).ok() {
            return invalid("it has another length");
        }
        let mapping = Mapping::new(descriptor.as_fd(), length, ProtFlags::READ)?;
        Ok(Self { mapping, descriptor: None })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.mapping.bytes()
    }

    /// From which another process can open it, if this process has made it.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }
}

/// The file behind `descriptor`, as workers find it.
pub(crate) fn file_of(descriptor: BorrowedFd<'_>) -> io::Result<parent::File> {
    let file = fstat(descriptor)?;
    Ok(parent::File {
        descriptor: descriptor.as_raw_fd().unsigned_abs().into(),
        device: file.st_dev,
        inode: file.st_ino,
    })
}

/// A mapping of a file whose length does not change while it is mapped. An empty one maps nothing.
struct Mapping {
    start: NonNull<u8>,
    length: usize,
    /// The process that has it, if its forks do not have it.
    of: Option<Identity>,
}

impl Mapping {
    /// Maps the first `length` bytes of a file that has as many: it was just made like this, or it is sealed.
    fn new(descriptor: BorrowedFd<'_>, length: usize, protection: ProtFlags) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self { start: DANGLING, length, of: None });
        }
        // SAFETY: the address is the kernel's to choose, so no existing mapping is replaced.
        let start = unsafe { mmap(ptr::null_mut(), length, protection, MapFlags::SHARED, descriptor, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, length, of: None })
    }

    /// A process that is forked does not have this mapping. Otherwise it could prevent the seal for as long as it lives.
    fn keep_from_forks(&mut self) -> io::Result<()> {
        if self.length > 0 {
            self.of = Some(Identity::this());
            // SAFETY: this is the whole of a mapping of ours. What is advised changes nothing in this process.
            unsafe { madvise(self.start.as_ptr().cast(), self.length, Advice::LinuxDontFork) }?;
        }
        Ok(())
    }

    /// Panics in a fork that does not have it. Asked for each access, so without a system call.
    #[inline]
    fn check(&self) {
        if self.of.is_some_and(Identity::is_another) {
            is_elsewhere();
        }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.check();
        // SAFETY: `start` is the beginning of `length` bytes that are mapped as long as `self` lives, or it is dangling
        // and `length` is 0. This is not a fork without them: that was checked. The file cannot become shorter, so no page is lost: it is sealed against it. Any bits are
        // valid bytes. They do not change during the borrow: a draft is written through `bytes_mut`, which borrows it
        // mutably, or by workers while that borrow is lent to a fold; and sealed memory is sealed against writes.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 && self.of.is_none_or(Identity::is_this) {
            // SAFETY: this is the mapping that `new` made, whole, and nothing borrows from it any more. This process has
            // it: it is the one that made it, or a fork that has such mappings.
            let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

#[cold]
fn is_elsewhere() -> ! {
    panic!("a fork of the process that has made a `SharedMut` does not have its items")
}

// SAFETY: a mapping belongs to the process, not to a thread. It is written through `&mut Draft` only.
unsafe impl Send for Mapping {}

// SAFETY: as above; a shared reference gives only read access.
unsafe impl Sync for Mapping {}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rustix::fs::ftruncate;
    use rustix::io::{Errno, dup};

    use super::*;

    fn sealed(bytes: &[u8]) -> Sealed {
        let mut draft = Draft::zeroed(bytes.len()).unwrap();
        draft.bytes_mut().copy_from_slice(bytes);
        draft.seal().unwrap()
    }

    fn copy_of(memory: &Sealed) -> OwnedFd {
        dup(memory.descriptor().unwrap()).unwrap()
    }

    #[test]
    fn what_one_process_seals_another_one_reads() {
        let memory = sealed(b"seven bytes");
        let opened = Sealed::open(copy_of(&memory), 11).unwrap();
        drop(memory);
        assert_eq!(opened.bytes(), b"seven bytes");
        assert!(opened.descriptor().is_none());
    }

    #[test]
    fn an_empty_array_maps_nothing() {
        let memory = sealed(b"");
        assert_eq!(Sealed::open(copy_of(&memory), 0).unwrap().bytes(), b"");
    }

    #[test]
    fn sealed_memory_cannot_be_written_mapped_for_writing_or_given_another_length() {
        let memory = sealed(&[7; 100]);
        let descriptor = copy_of(&memory);
        assert_eq!(ftruncate(&descriptor, 50), Err(Errno::PERM));
        assert_eq!(ftruncate(&descriptor, 500), Err(Errno::PERM));
        let write = ProtFlags::READ | ProtFlags::WRITE;
        assert!(Mapping::new(descriptor.as_fd(), 100, write).is_err());
        assert!(std::fs::File::from(descriptor).write(&[1]).is_err());
        assert_eq!(memory.bytes(), [7; 100]);
    }

    #[test]
    fn memory_that_is_not_sealed_or_has_another_length_is_refused() {
        let memory = sealed(&[7; 100]);
        for length in [0, 99, 101, usize::MAX] {
            assert!(Sealed::open(copy_of(&memory), length).is_err(), "{length}");
        }
        let draft = Draft::zeroed(100).unwrap();
        assert!(Sealed::open(dup(&draft.descriptor).unwrap(), 100).is_err());
        assert!(Sealed::open(std::fs::File::open("/dev/zero").unwrap().into(), 0).is_err());
    }

    #[test]
    fn a_mapping_for_writing_prevents_the_seal() {
        let draft = Draft::zeroed(100).unwrap();
        let write = ProtFlags::READ | ProtFlags::WRITE;
        let _other = Mapping::new(draft.descriptor.as_fd(), 100, write).unwrap();
        assert!(draft.seal().is_err());
    }
}
