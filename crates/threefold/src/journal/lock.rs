//! The lock of a journal's file: while one process has the journal, no other one can open it, and neither can the same one
//! a second time.
//!
//! The standard library locks files since Rust 1.89 only, and this library is for 1.88 too. Unix has locks of the kernel on
//! an open file, which end with the process, however that ends. Windows has no need of a lock: it refuses to open a file
//! that another program has opened and does not share.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::refusal::cannot;
use crate::error::Result;

/// The file, opened or made, and locked. `None` if it is locked already.
///
/// # Errors
///
/// It cannot be opened or locked.
pub(super) fn open(path: &Path) -> Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    imp::do_not_share(&mut options);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if imp::is_in_use(&error) => return Ok(None),
        Err(error) => return Err(cannot("be opened", path, error)),
    };
    match imp::lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(cannot("be locked", path, error)),
    }
}

/// Gives up the lock before the file is closed: a child of this process may have a copy of the open file for a moment, which
/// would keep it.
pub(super) fn release(file: &File) {
    imp::unlock(file);
}

#[cfg(unix)]
mod imp {
    use rustix::fs::{FlockOperation, flock};

    use super::{File, OpenOptions, io};

    pub(super) fn do_not_share(_options: &mut OpenOptions) {}

    pub(super) fn is_in_use(_error: &io::Error) -> bool {
        false
    }

    pub(super) fn lock(file: &File) -> io::Result<()> {
        Ok(flock(file, FlockOperation::NonBlockingLockExclusive)?)
    }

    pub(super) fn unlock(file: &File) {
        // It has the lock, so nothing can go wrong; and then the lock would end with the file.
        let _ = flock(file, FlockOperation::Unlock);
    }
}

#[cfg(windows)]
mod imp {
    use std::os::windows::fs::OpenOptionsExt;

    use super::{File, OpenOptions, io};

    /// Others may read the file, but neither write nor remove it.
    const FILE_SHARE_READ: u32 = 1;

    const ERROR_SHARING_VIOLATION: i32 = 32;

    pub(super) fn do_not_share(options: &mut OpenOptions) {
        options.share_mode(FILE_SHARE_READ);
    }

    pub(super) fn is_in_use(error: &io::Error) -> bool {
        error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
    }

    pub(super) fn lock(_file: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn unlock(_file: &File) {}
}

#[cfg(not(any(unix, windows)))]
mod imp {
    use super::{File, OpenOptions, io};

    pub(super) fn do_not_share(_options: &mut OpenOptions) {}

    pub(super) fn is_in_use(_error: &io::Error) -> bool {
        false
    }

    pub(super) fn lock(_file: &File) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "files cannot be locked on this platform"))
    }

    pub(super) fn unlock(_file: &File) {}
}
