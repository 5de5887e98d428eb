//! How a worker of a local model runs plain functions: it claims blocks of chunks, and runs them one after another on
//! its thread.

use std::thread;

use super::grain::{GrainSize, Lap};
use super::part::Part;
use super::{Running, current};
use crate::fold::claims::Claim;
use crate::fold::unpark;

/// Claims and runs chunks of `fold` until none is left. Returns the average time per chunk in nanoseconds, if chunks
/// were timed.
///
/// A caller passes itself. If it is the only worker, it claims all chunks at once and reads no clock, and it reduces
/// each output before the next chunk begins. With more workers, blocks are sized by time: by the measured or the
/// guessed time.
///
/// Only the caller can open a closed window, by taking outputs, so it stays here and does that until the window is open
/// or the fold is over. The other workers return when the window is closed; the pool calls them when it opens.
pub(super) fn run(fold: &Running, part: Part<'_>) -> Option<u64> {
    let Part { worker, workers, guess, is_timed, mut caller, look } = part;
    let _here = current::enter(Some(fold.into()));
    let claims = fold.claims();
    let mut grain = (workers > 1).then(|| match is_timed {
        true => (GrainSize::new(workers, guess), Some(Lap::new())),
        false => (GrainSize::untimed(workers, guess), None),
    });
    loop {
        match (claims.claim(|left| grain.as_ref().map_or(left, |(grain, _)| grain.size(left))), &mut caller) {
            (Claim::Block(block), caller) => {
                let chunks = block.end - block.start;
                match caller {
                    Some(caller) => caller.run(block),
                    None => fold.run(block, worker),
                }
                let Some((grain, lap)) = &mut grain else { continue };
                let is_due = grain.ran(chunks);
                let Some(lap) = lap else { continue };
                if claims.is_over() {
                    grain.took(lap.time());
                    return grain.average(guess);
                }
                if is_due {
                    look(grain.took(lap.time()));
                }
            }
            (Claim::Later, Some(caller)) => {
                // Taking outputs opens the window. If it is still closed, its lowest chunk is being run by another
                // worker, whose output unparks the caller, as does the end of the fold. If that happens between the
                // question below and `park`, the token that it leaves makes `park` return at once.
                fold.gate().caller.register(unpark::this_thread());
                caller.ready();
                if !claims.is_open() && !claims.is_over() {
                    thread::park();
                }
                caller.ready();
            }
            (Claim::Later, None) | (Claim::Never, _) => return grain.and_then(|(grain, _)| grain.average(guess)),
        }
    }
}
