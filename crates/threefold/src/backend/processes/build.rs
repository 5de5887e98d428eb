//! The build of this process, as the file that it was started from tells.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::remote::wire::Build;

/// The build of this process. The same file, unchanged, is the same build: a running executable cannot be written to,
/// and one that was replaced is another file.
pub(in crate::backend) fn own() -> io::Result<Build> {
    let file = fs::metadata("/proc/self/exe").or_else(|_| fs::metadata(std::env::current_exe()?))?;
    Ok(Build([file.dev(), file.ino(), file.size(), file.mtime() as u64, file.mtime_nsec() as u64]))
}
