//! A thread that costs a tenth of an ordinary thread. Every worker has one beside its tasks. This is one of the few
//! files with unsafe code: each call stands alone, with its proof.
//!
//! An ordinary thread has a stack of megabytes, an arena of the allocator, its own storage for each thread-local
//! variable, and a second stack for signals. Setting these up takes some twenty system calls and as many page faults.
//! The bare thread has a stack of a few pages and nothing else. It shares the thread-local variables of the thread that
//! starts it, so it must not touch any. It must not allocate, must not panic, and must not call a C library function
//! that sets `errno`. No signal is delivered to it.
//!
//! The C library does not know of this thread, and this is intended. The library still treats the process as
//! single-threaded, so the tasks allocate without locks. If a task starts threads, these are ordinary threads.
//!
//! With a fresh worker for each chunk, an ordinary thread made each worker a fifth more expensive (measured).

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::io;
use std::mem::zeroed;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

/// The size of the stack in bytes. A few system calls need some hundred bytes, and some thousand in a debug build.
const STACK: usize = 32 << 10;

/// The stack of the only bare thread of a process. The kernel provides only the pages that the thread touches.
#[repr(C, align(64))]
struct Stack(UnsafeCell<[u8; STACK]>);

// SAFETY: nobody but the one thread that has it as its stack touches it; `IS_TAKEN` sees to that.
unsafe impl Sync for Stack {}

static THE_STACK: Stack = Stack(UnsafeCell::new([0; STACK]));
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Starts the only bare thread of this process, which runs `body`. The thread ends with the process.
///
/// # Errors
///
/// When the process has a bare thread already, or the system refuses another thread.
///
/// `body` may only make system calls, and must make them without the C library. The reasons are at the top of this
/// file.
pub(super) fn start(body: extern "C" fn(*mut c_void) -> c_int) -> io::Result<()> {
    // Relaxed: only the first caller gets the stack, and nothing else depends on the order.
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let old = block_all_signals()?;
    let flags = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM;
    let end = THE_STACK.0.get().wrapping_add(1).cast();
    // SAFETY: the stack is this thread's alone and lives as long as the program; its end is aligned, and stacks grow
    // down on every architecture that Linux has in use. `body` is given no argument. It shares this
    // thread's storage for thread-local variables, of which it touches none. The mask that it inherits blocks all
    // signals, so that no handler runs on its stack or with that storage.
    let started = unsafe { libc::clone(body, end, flags, ptr::null_mut()) };
    let error = io::Error::last_os_error();
    restore_signals(&old)?;
    if started == -1 { Err(error) } else { Ok(()) }
}

/// Blocks all signals of this thread. Returns the previous mask.
fn block_all_signals() -> io::Result<libc::sigset_t> {
    // SAFETY: a set of zeros is a valid value, the empty set.
    let mut all: libc::sigset_t = unsafe { zeroed() };
    // SAFETY: the set is this function's own.
    unsafe { libc::sigfillset(&raw mut all) };
    set_mask(&all)
}

fn restore_signals(old: &libc::sigset_t) -> io::Result<()> {
    set_mask(old).map(drop)
}

fn set_mask(mask: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    // SAFETY: as above.
    let mut old: libc::sigset_t = unsafe { zeroed() };
    // SAFETY: one set is read and the other written before the call returns. No handler runs that would not run
    // otherwise.
    match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, &raw mut old) } {
        0 => Ok(old),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
