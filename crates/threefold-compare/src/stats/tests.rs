//! Known values, and simulations: what is called a 95% interval must be one, on durations that vary as measured ones do.

use rand::SeedableRng;

use super::*;

const SIMULATIONS: usize = 1000;

/// At a true rate of 5%, more than this many of 1,000 simulations fail with a probability of 1 in 10,000.
const TOO_MANY: usize = 77;

/// Durations as a machine shows them: skewed to the right, with some outliers. How comparisons as a whole fare is simulated
/// in `looks/tests.rs`.
struct Machine {
    random: SmallRng,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self { random: SmallRng::seed_from_u64(seed) }
    }

    /// An approximately normal number, from twelve uniform ones.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }

    /// A duration from a distribution whose median is `median`.
    fn time(&mut self, median: f64) -> f64 {
        let noise = (0.05 * self.normal()).exp();
        let outlier = if self.random.random_bool(0.03) { 3.0 } else { 1.0 };
        median * noise * outlier
    }
}

#[test]
fn medians_are_those_of_the_sorted_samples() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
    assert_eq!((median(&[7.0]), median(&[])), (7.0, 0.0));
}

#[test]
fn six_samples_give_no_interval() {
    let mut random = SmallRng::seed_from_u64(1);
    assert_eq!(interval_of_median(&[1.0; FEWEST - 1], &mut random), None);
    assert_eq!(speedup(&[1.0; FEWEST - 1], &[2.0; FEWEST - 1]), None);
    assert!(interval_of_median(&[1.0; FEWEST], &mut random).is_some_and(|interval| interval.contains(1.0)));
}

#[test]
fn the_speed_up_is_the_ratio_of_each_round() {
    let baseline: Vec<f64> = (1..=10).map(f64::from).collect();
    let runs: Vec<f64> = baseline.iter().map(|time| time / 2.0).collect();
    let Estimate { value, interval } = speedup(&baseline, &runs).unwrap();
    assert!((value - 2.0).abs() < 1e-12 && interval.high - interval.low < 1e-12, "drift does not matter");
}

#[test]
fn outliers_are_ten_standard_deviations_away() {
    let mut samples = vec![1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99];
    assert!(outliers(&samples).is_empty() && !slow_first_run(&samples));
    samples.insert(0, 3.0);
    assert_eq!(outliers(&samples), [0]);
    assert!(slow_first_run(&samples));
    assert!(outliers(&[1.0, 1.0, 1.0, 9.0]).is_empty(), "four samples are too few");
}

#[test]
fn checkpoints_grow_by_half() {
    let checkpoints: Vec<usize> = (0..80).filter(|&rounds| is_checkpoint(rounds)).collect();
    assert_eq!(checkpoints, [7, 10, 15, 22, 33, 49, 73]);
}

#[test]
fn samples_are_enough_if_their_interval_is_narrow() {
    let mut random = SmallRng::seed_from_u64(1);
    let narrow: Vec<f64> = (0..10).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
    let wide: Vec<f64> = (0..10).map(|i| 1.0 + f64::from(i) * 1e-1).collect();
    assert!(enough(&[&narrow], 0.02, &mut random));
    assert!(!enough(&[&narrow, &wide], 0.02, &mut random));
}

#[test]
fn the_interval_of_the_median_contains_it_in_95_of_100_simulations() {
    for samples in [7, 10, 21, 40] {
        let mut machine = Machine::new(samples as u64);
        // The true median of these durations, outliers included.
        let mut many: Vec<f64> = (0..50_001).map(|_| machine.time(1.0)).collect();
        let truth = median_of(&mut many);
        let missed = (0..SIMULATIONS).filter(|_| {
            let times: Vec<f64> = (0..samples).map(|_| machine.time(1.0)).collect();
            !interval_of_median(&times, &mut machine.random).unwrap().contains(truth)
        });
        let missed = missed.count();
        println!("{samples} samples: {missed} of {SIMULATIONS} intervals missed the median");
        assert!(missed <= TOO_MANY, "{samples} samples: {missed} of {SIMULATIONS}");
    }
}

#[test]
fn rounds_without_number_are_judged_as_few_are() {
    // Of all pairs of so many rounds there would be 500 billion.
    let mut machine = Machine::new(3);
    let baseline: Vec<f64> = (0..1_000_000).map(|_| machine.time(1.0)).collect();
    let runs: Vec<f64> = (0..1_000_000).map(|_| machine.time(0.5)).collect();
    let Estimate { value, interval } = speedup(&baseline, &runs).unwrap();
    assert!((1.99..2.01).contains(&value) && interval.contains(2.0), "{value} {interval:?}");
    assert!(interval.high - interval.low < 0.02, "{interval:?}");
    assert!(chance(&baseline, &runs).is_some_and(|chance| chance < 1e-9));
    let interval = interval_of_median(&runs, &mut machine.random).unwrap();
    assert!(interval.contains(median(&runs)) && interval.high - interval.low < 0.001, "{interval:?}");
}

#[test]
fn the_rounds_that_are_judged_lie_evenly_among_all() {
    assert_eq!(evenly(5, 10).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(evenly(25, 10).collect::<Vec<_>>(), [0, 2, 5, 7, 10, 12, 15, 17, 20, 22]);
    assert_eq!(evenly(0, 10).count(), 0);
}
