//! Laws that are found again in simulated durations.

use rand::SeedableRng;

use super::*;
use crate::profile::Profile;
use crate::row::{Cold, Measured};

/// Rows of one model whose medians follow `time`, with a few percent of noise.
fn rows(counts: &[usize], rounds: usize, random: &mut SmallRng, time: impl Fn(f64) -> f64) -> Vec<Row> {
    let mut row = |&workers: &usize| {
        let noisy = |_| time(workers as f64) * (1.0 + 0.06 * (random.random::<f64>() - 0.5));
        let measured = Measured {
            model: Model::Threads,
            workers,
            folds_per_run: 1,
            runs_s: (0..rounds).map(noisy).collect(),
            cold: vec![Cold { startup_s: 0.0, total_s: time(workers as f64) }],
            cpu_s: 0.0,
            profile: Profile::default(),
        };
        Row::of(measured, None, random)
    };
    counts.iter().map(&mut row).collect()
}

#[test]
fn the_interval_of_the_serial_share_contains_it_in_95_of_100_simulations() {
    let mut random = SmallRng::seed_from_u64(5);
    let missed = (0..200).filter(|_| {
        let rows = rows(&[1, 2, 4], 20, &mut random, |n| 0.1 + 0.9 / n);
        let fitted = amdahl(&rows.iter().collect::<Vec<_>>(), &mut random).unwrap();
        !fitted.serial.interval.contains(0.1)
    });
    let missed = missed.count();
    println!("{missed} of 200 intervals missed the serial share");
    // 10 are expected; more than 23 come once in ten thousand times.
    assert!(missed <= 23, "{missed} of 200");
}

#[test]
fn the_smallest_number_of_workers_that_is_as_fast_as_any_is_best() {
    let mut random = SmallRng::seed_from_u64(6);
    let flat = rows(&[1, 2, 4], 20, &mut random, |n| if n < 2.0 { 1.0 } else { 0.5 });
    let scaling = of_model(&flat.iter().collect::<Vec<_>>(), 4, &mut random);
    assert_eq!(scaling.best_workers, 2);
    assert!(scaling.usl.is_none(), "three counts are too few");
}

#[test]
fn more_workers_than_cores_take_no_part_in_the_laws() {
    let mut random = SmallRng::seed_from_u64(7);
    let rows = rows(&[1, 2, 4, 8], 20, &mut random, |n| 1.0 / n.min(2.0));
    let scaling = of_model(&rows.iter().collect::<Vec<_>>(), 2, &mut random);
    assert!(scaling.amdahl.unwrap().serial.value < 0.03);
    assert_eq!(scaling.best_workers, 2);
}

#[test]
fn a_peak_is_reported_only_within_the_measured_numbers() {
    let mut random = SmallRng::seed_from_u64(8);
    let law =
        |contention: f64, coherency: f64| move |n: f64| (1.0 + contention * (n - 1.0) + coherency * n * (n - 1.0)) / n;
    let counts = [1, 2, 4, 8, 16, 32];
    let retrograde = rows(&counts, 40, &mut random, law(0.05, 0.01));
    let peak = usl(&retrograde.iter().collect::<Vec<_>>()).unwrap().peak.unwrap();
    assert!((peak - (0.95f64 / 0.01).sqrt()).abs() < 1.5, "{peak}");
    let growing = rows(&counts, 40, &mut random, law(0.05, 0.0));
    assert_eq!(usl(&growing.iter().collect::<Vec<_>>()).unwrap().peak, None);
}
