//! `Dice`: the random order of each round. It is xorshift64*, seeded by the caller, who prints the seed.

/// A small generator of pseudo-random numbers. The same seed gives the same orders.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The generator for this seed. The lowest bit of the seed is set, since a state of 0 would never change.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Brings `order` into a random order.
    pub fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, (self.next() >> 33) as usize % (last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let order = |seed| {
            let mut order: Vec<usize> = (0..20).collect();
            Dice::new(seed).shuffle(&mut order);
            order
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(9));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..20));
    }

    #[test]
    fn everyone_comes_first_about_equally_often() {
        let mut dice = Dice::new(1);
        let mut firsts = [0; 4];
        for _ in 0..4000 {
            let mut order = [0, 1, 2, 3];
            dice.shuffle(&mut order);
            firsts[order[0]] += 1;
        }
        assert!(firsts.iter().all(|count| (850..1150).contains(count)), "{firsts:?}");
    }
}
