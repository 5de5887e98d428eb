//! Sequential: every chunk on the caller's thread, in order. The oracle that the other models are held against.

use std::sync::Arc;

use super::{Backend, Running, blocks};

struct Sequential;

/// Runs folds on the thread that asks for them: also what a task in a worker process gets for folds of its own.
pub(crate) fn inline() -> Arc<dyn Backend> {
    Arc::new(Sequential)
}

impl Backend for Sequential {
    fn workers(&self) -> usize {
        1
    }

    fn start(&self, _fold: &Running) {}

    fn take_part(&self, fold: &Running, ready: &mut dyn FnMut()) {
        let _inside = fold.gate.enter();
        blocks::run(fold, 0, 1, Some(ready));
    }
}
