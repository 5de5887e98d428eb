//! `Machine`: where a comparison was measured.

use procfs::{CpuInfo, Current, CurrentSI, KernelStats, Meminfo};
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
        let processor = CpuInfo::current().ok().and_then(|info| info.model_name(0).map(str::to_string));
        let memory_bytes = Meminfo::current().map_or(0, |info| info.mem_total);
        let system = procfs::sys::kernel::Version::current().map_or_else(
            |_| std::env::consts::OS.to_string(),
            |version| format!("Linux {}.{}", version.major, version.minor),
        );
        Self { processor: processor.unwrap_or_else(|| "unknown".to_string()), cores: cores(), memory_bytes, system }
    }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// The processor seconds, since it was booted, that this virtual machine wanted and its host gave to others.
pub(crate) fn stolen_s() -> f64 {
    KernelStats::current().ok().and_then(|stats| stats.total.steal_ms()).map_or(0.0, |ms| ms as f64 / 1e3)
}
