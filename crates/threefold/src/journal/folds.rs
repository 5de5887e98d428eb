//! `Folds`: which of the folds in the file the next fold of this run is.
//!
//! It is the one after the fold before. There is one exception: a program may run a fold *again* that it has just run, for
//! instance because the fold has failed. If outputs were missing, the second fold continues the first, under its number.
//! If none was, the second fold has a number of its own, and all its chunks run.
//!
//! Outputs that are missing in one run need not be missing in the next. An earlier run may thus have run a fold again under
//! other numbers than this run would. So the file decides where it can:
//!
//! - The fold before is complete and is run again, but the file has another fold behind it. The earlier run continued the
//!   fold under its number, and so does this one.
//! - The file has the fold before once more, and another fold begins. The earlier run had to run the fold again after it
//!   was complete, and this run does not have to. That number is passed over.

use super::header::Header;
use super::scan::Scan;

/// The folds of this run, and of earlier ones.
#[derive(Default)]
pub(super) struct Folds {
    /// What the file had when it was opened, or when a fold was last run again.
    pub(super) found: Scan,
    /// The number of the fold that follows the one before.
    pub(super) next: usize,
    /// The header of the fold that runs, or that ran last.
    pub(super) current: Option<Header>,
    pub(super) is_running: bool,
    /// Whether all outputs of the fold that ran last are recorded.
    pub(super) is_complete: bool,
}

impl Folds {
    /// The number of a fold with this header, if it begins now. It may be the number of the fold before.
    pub(super) fn number(&self, header: &Header) -> usize {
        let Self { next, .. } = *self;
        let before = self.current.as_ref();
        let is_again = before == Some(header);
        let follows = self.found.folds.get(next).map(|recorded| &recorded.header);
        match follows {
            _ if is_again && !self.is_complete => next - 1,
            Some(follows) if is_again && follows != header => next - 1,
            Some(follows) if follows != header => {
                let rest = self.found.folds[next..].iter();
                next + rest.take_while(|recorded| before == Some(&recorded.header)).count()
            }
            _ => next,
        }
    }
}
