//! What the system reports about memory: how much a worker had, and whether the kernel has killed a process because
//! memory ran out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::fork::Own;

/// What a worker needs beyond the memory that it has when it arrives, in bytes: the buffers of its first messages.
const FIRST_BUFFERS: u64 = 1 << 20;

/// The least limit, in bytes, under which this process can serve: what it has, and its first buffers. A program with
/// large variables of its own needs more than the least that the options allow.
pub(super) fn least_here() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(field(&status, "VmData:")? * 1024 + FIRST_BUFFERS)
}

/// The largest resident memory that process `pid` has had so far, in bytes (`VmHWM`). `wait4` cannot be used: after
/// `posix_spawn` it reports the parent's peak.
pub(super) fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = field(&status, "VmHWM:")?;
    Some(kilobytes * 1024)
}

/// A count of how often the kernel has killed a process because memory ran out, and what it was when a fold began.
///
/// Where the control group of this process has a count of its own, which is its workers' too, nothing else is looked
/// at: the machine's count rises for the kills of others.
#[derive(Debug)]
pub(super) struct OomKills {
    before: u64,
}

/// A count younger than this is used again: reading it takes up to 100 us, which would be noticeable in a fold of cheap
/// chunks.
const FRESH: Duration = Duration::from_millis(20);

impl OomKills {
    /// The count as a fold begins.
    pub(super) fn now() -> Self {
        let Kills { seen, counter } = Kills::of_this_process();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (_, before) = match *seen {
            Some(seen) if now.duration_since(seen.0) < FRESH => seen,
            // The search for the count has read it.
            None if counter.get().is_none() => *seen.insert((now, counter.get_or_init(Counter::find).found)),
            _ => *seen.insert((now, counter.get_or_init(Counter::find).read().unwrap_or(0))),
        };
        Self { before }
    }

    /// If the count has risen since the last call, the sentence that says which counter rose.
    pub(super) fn increased(&mut self) -> Option<&'static str> {
        let counter = Kills::of_this_process().counter.get_or_init(Counter::find);
        let now = counter.read()?;
        let rose = now > self.before;
        self.before = now;
        rose.then_some(counter.sentence)
    }
}

/// What this process knows of such kills.
#[derive(Default)]
struct Kills {
    /// When the count was read last, and what it was.
    seen: Mutex<Option<(Instant, u64)>>,
    /// The count that is looked at: a process stays in its control group.
    counter: OnceLock<Counter>,
}

impl Kills {
    /// A fork begins anew: a thread that it does not have may have had the lock.
    fn of_this_process() -> &'static Self {
        static KILLS: LazyLock<Own<Kills>> = LazyLock::new(|| Own::new(Kills::default()));
        KILLS.get(|_| Self::default())
    }
}

/// A file of the kernel's with a line `oom_kill`.
#[derive(Debug)]
struct Counter {
    file: PathBuf,
    sentence: &'static str,
    /// The count when the file was found.
    found: u64,
}

impl Counter {
    /// That of the control group of this process, or of the machine.
    fn find() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::of_group(&groups, Path::new("/sys/fs/cgroup")).unwrap_or_else(Self::of_machine)
    }

    /// That of the control group, from what `/proc/self/cgroup` says and where the groups are mounted.
    fn of_group(groups: &str, mounted: &Path) -> Option<Self> {
        let group = |controllers: &str| {
            let mut lines = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
            lines.find(|(names, _)| names.split(',').any(|name| name == controllers)).map(|(_, group)| group)
        };
        let local = "the container's count of such kills, oom_kill in memory.events.local, rose";
        let below = "the container's count of such kills, oom_kill in memory.events, rose";
        let first = "the container's count of such kills, oom_kill in memory.oom_control, rose";
        // The first version, where it has the memory controller, then the second, whose own count leaves out the groups
        // below. In a container the groups may be mounted so that its own is at the top.
        let candidates = [
            (mounted.join("memory"), group("memory"), "memory.oom_control", first),
            (mounted.to_path_buf(), group(""), "memory.events.local", local),
            (mounted.to_path_buf(), group(""), "memory.events", below),
        ];
        candidates.into_iter().find_map(|(top, group, file, sentence)| {
            let own = top.join(group?.trim_start_matches('/')).join(file);
            [own, top.join(file)].into_iter().find_map(|file| {
                let found = count_in(&file)?;
                Some(Self { file, sentence, found })
            })
        })
    }

    /// That of the machine.
    fn of_machine() -> Self {
        let sentence = "the machine's count of such kills, oom_kill in /proc/vmstat, rose";
        let file = PathBuf::from("/proc/vmstat");
        Self { found: count_in(&file).unwrap_or(0), file, sentence }
    }

    fn read(&self) -> Option<u64> {
        count_in(&self.file)
    }
}

/// The count in such a file.
fn count_in(file: &Path) -> Option<u64> {
    field(&fs::read_to_string(file).ok()?, "oom_kill")
}

/// The number after `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_at_least_what_it_touched() {
        let touched = vec![1u8; 32 << 20];
        let peak = peak(std::process::id()).unwrap();
        assert!(peak >= 32 << 20, "{peak}, with {} bytes touched", touched.len());
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field("oom_kill_group 1\noom_kill 7\n", "oom_kill"), Some(7));
        assert_eq!(field("VmHWM:\t    1024 kB\n", "VmHWM:"), Some(1024));
        assert_eq!(field("", "oom_kill"), None);
    }

    /// Writes a file of the kernel's into a folder that stands for where the groups are mounted.
    fn write(mounted: &Path, file: &str, text: &str) {
        let file = mounted.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn the_count_of_the_containers_own_processes_comes_first() {
        let mounted = tempfile::tempdir().unwrap();
        let counter = |groups| Counter::of_group(groups, mounted.path());
        assert!(counter("0::/job\n").is_none());
        // The second version: a group's own count, not that of the groups below it or beside it.
        write(mounted.path(), "job/memory.events", "low 0\noom 9\noom_kill 9\n");
        assert_eq!(counter("0::/job\n").unwrap().read(), Some(9));
        write(mounted.path(), "job/memory.events.local", "low 0\noom 2\noom_kill 2\n");
        write(mounted.path(), "other/memory.events.local", "oom_kill 5\n");
        assert_eq!(counter("0::/job\n").unwrap().read(), Some(2));
        // The first version, beside the second, which has no memory controller then.
        write(mounted.path(), "memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
        assert_eq!(counter("5:cpu,memory:/job\n0::/job\n").unwrap().read(), Some(4));
        // Mounted with the container's own group at the top.
        write(mounted.path(), "memory/memory.oom_control", "oom_kill 6\n");
        assert_eq!(counter("5:memory:/docker/1234\n").unwrap().read(), Some(6));
    }

    #[test]
    fn only_kills_since_the_fold_began_are_told() {
        let mut kills = OomKills::now();
        assert_eq!(kills.increased(), None);
        if kills.before > 0 {
            kills.before -= 1;
            assert!(kills.increased().is_some());
        }
        assert_eq!(kills.increased(), None);
    }
}
