//! Sequential: every chunk on the caller's thread, in order. The oracle that the other models are held against.

use std::sync::Arc;

use super::Backend;
use crate::backend::current;
use crate::backend::pace::Pace;
use crate::fold::Fold;

struct Sequential;

/// Runs folds on the thread that asks for them: also what a task in a worker process gets for folds of its own.
pub(crate) fn inline() -> Arc<dyn Backend> {
    Arc::new(Sequential)
}

impl Backend for Sequential {
    fn workers(&self) -> usize {
        1
    }

    fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) {
        let _here = current::enter(Some(fold.context()));
        let mut pace = Pace::new(1);
        while let Some(block) = fold.claims.claim(|left| pace.size(left)) {
            let chunks = block.end - block.start;
            fold.run(block, 0);
            ready();
            pace.done(chunks);
        }
    }
}
