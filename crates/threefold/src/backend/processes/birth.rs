//! `Birth`: the first that a copy of a worker process says, before any frame: its number, with a handle of the process.
//!
//! The parent has not started it itself, and knows nothing of it until then. The number is 0 where no copy of such a process
//! can be made, which the original says in its place.
//!
//! The handle is a pidfd that the copy opens of itself. So it cannot be of another process, and the number beside it stands for
//! the same one for as long as nobody has waited for it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};

use super::descriptors;

/// What came of a copy.
#[derive(Debug)]
pub(super) enum Birth {
    /// It is there.
    Of(Pid, OwnedFd),
    /// Nothing is known yet.
    Awaited,
    /// No copy can be made of this program's workers.
    Refused,
    /// It was not made, or died before it could say anything.
    Failed,
}

/// Says in a copy that it is there.
pub(super) fn announce(channel: &UnixStream) -> io::Result<()> {
    let number = getpid();
    let handle = pidfd_open(number, PidfdFlags::empty())?;
    Ok(descriptors::send(channel, &number.as_raw_pid().to_le_bytes(), &[handle.as_fd()])?)
}

/// Says in the original that there will be no copy, now or later.
pub(super) fn refuse(channel: &UnixStream) -> io::Result<()> {
    Ok(descriptors::send(channel, &0i32.to_le_bytes(), &[])?)
}

/// What a channel tells of the birth, without waiting.
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
