//! `scramble`: a computation that no compiler can shorten, for workloads that stand for any computation.

/// A number that depends on `seed` alone, after `rounds` rounds of mixing its bits. Each round needs the one before.
///
/// A round takes about 3 ns.
pub(crate) fn scramble(seed: i64, rounds: u32) -> u64 {
    (0..rounds).fold(seed.cast_unsigned(), |bits, round| {
        // Any odd factor keeps different numbers different; this one, 2^64 over the golden ratio, spreads them too.
        let bits = (bits ^ (bits >> 32)).wrapping_add(round.into()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits ^ (bits >> 29)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::scramble;

    #[test]
    fn no_two_seeds_give_the_same_number() {
        let numbers: HashSet<_> = (-5000..5000).map(|seed| scramble(seed, 3)).collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn the_bits_are_evenly_set() {
        let set: u32 = (0..10_000).map(|seed| scramble(seed, 2).count_ones()).sum();
        assert!((315_000..325_000).contains(&set), "{set} of 640,000");
    }
}
