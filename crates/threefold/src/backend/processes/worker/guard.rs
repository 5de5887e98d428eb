//! `Guard`: a worker ends with its parent, whatever it is doing.
//!
//! While a worker waits it would notice by itself. While it runs a chunk, a thread beside it waits for the end of the parent
//! or of the channel. The channel alone would not tell: a process that the parent forked holds its end too. Each worker has
//! such a thread, so it is a bare one: it waits, and makes system calls.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};

use super::bare_thread;
use super::parent::Parent;

/// What the guard of this process waits for. It stays where it is for as long as the process lives: a bare thread is given
/// nothing that could go away.
static GUARDED: OnceLock<Guard> = OnceLock::new();

struct Guard {
    parent: Parent,
    channel: UnixStream,
}

/// From now on this process ends, with its group, when the parent or the channel does.
///
/// # Errors
///
/// When the system refuses another thread. Then this process must not serve.
pub(super) fn start(parent: Parent, channel: UnixStream) -> io::Result<()> {
    let _ = GUARDED.set(Guard { parent, channel });
    bare_thread::start(watch)
}

/// The life of the guard. It stands by the rules of a bare thread.
extern "C" fn watch(_: *mut c_void) -> c_int {
    match GUARDED.get() {
        Some(guard) => end_with(&guard.parent, &guard.channel),
        None => end_group(),
    }
}

/// Waits for the end of the parent or of the channel, and ends this process with it.
fn end_with(parent: &Parent, channel: &UnixStream) -> ! {
    loop {
        // Of the channel only the hang-up is asked for: data does not wake this thread.
        let mut watched =
            [PollFd::new(channel, PollFlags::RDHUP), PollFd::from_borrowed_fd(parent.death(), PollFlags::IN)];
        match poll(&mut watched, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => end_group(),
        }
    }
}

/// Kills this process and what it started in its group.
pub(super) fn end_group() -> ! {
    // A worker that was started by hand shares its group with whoever did.
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
    process::abort()
}
