//! Memory without a name that the parent of this worker process has: how the worker opens it.
//!
//! The worker opens it through the parent's descriptor, by way of `/proc`: `/proc/PARENT/fd/N`. It believes nothing that
//! it was told: the descriptor must lead to the file with the device and the inode that the parent has named.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::process::getppid;
use serde::{Deserialize, Serialize};

/// Which file of the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// The parent's descriptor of it.
    pub(crate) descriptor: u64,
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl File {
    /// Opens it anew for this process, for reading only or also for writing, as `access` says.
    pub(crate) fn open(self, access: OFlags) -> io::Result<OwnedFd> {
        let invalid = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let parent = getppid().ok_or_else(|| invalid("its parent is not in this PID namespace"))?;
        let path = format!("/proc/{}/fd/{}", parent.as_raw_nonzero(), self.descriptor);
        let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let descriptor = open(path, flags, Mode::empty())?;
        let file = fstat(&descriptor)?;
        if (file.st_dev, file.st_ino) != (self.device, self.inode) {
            return Err(invalid("the descriptor is another file's"));
        }
        Ok(descriptor)
    }
}
