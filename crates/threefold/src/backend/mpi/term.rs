//! SIGTERM in the processes of an MPI job: the only moment in which something can be said of a rank that was killed.
//!
//! When a rank is killed, Open MPI sends SIGTERM to all others, and SIGKILL some tenths of a second later. (MPICH sends
//! SIGKILL at once.) So rank 0 has a handler that wakes a thread, and this thread says which rank is gone. The other
//! ranks have it too, and do nothing with it: rank 0 must be able to tell the rank that was killed from those that
//! only end with it.
//!
//! The program may have a handler of its own. If it was installed later, it has replaced this one, or calls it. Then it
//! decides what becomes of the process. Otherwise the process ends as if there was no handler.
//!
//! # What SIGTERM does
//!
//! | process | handler of the program | what follows |
//! |---|---|---|
//! | rank 0 | none | the thread reports the ranks that are gone, and the process ends by SIGTERM |
//! | rank 0 | installed before `init()`, or SIGTERM is ignored | nothing is installed here, and nothing is reported |
//! | rank 0 | installed later, and calls this one | the thread reports, and the program decides whether it ends |
//! | rank 0 | installed later, and does not call this one | nothing is reported, and the program decides |
//! | another rank | none | nothing: rank 0 or the launcher ends it |
//! | a [fork](super::fork) of a rank | that of the rank | the process ends by SIGTERM, and the rank knows nothing of it |
//!
//! A handler may do very little. This one writes eight bytes to an event descriptor, and a thread that reads it does
//! all the rest. System calls that it interrupts are restarted, where the kernel can do this.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::fork;
use libc::{SA_RESTART, SIG_DFL, SIGTERM, c_int, sigaction, sighandler_t};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::fcntl_dupfd_cloexec;

/// What the handler writes to.
static EVENT: AtomicI32 = AtomicI32::new(-1);

extern "C" fn note(_signal: c_int) {
    if fork::has_another_id() {
        // The signal is blocked while its handler runs, and ends the fork when the handler returns. Both calls are allowed in a
        // handler.
        let _ = install(SIG_DFL);
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
        return;
    }
    let one = 1u64.to_ne_bytes();
    // SAFETY: `write` is allowed in a handler, and `one` has as many bytes as it is told. The descriptor is open for the
    // life of the process. The write is taken at once, since nobody writes so often that the counter is full, so that
    // it leaves `errno` alone.
    let _ = unsafe { libc::write(EVENT.load(Ordering::Relaxed), one.as_ptr().cast(), one.len()) };
}

/// Installs the handler, unless SIGTERM is ignored or has one. Returns what becomes readable with the signal.
pub(super) fn catch() -> io::Result<Option<OwnedFd>> {
    if current()? != SIG_DFL {
        return Ok(None);
    }
    let event = eventfd(0, EventfdFlags::CLOEXEC)?;
    // Worker processes of this rank must not inherit it.
    EVENT.store(fcntl_dupfd_cloexec(&event, 0)?.into_raw_fd(), Ordering::Relaxed);
    install(note as extern "C" fn(c_int) as sighandler_t)?;
    Ok(Some(event))
}

/// Ends this process as the signal would, if the handler is still the only one.
pub(super) fn end_by_default() -> io::Result<()> {
    if current()? != note as extern "C" fn(c_int) as sighandler_t {
        return Ok(());
    }
    install(SIG_DFL)?;
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)?;
    Ok(())
}

/// The handler of SIGTERM.
fn current() -> io::Result<sighandler_t> {
    let mut now = MaybeUninit::<sigaction>::uninit();
    // SAFETY: a null pointer asks for no change, and `now` has room for the answer.
    let result = unsafe { sigaction(SIGTERM, ptr::null(), now.as_mut_ptr()) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call was successful, so it has filled `now`.
    Ok(unsafe { now.assume_init() }.sa_sigaction)
}

fn install(handler: sighandler_t) -> io::Result<()> {
    // SAFETY: all fields are numbers, except one, which is an optional function. Zero is valid for each, and is an empty
    // mask.
    let mut action: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler;
    action.sa_flags = SA_RESTART;
    // SAFETY: `action` is a whole action whose handler is the default or a function of the right type, and the old
    // action is not asked for.
    let result = unsafe { sigaction(SIGTERM, &action, ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
