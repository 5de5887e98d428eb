//! `Surroundings`: what a process inherits from its parent and a program may change while it runs.
//!
//! A worker that is started from the executable inherits the surroundings of its parent at that moment. A copy of
//! another worker has those of its original. So a copy may replace a start only as long as both are the same.
//!
//! Reading the surroundings takes some tens of microseconds, most of it for the kernel's report. A fold that replaces
//! workers takes much longer. The report is that of the calling thread, since a child has the rights of the thread that
//! starts it.
//!
//! Some properties are left out. A program hardly ever changes them while it runs, and they cannot be read in a few
//! calls: the control group, the namespaces, the scheduling class, and the I/O priority. SECURITY.md names them, too.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::{env, fs};

use rustix::process::{Resource, Rlimit, getpriority_process, getrlimit};

/// All resource limits of a process.
const LIMITS: [Resource; 16] = [
    Resource::Cpu,
    Resource::Fsize,
    Resource::Data,
    Resource::Stack,
    Resource::Core,
    Resource::Rss,
    Resource::Nproc,
    Resource::Nofile,
    Resource::Memlock,
    Resource::As,
    Resource::Locks,
    Resource::Sigpending,
    Resource::Msgqueue,
    Resource::Nice,
    Resource::Rtprio,
    Resource::Rttime,
];

/// The lines of the kernel's report on a thread that its children inherit: the file mode creation mask, its rights,
/// what confines it, which signals are ignored, where it may run, and its session. The leader of the session may be
/// outside of this PID namespace, as in a container: then the kernel calls it 0, which is no PID for a system call.
const LINES: [&str; 16] = [
    "Umask",
    "Uid",
    "Gid",
    "Groups",
    "SigIgn",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
    "Seccomp_filters",
    "Cpus_allowed",
    "Mems_allowed",
    "NSsid",
];

/// What a child of this process inherits.
#[derive(Debug, PartialEq)]
pub(super) struct Surroundings {
    environment: Vec<(OsString, OsString)>,
    /// The working folder and the root folder, by device and inode. `None` if a folder cannot be read.
    folders: [Option<(u64, u64)>; 2],
    limits: [Rlimit; LIMITS.len()],
    report: String,
    priority: Option<i32>,
}

impl Surroundings {
    /// The current surroundings, for a child of this thread.
    pub(super) fn now() -> Self {
        let folder = |path| fs::metadata(path).ok().map(|folder| (folder.dev(), folder.ino()));
        let mut report = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let kept = report.lines().filter(|line| line.split_once(':').is_some_and(|(name, _)| LINES.contains(&name)));
        report = kept.collect::<Vec<_>>().join("\n");
        Self {
            environment: env::vars_os().collect(),
            folders: [folder("."), folder("/")],
            limits: LIMITS.map(getrlimit),
            report,
            priority: getpriority_process(None).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_same_until_something_changes() {
        let before = Surroundings::now();
        assert_eq!(before, Surroundings::now());
        assert_eq!(before.report.lines().count(), LINES.len(), "{}", before.report);
        assert!(before.folders.iter().all(Option::is_some));
    }
}
