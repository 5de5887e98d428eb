//! `Target`: what the path of an export names, and how it is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Links are followed so many times; Linux follows as many. More lead in a circle.
const MOST_LINKS: usize = 40;

/// Folders whose entries name open streams. Such an entry must not be replaced by a file.
const STREAMS: [&str; 2] = ["/dev", "/proc"];

/// What the path of an export names, links followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A file, which need not exist: it is replaced as a whole.
    File(PathBuf),
    /// A pipe, a device or an open stream: it is written directly.
    Stream(PathBuf),
}

impl Target {
    /// Finds out what `path` names.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if STREAMS.iter().any(|folder| path.starts_with(folder)) {
            return Ok(Self::Stream(path.to_path_buf()));
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(metadata) if metadata.is_file() => Ok(Self::File(fs::canonicalize(path)?)),
            Ok(_) => Ok(Self::Stream(fs::canonicalize(path)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => new_file(path).map(Self::File),
            Err(error) => Err(error),
        }
    }

    /// Writes the whole text, or changes nothing if that is not possible. A stream may have received a part.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Self::Stream(path) => OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes()),
            Self::File(path) => {
                let (mut file, temporary) = self.begin(path)?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                temporary.rename(path)
            }
        }
    }

    /// Checks that it can be written, and changes nothing.
    pub(super) fn check(&self) -> io::Result<()> {
        match self {
            // Opening a pipe would wait for its reader.
            Self::Stream(_) => Ok(()),
            Self::File(path) => self.begin(path).map(|_| ()),
        }
    }

    /// A temporary file in the folder of `path`, with the permissions of the file that it will replace.
    fn begin(&self, path: &Path) -> io::Result<(File, Temporary)> {
        let permissions = match OpenOptions::new().write(true).open(path) {
            Ok(old) => Some(old.metadata()?.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            // It is write-protected, for instance. A rename would replace it all the same.
            Err(error) => return Err(error),
        };
        let (file, temporary) = Temporary::beside(path)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        Ok((file, temporary))
    }
}

/// The path of a file that does not exist yet: where the links lead, in a folder that exists.
fn new_file(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            // A relative link is relative to the folder of the link.
            Ok(link) => path = folder_of(&path).join(link),
            Err(_) => {
                let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
                return Ok(fs::canonicalize(folder_of(&path))?.join(name));
            }
        }
    }
    Err(io::Error::other("too many links lead to one another"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A temporary file. It is removed when this is dropped, unless it was renamed.
struct Temporary {
    path: Option<PathBuf>,
}

impl Temporary {
    /// Creates one in the folder of `path`, since a file can only be renamed within one file system.
    fn beside(path: &Path) -> io::Result<(File, Self)> {
        /// Two exports of one process must not share a temporary file.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let temporary = folder_of(path).join(format!(".threefold-{}-{number}.tmp", std::process::id()));
            // It must be new: an existing file or link of this name is somebody else's.
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok((file, Self { path: Some(temporary) })),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(mut self, path: &Path) -> io::Result<()> {
        if let Some(temporary) = &self.path {
            fs::rename(temporary, path)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // An error is being returned already, or nothing was to be kept.
            let _ = fs::remove_file(path);
        }
    }
}
