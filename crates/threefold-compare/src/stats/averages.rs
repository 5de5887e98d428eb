//! The averages of all pairs of samples, each sample with itself too, in ascending order: the n-th of them is found without
//! making them. Of 50,000 samples they would need 10 GB.

use std::cmp::Ordering;

/// The average number `index`, counted from 0, of samples in ascending order, of which there is at least one.
///
/// It is the smallest number that enough averages do not exceed. Bisecting the numbers themselves finds it exactly in 64
/// steps, and each of these counts in one pass: the larger the one sample, the smaller the other may be.
pub(super) fn nth(sorted: &[f64], index: usize) -> f64 {
    let (mut low, mut high) = (to_order(sorted[0]), to_order(sorted[sorted.len() - 1]));
    while low < high {
        let middle = low + (high - low) / 2;
        if at_most(sorted, from_order(middle)) > index { high = middle } else { low = middle + 1 }
    }
    from_order(low)
}

/// How many averages there are of so many samples.
pub(super) fn count(samples: usize) -> usize {
    samples * (samples + 1) / 2
}

/// How many averages do not exceed `limit`.
fn at_most(sorted: &[f64], limit: f64) -> usize {
    let (mut count, mut end) = (0, sorted.len());
    for (first, one) in sorted.iter().enumerate() {
        let exceeds = |other: f64| ((one + other) / 2.0).total_cmp(&limit) == Ordering::Greater;
        while end > first && exceeds(sorted[end - 1]) {
            end -= 1;
        }
        if end <= first {
            break;
        }
        count += end - first;
    }
    count
}

const SIGN: u64 = 1 << 63;

/// The place of a number among all floats, in the order of `f64::total_cmp`.
fn to_order(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn from_order(place: u64) -> f64 {
    f64::from_bits(if place & SIGN == 0 { !place } else { place & !SIGN })
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn each_average_is_found_exactly() {
        let mut random = SmallRng::seed_from_u64(1);
        for samples in 1..40 {
            // Some samples are equal, some are 0, and some have the other sign.
            let mut sorted: Vec<f64> = (0..samples)
                .map(|_| f64::from(random.random_range(-9..9)) * random.random_range(1..3) as f64 / 7.0)
                .collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let mut averages: Vec<f64> = (0..samples)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .map(|(i, j)| (sorted[i] + sorted[j]) / 2.0)
                .collect();
            averages.sort_unstable_by(f64::total_cmp);
            assert_eq!(averages.len(), count(samples));
            for (index, average) in averages.into_iter().enumerate() {
                assert_eq!(nth(&sorted, index).to_bits(), average.to_bits(), "{index} of {sorted:?}");
            }
        }
    }
}
