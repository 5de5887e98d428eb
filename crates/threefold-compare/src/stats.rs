//! The statistics of runs: medians with their intervals, speed-ups, outliers, and when to stop.
//!
//! The durations of runs are skewed and have outliers. So nothing here assumes a normal distribution or takes a mean.

use rand::Rng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};

mod averages;
mod holm;
mod signed_rank;

pub(crate) use holm::level;
pub(crate) use signed_rank::quantile;

/// How often the bootstrap draws samples from the measured ones. 25 draws then lie beyond either end of a 95% interval.
const RESAMPLES: usize = 1000;

/// The bootstrap draws from at most this many samples. What more would add cannot be seen.
pub(crate) const MOST_RESAMPLED: usize = 500;

/// The largest number of rounds that are judged. Of more, so many are chosen, evenly spaced. So the judgement takes
/// milliseconds, however long was measured: after a signal there is less than a second for all of it.
pub(crate) const MOST_JUDGED: usize = 5_000;

/// The fewest samples for which there is an interval. Six samples are enough for the 95% interval of a median, but not for
/// that of a speed-up.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// use threefold_compare::stats;
///
/// let compare = |runs| {
///     let compare = Compare::new("add up").models([threefold::Model::Threads]).runs(runs);
///     compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)
/// };
/// let few = compare(stats::FEWEST - 1)?;
/// assert_eq!(few.rows[0].interval_s, None);
/// let enough = compare(stats::FEWEST)?;
/// assert!(enough.rows[0].interval_s.is_some());
/// # Ok::<(), threefold_compare::Error>(())
/// ```
pub const FEWEST: usize = 7;

/// The probability that a speed-up lies beyond one end of its interval, unless the look that ended the rounds leaves it
/// another one.
pub(crate) const BEYOND: f64 = 0.0125;

/// The probability that any two equal contenders of a comparison are told apart.
pub(crate) const ERROR: f64 = 0.05;

/// Samples further than this many median absolute deviations from the median are outliers. It is ten standard deviations
/// (each 1.4826 median absolute deviations), the limit that hyperfine uses, after Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993.
const OUTLIER: f64 = 14.826;

/// An interval. It includes both ends.
///
/// ```
/// use threefold_compare::stats::Interval;
///
/// let interval = Interval { low: 1.8, high: 2.0 };
/// assert!(interval.contains(2.0) && !interval.contains(1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies in the interval, ends included.
    ///
    /// ```
    /// use threefold_compare::stats::Interval;
    ///
    /// assert!(Interval { low: 0.9, high: 1.1 }.contains(1.0));
    /// ```
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// An estimate with its 95% confidence interval.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// if let Some(speedup) = comparison.rows[1].speedup {
///     println!("{:.2}x, 95% interval {:.2} to {:.2}", speedup.value, speedup.interval.low, speedup.interval.high);
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// The 95% confidence interval.
    pub interval: Interval,
}

/// The median. For an even number of samples it is the mean of the middle two; for no samples it is 0.
pub(crate) fn median(samples: &[f64]) -> f64 {
    median_of(&mut samples.to_vec())
}

