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

/// What the kernel tells of the machine.
#[cfg(target_os = "linux")]
mod kernel {
    use procfs::sys::kernel::Version;
    use procfs::{CpuInfo, Current, CurrentSI, KernelStats, Meminfo};

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
}
