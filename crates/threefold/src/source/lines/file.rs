//! `InFile`: lines in a file. Each process that reads lines opens the file, and checks that it has not changed.
//!
//! The source notes the length of the file, its time of modification and its inode. A worker that is sent the source
//! opens the file by its path, when it needs the first chunk. Everybody compares the three with what the path names,
//! before a chunk is read, and again when it has been read. So what was read is of the same file, as far as the system
//! notes changes. A process that has the file open compares the path, too: otherwise a fold over a file that another
//! one has replaced would fail on some models only.
//!
//! Some files of the kernel, such as those of `/proc`, report a length of 0 although they have content. They are refused.
//!
//! The path is made absolute, since another host may have another working folder.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{self, Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use super::first_line;
use crate::source::Slice;

/// How many bytes are read at a time behind a window, to find the end of its last line.
const STEP: u64 = 16 << 10;

/// A file whose lines are read.
pub(super) struct InFile {
    path: PathBuf,
    stamp: Stamp,
    /// The file, once it was opened here.
    file: OnceLock<File>,
}

/// What shows that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    /// In nanoseconds since 1970; 0 where the system does not tell.
    modified: u64,
    /// 0 where files have none.
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |since| since.as_nanos() as u64);
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { length: metadata.len(), modified, inode }
    }
}

impl InFile {
    /// The file as it is now, or why it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let reason = |error: io::Error| error.to_string();
        // Asked for before it is opened: to open a pipe waits for somebody who writes.
        if !fs::metadata(path).map_err(reason)?.is_file() {
            return Err("it is not an ordinary file, so it cannot be read in pieces".to_string());
        }
        let file = File::open(path).map_err(reason)?;
        let metadata = file.metadata().map_err(reason)?;
        if metadata.len() == 0 && (&file).read(&mut [0]).map_err(reason)? > 0 {
            let reason = "the system does not tell its length, so it cannot be read in pieces: read it into memory and use `Lines::over`";
            return Err(reason.to_string());
        }
        let path = path::absolute(path).map_err(reason)?;
        Ok(Self { path, stamp: Stamp::of(&metadata), file: file.into() })
    }

    pub(super) fn len(&self) -> u64 {
        self.stamp.length
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines that begin in the bytes `window`, which are not empty, and where the first of them begins.
    pub(super) fn lines_in(&self, window: &Range<u64>, delimiter: u8) -> Result<(Slice<u8>, u64), String> {
        let read = self.read_lines(self.file()?, window, delimiter);
        // A read beyond the end fails with an error of its own. That the file has changed is the reason for it.
        self.check(fs::metadata(&self.path))?;
        read.map_err(|error| self.explain(&error))
    }

    fn read_lines(&self, file: &File, window: &Range<u64>, delimiter: u8) -> io::Result<(Slice<u8>, u64)> {
        let from = window.start.saturating_sub(1);
        let mut bytes = read(file, from..window.end)?;
        let Some(first) = first_line(&bytes, window.start == 0, delimiter) else {
            return Ok((Slice::from(Vec::new()), window.start));
        };
        let mut at = window.end;
        let mut is_open = bytes.last() != Some(&delimiter);
        while is_open && at < self.stamp.length {
            let next = at.saturating_add(STEP).min(self.stamp.length);
            let mut more = read(file, at..next)?;
            if let Some(end) = more.iter().position(|&byte| byte == delimiter) {
                more.truncate(end + 1);
                is_open = false;
            }
            bytes.append(&mut more);
            at = next;
        }
        bytes.drain(..first);
        Ok((bytes.into(), from + first as u64))
    }

    /// The file, which is opened if this process has not opened it. Its path still names it.
    fn file(&self) -> Result<&File, String> {
        // Before it is opened: there may be a pipe by now.
        self.check(fs::metadata(&self.path))?;
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = File::open(&self.path).map_err(|error| self.explain(&error))?;
        self.check(file.metadata())?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Checks that the file is what it was.
    fn check(&self, now: io::Result<Metadata>) -> Result<(), String> {
        let now = now.map_err(|error| self.explain(&error))?;
        let is_same = Stamp::of(&now) == self.stamp;
        if is_same {
            Ok(())
        } else {
            Err(format!("{}: the file has changed since the source was made", self.path.display()))
        }
    }

    fn explain(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.path.display())
    }
}

/// These bytes of a file.
#[cfg(unix)]
fn read(file: &File, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, range.start)?;
    Ok(bytes)
}

/// These bytes of a file. A file has one position for all threads, so one of them reads at a time.
#[cfg(not(unix))]
fn read(file: &File, range: Range<u64>) -> io::Result<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    use std::sync::{Mutex, PoisonError};

    static POSITION: Mutex<()> = Mutex::new(());
    let _one = POSITION.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bytes = vec![0; (range.end - range.start) as usize];
    let mut file = file;
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl InFile {
    /// The stamp and the path. A journal compares them too, so every build has them.
    pub(super) fn as_bytes(&self) -> Vec<u8> {
        let Stamp { length, modified, inode } = self.stamp;
        let stamp = [length, modified, inode].map(u64::to_le_bytes).concat();
        [&stamp, self.path.as_os_str().as_encoded_bytes()].concat()
    }

    /// The file with these bytes, which is not opened yet.
    #[cfg(all(feature = "processes", unix))]
    pub(super) fn restore(bytes: &[u8]) -> Option<Self> {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let (stamp, path) = bytes.split_first_chunk::<24>()?;
        let [length, modified, inode] = [0, 1, 2].map(|word| u64::from_le_bytes(stamp.as_chunks().0[word]));
        let stamp = Stamp { length, modified, inode };
        Some(Self { path: OsStr::from_bytes(path).into(), stamp, file: OnceLock::new() })
    }

    /// There are no worker processes.
    #[cfg(all(feature = "processes", not(unix)))]
    pub(super) fn restore(_bytes: &[u8]) -> Option<Self> {
        None
    }
}