/// The same. It changes the order of the samples.
fn median_of(samples: &mut [f64]) -> f64 {
    let middle = samples.len() / 2;
    if samples.is_empty() {
        return 0.0;
    }
    let even = samples.len().is_multiple_of(2);
    let (below, &mut upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    if even { (below.iter().copied().fold(f64::MIN, f64::max) + upper) / 2.0 } else { upper }
}

/// The 95% confidence interval of the median. `None` for fewer samples than [`FEWEST`].
///
/// It joins two intervals. The first is that of the percentile bootstrap (Efron, *Bootstrap Methods: Another Look at the
/// Jackknife*, Annals of Statistics 7, 1979). For few samples it contains the median too rarely: for seven samples in 86 of
/// 100 simulations. The second lies between two order statistics. It contains the median with a probability of 95% or
/// more for any distribution. For more samples than [`MOST_RESAMPLED`] the second one alone is taken.
pub(crate) fn interval_of_median(samples: &[f64], random: &mut SmallRng) -> Option<Interval> {
    if samples.len() < FEWEST {
        return None;
    }
    let exact = between_order_statistics(samples);
    if samples.len() > MOST_RESAMPLED {
        return Some(exact);
    }
    let mut drawn = vec![0.0; samples.len()];
    let medians = (0..RESAMPLES).map(|_| {
        drawn.iter_mut().for_each(|draw| *draw = samples[random.random_range(0..samples.len())]);
        median_of(&mut drawn)
    });
    let bootstrapped = middle_95(medians.collect());
    Some(Interval { low: bootstrapped.low.min(exact.low), high: bootstrapped.high.max(exact.high) })
}

/// The narrowest interval from the k-th smallest to the k-th largest sample that contains the median with a probability of
/// 95%. The median lies below the k-th smallest sample if fewer than k of the n samples lie below the median, and each
/// sample does so with a probability of 1/2. Such an interval exists for six samples or more.
fn between_order_statistics(samples: &[f64]) -> Interval {
    let n = samples.len();
    // Binomial(n, 1/2) in logarithms, because 2^-n underflows for large n.
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

/// The interval that leaves out 2.5% of the values on either side.
pub(crate) fn middle_95(mut values: Vec<f64>) -> Interval {
    values.sort_unstable_by(f64::total_cmp);
    let beyond = values.len() / 40;
    Interval { low: values[beyond], high: values[values.len() - 1 - beyond] }
}

/// How many times faster `runs` are than `baseline`. The n-th run of either was measured in the n-th round. `None` for
/// fewer rounds than [`FEWEST`].
///
/// What slows the machine down in one round slows both down. So the ratio within each round is used. The estimate is that
/// of Hodges and Lehmann (*Estimates of Location Based on Rank Tests*, Annals of Mathematical Statistics 34, 1963) for
/// the logarithms of the ratios. Its interval contains the speed-ups that Wilcoxon's signed-rank test does not reject at
/// 2.5% (*Individual Comparisons by Ranking Methods*, Biometrics Bulletin 1, 1945). If two contenders are equally fast, the
/// logarithms are symmetric about 0 for any distribution of durations, so that the test is exact for any number of rounds.
pub(crate) fn speedup(baseline: &[f64], runs: &[f64]) -> Option<Estimate> {
    ratio(baseline, runs, BEYOND)
}

/// The same, with an interval beyond either end of which the ratio lies with this probability.
pub(crate) fn ratio(baseline: &[f64], runs: &[f64], beyond: f64) -> Option<Estimate> {
    let Estimate { value, interval: Interval { low, high } } = signed_rank::location(&logs(baseline, runs), beyond)?;
    Some(Estimate { value: value.exp(), interval: Interval { low: low.exp(), high: high.exp() } })
}

/// The logarithms of the ratios within the rounds that are judged.
fn logs(baseline: &[f64], runs: &[f64]) -> Vec<f64> {
    let judged = evenly(baseline.len().min(runs.len()), MOST_JUDGED);
    judged.map(|round| (baseline[round] / runs[round]).ln()).collect()
}

/// The numbers of at most `most` rounds that lie evenly among so many.
pub(crate) fn evenly(rounds: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = rounds.min(most);
    (0..count).map(move |number| (number as u128 * rounds as u128 / count as u128) as usize)
}

/// The probability that two equally fast contenders differ by as much as these, in either direction. `None` for fewer
/// rounds than [`FEWEST`].
///
/// It is that of Wilcoxon's signed-rank test. For few rounds this test never gives a small one, however far the times are
/// apart: 1 in 64 for seven rounds. If all runs of one contender are faster than all runs of the other, the ranks of all
/// runs together tell more (Mann and Whitney, *On a Test of Whether One of Two Random Variables Is Stochastically Larger
/// than the Other*, Annals of Mathematical Statistics 18, 1947): of all ways to order the runs of two equal contenders only
/// two are like this. A drift of the machine makes these two even rarer, since it slows both contenders down.
pub(crate) fn chance(baseline: &[f64], runs: &[f64]) -> Option<f64> {
    let paired = signed_rank::chance(&logs(baseline, runs))?;
    let is_apart = are_apart(baseline, runs, 0.0) || are_apart(runs, baseline, 0.0);
    Some(if is_apart { paired.min(chance_of_apart(runs.len())) } else { paired })
}

/// Two of the (2n)! / (n! n!) ways to order n runs of either contender.
fn chance_of_apart(n: usize) -> f64 {
    (1..=n).fold(2.0, |chance, k| chance * k as f64 / (n + k) as f64)
}

/// Whether it tells anything if all of so many runs are faster than as many others: from four on, for which the chance is 2 in
/// 70. One of two single runs is always the faster one.
pub(crate) fn can_be_apart(rounds: usize) -> bool {
    chance_of_apart(rounds) <= ERROR
}

/// Whether every run is faster than every run of `baseline`, by more than this share.
pub(crate) fn are_apart(baseline: &[f64], runs: &[f64], share: f64) -> bool {
    let slowest = runs.iter().copied().fold(f64::MIN, f64::max);
    baseline.iter().all(|&run| run > slowest * (1.0 + share))
}

/// The indices of the outliers. There are none among fewer samples than [`FEWEST`].
pub(crate) fn outliers(samples: &[f64]) -> Vec<usize> {
    let middle = median(samples);
    let deviation = median(&samples.iter().map(|sample| (sample - middle).abs()).collect::<Vec<_>>());
    let far = |sample: f64| samples.len() >= FEWEST && deviation > 0.0 && (sample - middle).abs() / deviation > OUTLIER;
    (0..samples.len()).filter(|&index| far(samples[index])).collect()
}

/// Whether the first sample is an outlier above the median.
pub(crate) fn slow_first_run(samples: &[f64]) -> bool {
    outliers(samples).first() == Some(&0) && samples[0] > median(samples)
}

/// Whether to check after this many rounds if the medians are known well [`enough`]: after 7, 10, 15, 22, 33 rounds and so
/// on, half as many more each time. A check after every round would stop at the first interval that is narrow by chance.
pub(crate) fn is_checkpoint(rounds: usize) -> bool {
    let mut checkpoint = FEWEST;
    while checkpoint < rounds {
        checkpoint += checkpoint / 2;
    }
    checkpoint == rounds
}

/// Whether the interval of every contender's median reaches at most `precision` times the median to either side.
pub(crate) fn enough(runs: &[&[f64]], precision: f64, random: &mut SmallRng) -> bool {
    runs.iter().all(|runs| {
        interval_of_median(runs, random)
            .is_some_and(|interval| (interval.high - interval.low) / 2.0 <= precision * median(runs))
    })
}

#[cfg(test)]
mod tests;
