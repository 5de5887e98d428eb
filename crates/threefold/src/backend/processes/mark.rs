//! `Mark`: by what a worker is known among all that are watched.

/// A worker's mark: its number, and which of the workers that have had this number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Below 2^30.
    pub(super) number: u32,
    pub(super) life: u32,
}

impl Mark {
    pub(super) fn number(self) -> usize {
        self.number as usize
    }
}
