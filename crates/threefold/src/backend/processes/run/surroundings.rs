//! `Surroundings`: what a process has from its parent by birth, as far as a program may change it while it runs.
//!
//! A worker that is started from the executable has these of its parent at that moment. A copy of another worker has those of
//! its original. So a copy may stand for a start only as long as they are the same.
//!
//! To ask takes some tens of microseconds, most of it for the kernel's report, which a fold that replaces workers does not
//! feel. The report is that of the calling thread, since a child has the rights of the thread that starts it.
//!
//! Left out is what a program hardly ever changes while it runs, and what cannot be asked for in a few calls: its control
//! group, its namespaces, its scheduling class, the priority of its input and output. SECURITY.md names these.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::{env, fs};

use rustix::process::{Pid, Resource, Rlimit, getpriority_process, getrlimit, getsid};

/// All limits that a process has.
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

/// The lines of the kernel's report on a thread that its children have too: the mask of new files, rights, what confines it,
/// which signals are ignored, and where it may run.
const LINES: [&str; 15] = [
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
];

/// What the children of this process begin with.
#[derive(Debug, PartialEq)]
pub(super) struct Surroundings {
    environment: Vec<(OsString, OsString)>,
    /// The working folder and the root, by device and number, where they can be asked for.
    folders: [Option<(u64, u64)>; 2],
    limits: [Rlimit; LIMITS.len()],
    report: String,
    priority: Option<i32>,
    session: Option<Pid>,
}

impl Surroundings {
    /// What they are now, for a child of this thread.
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
            session: getsid(None).ok(),
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
