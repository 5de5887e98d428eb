//! Simulated machines whose crossing is known.

use super::*;

/// A machine on which the contender costs `fixed + each n` and the reference `alone n`.
struct Machine {
    fixed: f64,
    each: f64,
    alone: f64,
    /// The relative deviation of a run.
    noise: f64,
    /// How much the machine drifts between two runs.
    drifts: f64,
    /// How likely a burst of slow runs begins.
    bursts: f64,
    state: u64,
    speed: f64,
    burst: u32,
    left: usize,
}

impl Machine {
    fn new(seed: u64, fixed: f64, each: f64) -> Self {
        let (alone, noise, drifts, bursts) = (1.0, 0.08, 0.02, 0.01);
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { fixed, each, alone, noise, drifts, bursts, state, speed: 1.0, burst: 0, left: 2000 }
    }

    /// Where the two costs are the same.
    fn truth(&self) -> f64 {
        self.fixed / (self.alone - self.each)
    }

    fn uniform(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1u64 << 53) as f64
    }

    /// An approximately normal number.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn run(&mut self, cost: f64) -> f64 {
        self.speed *= (self.drifts * self.normal()).exp();
        if self.burst == 0 && self.uniform() < self.bursts {
            self.burst = 4;
        }
        self.burst = self.burst.saturating_sub(1);
        let slow = if self.burst > 0 { 2.5 } else { 1.0 };
        cost * self.speed * slow * (self.noise * self.normal()).exp()
    }
}

impl Trial for Machine {
    fn pair(&mut self, size: f64) -> Option<(f64, f64)> {
        self.left = self.left.checked_sub(1)?;
        let costs = [self.fixed + self.each * size, self.alone * size];
        let first = usize::from(self.uniform() < 0.5);
        let mut took = [0.0; 2];
        for index in [first, 1 - first] {
            took[index] = self.run(costs[index]);
        }
        Some((took[0], took[1]))
    }

    fn random(&mut self) -> f64 {
        self.uniform()
    }
}

/// So many machines are simulated.
const MACHINES: u64 = 40;

/// How often the search is off by more than this factor; and how many pairs it needs.
fn off(factor: f64, machine: impl Fn(u64) -> Machine, whole: f64, guess: f64) -> (usize, usize) {
    let (mut off, mut pairs) = (0, 0);
    for seed in 1..=MACHINES {
        let mut machine = machine(seed);
        let (truth, before) = (machine.truth(), machine.left);
        let found = Search::new(&mut machine, Sizes { grain: 1.0, whole }).find(guess);
        pairs += before - machine.left;
        match found {
            Crossing::At { size, .. } if (1.0 / factor..factor).contains(&(size / truth)) => {}
            _ => off += 1,
        }
    }
    (off, pairs / MACHINES as usize)
}

#[test]
fn a_crossing_within_the_workload_is_found_to_15_percent() {
    for (each, guess) in [(0.5, 1.0), (0.5, 30.0), (0.25, 1e5), (0.8, 1e3)] {
        let (off, pairs) = off(1.15, |seed| Machine::new(seed, 1000.0, each), 1e6, guess);
        println!("each {each}, guess {guess}: {off} of {MACHINES} off, {pairs} pairs");
        assert!(off <= 3, "{off} of {MACHINES}, each {each}, guess {guess}");
    }
}

#[test]
fn a_crossing_up_to_ten_times_beyond_is_found_to_30_percent() {
    for times in [1.5, 3.0, 10.0] {
        let machine = |seed| Machine::new(seed, 1000.0 * times / 2.0, 0.5);
        let (off, pairs) = off(1.3, machine, 1000.0, 100.0);
        println!("{times} times beyond: {off} of {MACHINES} off, {pairs} pairs");
        assert!(off <= 3, "{off} of {MACHINES}, {times} times");
    }
}

#[test]
fn a_crossing_that_cannot_be_reached_is_extrapolated_with_a_range_that_holds_it() {
    let (mut held, mut told) = (0, 0);
    for seed in 1..=MACHINES {
        // 60 times the workload: 16 times can be tried.
        let mut machine = Machine::new(seed, 30_000.0, 0.5);
        let truth = machine.truth();
        if let Crossing::At { low, high, .. } = Search::new(&mut machine, Sizes { grain: 1.0, whole: 1e3 }).find(1e3) {
            told += 1;
            held += usize::from((low..=high).contains(&truth));
        }
    }
    println!("{told} of {MACHINES} told, {held} hold the truth");
    assert!(held * 10 >= told * 9, "{held} of {told}");
}

