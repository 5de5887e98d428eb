//! The build of this process, as the file that it was started from tells.

use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;
use std::{fs, io};

use crate::remote::wire::Build;

/// The build of this process. The same file, unchanged, is the same build: a running executable cannot be written to,
/// and one that was replaced is another file.
///
/// The file is asked once. A copy of this process (see `worker/copy.rs`) runs the same file, and has the answer with the
/// memory: the first look into a new process's part of `/proc` takes ten times as long as any other.
pub(in crate::backend) fn own() -> io::Result<Build> {
    static OWN: OnceLock<Build> = OnceLock::new();
    if let Some(build) = OWN.get() {
        return Ok(*build);
    }
    let file = fs::metadata("/proc/self/exe").or_else(|_| fs::metadata(std::env::current_exe()?))?;
    let build = Build([file.dev(), file.ino(), file.size(), file.mtime() as u64, file.mtime_nsec() as u64]);
    Ok(*OWN.get_or_init(|| build))
}
