//! `Costs`: how long things take on a simulated cluster.

use serde::{Deserialize, Serialize};

/// The time that things take, in nanoseconds. `docs/cluster/scale.md` says where each was measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Costs {
    /// To send a message: this is the time of the rank that sends.
    pub(crate) send: u64,
    /// To find a message and receive it: this is the time of the rank that receives.
    pub(crate) receive: u64,
    /// To restore an output, keep it and reduce it.
    pub(crate) output: u64,
    /// To decide what a rank is sent.
    pub(crate) dispatch: u64,
    /// Until a message has arrived, after it was sent. This is nobody's time.
    pub(crate) latency: u64,
}

/// A rank that waits polls without a pause for this long, in nanoseconds.
const SPIN: u64 = 20_000;

/// The longest pause between two polls, in nanoseconds.
const PAUSE: u64 = 1_000_000;

/// When a rank that has been idle since `since` notices a message that arrives at `arrives`. At first it polls all the
/// time. Later each pause between two polls is as long as it has waited, and no longer than [`PAUSE`].
pub(super) fn noticed(since: u64, arrives: u64) -> u64 {
    let waited = arrives.saturating_sub(since);
    if waited <= SPIN {
        return arrives;
    }
    let mut poll = SPIN;
    while poll < waited {
        poll += poll.min(PAUSE);
    }
    since + poll
}

/// How long a chunk takes: between a half and one and a half of `mean`. The same chunk takes the same time in every run.
pub(super) fn time_of(chunk: u64, mean: u64) -> u64 {
    // The finalizer of SplitMix64.
    let mut bits = chunk.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    mean / 2 + ((u128::from(mean) * u128::from(bits >> 32)) >> 32) as u64
}

/// Into how few outputs the chunks from `first` to `end` can be combined: the number of largest subtrees of the balanced
/// binary tree over all chunk numbers that lie within. It is never more than twice the height of the tree.
pub(super) fn subtrees(first: u64, end: u64) -> u64 {
    let (mut at, mut count) = (first, 0);
    while at < end {
        let aligned = if at == 0 { 63 } else { at.trailing_zeros() };
        let fits = (end - at).ilog2();
        at += 1 << aligned.min(fits);
        count += 1;
    }
    count
}
