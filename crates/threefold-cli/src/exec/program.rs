//! `Program`: everything that a worker has to know to run a chunk.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::template::Template;

/// What is started for every chunk, and what is done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Program {
    /// As it was typed.
    pub(super) command: String,
    pub(super) template: Template,
    pub(super) keep: Keep,
    pub(super) limits: Limits,
    /// Whether each line of stderr begins with the number of its chunk.
    pub(super) tag: bool,
    /// Whether a chunk that has failed is bisected to the smallest range that fails alone.
    pub(super) bisect: bool,
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
