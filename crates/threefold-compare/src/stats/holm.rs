//! Many tests at once: the chance that any two equal contenders are told apart is bounded over all pairs of them.

use super::chance;

/// The level of error by Holm (*A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics
/// 6, 1979) over all pairs of these contenders: that of the pair at which the method stops. All pairs before it are
/// within this level, and no pair after it is.
pub(crate) fn level(runs: &[&[f64]], error: f64) -> f64 {
    let pairs = (0..runs.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    let mut chances: Vec<f64> = pairs.filter_map(|(one, other)| chance(runs[one], runs[other])).collect();
    chances.sort_unstable_by(f64::total_cmp);
    let allowed = |rank: usize| error / (chances.len() - rank).max(1) as f64;
    let stops = (0..chances.len()).find(|&rank| chances[rank] > allowed(rank));
    allowed(stops.unwrap_or(chances.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_rises_with_each_pair_that_differs() {
        let (fast, slow, noisy) =
            ([1.0; 12], [2.0; 12], [0.9, 1.1, 0.95, 1.05, 0.99, 1.01, 0.98, 1.02, 0.97, 1.03, 1.0, 1.0]);
        assert_eq!(level(&[&noisy, &fast], 0.05), 0.05);
        // Two of three pairs differ, so that the last one may have the whole error.
        assert_eq!(level(&[&noisy, &fast, &slow], 0.05), 0.05);
        assert_eq!(level(&[&noisy, &fast, &noisy], 0.05), 0.05 / 3.0);
    }
}
