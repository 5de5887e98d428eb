//! How a worker of a local model runs plain functions: it claims blocks of chunks, and runs them one after another on
//! its thread.

use std::thread;

use super::pace::Pace;
use super::part::Part;
use super::{Running, current};
use crate::fold::claims::Claim;

/// Claims and runs chunks of `fold` until none is left. Returns how long one of them took on average, in nanoseconds, if
/// there was one.
///
/// The caller's part has a `ready`. Only the caller can open a closed window, by taking outputs, so it stays here and
/// does that until the window is open or the fold is over. The other workers return when the window is closed; the pool
/// wakes them when it opens.
pub(super) fn run(fold: &Running, mut part: Part<'_>) -> Option<u64> {
    let _here = current::enter(Some(fold.into()));
    let mut pace = Pace::new(part.workers, part.guess);
    let claims = fold.claims();
    loop {
        match (claims.claim(|left| pace.size(left)), &mut part.ready) {
            (Claim::Block(block), ready) => {
                let chunks = block.end - block.start;
                fold.run(block, part.worker);
                if let Some(ready) = ready {
                    ready();
                }
                if let Some(each) = pace.done(chunks) {
                    (part.look)(each);
                }
            }
            (Claim::Later, Some(ready)) => {
                // Taking outputs opens the window. If it is still closed, its lowest chunk is being run by another
                // worker, whose output unparks the caller, as does the end of the fold. If that happens between the
                // question below and `park`, the token that it leaves makes `park` return at once.
                ready();
                if !claims.is_open() && !claims.is_over() {
                    thread::park();
                }
                ready();
            }
            (Claim::Later, None) | (Claim::Never, _) => return pace.average(),
        }
    }
}
