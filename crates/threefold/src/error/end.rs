//! `End`: how a worker ended, as far as the system tells.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text;

/// How a worker ended, or one chunk on it.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    /// A signal ended it.
    Signal(i32),
    /// It exited in the middle of a chunk, with this code.
    Exit(i32),
    /// It asked for more memory than it could have; `signal` is the signal that ended it.
    OutOfMemory { signal: i32, limit: MemoryLimit },
    /// It was stopped because the chunk took longer than this.
    Deadline(Duration),
    /// Its MPI rank has ended.
    #[cfg(feature = "mpi")]
    RankGone,
    /// Its MPI rank has answered nothing for so long.
    #[cfg(feature = "mpi")]
    RankSilent(Duration),
    /// It was alive, but its channel was closed or carried an invalid message, and it was terminated for that.
    Protocol(Cow<'static, str>),
}

/// Which limit a worker reached.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MemoryLimit {
    /// Its own limit, in bytes.
    Own(u64),
    /// The limit of the machine or the container; `why` is the evidence for it.
    Kernel { why: Cow<'static, str> },
}

/// SIGABRT, which `abort` raises.
pub(crate) const SIGABRT: i32 = 6;

/// SIGKILL, which no process can catch, and which the kernel sends when memory runs out.
pub(crate) const SIGKILL: i32 = 9;

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(SIGABRT) => f.write_str("aborted (SIGABRT)"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Exit(code) => write!(f, "exited with code {code}"),
            Self::OutOfMemory { limit: MemoryLimit::Own(bytes), .. } => {
                write!(f, "ran out of memory: it needed more than its limit of {}", text::size(*bytes))
            }
            Self::OutOfMemory { limit: MemoryLimit::Kernel { why }, .. } => {
                write!(f, "killed by SIGKILL, probably by the kernel because memory ran out ({why})")
            }
            Self::Deadline(timeout) => write!(f, "took longer than {}", text::duration(*timeout)),
            #[cfg(feature = "mpi")]
            Self::RankGone => f.write_str("has ended"),
            #[cfg(feature = "mpi")]
            Self::RankSilent(limit) => write!(f, "has answered nothing for {}", text::duration(*limit)),
            Self::Protocol(what) => write!(f, "was terminated: {what}"),
        }
    }
}

/// The names of the signals that end a process by default, by their Linux numbers on x86-64 and ARM.
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
