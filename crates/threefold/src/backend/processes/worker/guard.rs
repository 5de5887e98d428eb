//! `Guard`: a worker exits when its parent ends, even while it runs a chunk.
//!
//! A worker that waits for messages would notice the end by itself. While it runs a chunk, a second thread waits for
//! the end of the parent or of the channel. The channel alone is not enough: a process that the parent forked holds its
//! end of the channel too. Each worker has such a thread, so it must be cheap. It is a bare thread, which only waits
//! and makes system calls.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process, kill_process_group};

use super::bare_thread;
use super::parent::Parent;

/// What the guard of this process waits for. It is never dropped, so the bare thread cannot be left with a reference to
/// freed memory.
static GUARDED: OnceLock<Guard> = OnceLock::new();

struct Guard {
    parent: Parent,
    channel: UnixStream,
}

/// From now on this process kills itself and its group when the parent or the channel ends.
///
/// # Errors
///
/// When the system refuses another thread. Then this process must not serve.
pub(super) fn start(parent: Parent, channel: UnixStream) -> io::Result<()> {
    let _ = GUARDED.set(Guard { parent, channel });
    bare_thread::start(watch)
}

/// The body of the guard thread. It obeys the rules of a bare thread.
extern "C" fn watch(_: *mut c_void) -> c_int {
    match GUARDED.get() {
        Some(guard) => end_with(&guard.parent, &guard.channel),
        None => end_group(),
    }
}

/// Waits for the end of the parent or of the channel, and then kills this process and its group.
fn end_with(parent: &Parent, channel: &UnixStream) -> ! {
    loop {
        // Only a hang-up of the channel is polled for: data does not wake this thread.
        let mut watched =
            [PollFd::new(channel, PollFlags::RDHUP), PollFd::from_borrowed_fd(parent.death(), PollFlags::IN)];
        match poll(&mut watched, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => end_group(),
        }
    }
}

/// Kills this process and the processes that it started in its group.
pub(super) fn end_group() -> ! {
    // A worker that was started by hand is in the group of the process that started it. Then no group has its PID, and
    // this call finds none. Asking for the own group first would not do: where that group is of another PID namespace,
    // it has no PID here.
    let _ = kill_process_group(getpid(), Signal::KILL);
    let _ = kill_process(getpid(), Signal::KILL);
    process::abort()
}
