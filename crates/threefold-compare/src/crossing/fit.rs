//! Lines through medians, and what they say of the crossing.

use super::Crossing;

/// How often pairs are drawn anew from the measured ones.
const RESAMPLES: usize = 200;

/// So many draws may have no crossing at all: one in twenty, as many as lie beyond the ends of a 95% interval.
const WITHOUT: usize = RESAMPLES / 20;

/// The cost of an item must be lower than the reference's by this share. Less is within the error of an extrapolation.
const LEAST_GAIN: f64 = 0.05;

/// A crossing is extrapolated up to this many times the largest size that was tried.
const FARTHEST: f64 = 100.0;

/// The median; 0 of nothing. It changes the order of the values.
pub(super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

/// The probability of at least so many heads in as many tosses of a coin.
pub(super) fn at_least(heads: usize, tosses: usize) -> f64 {
    let mut ways = 1.0;
    let mut sum = 0.0;
    for k in 0..=tosses {
        if k >= heads {
            sum += ways;
        }
        ways *= (tosses - k) as f64 / (k + 1) as f64;
    }
    sum * 0.5f64.powi(tosses as i32)
}

/// As many values as there are, drawn from them.
fn drawn<T: Copy>(values: &[T], random: &mut dyn FnMut() -> f64) -> Vec<T> {
    (0..values.len()).map(|_| values[((random() * values.len() as f64) as usize).min(values.len() - 1)]).collect()
}

/// Where the line through the medians of the values at each x is 0, with its 95% range. `None` if it does not rise, or if
/// this place is not above 0.
pub(super) fn zero(points: &[(f64, Vec<f64>)], random: &mut dyn FnMut() -> f64) -> Option<[f64; 3]> {
    let line = |points: Vec<(f64, f64, f64)>| {
        let weights: f64 = points.iter().map(|(.., weight)| weight).sum();
        let mean_x = points.iter().map(|(x, _, weight)| x * weight).sum::<f64>() / weights;
        let mean_y = points.iter().map(|(_, y, weight)| y * weight).sum::<f64>() / weights;
        let across: f64 = points.iter().map(|(x, y, weight)| weight * (x - mean_x) * (y - mean_y)).sum();
        let along: f64 = points.iter().map(|(x, _, weight)| weight * (x - mean_x).powi(2)).sum();
        let slope = across / along;
        Some(mean_x - mean_y / slope).filter(|zero| slope > 0.0 && *zero > 0.0)
    };
    let medians = |draw: &mut dyn FnMut(&[f64]) -> Vec<f64>| {
        points.iter().map(|(x, values)| (*x, median(&mut draw(values)), values.len() as f64)).collect()
    };
    if points.len() < 2 {
        return None;
    }
    let value = line(medians(&mut <[f64]>::to_vec))?;
    let draws = (0..RESAMPLES).filter_map(|_| line(medians(&mut |values| drawn(values, random)))).collect();
    range(value, draws)
}

/// The value with its 95% range. `None` if too many draws have no value.
fn range(value: f64, mut draws: Vec<f64>) -> Option<[f64; 3]> {
    if draws.len() + WITHOUT < RESAMPLES {
        return None;
    }
    draws.sort_unstable_by(f64::total_cmp);
    let beyond = draws.len() / 40;
    Some([value, draws[beyond].min(value), draws[draws.len() - 1 - beyond].max(value)])
}

/// A size, and the pairs of the contender's and the reference's durations there.
type Tried<'a> = (f64, &'a [(f64, f64)]);

/// The crossing beyond the larger of two sizes, at both of which the contender is slower.
///
/// The difference of the durations is f - g n for n items. Both numbers follow from the differences at the two sizes. g
/// must be a noticeable share of s, the reference's cost of an item.
pub(super) fn extrapolated(small: Tried<'_>, large: Tried<'_>, random: &mut dyn FnMut() -> f64) -> Crossing {
    let span = large.0 - small.0;
    let medians = |pairs: &[(f64, f64)]| {
        let difference = median(&mut pairs.iter().map(|(own, reference)| own - reference).collect::<Vec<_>>());
        let reference = median(&mut pairs.iter().map(|(_, reference)| *reference).collect::<Vec<_>>());
        (difference, reference)
    };
    // The gain of an item as a share of its cost, and the crossing.
    let outcome = |small: &[(f64, f64)], large_pairs: &[(f64, f64)]| {
        let ((small_s, small_reference_s), (large_s, large_reference_s)) = (medians(small), medians(large_pairs));
        let (gain_s, cost_s) = ((small_s - large_s) / span, (large_reference_s - small_reference_s) / span);
        (gain_s / cost_s.max(f64::MIN_POSITIVE), large.0 + large_s / gain_s)
    };
    let (gain, size) = outcome(small.1, large.1);
    let draws: Vec<(f64, f64)> =
        (0..RESAMPLES).map(|_| outcome(&drawn(small.1, random), &drawn(large.1, random))).collect();
    let gaining: Vec<f64> = draws.iter().filter(|(gain, _)| *gain > LEAST_GAIN).map(|(_, size)| *size).collect();
    if gain < LEAST_GAIN {
        // That most draws show no gain either is what makes it certain.
        return if gaining.len() <= RESAMPLES / 4 { Crossing::Nowhere } else { Crossing::Unknown };
    }
    match range(size, gaining) {
        Some([size, low, high]) if (large.0..large.0 * FARTHEST).contains(&size) => {
            Crossing::At { size, low: low.max(large.0), high }
        }
        _ => Crossing::Unknown,
    }
}
