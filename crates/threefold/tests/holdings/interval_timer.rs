//! A timer whose signal interrupts this process again and again, as a profiler's does. One of the few files with unsafe
//! code: each call of the C library stands alone, with its proof.

#![allow(unsafe_code)]

use std::io;
use std::mem::zeroed;
use std::ptr;
use std::time::Duration;

/// Does nothing: that it was called is what interrupts a system call.
extern "C" fn interrupt(_signal: libc::c_int) {}

/// From now on this process is interrupted by SIGALRM every `interval`, whatever it waits for. Children are not.
pub(crate) fn start(interval: Duration) -> io::Result<()> {
    // SAFETY: a `sigaction` of zeros is a valid value: no flags (so that calls are interrupted), and an empty mask.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_sigaction = interrupt as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler has the type for an action without `SA_SIGINFO`, lives as long as the program, and touches
    // nothing, so that it may run at any moment. The old action is not asked for.
    let installed = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) };
    let micros = interval.as_micros().try_into().map_err(io::Error::other)?;
    let time = libc::timeval { tv_sec: 0, tv_usec: micros };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: `timer` is a whole value that is read before the call returns. The old timer is not asked for.
    let started = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
    if installed == 0 && started == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
