//! Sequential: every chunk on the caller's thread, in order. The other models are tested against it.

use std::sync::Arc;

use super::part::Part;
use super::{Backend, Caller, Home, Running, blocks, lend};

struct Sequential;

/// Runs folds on the thread that calls the verb. Tasks in a worker process get this backend too, for the folds that
/// they nest. `cores` is how many cores its tasks may use, where that is not all of this process.
pub(crate) fn inline(cores: Option<usize>) -> Arc<Home> {
    Home::new(Box::new(Sequential), cores)
}

impl Backend for Sequential {
    fn workers(&self) -> usize {
        1
    }

    fn start(&self, _fold: &Running) {}

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        match lend::leaves_runtime(fold) {
            Some(bytes) => lend::lend(fold, bytes, caller, |stand_in| run(fold, stand_in)),
            None => run(fold, caller),
        }
    }
}

fn run(fold: &Running, caller: &mut dyn Caller) {
    blocks::run(
        fold,
        Part { worker: 0, workers: 1, guess: None, is_timed: false, caller: Some(caller), look: &mut |_| () },
    );
}
