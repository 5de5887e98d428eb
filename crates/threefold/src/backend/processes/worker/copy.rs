//! A copy of this process that is its sibling: a child of the same parent, made with `clone3`. This is one of the few
//! files with unsafe code: each system call stands alone, with its proof.
//!
//! The C library's `fork` can only make children. So the system call is made directly, and this file does what `fork`
//! does besides the call. The thread id of the main thread is written where the library keeps it. The list of robust
//! locks is registered with the kernel again. What `fork` does about other threads is not needed, since there are none.
//! Handlers that were registered with `pthread_atfork` do not run.
//!
//! The C library could notice in these places that the process is another one:
//!
//! - **The thread id of the main thread.** Recursive locks compare it, and the library shows it to debuggers. The
//!   kernel writes it, as for `fork`. The library keeps the process id nowhere.
//! - **Locks.** The process has one thread, so only this thread can hold a lock, and it continues in the copy.
//! - **Streams.** The buffers of the C library and of the standard library were flushed before, so their content is not
//!   written twice.
//! - **The allocator.** It is consistent, since no thread is in the middle of a call. Both processes continue with
//!   their own.
//! - **Robust locks.** A new process has no list of them, so the list is registered with the kernel again. It is empty.
//! - **Restartable sequences and the stack for signals.** The kernel passes both on to a process that shares no memory.
//! - **The stack canary** and the memory layout are those of the original, as among the threads of one process.
//! - **Timers and file locks** are not passed on, as with `fork`. Only the program itself could have set any, before
//!   its entrance.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::ptr;

use rustix::thread::get_clear_child_tid_address;

/// The process in which `make` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Original,
    Copy,
}

/// Whether this process has no other thread. Only such a process may be copied: a lock that another thread holds would
/// stay locked in the copy forever.
///
/// No thread can be started between this check and the copy, since only this thread could start one.
pub(super) fn is_single_threaded() -> bool {
    // A directory has one link for each directory in it, and two for itself. `task` has a directory for each thread.
    std::fs::metadata("/proc/self/task").is_ok_and(|threads| threads.nlink() == 3)
}

/// Flushes the streams of the standard library and of C. Otherwise a copy would write the buffered output once more.
pub(super) fn flush_streams() {
    let _ = io::stdout().flush();
    // SAFETY: a null pointer asks for all streams. The locks of the library are free, since the only thread is here.
    unsafe { libc::fflush(ptr::null_mut()) };
}

/// Makes a copy of this process. The copy has the same parent, shares no memory, and returns from this call too.
///
/// The parent is notified of the copy's end as of any child's. The kernel sends the same signal for it as for the end
/// of this process.
///
/// # Errors
///
/// When this process has other threads, or its C library is not the GNU one, or the system refuses another process.
pub(super) fn make() -> io::Result<Side> {
    if !cfg!(target_env = "gnu") || !is_single_threaded() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // The GNU library registers the place where it keeps the main thread's id as the one that the kernel clears.
    let number = get_clear_child_tid_address()?.ok_or(io::ErrorKind::Unsupported)?;
    let robust = RobustList::of_this_thread()?;
    // SAFETY: a `clone_args` of zeros is a valid value: no flags, and no memory named.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = (libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) as u64;
    arguments.child_tid = number.as_ptr() as u64;
    // SAFETY: without `CLONE_VM` the copy has memory of its own and goes on with the same stack, so that it returns from
    // here as the original does. The only thread is this one, so that no lock is held by somebody that the copy lacks.
    // The kernel writes the copy's number, a `pid_t`, to the place in the copy's memory where the C library keeps just
    // that; it named the place itself. The arguments are a whole value that is read before the call returns.
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

/// The list of robust locks of this thread, as the C library registered it. The kernel does not know it for a copy.
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
