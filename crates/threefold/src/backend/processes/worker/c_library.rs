//! What is asked of the C library, since nothing offers it without unsafe code. One of the few files with unsafe code:
//! each call stands alone, with its proof.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_ulong};

use rustix::process::Signal;

/// The key of the entry point in the auxiliary vector.
const AT_ENTRY: c_ulong = 9;

/// The key of whether the process has other rights than whoever started it.
const AT_SECURE: c_ulong = 23;

/// The handler that ignores a signal.
const SIG_IGN: usize = 1;

// SAFETY: these are the C library's own declarations, `getauxval` of <sys/auxv.h>, `signal` of <signal.h> and `_exit` of
// <unistd.h>; a handler is a pointer, which a `usize` stands for in every ABI of Linux.
unsafe extern "C" {
    /// A value that the kernel gave to this process, or 0. It reads what never changes, so that any call is sound.
    safe fn getauxval(key: c_ulong) -> c_ulong;
    fn signal(number: c_int, handler: usize) -> usize;
    /// Ends this process. It returns to nobody and runs no code of the program, so that any call is sound.
    safe fn _exit(code: c_int) -> !;
}

/// Whether this process has other rights than whoever started it: the program is setuid or setgid, or its file has
/// capabilities.
pub(crate) fn has_other_rights() -> bool {
    getauxval(AT_SECURE) != 0
}

/// Where in memory the program's first instruction lies.
pub(super) fn entry_point() -> usize {
    getauxval(AT_ENTRY) as usize
}

/// Ends this process without the exit handlers of the program, which are another process's affair.
pub(super) fn exit_at_once(code: c_int) -> ! {
    _exit(code)
}

/// From now on who writes into a pipe that nobody reads sees an error. The standard library does the same before `main`.
pub(super) fn ignore_broken_pipes() {
    // SAFETY: a signal that is ignored has no handler that could run at a bad moment.
    unsafe { signal(Signal::PIPE.as_raw(), SIG_IGN) };
}
