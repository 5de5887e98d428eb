//! The arguments of `--exec`: a program of the user's own, and where its items come from.

use std::path::PathBuf;

use clap::Args;

use super::how::How;
use super::values::path;
use crate::exec::Exec;
use crate::exec_options::{LinesOf, Request};

/// Above these arguments in the help.
pub(super) const HEADING: &str = "Programs of your own";

/// A program that is started for every chunk.
#[derive(Args, Default)]
pub(super) struct ExecArguments {
    /// Start COMMAND for every chunk, instead of a built-in computation
    ///
    /// COMMAND is split into words as a shell does, with quotes and backslashes; no shell is started. In a command over a
    /// RANGE {start} and {end} are the first and the last integer of the chunk, and {chunk} is its number. In a command over
    /// --lines {} or {line} is the line; if it is not named, it is appended (with --shell it must be named). The environment of the process has
    /// THREEFOLD_CHUNK, THREEFOLD_START, THREEFOLD_END and THREEFOLD_ATTEMPT. Its stdin is empty.
    ///
    /// A process that exits with another code than 0, or that a signal ends, is a chunk that has failed. --retries,
    /// --timeout and --memory-limit apply to each process, on every model. When a process has ended, what it has left
    /// running in its process group is killed.
    #[arg(help_heading = HEADING, long, value_name = "COMMAND", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["workload", "term"])]
    pub(super) exec: Option<String>,

    /// Give COMMAND to `sh -c`; lines are its parameters: {} becomes "$@", and nothing in a line is run
    ///
    /// A command over --lines must have {}, {line} or "$@" where the line belongs. ${start}, ${line} and the like are variables
    /// of the shell.
    #[arg(help_heading = HEADING, long, requires = "exec")]
    shell: bool,

    /// Run COMMAND for the lines of FILE instead of a RANGE; - is stdin, which may have no end
    ///
    /// --chunk-size N gives N lines to each process. Lines are read as they are needed.
    #[arg(help_heading = HEADING, long, value_name = "FILE", requires = "exec", value_parser = path(), allow_hyphen_values = true)]
    pub(super) lines: Option<PathBuf>,

    /// The items of --lines end with a zero byte, as `find -print0` writes them
    #[arg(help_heading = HEADING, short = '0', long = "null", requires = "lines")]
    null: bool,

    /// Begin each line that a process writes to stderr with the number of its chunk
    #[arg(help_heading = HEADING, long, requires = "exec")]
    tag: bool,

    /// Halve a chunk that has failed, to find the smallest part that fails alone
    #[arg(help_heading = HEADING, long, requires = "exec")]
    bisect: bool,
}

impl ExecArguments {
    pub(super) fn is_given(&self) -> bool {
        self.exec.is_some()
    }

    /// The program, if one was given.
    ///
    /// # Errors
    ///
    /// The command cannot be started; or there is none, but an option of it.
    pub(super) fn read(self, how: Option<How>) -> Result<Option<Exec>, String> {
        let Self { exec, shell, lines, null, tag, bisect } = self;
        let Some(command) = exec else {
            // Clap requires --exec only where nothing is given with which it is in conflict, as --term is.
            let options = [(shell, "--shell"), (lines.is_some(), "--lines"), (tag, "--tag"), (bisect, "--bisect")];
            let given = options.into_iter().find(|(is_given, _)| *is_given);
            return given.map_or(Ok(None), |(_, option)| Err(format!("{option} is only for --exec")));
        };
        let separator = if null { 0 } else { b'\n' };
        let lines = lines.map(|path| LinesOf { path, separator });
        let reduce = how.map_or(Ok(Default::default()), How::of_program)?;
        Exec::new(Request { command, shell, lines, reduce, tag, bisect }).map(Some)
    }
}
