//! `Parent`: the process that started this one as a worker, which alone may have it run tasks.
//!
//! Whoever can give a program its first argument and its standard input could otherwise run any task of it, with the
//! program's rights. So a worker serves only who made the channel in its standard input, and only if that is its own
//! parent and its own user, and if it has no other rights than that user.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::sockopt::{socket_domain, socket_peercred, socket_type};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{PidfdFlags, geteuid, getppid, getuid, pidfd_open};

use super::c_library;

/// The parent of this worker.
#[derive(Debug)]
pub(super) struct Parent {
    handle: OwnedFd,
}

/// Who is asking this process to be a worker.
pub(super) enum Asked {
    /// Nobody: there is no channel, so that the arguments are the program's own.
    Nobody,
    /// The parent.
    By(Parent),
    /// Somebody who may not, for this reason.
    Refused(String),
}

/// Who has put a channel into the standard input.
pub(super) fn asked_by() -> Asked {
    let channel = rustix::stdio::stdin();
    let is_channel =
        socket_domain(channel) == Ok(AddressFamily::UNIX) && socket_type(channel) == Ok(SocketType::STREAM);
    if !is_channel {
        return Asked::Nobody;
    }
    Parent::at(channel).map_or_else(Asked::Refused, Asked::By)
}

impl Parent {
    /// The process at the other end of `channel`, where this process may serve it.
    fn at(channel: BorrowedFd<'_>) -> Result<Self, String> {
        let unknown = |error: io::Error| format!("its parent cannot be found: {error}");
        if c_library::has_other_rights() {
            return Err("it has the rights of another user than the one who started it".to_string());
        }
        let peer = socket_peercred(channel).map_err(|error| unknown(error.into()))?;
        if (peer.uid, peer.uid) != (getuid(), geteuid()) {
            return Err("the channel is another user's".to_string());
        }
        let handle = match getppid() {
            Some(parent) if parent == peer.pid => pidfd_open(parent, PidfdFlags::empty()),
            _ => return Err("the process that made the channel is not its parent".to_string()),
        };
        let handle = handle.map_err(|error| unknown(error.into()))?;
        // Only now is it certain whose handle this is: a parent that had died before would not be the parent any more.
        if getppid() != Some(peer.pid) {
            return Err("its parent is gone".to_string());
        }
        Ok(Self { handle })
    }

    /// Readable when the parent has ended.
    pub(super) fn death(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}
