//! The machine that was measured on.

use procfs::{CpuInfo, Current, CurrentSI, KernelStats, Meminfo};

use crate::comparison::Machine;

/// This machine.
pub(crate) fn this() -> Machine {
    let processor = CpuInfo::current().ok().and_then(|info| info.model_name(0).map(str::to_string));
    let memory_bytes = Meminfo::current().map_or(0, |info| info.mem_total);
    let system = procfs::sys::kernel::Version::current().map_or_else(
        |_| std::env::consts::OS.to_string(),
        |version| format!("Linux {}.{}", version.major, version.minor),
    );
    Machine { processor: processor.unwrap_or_else(|| "unknown".to_string()), cores: cores(), memory_bytes, system }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// For how many processor seconds, since it was started, this virtual machine had work and its host did not let it run.
pub(crate) fn stolen_s() -> f64 {
    KernelStats::current().ok().and_then(|stats| stats.total.steal_ms()).map_or(0.0, |ms| ms as f64 / 1e3)
}
