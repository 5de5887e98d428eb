//! `Crossing`: the size from which on one of two costs is the lower one, found by trying sizes.
//!
//! A *trial* of a size gives a pair of durations: that of a contender and that of the reference, measured one right after
//! the other, so that a slow moment of the machine affects both. What counts is the median, over several pairs of a size,
//! of the logarithm of the ratio: it is above 0 where the contender is slower.
//!
//! 1. *Walk*: from a guess in steps of a factor of 4, up while the contender is slower and down while it is faster, until
//!    the sizes on either side of the crossing are known. Three pairs of a size are enough for that.
//! 2. *Narrow*: bisect until the two sizes differ by a factor of 2 at most.
//! 3. *Settle*: try sizes around the crossing in turns, and fit a line to the medians of the ratios. If the contender costs
//!    f + a n for n items, and the reference s n, their ratio is a / s + (f / s) / n, which is a line over 1 / n. Where it is 1
//!    is the crossing. A bootstrap over the pairs of each size gives the range. Trying ends when the range is narrow, after
//!    [`ROUNDS`] turns, or when the time is spent. A bisection to the end would instead be decided by single pairs, since
//!    close to the crossing the two costs are nearly the same.
//!
//! If the contender is slower at every size that could be tried, the crossing is extrapolated along the last two sizes:
//! the difference of the costs is a fixed part minus a part that grows with the size.
//!
//! Nothing here reads a clock: trials are made by the caller, so that tests simulate machines whose crossing is known.

use std::collections::BTreeMap;

mod fit;
mod sizes;

pub(crate) use sizes::Sizes;

/// Pairs of a size while walking, and while narrowing.
const WALKING: usize = 3;
const NARROWING: usize = 5;

/// Pairs of a size before it is believed that a contender is faster even at the smallest size.
const SURE: usize = 9;

/// The step of the walk.
const STEP: f64 = 4.0;

/// The sizes around the crossing that are tried in turns, as multiples of it.
const AROUND: [f64; 5] = [0.4, 0.63, 1.0, 1.6, 2.5];

/// At least and at most so many turns.
const FEWEST_ROUNDS: usize = 8;
const ROUNDS: usize = 60;

/// A range is narrow if its ends differ by at most this factor: 7% to either side.
const NARROW: f64 = 1.14;

/// A gain of at least this much, as a logarithm, is noticeable.
const NOTICEABLE: f64 = 0.03;

/// The chance with which equal costs may be taken for different ones.
const CHANCE: f64 = 0.05;

/// How often sizes around a new crossing are chosen.
const MOVES: usize = 4;

/// Makes pairs of durations.
pub(crate) trait Trial {
    /// Seconds of the contender and of the reference for a workload of this size. `None` if there is no time for it, or if
    /// it cannot be run.
    fn pair(&mut self, size: f64) -> Option<(f64, f64)>;

    /// A random number from 0 to 1.
    fn random(&mut self) -> f64;
}

/// Where the contender becomes the faster one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Crossing {
    /// It is faster at the smallest size and at that of the workload.
    Below { smallest: f64 },
    /// Here. The size may lie beyond all that were tried.
    At { size: f64, low: f64, high: f64 },
    /// It is slower at all sizes, and nothing shows that this would end.
    Nowhere,
    /// The runs do not tell.
    Unknown,
}

/// The pairs of each size so far.
type Pairs = Vec<(f64, f64)>;

