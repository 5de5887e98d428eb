//! `Birth`: the first message of a copy of a worker process. It comes before any frame, and holds the process id and a
//! pidfd.
//!
//! A copy is a process that a worker makes with `clone3`. The parent did not start it, so the parent knows nothing of
//! the copy until this message arrives. If no copy of the worker can be made, the original sends the process id 0
//! instead.
//!
//! The copy opens the pidfd of itself, so the pidfd cannot name another process. The process id next to it is valid for
//! as long as nobody has waited for the process.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};

use super::descriptors;

/// What is known about a copy that was requested.
#[derive(Debug)]
pub(super) enum Birth {
    /// The copy exists and has sent its process id and pidfd.
    Of(Pid, OwnedFd),
    /// Nothing has been received yet.
    Awaited,
    /// No copy can be made of this program's workers.
    Refused,
    /// The copy was not made, or it died before it sent its process id.
    Failed,
}

/// In the copy: sends the process id and the pidfd to the parent.
pub(super) fn announce(channel: &UnixStream) -> io::Result<()> {
    let number = getpid();
    let handle = pidfd_open(number, PidfdFlags::empty())?;
    Ok(descriptors::send(channel, &number.as_raw_pid().to_le_bytes(), &[handle.as_fd()])?)
}

/// In the original: tells the parent that no copy can be made, now or later.
pub(super) fn refuse(channel: &UnixStream) -> io::Result<()> {
    Ok(descriptors::send(channel, &0i32.to_le_bytes(), &[])?)
}

/// Reads from the channel what is known about the copy, without waiting.
pub(super) fn look(channel: &UnixStream) -> Birth {
    let mut number = [0; 4];
    match descriptors::receive(channel, &mut number, RecvFlags::DONTWAIT) {
        Ok((4, [Some(handle), ..])) => match Pid::from_raw(i32::from_le_bytes(number).max(0)) {
            Some(number) => Birth::Of(number, handle),
            None => Birth::Failed,
        },
        Ok((4, [None, ..])) if number == [0; 4] => Birth::Refused,
        Err(Errno::AGAIN) => Birth::Awaited,
        Ok(_) | Err(_) => Birth::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_is_told_with_a_handle_of_the_process() {
        let (parents, copys) = UnixStream::pair().unwrap();
        assert!(matches!(look(&parents), Birth::Awaited));
        announce(&copys).unwrap();
        assert!(matches!(look(&parents), Birth::Of(number, _) if number == getpid()));
        refuse(&copys).unwrap();
        assert!(matches!(look(&parents), Birth::Refused));
        drop(copys);
        assert!(matches!(look(&parents), Birth::Failed));
    }
}
