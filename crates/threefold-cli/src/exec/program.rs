//! `Program`: everything that a worker has to know to run a chunk.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::Unrecorded;

use super::template::Template;

/// What is started for every chunk, and what is done about it. A journal is continued by a program with the same command,
/// whatever its [`Means`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Program {
    /// As it was typed.
    pub(super) command: String,
    /// Whether it is a command of a shell.
    pub(super) shell: bool,
    pub(super) keep: Keep,
    means: Unrecorded<Means>,
}

/// How the command is run, which does not change its output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Means {
    /// It follows from the command, but for the place of the program.
    pub(super) template: Template,
    pub(super) limits: Limits,
    /// Whether each line of stderr begins with the number of its chunk.
    pub(super) tag: bool,
    /// Whether a chunk that has failed is bisected to the smallest range that fails alone.
    pub(super) bisect: bool,
    /// The variables of [`OF_WORKERS`](super::variables::OF_WORKERS) that the user has set.
    pub(super) users_variables: Vec<String>,
}

impl Program {
    pub(super) fn new(command: String, shell: bool, keep: Keep, means: Means) -> Self {
        Self { command, shell, keep, means: Unrecorded(means) }
    }

    pub(super) fn means(&self) -> &Means {
        &self.means.0
    }

    pub(super) fn means_mut(&mut self) -> &mut Means {
        &mut self.means.0
    }
}

/// What is kept of what a process prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Keep {
    /// All of it.
    Everything,
    /// It must be one number.
    Number,
    /// How many lines it is.
    Count,
}

/// What is done about processes that fail or take too much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Limits {
    /// How often a chunk is run at most.
    pub(super) attempts: u32,
    /// The longest time of an attempt.
    pub(super) timeout: Option<Duration>,
    /// The most private memory of a process, in bytes.
    pub(super) memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempts: 1, timeout: None, memory: None }
    }
}
