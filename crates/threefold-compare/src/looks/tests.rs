//! Simulated comparisons, from the first round to the verdict on each pair.

use rand::{Rng, SeedableRng};

use super::*;

const COMPARISONS: usize = 200;

/// A machine that drifts, has noise of its own for each run, and bursts in which everything takes longer.
struct Machine {
    random: SmallRng,
    drift: f64,
    noise: f64,
    burst: u32,
}

impl Machine {
    fn new(seed: u64, noise: f64) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), drift: 1.0, noise, burst: 0 }
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }

    fn run(&mut self, median: f64) -> f64 {
        self.drift *= (0.2 * self.noise * self.normal()).exp();
        if self.burst == 0 && self.random.random_bool(0.01) {
            self.burst = 6;
        }
        self.burst = self.burst.saturating_sub(1);
        let slow = if self.burst > 0 { 1.7 } else { 1.0 };
        median * self.drift * slow * (self.noise * self.normal()).exp()
    }
}

/// The outcome of a simulated comparison.
struct Outcome {
    rounds: usize,
    runs: Vec<Vec<f64>>,
    error: f64,
    level: f64,
    smallest: f64,
}

/// Compares contenders with these medians, of which the first is the reference, within so many rounds.
fn compare(machine: &mut Machine, medians: &[f64], most: usize) -> Outcome {
    let mut runs = vec![Vec::new(); medians.len()];
    let mut again = Vec::new();
    let mut looks = Looks::default();
    for rounds in 1.. {
        // The two runs of the reference are as far apart as any two.
        let from = machine.random.random_range(0..=medians.len());
        for turn in (0..=medians.len()).map(|turn| (turn + from) % (medians.len() + 1)) {
            match medians.get(turn) {
                Some(&median) => runs[turn].push(machine.run(median)),
                None => again.push(machine.run(medians[0])),
            }
        }
        let all: Vec<&[f64]> = runs.iter().map(|runs| &runs[..]).collect();
        let seen = Seen { runs: &all, again: &again, reference: 0, least_worthwhile: 0.02 };
        let error = looks.look(seen, &mut machine.random).or((rounds >= most).then(|| looks.error_left()));
        if let Some(error) = error {
            let level = stats::level(&all, error);
            let (_, smallest) = seen.floor(level);
            return Outcome { rounds, runs, error, level, smallest };
        }
    }
    unreachable!("a comparison ends")
}

impl Outcome {
    fn difference(&self, one: usize, other: usize) -> Difference {
        difference(&self.runs[one], &self.runs[other], self.level, self.smallest)
    }

    /// Whether any two contenders are told apart.
    fn tells_apart(&self) -> bool {
        let count = self.runs.len();
        let pairs = (0..count).flat_map(|one| (0..one).map(move |other| (one, other)));
        pairs
            .into_iter()
            .any(|(one, other)| matches!(self.difference(one, other), Difference::Faster | Difference::Slower))
    }
}

#[test]
fn identical_contenders_are_told_apart_in_at_most_5_of_100_comparisons() {
    for noise in [0.005, 0.02, 0.08, 0.25] {
        let mut machine = Machine::new(31, noise);
        let apart = (0..COMPARISONS).filter(|_| {
            let most = 7 + machine.random.random_range(0..60);
            compare(&mut machine, &[1.0; 4], most).tells_apart()
        });
        let apart = apart.count();
        println!("noise {noise}: {apart} of {COMPARISONS} told apart");
        assert!(apart <= COMPARISONS / 20, "noise {noise}: {apart}");
    }
}

#[test]
fn the_interval_of_a_speed_up_contains_it_in_95_of_100_comparisons() {
    let mut machine = Machine::new(35, 0.05);
    for truth in [1.05, 1.9] {
        let missed = (0..COMPARISONS).filter(|_| {
            let outcome = compare(&mut machine, &[truth, 1.0, truth], 40);
            let ratio = stats::ratio(&outcome.runs[0], &outcome.runs[1], outcome.error / 2.0).unwrap();
            !ratio.interval.contains(truth)
        });
        let missed = missed.count();
        println!("{truth}x: {missed} of {COMPARISONS} missed");
        assert!(missed <= COMPARISONS / 20, "{truth}x: {missed}");
    }
}

#[test]
fn a_tenth_is_found_beside_noise_of_2_percent_in_95_of_100_comparisons() {
    let mut machine = Machine::new(32, 0.02);
    let found = (0..COMPARISONS).filter(|_| {
        let outcome = compare(&mut machine, &[1.1, 1.0, 1.1, 1.0], 60);
        outcome.difference(0, 1) == Difference::Faster && outcome.difference(0, 2) != Difference::Faster
    });
    let found = found.count();
    println!("{found} of {COMPARISONS} found");
    assert!(found >= COMPARISONS * 95 / 100, "{found}");
}

#[test]
fn a_clear_difference_ends_a_comparison_at_the_first_look() {
    let mut machine = Machine::new(33, 0.01);
    let mut rounds: Vec<usize> =
        (0..COMPARISONS).map(|_| compare(&mut machine, &[1.0, 1.01, 0.5, 0.7], 1000).rounds).collect();
    rounds.sort_unstable();
    println!("{} rounds in the middle, {} of 95 in 100", rounds[COMPARISONS / 2], rounds[COMPARISONS * 95 / 100]);
    assert!(rounds[COMPARISONS / 2] <= 10, "{}", rounds[COMPARISONS / 2]);
    assert!(rounds[COMPARISONS * 95 / 100] <= 22, "{}", rounds[COMPARISONS * 95 / 100]);
}

#[test]
fn no_difference_is_found_below_what_the_reference_differs_from_itself() {
    let mut machine = Machine::new(34, 0.1);
    for _ in 0..COMPARISONS {
        let outcome = compare(&mut machine, &[1.0, 1.03, 0.97, 1.0], 30);
        for other in 1..4 {
            if matches!(outcome.difference(0, other), Difference::Faster | Difference::Slower) {
                let ratio = stats::ratio(&outcome.runs[0], &outcome.runs[other], 0.025).unwrap().value;
                assert!(ratio.max(1.0 / ratio) > 1.0 + outcome.smallest);
            }
        }
    }
}

#[test]
fn the_looks_together_spend_no_more_than_the_error() {
    let mut looks = Looks::default();
    let mut spent = 0.0;
    for _ in 0..40 {
        spent += looks.error_left() * SPENT;
        looks.taken += 1;
    }
    assert!(spent + looks.error_left() <= stats::ERROR + 1e-12);
}
