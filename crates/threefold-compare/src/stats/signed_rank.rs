//! The location of a symmetric distribution with its exact interval: the inversion of Wilcoxon's signed-rank test.

use super::{Estimate, FEWEST, Interval, averages};

/// Up to this many samples the distribution under the null hypothesis is computed exactly. Above, its normal approximation
/// is right to the third digit.
const COUNTED: usize = 50;

/// The Hodges-Lehmann estimate of the centre of `samples`, with the interval beyond either end of which it lies with this
/// probability. `None` for fewer samples than [`FEWEST`].
pub(super) fn location(samples: &[f64], beyond: f64) -> Option<Estimate> {
    if samples.len() < FEWEST {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let average = |index| averages::nth(&sorted, index);
    let last = averages::count(samples.len()) - 1;
    let beyond = rejected(samples.len(), beyond).min(last / 2);
    Some(Estimate {
        value: (average(last / 2) + average(last.div_ceil(2))) / 2.0,
        interval: Interval { low: average(beyond), high: average(last - beyond) },
    })
}

/// The largest t such that the rank sum of `n` samples is at most t with at most this probability.
fn rejected(n: usize, probability: f64) -> usize {
    if n > COUNTED {
        let (mean, deviation) = normal(n);
        // Sums are whole numbers: the correction for continuity is half a step.
        return (mean - quantile(probability) * deviation - 0.5).floor() as usize;
    }
    let mut at_most = 0.0;
    let probabilities = probabilities(n);
    let below = probabilities.iter().take_while(|&&each| {
        at_most += each;
        at_most <= probability
    });
    below.count().saturating_sub(1)
}

/// For each sum of positive ranks: its probability if each of the 2^n ways to give signs to the ranks 1..=n is as likely.
fn probabilities(n: usize) -> Vec<f64> {
    let mut ways = vec![0.0; n * (n + 1) / 2 + 1];
    ways[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let all = 2f64.powi(n as i32);
    ways.iter_mut().for_each(|ways| *ways /= all);
    ways
}

/// The probability that samples around 0 have a rank sum that is as far from its mean, in either direction. `None` for
/// fewer samples than [`FEWEST`].
pub(super) fn chance(samples: &[f64]) -> Option<f64> {
    if samples.len() < FEWEST {
        return None;
    }
    let (positive, negative) = rank_sums(samples);
    // Samples that are 0 add a half to both. Rounding up makes the probability larger, never smaller.
    let smaller = positive.min(negative).ceil() as usize;
    let n = samples.len();
    let below = if n > COUNTED { approximate(n, smaller) } else { probabilities(n).iter().take(smaller + 1).sum() };
    Some((2.0 * below).min(1.0))
}

/// The approximate probability that the rank sum of `n` samples is at most this.
fn approximate(n: usize, sum: usize) -> f64 {
    let (mean, deviation) = normal(n);
    tail(((mean - sum as f64 - 0.5) / deviation).max(0.0))
}

/// The mean and the standard deviation of the rank sum of `n` samples.
fn normal(n: usize) -> (f64, f64) {
    let n = n as f64;
    (n * (n + 1.0) / 4.0, (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt())
}

/// The sums of the ranks, by size, of the samples above 0 and below 0. Samples of the same size share their ranks, and a
/// sample that is 0 counts half on either side.
fn rank_sums(samples: &[f64]) -> (f64, f64) {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()));
    let (mut positive, mut negative, mut before) = (0.0, 0.0, 0);
    for alike in sorted.chunk_by(|one, other| one.abs() == other.abs()) {
        let rank = before as f64 + (alike.len() + 1) as f64 / 2.0;
        for sample in alike {
            positive += rank
                * if *sample > 0.0 {
                    1.0
                } else if *sample < 0.0 {
                    0.0
                } else {
                    0.5
                };
            negative += rank
                * if *sample < 0.0 {
                    1.0
                } else if *sample > 0.0 {
                    0.0
                } else {
                    0.5
                };
        }
        before += alike.len();
    }
    (positive, negative)
}

/// The probability that a normal variable lies more than `deviations` standard deviations above its mean: formula 26.2.17
/// of Abramowitz and Stegun, *Handbook of Mathematical Functions*, right to 7.5e-8.
fn tail(deviations: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * deviations);
    let series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530]
        .iter()
        .fold(0.0, |sum, b| (sum + b) * t);
    let density = (-deviations * deviations / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    density * series
}

/// How many standard deviations below its mean a normal variable lies with this probability, from 0 to 1/2: formula
/// 26.2.23 of Abramowitz and Stegun, *Handbook of Mathematical Functions*, right to 0.00045.
pub(crate) fn quantile(probability: f64) -> f64 {
    let t = (-2.0 * probability.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_values_are_those_of_the_tables() {
        // Two-sided, 5 %: for instance in Conover, Practical Nonparametric Statistics, table A12.
        let table = [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (12, 13), (15, 25), (20, 52), (25, 89), (30, 137)];
        for (n, critical) in table {
            assert_eq!(rejected(n, 0.025), critical, "{n}");
        }
    }

    #[test]
    fn counting_and_the_approximation_meet() {
        assert!(rejected(50, 0.025).abs_diff(434) <= 1, "{}", rejected(50, 0.025));
        let step = rejected(51, 0.0125) - rejected(50, 0.0125);
        assert!((15..25).contains(&step), "{step}");
        assert!((quantile(0.025) - 1.959_964).abs() < 5e-4);
    }

    #[test]
    fn the_location_of_few_samples_is_that_of_their_averages() {
        let location = location(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 0.0125).unwrap();
        assert_eq!((location.value, location.interval.low, location.interval.high), (4.0, 1.0, 7.0));
        assert_eq!(super::location(&[1.0; 6], 0.0125), None);
    }

    #[test]
    fn the_probabilities_are_those_of_the_tables() {
        let all_above: Vec<f64> = (1..=8).map(f64::from).collect();
        assert_eq!(chance(&all_above), Some(2.0 / 256.0));
        let one_below: Vec<f64> = all_above.iter().map(|&it| if it == 3.0 { -it } else { it }).collect();
        // Of 256 ways five have a sum of at most 3: {}, {1}, {2}, {3}, {1, 2}.
        assert_eq!(chance(&one_below), Some(10.0 / 256.0));
        assert_eq!(chance(&[0.0; 8]), Some(1.0));
        assert_eq!(chance(&[1.0; 6]), None);
        assert!((tail(1.959_964) - 0.025).abs() < 1e-6 && (tail(3.0) - 0.001_349_9).abs() < 1e-6);
        let counted: f64 = probabilities(COUNTED).iter().take(451).sum();
        assert!((counted / approximate(COUNTED, 450) - 1.0).abs() < 0.01, "{counted}");
    }
}