/// A search.
pub(crate) struct Search<'a> {
    trial: &'a mut dyn Trial,
    sizes: Sizes,
    /// By the bits of the size, which order positive numbers as the numbers themselves.
    tried: BTreeMap<u64, Pairs>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(trial: &'a mut dyn Trial, sizes: Sizes) -> Self {
        Self { trial, sizes, tried: BTreeMap::new() }
    }

    /// Takes pairs that were measured before.
    pub(crate) fn with(mut self, size: f64, pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.tried.entry(size.to_bits()).or_default().extend(pairs);
        self
    }

    /// Searches from a guess on.
    pub(crate) fn find(mut self, guess: f64) -> Crossing {
        let (mut slower, mut faster) = (None, None);
        let mut size = self.sizes.nearest(guess);
        while slower.is_none() || faster.is_none() {
            let Some(excess) = self.excess(size, WALKING) else { return self.beyond() };
            let next = if excess < 0.0 {
                faster = Some(size);
                self.sizes.below(size, STEP)
            } else {
                slower = Some(size);
                self.sizes.above(size, STEP)
            };
            if slower.is_some() && faster.is_some() {
                break;
            }
            match next {
                Some(next) => size = next,
                None if excess >= 0.0 => return self.beyond(),
                // One item may be faster by chance: a second look decides.
                None => match self.excess(size, SURE) {
                    Some(_) if self.is_certainly_faster(size) => return self.everywhere(size),
                    Some(_) => {
                        let above = self.sizes.above(size, 2.0).filter(|&above| self.is_faster(above));
                        let Some(above) = above else { return Crossing::Unknown };
                        (slower, faster) = (Some(size), Some(above));
                    }
                    None => return Crossing::Unknown,
                },
            }
        }
        match (slower, faster) {
            (Some(slower), Some(faster)) => self.between(slower, faster),
            _ => Crossing::Unknown,
        }
    }

    /// Narrows, and settles.
    fn between(&mut self, mut slower: f64, mut faster: f64) -> Crossing {
        while faster / slower > 2.0 {
            let middle = self.sizes.nearest((slower * faster).sqrt());
            if middle <= slower || middle >= faster {
                break;
            }
            match self.excess(middle, NARROWING) {
                Some(excess) if excess < 0.0 => faster = middle,
                Some(_) => slower = middle,
                None => break,
            }
        }
        let mut centre = (slower * faster).sqrt();
        let mut found = Crossing::Unknown;
        for _ in 0..MOVES {
            found = self.settle(centre);
            let Crossing::At { size, .. } = found else { break };
            let is_inside = (AROUND[0]..AROUND[AROUND.len() - 1]).contains(&(size / centre));
            if is_inside || self.sizes.around(size, &AROUND) == self.sizes.around(centre, &AROUND) {
                break;
            }
            // Far beyond the sizes that were tried a line says little.
            centre *= (size / centre).clamp(1.0 / STEP, STEP);
        }
        // Between neighbours there is no size to try: it is the larger one.
        let middle = self.sizes.nearest((slower * faster).sqrt());
        let are_neighbours = middle <= slower || middle >= faster;
        if found == Crossing::Unknown && are_neighbours && self.is_certainly_faster(faster) {
            found = Crossing::At { size: faster, low: faster, high: faster };
        }
        match found {
            Crossing::At { size, .. } if !self.gains_above(size) => Crossing::Unknown,
            Crossing::At { size, .. } if size < self.sizes.whole && !self.is_faster(self.sizes.whole) => {
                Crossing::Unknown
            }
            found => found,
        }
    }

    /// What it means that the contender is certainly faster at the smallest size: only if it is faster at the largest, too, is
    /// it faster at every size.
    fn everywhere(&mut self, smallest: f64) -> Crossing {
        if self.is_faster(self.sizes.whole) { Crossing::Below { smallest } } else { Crossing::Unknown }
    }

    /// Whether the contender is noticeably faster at this size.
    fn is_faster(&mut self, size: f64) -> bool {
        self.excess(size, WALKING).is_some_and(|excess| excess < -NOTICEABLE)
    }

    /// Whether so many of the pairs of a size have the contender as the faster one that equal costs give as many or more in at
    /// most 5 of 100 cases (the sign test).
    fn is_certainly_faster(&self, size: f64) -> bool {
        let Some(pairs) = self.tried.get(&size.to_bits()) else { return false };
        let wins = pairs.iter().filter(|(own, reference)| own < reference).count();
        fit::at_least(wins, pairs.len()) <= CHANCE
    }

    /// Whether the contender is noticeably faster at a size well above the crossing. Otherwise the two costs come close to
    /// each other and stay so, and the crossing is chance.
    fn gains_above(&mut self, crossing: f64) -> bool {
        let size = self.sizes.nearest(crossing * STEP);
        self.excess(size, SURE).is_none_or(|excess| excess < -NOTICEABLE)
    }

    /// Tries the sizes around `centre` in turns.
    fn settle(&mut self, centre: f64) -> Crossing {
        let around = self.sizes.around(centre, &AROUND);
        let mut found = Crossing::Unknown;
        for round in 1..=ROUNDS {
            let is_over = around.iter().any(|&size| !self.try_once(size));
            if is_over || round >= FEWEST_ROUNDS && round % 2 == 0 {
                found = self.fitted(centre);
                let is_narrow = matches!(found, Crossing::At { low, high, .. } if high <= low * NARROW);
                if is_over || is_narrow {
                    break;
                }
            }
        }
        found
    }

    /// What the sizes around `centre` show.
    fn fitted(&mut self, centre: f64) -> Crossing {
        let near = |size: f64| (0.3..3.5).contains(&(size / centre));
        let all: Vec<(f64, Vec<f64>)> = self
            .tried
            .iter()
            .map(|(&size, pairs)| (f64::from_bits(size), pairs))
            .filter(|(size, pairs)| near(*size) && pairs.len() >= WALKING)
            .map(|(size, pairs)| (1.0 / size, pairs.iter().map(|&(own, reference)| own / reference - 1.0).collect()))
            .collect();
        let trial = &mut *self.trial;
        match fit::zero(&all, &mut || trial.random()) {
            Some([value, low, high]) => self.sizes.rounded(1.0 / value, 1.0 / high, 1.0 / low),
            None => Crossing::Unknown,
        }
    }

    /// What the largest sizes show of larger ones, if the contender is slower at all that could be tried.
    fn beyond(&mut self) -> Crossing {
        let largest: Vec<u64> = self
            .tried
            .iter()
            .rev()
            .filter(|(_, pairs)| pairs.len() >= WALKING)
            .map(|(&size, _)| size)
            .take(2)
            .collect();
        let &[large, small] = &largest[..] else { return Crossing::Unknown };
        for _ in 0..SURE {
            if ![small, large].into_iter().all(|size| self.try_once(f64::from_bits(size))) {
                break;
            }
        }
        let (trial, tried) = (&mut *self.trial, &self.tried);
        let of = |size: u64| (f64::from_bits(size), &tried[&size][..]);
        // That a contender never gains is a claim: it takes as many pairs as the claim that it always does.
        let is_sure = tried[&small].len().min(tried[&large].len()) >= SURE;
        match fit::extrapolated(of(small), of(large), &mut || trial.random()) {
            Crossing::Nowhere if !is_sure => Crossing::Unknown,
            found => found,
        }
    }

    /// The median excess of a size over at least so many pairs; over those there are, if there is no time for more. `None` if
    /// there are none.
    fn excess(&mut self, size: f64, pairs: usize) -> Option<f64> {
        while self.tried.get(&size.to_bits()).map_or(0, Vec::len) < pairs && self.try_once(size) {}
        let pairs = self.tried.get(&size.to_bits()).filter(|pairs| !pairs.is_empty())?;
        Some(fit::median(&mut pairs.iter().map(|&(own, reference)| (own / reference).ln()).collect::<Vec<_>>()))
    }

    /// Tries a size once more, if there is time.
    fn try_once(&mut self, size: f64) -> bool {
        let Some(pair) = self.trial.pair(size) else { return false };
        self.tried.entry(size.to_bits()).or_default().push(pair);
        true
    }
}

#[cfg(test)]
mod tests;
