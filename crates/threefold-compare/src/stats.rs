//! The statistics of runs: medians with their intervals, speed-ups, outliers, and when to stop.
//!
//! Times of runs are skewed and have outliers, so nothing here supposes a normal distribution or takes a mean.

use rand::Rng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};

mod signed_rank;

/// How often samples are drawn anew from the measured ones: the ends of a 95 % interval then have 25 draws beyond them.
const RESAMPLES: usize = 1000;

/// From fewer samples nothing is concluded. Those of six bound a median at 95 %, but no speed-up at the level below.
pub const FEWEST: usize = 7;

/// How likely a speed-up may lie beyond one end of its interval. 2.5 % would make it one of 95 %; but runs end when times
/// are known well enough, which looks at them more than once, and in simulations of that 6 % of the intervals missed.
pub(crate) const BEYOND: f64 = 0.0125;

/// Ten standard deviations, estimated by the median absolute deviation (times 1.4826): what hyperfine takes for an
/// outlier, after Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993.
const OUTLIER: f64 = 14.826;

/// An interval, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies in it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// An estimate with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its 95 % confidence interval.
    pub interval: Interval,
}

/// The median; of an even number of samples the mean of the middle two. 0 of none.
pub(crate) fn median(samples: &[f64]) -> f64 {
    median_of(&mut samples.to_vec())
}

/// The same, in any order afterwards.
fn median_of(samples: &mut [f64]) -> f64 {
    let middle = samples.len() / 2;
    if samples.is_empty() {
        return 0.0;
    }
    let even = samples.len().is_multiple_of(2);
    let (below, &mut upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    if even { (below.iter().copied().fold(f64::MIN, f64::max) + upper) / 2.0 } else { upper }
}

/// The 95 % confidence interval of the median. `None` below [`FEWEST`] samples.
///
/// It is the percentile bootstrap's (Efron, *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7,
/// 1979), where need be widened to the one between order statistics, which holds the median with 95 % or more whatever
/// the distribution. Of few samples the bootstrap alone holds it too rarely: of seven in 86 of 100 simulations.
pub(crate) fn interval_of_median(samples: &[f64], random: &mut SmallRng) -> Option<Interval> {
    if samples.len() < FEWEST {
        return None;
    }
    let exact = between_order_statistics(samples);
    let mut drawn = vec![0.0; samples.len()];
    let medians = (0..RESAMPLES).map(|_| {
        drawn.iter_mut().for_each(|draw| *draw = samples[random.random_range(0..samples.len())]);
        median_of(&mut drawn)
    });
    let bootstrapped = middle_95(medians.collect());
    Some(Interval { low: bootstrapped.low.min(exact.low), high: bootstrapped.high.max(exact.high) })
}

/// The narrowest interval from the k-th smallest to the k-th largest sample that holds the median with 95 %: the median
/// lies below the k-th smallest when fewer than k of the n samples lie below it, each of which does with 1/2. From six
/// samples on there is one.
fn between_order_statistics(samples: &[f64]) -> Interval {
    let n = samples.len();
    // Binomial(n, 1/2), in logarithms, since 2^-n is no number for large n.
    let mut log_ways = -(n as f64) * std::f64::consts::LN_2;
    let mut below = 0.0;
    let mut k = 0;
    loop {
        below += log_ways.exp();
        if below > 0.025 {
            break;
        }
        log_ways += ((n - k) as f64 / (k + 1) as f64).ln();
        k += 1;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let k = k.max(1);
    Interval { low: sorted[k - 1], high: sorted[n - k] }
}

/// The interval that leaves 2.5 % of the values on either side.
pub(crate) fn middle_95(mut values: Vec<f64>) -> Interval {
    values.sort_unstable_by(f64::total_cmp);
    let beyond = values.len() / 40;
    Interval { low: values[beyond], high: values[values.len() - 1 - beyond] }
}

/// How many times faster `runs` are than `baseline`, of which each pair was measured in one round.
///
/// What happens to the machine in a round happens to both, so it is their ratio that is looked at. The estimate is that
/// of Hodges and Lehmann (*Estimates of Location Based on Rank Tests*, Annals of Mathematical Statistics 34, 1963) for
/// the logarithms of the ratios; its interval holds the speed-ups that Wilcoxon's signed-rank test does not reject at
/// 2.5 % (*Individual Comparisons by Ranking Methods*, Biometrics Bulletin 1, 1945). For two contenders that are alike the
/// logarithms are symmetric about 0, whatever their distribution, so the test is exact however few rounds there are.
/// `None` below [`FEWEST`] rounds.
pub(crate) fn speedup(baseline: &[f64], runs: &[f64]) -> Option<Estimate> {
    let logs: Vec<f64> = baseline.iter().zip(runs).map(|(baseline, run)| (baseline / run).ln()).collect();
    let Estimate { value, interval: Interval { low, high } } = signed_rank::location(&logs)?;
    Some(Estimate { value: value.exp(), interval: Interval { low: low.exp(), high: high.exp() } })
}

/// The numbers of the samples that are outliers; of fewer than [`FEWEST`] none can be told.
pub(crate) fn outliers(samples: &[f64]) -> Vec<usize> {
    let middle = median(samples);
    let deviation = median(&samples.iter().map(|sample| (sample - middle).abs()).collect::<Vec<_>>());
    let far = |sample: f64| samples.len() >= FEWEST && deviation > 0.0 && (sample - middle).abs() / deviation > OUTLIER;
    (0..samples.len()).filter(|&index| far(samples[index])).collect()
}

/// Whether the first sample is an outlier that took longer than the others.
pub(crate) fn slow_first_run(samples: &[f64]) -> bool {
    outliers(samples).first() == Some(&0) && samples[0] > median(samples)
}

/// Whether to ask after this many rounds if that is [`enough`]: at 10, 15, 22, 33 and so on, half as many more each time.
/// Asking after every round would stop at the first narrow interval that comes by chance.
pub(crate) fn is_checkpoint(rounds: usize) -> bool {
    let mut checkpoint = 10;
    while checkpoint < rounds {
        checkpoint += checkpoint / 2;
    }
    checkpoint == rounds
}

/// Whether every contender's median is known to within `precision` of itself, to either side.
pub(crate) fn enough(runs: &[&[f64]], precision: f64, random: &mut SmallRng) -> bool {
    runs.iter().all(|runs| {
        interval_of_median(runs, random)
            .is_some_and(|interval| (interval.high - interval.low) / 2.0 <= precision * median(runs))
    })
}

#[cfg(test)]
mod tests;
