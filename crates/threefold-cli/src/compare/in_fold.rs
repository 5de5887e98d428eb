//! `InFold`: says for a comparison that a fold runs, which may not end in time after a signal.
//!
//! A comparison clones its initial value before each fold, and the clone is dropped when the fold has ended, however it
//! ends. So a clone that is part of the value lives as long as the fold. Between folds the comparison speaks for itself.

use crate::overdue::{Overdue, Say};

/// Each clone stands for a fold that runs.
pub(super) struct InFold {
    overdue: Overdue,
    say: Say,
}

impl InFold {
    /// `say` is called if a fold does not end in time.
    pub(super) fn new(overdue: &Overdue, say: Say) -> Self {
        Self { overdue: overdue.clone(), say }
    }
}

impl Clone for InFold {
    fn clone(&self) -> Self {
        self.overdue.begin(self.say.clone());
        Self { overdue: self.overdue.clone(), say: self.say.clone() }
    }
}

impl Drop for InFold {
    fn drop(&mut self) {
        self.overdue.end();
    }
}
