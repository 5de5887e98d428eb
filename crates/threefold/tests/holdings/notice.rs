//! A process that is told to terminate and goes on. One of the few files with unsafe code: each call of the C library
//! stands alone, with its proof.

#![allow(unsafe_code)]

use std::mem::zeroed;
use std::ptr;

/// Does nothing. What this process starts from now on has the default again.
extern "C" fn go_on(_signal: libc::c_int) {}

/// From now on this process does not heed SIGTERM. What it starts does.
pub(crate) fn ignore() {
    // SAFETY: a `sigaction` of zeros is a valid value: no flags, and an empty mask.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_flags = libc::SA_RESTART;
    action.sa_sigaction = go_on as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler has the type for an action without `SA_SIGINFO`, lives as long as the program, and touches
    // nothing, so that it may run at any moment. The old action is not asked for.
    let installed = unsafe { libc::sigaction(libc::SIGTERM, &raw const action, ptr::null_mut()) };
    assert_eq!(installed, 0);
}
