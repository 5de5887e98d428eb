//! What stands in for what workers hear, in a build without the feature `tracing`: nothing.

use super::levels::Levels;
use super::scope::{Nothing, Scope};

/// A worker that collects no events.
#[derive(Debug, Default)]
pub(crate) struct EventCollector(());

impl EventCollector {
    pub(crate) fn begin(&mut self, _levels: Levels, _alone: bool) {}

    pub(crate) fn listen(&self) -> Nothing {
        Nothing
    }

    pub(crate) fn take(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A parent that tells nobody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay(());

impl Replay {
    /// # Errors
    ///
    /// No worker of this build sends anything.
    pub(crate) fn tell(&mut self, _: &Scope, _chunk: u64, _span: impl FnOnce() -> Nothing, _: &[u8]) -> Result<(), ()> {
        Err(())
    }

    pub(crate) fn answered(&mut self, _: &Scope, _first: u64, _count: u64, _span: impl Fn(u64) -> Nothing) {}
}
