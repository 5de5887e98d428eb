//! `Running`: which chunk a worker is running, as its status page and its notes on start say.

use serde::{Deserialize, Serialize};

/// A chunk that is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its number among all chunks that the worker was sent, from 1.
    pub(crate) serial: u64,
    pub(crate) chunk: u64,
    pub(crate) attempt: u32,
    /// When it was started, in nanoseconds of the machine's monotonic clock.
    pub(crate) since: u64,
}
