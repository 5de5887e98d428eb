//! `Exec` where there is none: it needs Linux, which tells of the end of a process by a descriptor.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::computation::Visitor;
use crate::plan::Input;

/// A program that is started for every chunk: there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exec(Infallible);

/// What becomes of what the programs print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
#[expect(dead_code, reason = "nothing is started here")]
pub(crate) struct LinesOf {
    pub(crate) path: PathBuf,
    pub(crate) separator: u8,
}

/// What `--exec` and its options say.
#[expect(dead_code, reason = "nothing is started here")]
pub(crate) struct Request {
    pub(crate) command: String,
    pub(crate) shell: bool,
    pub(crate) lines: Option<LinesOf>,
    pub(crate) reduce: Reduce,
    pub(crate) tag: bool,
    pub(crate) bisect: bool,
}

/// What is done about processes that fail.
#[expect(dead_code, reason = "nothing is started here")]
pub(crate) struct Limits {
    pub(crate) retries: u32,
    pub(crate) timeout: Option<Duration>,
    pub(crate) memory: Option<u64>,
}

impl Exec {
    /// # Errors
    ///
    /// Always: there is no such work here.
    pub(crate) fn new(_: Request) -> Result<Self, String> {
        Err("--exec needs Linux".to_string())
    }

    pub(crate) fn within(self, _: Limits) -> Self {
        match self.0 {}
    }

    pub(crate) fn name(&self) -> &str {
        match self.0 {}
    }

    pub(crate) fn items(&self) -> &'static str {
        match self.0 {}
    }

    pub(crate) fn passes_on(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn in_flight() -> usize {
        1
    }

    /// # Errors
    ///
    /// Never, since there is no such work.
    pub(crate) fn visit<V: Visitor>(&self, _: &Input, _: V) -> Result<V::Result, String> {
        match self.0 {}
    }
}

pub(crate) mod guard {
    /// No process is started, so none needs a guard.
    pub(crate) fn serve_if_asked() {}
}
