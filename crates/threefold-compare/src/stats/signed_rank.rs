//! The location of a symmetric distribution with its exact interval: the inversion of Wilcoxon's signed-rank test.

use super::{BEYOND, Estimate, FEWEST, Interval};

/// Up to this many samples the distribution under the null hypothesis is computed exactly. Above, its normal approximation
/// is right to the third digit.
const COUNTED: usize = 50;

/// The Hodges-Lehmann estimate of the centre of `samples` with its interval. `None` for fewer samples than [`FEWEST`].
pub(super) fn location(samples: &[f64]) -> Option<Estimate> {
    if samples.len() < FEWEST {
        return None;
    }
    let mut averages: Vec<f64> = (0..samples.len())
        .flat_map(|i| (0..=i).map(move |j| (i, j)))
        .map(|(i, j)| (samples[i] + samples[j]) / 2.0)
        .collect();
    averages.sort_unstable_by(f64::total_cmp);
    let last = averages.len() - 1;
    let beyond = rejected(samples.len(), BEYOND).min(last / 2);
    Some(Estimate {
        value: (averages[last / 2] + averages[last.div_ceil(2)]) / 2.0,
        interval: Interval { low: averages[beyond], high: averages[last - beyond] },
    })
}

/// The largest t such that the rank sum of `n` samples is at most t with at most this probability.
fn rejected(n: usize, probability: f64) -> usize {
    if n > COUNTED {
        let n = n as f64;
        let mean = n * (n + 1.0) / 4.0;
        let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
        // Sums are whole numbers: the correction for continuity is half a step.
        return (mean - quantile(probability) * deviation - 0.5).floor() as usize;
    }
    // For each sum of positive ranks: how many of the 2^n ways to give signs to the ranks 1..=n have it.
    let mut ways = vec![0.0; n * (n + 1) / 2 + 1];
    ways[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let all = 2f64.powi(n as i32);
    let mut at_most = 0.0;
    let below = ways.iter().take_while(|&&ways| {
        at_most += ways / all;
        at_most <= probability
    });
    below.count().saturating_sub(1)
}

/// How many standard deviations below its mean a normal variable lies with this probability, from 0 to 1/2: formula
/// 26.2.23 of Abramowitz and Stegun, *Handbook of Mathematical Functions*, right to 0.00045.
fn quantile(probability: f64) -> f64 {
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
        let step = rejected(51, BEYOND) - rejected(50, BEYOND);
        assert!((15..25).contains(&step), "{step}");
        assert!((quantile(0.025) - 1.959_964).abs() < 5e-4);
    }

    #[test]
    fn the_location_of_few_samples_is_that_of_their_averages() {
        let location = location(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).unwrap();
        assert_eq!((location.value, location.interval.low, location.interval.high), (4.0, 1.0, 7.0));
        assert_eq!(super::location(&[1.0; 6]), None);
    }
}
