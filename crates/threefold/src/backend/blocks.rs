//! Blocks of chunks, claimed and run one after the other on this thread: what a worker of the local models does.

use std::thread;

use super::pace::Pace;
use super::{Running, current};
use crate::fold::claims::Claim;

/// Claims and runs chunks of `fold` as `worker` of `workers`, until none is left. A caller gives `ready`, and waits for
/// the window by reducing; other workers return when it is closed, and are woken again when it opens.
pub(super) fn run(fold: &Running, worker: usize, workers: usize, mut ready: Option<&mut dyn FnMut()>) {
    let _here = current::enter(Some(fold.into()));
    let mut pace = Pace::new(workers);
    loop {
        match (fold.claims().claim(|left| pace.size(left)), &mut ready) {
            (Claim::Block(block), ready) => {
                let chunks = block.end - block.start;
                fold.run(block, worker);
                if let Some(ready) = ready {
                    ready();
                }
                pace.done(chunks);
            }
            (Claim::Later, Some(ready)) => {
                // The next output, or the end, unparks the caller; what it finds now may have come before.
                ready();
                if !fold.claims().is_open() && !fold.claims().is_over() {
                    thread::park();
                }
                ready();
            }
            (Claim::Later, None) | (Claim::Never, _) => return,
        }
    }
}
