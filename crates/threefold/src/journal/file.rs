//! The file of a journal: how it is opened and locked, and how it is read and written at a place, so that threads do not
//! share a position.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::lock;
use super::refusal::{cannot, refusal};
use super::scan::Bytes;
use crate::error::Result;

/// Opens the file, or makes it, and locks it.
pub(super) fn open(path: &Path) -> Result<File> {
    loop {
        // Asked before it is opened: to open a pipe or a device may wait for somebody, or have effects.
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(refusal(path, "is a folder, a pipe or a device; use the path of a file"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot("be opened", path, error)),
            _ => {}
        }
        let file = locked(path)?;
        if has_no_length(&file) {
            return Err(refusal(
                path,
                "has no length, as files of `/proc` have none; use the path of an ordinary file",
            ));
        }
        // Somebody may have removed the file between the two calls. What is written to it then would be lost.
        if is_still_named(&file, path).map_err(|error| cannot("be opened", path, error))? {
            return Ok(file);
        }
    }
}

/// Whether the system tells no length although the file has content, as for those of `/proc`.
fn has_no_length(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() == 0) && read_exact(file, &mut [0], 0).is_ok()
}

/// A process that was killed holds its lock until the kernel has taken it apart, and its children do until they have
/// become other programs. So this waits for a moment.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it waits between two looks.
const PAUSE: Duration = Duration::from_millis(5);

fn locked(path: &Path) -> Result<File> {
    let since = Instant::now();
    loop {
        match lock::open(path)? {
            Some(file) => return Ok(file),
            None if since.elapsed() < PATIENCE => thread::sleep(PAUSE),
            None => {
                return Err(refusal(
                    path,
                    "is in use by another process, or by another `Journal` of this one; wait until that has ended, or use \
                     another file",
                ));
            }
        }
    }
}

#[cfg(unix)]
pub(super) fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Nothing tells which file a path names here. On Windows nobody can remove it: see [`lock`].
#[cfg(not(unix))]
pub(super) fn is_still_named(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Checks that the file may have `length` bytes. A write beyond the limit on the size of files (`ulimit -f`) would send the
/// program SIGXFSZ, which ends it.
#[cfg(target_os = "linux")]
pub(super) fn check_length(length: u64) -> io::Result<()> {
    use rustix::io::Errno;
    use rustix::process::{Resource, getrlimit};

    let is_too_long = getrlimit(Resource::Fsize).current.is_some_and(|most| length > most);
    if is_too_long { Err(Errno::FBIG.into()) } else { Ok(()) }
}

/// The limit is not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn check_length(_length: u64) -> io::Result<()> {
    Ok(())
}

/// Waits until the name of a new file is on the disk.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder)?.sync_all() {
        // Some file systems flush names in their own time only.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Folders cannot be opened as files here.
#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

impl Bytes for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        read_exact(self, bytes, at)
    }
}

#[cfg(unix)]
pub(super) fn read_exact(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
pub(super) fn write_all(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(super) use elsewhere::{read_exact, write_all};

/// A file has one position for all threads here, so one thread uses it at a time.
#[cfg(not(unix))]
mod elsewhere {
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::{File, io};

    static POSITION: Mutex<()> = Mutex::new(());

    fn go(mut file: &File, at: u64) -> io::Result<MutexGuard<'static, ()>> {
        let one = POSITION.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        Ok(one)
    }

    pub(in super::super) fn read_exact(mut file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let _one = go(file, at)?;
        file.read_exact(bytes)
    }

    pub(in super::super) fn write_all(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        let _one = go(file, at)?;
        file.write_all(bytes)
    }
}
