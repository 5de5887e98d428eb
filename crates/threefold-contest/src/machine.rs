//! What the figures were measured on.

use std::process::Command;
use std::{fs, thread};

/// The processor, the cores that this process may use, the kernel, the compiler, and how busy the machine is with other
/// things, as far as they can be found.
pub fn describe() -> String {
    let unknown = || "unknown".to_string();
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processor = model.map_or_else(unknown, |(_, name)| name.to_string());
    let virtual_machine = if info.contains(" hypervisor") { ", a virtual machine" } else { "" };
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| unknown());
    let version = Command::new("rustc").arg("--version").output();
    let rustc = version.map_or_else(|_| unknown(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| unknown());
    let load = load.split(' ').next().unwrap_or_default();
    let (kernel, rustc) = (kernel.trim(), rustc.trim());
    format!(
        "{processor}{virtual_machine}, {cores} cores, Linux {kernel}, {rustc}. Runnable threads in the minute before \
         (load): {load}."
    )
}