#[test]
fn a_contender_that_never_gains_has_no_crossing() {
    let mut wrong = 0;
    for seed in 1..=MACHINES {
        let mut machine = Machine::new(seed, 100.0, 1.0 + 0.3 * (seed % 3) as f64);
        let found = Search::new(&mut machine, Sizes { grain: 1.0, whole: 1e5 }).find(1e3);
        wrong += usize::from(matches!(found, Crossing::At { .. } | Crossing::Below { .. }));
    }
    println!("{wrong} of {MACHINES} have one");
    assert!(wrong <= 2, "{wrong} of {MACHINES}");
}

#[test]
fn a_contender_that_always_gains_does_so_at_the_smallest_size() {
    let below = (1..=MACHINES).filter(|&seed| {
        let mut machine = Machine::new(seed, 0.0, 0.6);
        let found = Search::new(&mut machine, Sizes { grain: 1.0, whole: 1e5 }).find(1e3);
        found == Crossing::Below { smallest: 1.0 }
    });
    assert!(below.count() >= 38);
}

#[test]
fn a_contender_that_gains_at_the_smallest_size_only_does_not_gain_everywhere() {
    // Sequential beside async: one wait takes as long on either, and many take no longer on async.
    struct Waits(Machine);
    impl Trial for Waits {
        fn pair(&mut self, size: f64) -> Option<(f64, f64)> {
            Some((self.0.run(10.0 * size), self.0.run(12.0)))
        }
        fn random(&mut self) -> f64 {
            self.0.uniform()
        }
    }
    for seed in 1..=MACHINES {
        let mut waits = Waits(Machine::new(seed, 0.0, 1.0));
        let found = Search::new(&mut waits, Sizes { grain: 1.0, whole: 30.0 }).find(1.0);
        assert!(!matches!(found, Crossing::Below { .. }), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_contender_that_gains_from_two_items_on_does_so_from_two_items_on() {
    // Async beside sequential.
    struct Waits(Machine);
    impl Trial for Waits {
        fn pair(&mut self, size: f64) -> Option<(f64, f64)> {
            Some((self.0.run(10.1), self.0.run(10.0 * size)))
        }
        fn random(&mut self) -> f64 {
            self.0.uniform()
        }
    }
    let found = |seed| {
        let mut waits = Waits(Machine::new(seed, 0.0, 1.0));
        Search::new(&mut waits, Sizes { grain: 1.0, whole: 30.0 }).find(1.0)
    };
    let right = (1..=MACHINES).filter(|&seed| matches!(found(seed), Crossing::At { size, .. } if size <= 2.0)).count();
    assert!(right >= 36, "{right} of {MACHINES}");
}

#[test]
fn heads_are_as_likely_as_the_ways_to_toss_them() {
    assert_eq!(fit::at_least(0, 5), 1.0);
    assert_eq!(fit::at_least(9, 9), 1.0 / 512.0);
    assert_eq!(fit::at_least(8, 9), 10.0 / 512.0);
}

#[test]
fn without_time_nothing_is_said() {
    let mut machine = Machine { left: 0, ..Machine::new(1, 1000.0, 0.5) };
    let found = Search::new(&mut machine, Sizes { grain: 1.0, whole: 1e5 }).find(1e3);
    assert_eq!(found, Crossing::Unknown);
}

#[test]
fn a_crossing_between_one_chunk_and_two_is_interpolated() {
    // Two workers: one chunk takes as long as on the reference, two take no longer.
    struct Chunks(Machine);
    impl Trial for Chunks {
        fn pair(&mut self, size: f64) -> Option<(f64, f64)> {
            let chunks = size / 50.0;
            Some((self.0.run(10.0 + 50.0 * (chunks / 2.0).ceil()), self.0.run(50.0 * chunks)))
        }
        fn random(&mut self) -> f64 {
            self.0.uniform()
        }
    }
    for seed in 1..=20 {
        let mut chunks = Chunks(Machine::new(seed, 0.0, 0.5));
        let found = Search::new(&mut chunks, Sizes { grain: 50.0, whole: 5000.0 }).find(60.0);
        // One chunk, and as much of a second one as earns the fixed cost.
        assert!(matches!(found, Crossing::At { size, .. } if (51.0..69.0).contains(&size)), "{found:?}");
    }
}
