//! How a worker of a local model runs plain functions: it claims blocks of chunks, and runs them one after another on
//! its thread.

use std::thread;

use super::pace::Pace;
use super::{Running, current};
use crate::fold::claims::Claim;

/// Claims and runs chunks of `fold` as worker number `worker` of `workers`, until none is left.
///
/// The caller passes `ready`. Only the caller can open a closed window, by taking outputs, so it stays here and does
/// that until the window is open or the fold is over. The other workers return when the window is closed; the pool
/// wakes them when it opens.
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
                // Taking outputs opens the window. If it is still closed, its lowest chunk is being run by another
                // worker, whose output unparks the caller, as does the end of the fold. If that happens between the
                // question below and `park`, the token that it leaves makes `park` return at once.
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
