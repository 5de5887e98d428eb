//! `Ended`: how a block of chunks came to its end under one guard.
//!
//! # An example
//!
//! A worker runs the block of chunks 8 to 11, and a panic is tried once more. Chunk 10 panics.
//!
//! | guard | chunks | attempt at the first | how it ends |
//! |---|---|---|---|
//! | 1 | 8, 9, 10 | 1 | the outputs of 8 and 9 are kept; chunk 10 is to run again |
//! | 2 | 10, 11 | 2 | both outputs are kept |
//!
//! If chunk 10 panics again, it has failed. Guard 3 then begins at chunk 11, if this chunk may still start. As a rule
//! it may not, since the lowest failure ends the fold. It may if the fold keeps going after failures.

use crate::error::Cause;
use crate::panics::Payload;

/// How the run of a block ended. A caller that reduces under the same guard learns from
/// [`is_outside`](crate::fold::chunk::is_outside) whether the task or the reduction has panicked.
pub(crate) enum Ended {
    /// Every chunk of the block has run or must not start any more, or the sink broke off.
    Well,
    /// The output of this chunk is an `Err`, and the chunk runs again.
    Erred(u64),
    /// This chunk, or its output, cannot be serialized.
    Unsent(u64, Cause),
    /// This chunk panicked, or the sink panicked when it got the output of this chunk.
    Panicked(u64, Payload),
}
