//! `Sizes`: which sizes of a workload can be tried.

use super::Crossing;

/// A workload is tried at most so many times over.
const MOST_TIMES: f64 = 16.0;

/// The sizes that can be tried: multiples of a grain up to the whole workload, and multiples of the whole beyond it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The smallest part.
    pub(crate) grain: f64,
    /// The workload's own size, at least one grain.
    pub(crate) whole: f64,
}

impl Sizes {
    /// The possible size that is closest to `size`.
    pub(super) fn nearest(&self, size: f64) -> f64 {
        if size >= self.whole {
            return (size / self.whole).round().clamp(1.0, MOST_TIMES) * self.whole;
        }
        let parts = (size / self.grain).round().max(1.0) * self.grain;
        // The last chunk may be shorter.
        if parts > self.whole - self.grain / 2.0 { self.whole } else { parts }
    }

    /// The next size below, by a factor of about `step`.
    pub(super) fn below(&self, size: f64, step: f64) -> Option<f64> {
        Some(self.nearest(size / step)).filter(|&next| next < size)
    }

    /// The next size above, by a factor of about `step`. The whole workload is not skipped.
    pub(super) fn above(&self, size: f64, step: f64) -> Option<f64> {
        let next = self.nearest(size * step);
        let next = if size < self.whole && next > self.whole { self.whole } else { next };
        Some(next).filter(|&next| next > size)
    }

    /// The possible sizes at these multiples of `centre`: two or more, in ascending order, if there are so many.
    pub(super) fn around(&self, centre: f64, multiples: &[f64]) -> Vec<f64> {
        let mut sizes: Vec<f64> = multiples.iter().map(|multiple| self.nearest(centre * multiple)).collect();
        sizes.dedup();
        if let [one] = sizes[..] {
            sizes = self.below(one, 2.0).into_iter().chain([one]).chain(self.above(one, 2.0)).collect();
        }
        sizes
    }

    /// A crossing at `size`. Where few items are concerned, it is a whole number of items.
    pub(super) fn rounded(&self, size: f64, low: f64, high: f64) -> Crossing {
        let whole = |items: f64| if items < 20.0 { (items - 0.05).ceil().max(1.0) } else { items };
        Crossing::At { size: whole(size), low: whole(low), high: whole(high) }
    }
}
