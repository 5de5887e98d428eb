//! `End`: how a worker came to its end, told apart as far as the system tells.

use std::fmt;
use std::time::Duration;

/// How a worker, or one chunk on it, came to its end.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A signal that it was sent, or ran into.
    Signal(i32),
    /// It exited by itself, in the middle of a chunk.
    Exit(i32),
    /// It asked for more memory than there is; `signal` is what it died of.
    OutOfMemory { signal: i32, limit: MemoryLimit },
    /// It was stopped, since the chunk took longer than this.
    Deadline(Duration),
    /// It was alive, but its channel was closed or spoke nonsense: it was ended for that.
    Protocol(&'static str),
}

/// Whose limit a worker ran into.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MemoryLimit {
    /// The one that it was given, in bytes.
    Own(u64),
    /// The machine's or the container's, and what speaks for that.
    Kernel { why: &'static str },
}

/// SIGABRT: what `abort` raises.
pub(crate) const SIGABRT: i32 = 6;

/// SIGKILL: what nobody can catch, and what the kernel sends when memory runs out.
pub(crate) const SIGKILL: i32 = 9;

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(SIGABRT) => f.write_str("aborted (SIGABRT)"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Exit(code) => write!(f, "exited by itself with code {code}"),
            Self::OutOfMemory { limit: MemoryLimit::Own(bytes), .. } => {
                write!(f, "ran out of memory: it asked for more than its limit of {}", size(*bytes))
            }
            Self::OutOfMemory { limit: MemoryLimit::Kernel { why }, .. } => {
                write!(f, "killed by SIGKILL, likely by the kernel for want of memory ({why})")
            }
            Self::Deadline(timeout) => write!(f, "stopped after {}", duration(*timeout)),
            Self::Protocol(what) => write!(f, "was ended: {what}"),
        }
    }
}

/// The signals that end a process by default, by their Linux numbers on common processors.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        SIGABRT => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        SIGKILL => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// Bytes for people: the largest binary unit that keeps one digit before the point.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

/// A duration for people: `20 ms`, `1.5 s`.
pub(super) fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1e3;
    match milliseconds {
        0.0..1.0 => format!("{} us", duration.as_micros()),
        1.0..1000.0 => format!("{} ms", (milliseconds * 10.0).round() / 10.0),
        _ => format!("{} s", (milliseconds / 100.0).round() / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_short_and_have_units() {
        let sizes = [0, 1023, 1024, 1536, 512 << 20, (1 << 30) + 1].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1 KiB", "1.5 KiB", "512 MiB", "1.0 GiB"]);
        let durations = [7, 1500, 20_000, 1_500_000, 61_000_000].map(|us| duration(Duration::from_micros(us)));
        assert_eq!(durations, ["7 us", "1.5 ms", "20 ms", "1.5 s", "61 s"]);
    }
}
