//! `scramble`: computing that no compiler can shorten, for works that stand for any computing.

/// A number that depends on `seed` alone, after `rounds` rounds of mixing its bits, each of which needs the one before.
///
/// A round takes some 3 ns on a processor of today.
pub(crate) fn scramble(seed: i64, rounds: u32) -> u64 {
    (0..rounds).fold(seed.cast_unsigned(), |bits, round| {
        // Any odd factor keeps numbers apart that differ; this one, 2^64 over the golden ratio, spreads them as well.
        let bits = (bits ^ (bits >> 32)).wrapping_add(round.into()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits ^ (bits >> 29)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::scramble;

    #[test]
    fn no_two_seeds_come_to_the_same() {
        let numbers: HashSet<_> = (-5000..5000).map(|seed| scramble(seed, 3)).collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn the_bits_are_evenly_set() {
        let set: u32 = (0..10_000).map(|seed| scramble(seed, 2).count_ones()).sum();
        assert!((315_000..325_000).contains(&set), "{set} of 640,000");
    }
}
