//! `Description`: what the program says of a workload, and its defaults.

use std::ops::RangeInclusive;

use threefold::Model;

use crate::range;

/// What the program says of a workload, and its defaults.
#[derive(Debug)]
pub(crate) struct Description {
    /// The name that is typed.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
    /// The default RANGE; `None` for all items that there are.
    pub(crate) range: Option<&'static str>,
    /// The word for its items.
    pub(crate) items: &'static str,
    /// The default number of items in a chunk.
    pub(crate) chunk_size: u64,
    /// This many items take at most a few milliseconds, however they are divided into ranges; 0 if the time depends on
    /// the items.
    pub(crate) brief_items: u128,
    /// Whether its chunks wait without computing: its task is an `async fn`.
    pub(crate) waits: bool,
    /// The models that are expected to be the fastest on a few cores.
    pub(crate) best: &'static [Model],
    /// Why these models.
    pub(crate) reason: &'static str,
}

impl Description {
    /// The default RANGE; empty if the number of items is not known beforehand.
    pub(crate) fn default_range(&self) -> RangeInclusive<i64> {
        range::parse(self.range.unwrap_or("0..0")).expect("the default of every workload is a range")
    }
}
