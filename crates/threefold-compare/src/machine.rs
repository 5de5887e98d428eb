//! `Machine`: where a comparison was measured.

use serde::{Deserialize, Serialize};

/// The machine that a comparison was measured on.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// assert!(comparison.machine.cores >= 1);
/// println!("{}, {} cores", comparison.machine.processor, comparison.machine.cores);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// The processor's name as the kernel reports it, or `unknown`.
    pub processor: String,
    /// How many cores this process could use, at least 1. Affinity and the quota of a control group are included.
    pub cores: usize,
    /// The machine's memory in bytes, or 0 if it is not known.
    pub memory_bytes: u64,
    /// The operating system and its version, for instance `Linux 6.18`.
    pub system: String,
}

impl Machine {
    /// The machine that this process runs on.
    pub(crate) fn this() -> Self {
        let processor = kernel::processor().unwrap_or_else(|| "unknown".to_string());
        let system = kernel::version().unwrap_or_else(|| std::env::consts::OS.to_string());
        Self { processor, cores: cores(), memory_bytes: kernel::memory_bytes().unwrap_or(0), system }
    }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// The processor seconds, since it was booted, that this virtual machine wanted and its host gave to others.
pub(crate) fn stolen_s() -> f64 {
    kernel::stolen_ms().map_or(0.0, |ms| ms as f64 / 1e3)
}

/// How many cores the machine has.
pub(crate) fn all_cores() -> usize {
    kernel::all_cores().unwrap_or_else(cores).max(1)
}

/// The kernel's policy for the processor's speed, if it can be seen and is not `performance`.
pub(crate) fn governor() -> Option<String> {
    let name = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?;
    (name != "performance").then_some(name)
}

/// Whether the processor can be seen to run faster while few of its cores are busy.
pub(crate) fn boosts() -> bool {
    read("/sys/devices/system/cpu/cpufreq/boost").is_some_and(|on| on == "1")
        || read("/sys/devices/system/cpu/intel_pstate/no_turbo").is_some_and(|off| off == "0")
}

/// The seconds, since it was made, in which the control group of this process had used up its processor time.
pub(crate) fn throttled_s() -> f64 {
    // One line for each hierarchy: `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1.
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let stat = groups.lines().find_map(|line| match line.splitn(3, ':').collect::<Vec<_>>()[..] {
        ["0", "", path] => read(&format!("/sys/fs/cgroup{path}/cpu.stat")).or_else(|| read("/sys/fs/cgroup/cpu.stat")),
        [_, controllers, path] if controllers.split(',').any(|controller| controller == "cpu") => {
            read(&format!("/sys/fs/cgroup/cpu{path}/cpu.stat")).or_else(|| read("/sys/fs/cgroup/cpu/cpu.stat"))
        }
        _ => None,
    });
    let field = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        let unit_s = match name {
            "throttled_usec" => 1e-6,
            "throttled_time" => 1e-9,
            _ => return None,
        };
        Some(value.trim().parse::<f64>().ok()? * unit_s)
    };
    stat.and_then(|stat| stat.lines().find_map(field)).unwrap_or(0.0)
}

/// The text of a file of the kernel, without the end of its line.
fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim_end().to_string())
}

/// The load average of the last minute: how many threads ran, were ready to run, or waited for a disk.
pub(crate) fn load() -> Option<f64> {
    kernel::load()
}

/// The processor seconds of all programs since the machine was started, and of this one with the children that it has waited
/// for.
pub(crate) fn used_s() -> Option<(f64, f64)> {
    kernel::used_s()
}

/// What the kernel tells of the machine.
#[cfg(target_os = "linux")]
mod kernel {
    use procfs::process::Process;
    use procfs::sys::kernel::Version;
    use procfs::{CpuInfo, Current, CurrentSI, KernelStats, LoadAverage, Meminfo, ticks_per_second};

    pub(super) fn all_cores() -> Option<usize> {
        Some(CpuInfo::current().ok()?.num_cores())
    }

    pub(super) fn load() -> Option<f64> {
        Some(f64::from(LoadAverage::current().ok()?.one))
    }

    pub(super) fn used_s() -> Option<(f64, f64)> {
        let total = KernelStats::current().ok()?.total;
        let system = total.system + total.irq.unwrap_or(0) + total.softirq.unwrap_or(0);
        let own = Process::myself().ok()?.stat().ok()?;
        let waited_for = u64::try_from(own.cutime + own.cstime).unwrap_or(0);
        let ticks = |ticks: u64| ticks as f64 / ticks_per_second() as f64;
        Some((ticks(total.user + total.nice + system), ticks(own.utime + own.stime + waited_for)))
    }

    pub(super) fn processor() -> Option<String> {
        CpuInfo::current().ok()?.model_name(0).map(str::to_string)
    }

    pub(super) fn memory_bytes() -> Option<u64> {
        Some(Meminfo::current().ok()?.mem_total)
    }

    pub(super) fn version() -> Option<String> {
        let version = Version::current().ok()?;
        Some(format!("Linux {}.{}", version.major, version.minor))
    }

    pub(super) fn stolen_ms() -> Option<u64> {
        KernelStats::current().ok()?.total.steal_ms()
    }
}

/// It is not asked on other systems.
#[cfg(not(target_os = "linux"))]
mod kernel {
    pub(super) fn processor() -> Option<String> {
        None
    }

    pub(super) fn memory_bytes() -> Option<u64> {
        None
    }

    pub(super) fn version() -> Option<String> {
        None
    }

    pub(super) fn stolen_ms() -> Option<u64> {
        None
    }

    pub(super) fn all_cores() -> Option<usize> {
        None
    }

    pub(super) fn load() -> Option<f64> {
        None
    }

    pub(super) fn used_s() -> Option<(f64, f64)> {
        None
    }
}
