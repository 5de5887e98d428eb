//! What `--exec COMMAND` and its options say, on every platform.

use std::path::PathBuf;
use std::time::Duration;

/// What becomes of what the programs print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reduce {
    /// It is passed on to stdout, whole and in the order of the chunks
    #[default]
    Concat,
    /// Each process prints one number; they are added up, exactly
    Sum,
    /// The smallest of these numbers
    Min,
    /// The largest of these numbers
    Max,
    /// The number of lines that all processes print
    Count,
}

/// The file whose lines are the items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinesOf {
    /// `-` for stdin.
    pub(crate) path: PathBuf,
    /// What ends a line.
    pub(crate) separator: u8,
}

#[cfg(target_os = "linux")]
impl LinesOf {
    pub(crate) fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// What `--exec` and its options say.
#[derive(Clone, Debug)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "it is refused, whatever it says"))]
pub(crate) struct Request {
    pub(crate) command: String,
    pub(crate) shell: bool,
    pub(crate) lines: Option<LinesOf>,
    pub(crate) reduce: Reduce,
    pub(crate) tag: bool,
    pub(crate) bisect: bool,
}

/// What is done about processes that fail.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there are no such processes"))]
pub(crate) struct Limits {
    pub(crate) retries: u32,
    pub(crate) timeout: Option<Duration>,
    pub(crate) memory: Option<u64>,
}
