//! `Ended`: how a block of chunks came to its end under one guard.

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
