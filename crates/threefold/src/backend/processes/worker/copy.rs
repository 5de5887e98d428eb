//! A copy of this process that is its sibling: a child of the same parent. One of the few files with unsafe code: each call
//! of the system stands alone, with its proof.
//!
//! The C library's `fork` makes children only, so the call is made past it, and what its `fork` does beside the call is done
//! here: the new number of the main thread is written where the library keeps it, and the list of robust locks is told to
//! the kernel again. What `fork` does about other threads has no object, since there are none. Handlers that were registered
//! with `pthread_atfork` do not run.
//!
//! What of the C library could notice that the process is another one, and why it does not:
//!
//! - **The number of the main thread**, which recursive locks compare and which the library tells to debuggers: it is written
//!   by the kernel, as for `fork`. The number of the process is not kept anywhere.
//! - **Locks**: with one thread, none is held but by this thread, which goes on in the copy.
//! - **Streams**: what they hold, here and in the standard library, has been written out, so that it is not written twice.
//! - **The allocator**: it is in one piece, since no thread is in the middle of it. Both go on with their own.
//! - **Robust locks**: the list of them is told to the kernel again, since a new process has none. It is empty.
//! - **Restartable sequences and the stack for signals**: the kernel hands both on to a process that shares no memory.
//! - **The canary of the stack** and the layout of the memory are those of the original, as among the threads of a process.
//! - **Timers and file locks** are not handed on, as with `fork`. Nobody has run that could have set any but the program
//!   before its entrance.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::ptr;

use rustix::thread::get_clear_child_tid_address;

/// Who returns from the making of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Original,
    Copy,
}

/// Whether this process has no thread but this one. Only such a process may be copied: a lock that another thread holds would
/// stay locked in the copy for ever.
///
/// Nobody can start a thread between this question and the copy, since nobody else is there to do it.
pub(super) fn is_single_threaded() -> bool {
    // The folder of the threads, as every folder, has a link for each folder in it, and two for itself.
    std::fs::metadata("/proc/self/task").is_ok_and(|threads| threads.nlink() == 3)
}

/// Writes out what the streams hold, those of the standard library and those of C: a copy would write it once more.
pub(super) fn flush_streams() {
    let _ = io::stdout().flush();
    // SAFETY: a null pointer asks for all streams. The locks of the library are free, since the only thread is here.
    unsafe { libc::fflush(ptr::null_mut()) };
}

/// Makes a copy of this process. It has the same parent, shares no memory, and returns from this call too.
///
/// Its parent is told of its end as of any child's. The signal for that is the one that this process ends with, which the
/// kernel takes over from it.
///
/// # Errors
///
/// When this process has other threads, or its C library is not the GNU one, or the system refuses.
pub(super) fn make() -> io::Result<Side> {
    if !cfg!(target_env = "gnu") || !is_single_threaded() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // The GNU library names the place where it keeps the main thread's number as the one that the kernel clears.
    let number = get_clear_child_tid_address()?.ok_or(io::ErrorKind::Unsupported)?;
    let robust = RobustList::of_this_thread()?;
    // SAFETY: a `clone_args` of zeros is a valid value: no flags, and no memory named.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = (libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) as u64;
    arguments.child_tid = number.as_ptr() as u64;
    // SAFETY: without `CLONE_VM` the copy has memory of its own and goes on with the same stack, so that it returns from
    // here as the original does. The only thread is this one, so that no lock is held by somebody that the copy lacks. The
    // kernel writes the copy's number, a `pid_t`, to the place in the copy's memory where the C library keeps just that; it
    // named the place itself. The arguments are a whole value that is read before the call returns.
    let made = unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of::<libc::clone_args>()) };
    match made {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            robust.tell_again();
            Ok(Side::Copy)
        }
        _ => Ok(Side::Original),
    }
}

/// The list of robust locks of this thread, as the C library registered it. The kernel knows none of a copy.
struct RobustList {
    head: *const (),
    length: usize,
}

impl RobustList {
    fn of_this_thread() -> io::Result<Self> {
        let mut list = Self { head: ptr::null(), length: 0 };
        let this_thread: c_int = 0;
        // SAFETY: the kernel writes a pointer and a length to two places that are theirs.
        let asked =
            unsafe { libc::syscall(libc::SYS_get_robust_list, this_thread, &raw mut list.head, &raw mut list.length) };
        if asked == 0 { Ok(list) } else { Err(io::Error::last_os_error()) }
    }

    fn tell_again(&self) {
        if !self.head.is_null() {
            // SAFETY: the list lies in the memory of the C library, of which the copy has all, at the same address. It
            // was registered with the same length by that library for this thread, which is the copy's only one.
            let _: c_long = unsafe { libc::syscall(libc::SYS_set_robust_list, self.head, self.length) };
        }
    }
}
