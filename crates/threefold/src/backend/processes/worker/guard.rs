//! `Guard`: a worker ends with its parent, whatever it is doing.

use std::io;
use std::os::unix::net::UnixStream;
use std::process;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};

use super::parent::Parent;

/// From now on this process ends, with its group, when the parent or the channel does.
pub(super) fn start(parent: Parent, channel: UnixStream) -> io::Result<()> {
    thread::Builder::new().name("threefold-watch".to_string()).spawn(move || end_with(&parent, &channel))?;
    Ok(())
}

/// Waits for the end of the parent or of the channel, and ends this process with it.
fn end_with(parent: &Parent, channel: &UnixStream) {
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
