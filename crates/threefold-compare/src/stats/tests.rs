//! Known values, and simulations: what is called a 95 % interval must be one, on times that behave as times do.

use rand::SeedableRng;

use super::*;

const SIMULATIONS: usize = 1000;

/// Of 1,000 simulations at a true rate of 5 %, more than this fail once in ten thousand times.
const TOO_MANY: usize = 77;

/// A machine's times: skewed to the right, with an outlier now and then, and a drift that all contenders share.
struct Machine {
    random: SmallRng,
    drift: f64,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), drift: 1.0 }
    }

    /// Twelve uniform numbers make a normal one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }

    /// A time whose median is `median`.
    fn time(&mut self, median: f64) -> f64 {
        let noise = (0.05 * self.normal()).exp();
        let outlier = if self.random.random_bool(0.03) { 3.0 } else { 1.0 };
        median * noise * outlier
    }

    /// One round: a time of each contender, in a random order on a machine that drifts meanwhile.
    fn round(&mut self, medians: [f64; 2]) -> [f64; 2] {
        let mut times = [0.0; 2];
        let first = usize::from(self.random.random::<bool>());
        for contender in [first, 1 - first] {
            self.drift *= (0.02 * self.normal()).exp();
            times[contender] = self.drift * self.time(medians[contender]);
        }
        times
    }
}

#[test]
fn medians_are_those_of_the_sorted_samples() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
    assert_eq!((median(&[7.0]), median(&[])), (7.0, 0.0));
}

#[test]
fn six_samples_bound_nothing() {
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
    assert!((value - 2.0).abs() < 1e-12 && interval.high - interval.low < 1e-12, "drift takes no part");
}

#[test]
fn outliers_are_ten_deviations_away() {
    let mut samples = vec![1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99];
    assert!(outliers(&samples).is_empty() && !slow_first_run(&samples));
    samples.insert(0, 3.0);
    assert_eq!(outliers(&samples), [0]);
    assert!(slow_first_run(&samples));
    assert!(outliers(&[1.0, 1.0, 1.0, 9.0]).is_empty(), "without any spread nothing can be told");
}

#[test]
fn checkpoints_grow_by_half() {
    let checkpoints: Vec<usize> = (0..80).filter(|&rounds| is_checkpoint(rounds)).collect();
    assert_eq!(checkpoints, [10, 15, 22, 33, 49, 73]);
}

#[test]
fn narrow_samples_are_enough_and_wide_ones_are_not() {
    let mut random = SmallRng::seed_from_u64(1);
    let narrow: Vec<f64> = (0..10).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
    let wide: Vec<f64> = (0..10).map(|i| 1.0 + f64::from(i) * 1e-1).collect();
    assert!(enough(&[&narrow], 0.02, &mut random));
    assert!(!enough(&[&narrow, &wide], 0.02, &mut random));
}

#[test]
fn the_interval_of_the_median_holds_it_in_95_of_100_simulations() {
    for samples in [7, 10, 21, 40] {
        let mut machine = Machine::new(samples as u64);
        // The true median of these times, outliers included.
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

/// Simulates comparisons as they are made, the stopping included; returns what each came to.
fn comparisons(seed: u64, medians: [f64; 2]) -> Vec<Estimate> {
    let mut machine = Machine::new(seed);
    let comparison = |_| {
        let mut times = [Vec::new(), Vec::new()];
        // A budget that is spent after some 7 to 40 rounds, whatever is known by then.
        let budget = FEWEST + machine.random.random_range(0..35);
        loop {
            let round = machine.round(medians);
            times.iter_mut().zip(round).for_each(|(times, time)| times.push(time));
            let rounds = times[0].len();
            let known = is_checkpoint(rounds) && enough(&[&times[0], &times[1]], 0.02, &mut machine.random);
            if known || rounds >= budget {
                return speedup(&times[0], &times[1]).unwrap();
            }
        }
    };
    (0..SIMULATIONS).map(comparison).collect()
}

#[test]
fn models_that_are_alike_are_called_different_in_5_of_100_simulations_at_most() {
    let different = comparisons(20, [1.0, 1.0]).iter().filter(|speedup| !speedup.interval.contains(1.0)).count();
    println!("{different} of {SIMULATIONS} comparisons of a model with itself found a difference");
    assert!(different <= SIMULATIONS / 20, "{different} of {SIMULATIONS}");
}

#[test]
fn the_interval_of_the_speed_up_holds_it_in_95_of_100_simulations() {
    for truth in [1.05, 1.9] {
        let all = comparisons(21, [truth, 1.0]);
        let missed = all.iter().filter(|speedup| !speedup.interval.contains(truth)).count();
        let found = all.iter().filter(|speedup| speedup.interval.low > 1.0).count();
        println!("{truth}x: {missed} of {SIMULATIONS} intervals missed it, {found} found a difference");
        assert!(missed <= TOO_MANY, "{truth}x: {missed} of {SIMULATIONS}");
    }
}
