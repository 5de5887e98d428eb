//! The shift between two unpaired samples with its exact interval: the inversion of the test of Mann and Whitney.
//!
//! Of m and n samples there are m n differences. Their median estimates the shift. The interval lies between the k-th
//! smallest and the k-th largest of them, where k comes from the distribution of the number of pairs in which the second
//! sample is the smaller one (Hollander and Wolfe, *Nonparametric Statistical Methods*, section 4.3).

use crate::stats::{Estimate, FEWEST, Interval, quantile};

/// Up to this many samples on either side the distribution under the null hypothesis is computed exactly. Above, its normal
/// approximation is right to the third digit.
const COUNTED: usize = 50;

/// The interval of values in which a difference is searched is halved this many times: a double has 53 binary digits, and
/// the exponents of both ends are as close as those of logarithms of seconds.
const HALVINGS: usize = 64;

/// How much larger the samples `before` are than `now`, with the interval beyond either end of which the shift lies with this
/// probability. `None` for fewer samples than [`FEWEST`] on either side.
pub(super) fn shift(mut now: Vec<f64>, mut before: Vec<f64>, beyond: f64) -> Option<Estimate> {
    if now.len() < FEWEST || before.len() < FEWEST {
        return None;
    }
    now.sort_unstable_by(f64::total_cmp);
    before.sort_unstable_by(f64::total_cmp);
    let pairs = now.len() * before.len();
    let k = rejected(now.len(), before.len(), beyond).min((pairs - 1) / 2);
    let nth = |index| nth_difference(&before, &now, index);
    Some(Estimate {
        value: (nth((pairs - 1) / 2) + nth(pairs / 2)) / 2.0,
        interval: Interval { low: nth(k), high: nth(pairs - 1 - k) },
    })
}

/// The largest number of pairs that is reached with at most this probability, if both samples have one distribution.
fn rejected(m: usize, n: usize, probability: f64) -> usize {
    if m.max(n) > COUNTED {
        let (m, n) = (m as f64, n as f64);
        let deviation = (m * n * (m + n + 1.0) / 12.0).sqrt();
        // Counts are whole numbers: the correction for continuity is half a step.
        return (m * n / 2.0 - quantile(probability) * deviation - 0.5).floor().max(0.0) as usize;
    }
    // For each number of pairs: how many of the ways to order m and n samples have it. They are the coefficients of the
    // product of (1 - q^(n + i)) / (1 - q^i) for i from 1 to m.
    let mut ways = vec![0.0; m * n + 1];
    ways[0] = 1.0;
    for i in 1..=m {
        for pairs in (n + i..ways.len()).rev() {
            ways[pairs] -= ways[pairs - n - i];
        }
        for pairs in i..ways.len() {
            ways[pairs] += ways[pairs - i];
        }
    }
    let all: f64 = (1..=m).map(|i| (n + i) as f64 / i as f64).product();
    let mut at_most = 0.0;
    let below = ways.iter().take_while(|&&ways| {
        at_most += ways / all;
        at_most <= probability
    });
    below.count().saturating_sub(1)
}

/// The difference of this index, from 0, among all differences of a minuend and a subtrahend in ascending order. Both are
/// sorted. There may be too many differences to list them.
fn nth_difference(minuends: &[f64], subtrahends: &[f64], index: usize) -> f64 {
    let mut low = minuends[0] - subtrahends[subtrahends.len() - 1];
    let mut high = minuends[minuends.len() - 1] - subtrahends[0];
    if index == 0 {
        return low;
    }
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if at_most(minuends, subtrahends, middle) > index { high = middle } else { low = middle }
    }
    high
}

/// How many differences are at most `limit`.
fn at_most(minuends: &[f64], subtrahends: &[f64], limit: f64) -> usize {
    let mut first = 0;
    let counts = minuends.iter().map(|minuend| {
        // The larger the minuend, the larger a subtrahend must be.
        while first < subtrahends.len() && minuend - subtrahends[first] > limit {
            first += 1;
        }
        subtrahends.len() - first
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn the_critical_values_are_those_of_the_tables() {
        // Two-sided, 5 %: for instance in Hollander and Wolfe, or in any table of the Mann-Whitney U.
        let table = [(7, 7, 8), (8, 8, 13), (10, 10, 23), (7, 12, 18), (12, 7, 18), (15, 15, 64), (20, 20, 127)];
        for (m, n, critical) in table {
            assert_eq!(rejected(m, n, 0.025), critical, "{m} and {n}");
        }
    }

    #[test]
    fn counting_and_the_approximation_meet() {
        let step = rejected(51, 50, 0.0125) - rejected(50, 50, 0.0125);
        assert!((10..30).contains(&step), "{step}");
    }

    #[test]
    fn the_shift_is_the_median_of_all_differences() {
        let mut random = SmallRng::seed_from_u64(1);
        for _ in 0..50 {
            let (m, n) = (random.random_range(7..20), random.random_range(7..20));
            let mut draw = |count| (0..count).map(|_| random.random::<f64>()).collect::<Vec<_>>();
            let (now, before): (Vec<f64>, Vec<f64>) = (draw(m), draw(n));
            let mut all: Vec<f64> = before.iter().flat_map(|b| now.iter().map(move |a| b - a)).collect();
            all.sort_unstable_by(f64::total_cmp);
            let last = all.len() - 1;
            let k = rejected(m, n, 0.025);
            let shift = shift(now, before, 0.025).unwrap();
            let expected = [(all[last / 2] + all[last.div_ceil(2)]) / 2.0, all[k], all[last - k]];
            for (found, expected) in [shift.value, shift.interval.low, shift.interval.high].into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn few_samples_have_no_shift() {
        assert_eq!(shift(vec![1.0; 6], vec![1.0; 30], 0.025), None);
        let equal = shift(vec![1.0; 7], vec![1.0; 7], 0.025).unwrap();
        assert_eq!((equal.value, equal.interval.low, equal.interval.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn equal_distributions_are_told_apart_in_at_most_one_of_twenty_cases() {
        let mut random = SmallRng::seed_from_u64(7);
        for (m, n) in [(7, 7), (8, 15), (30, 60)] {
            let mut told_apart = 0;
            for _ in 0..2000 {
                // Skewed, as durations are.
                let mut draw = |count| (0..count).map(|_| -random.random::<f64>().ln()).collect::<Vec<_>>();
                let (now, before) = (draw(m), draw(n));
                told_apart += usize::from(!shift(now, before, 0.025).unwrap().interval.contains(0.0));
            }
            assert!(told_apart <= 125, "{told_apart} of 2000 with {m} and {n} samples");
        }
    }
}
