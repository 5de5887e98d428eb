//! Laws that are found again in simulated times, and what is said of them.

use rand::SeedableRng;

use super::*;
use crate::comparison::Profile;

/// Rows of one model whose medians follow `time`, with a few percent of noise.
fn rows(counts: &[usize], rounds: usize, random: &mut SmallRng, time: impl Fn(f64) -> f64) -> Vec<Row> {
    let row = |&workers: &usize| {
        let runs_s: Vec<f64> =
            (0..rounds).map(|_| time(workers as f64) * (1.0 + 0.06 * (random.random::<f64>() - 0.5))).collect();
        Row {
            model: Model::Threads,
            workers,
            folds_per_run: 1,
            median_s: stats::median(&runs_s),
            runs_s,
            interval_s: None,
            cold_startup_s: vec![0.0],
            startup_s: 0.0,
            cold_s: 0.0,
            speedup: None,
            break_even_items: None,
            profile: Profile::default(),
            outliers: 0,
            slow_first_run: false,
        }
    };
    counts.iter().map(row).collect()
}

#[test]
fn the_interval_of_the_serial_share_holds_it() {
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
fn the_fewest_workers_that_are_as_good_as_any_are_best() {
    let mut random = SmallRng::seed_from_u64(6);
    let flat = rows(&[1, 2, 4], 20, &mut random, |n| if n < 2.0 { 1.0 } else { 0.5 });
    let scaling = of_model(&flat.iter().collect::<Vec<_>>(), 4, &mut random);
    assert_eq!(scaling.best_workers, 2);
    assert!(scaling.usl.is_none(), "three counts are too few");
    let sentence = scaling.sentence().unwrap();
    assert!(sentence.starts_with("Of 1, 2 and 4 workers on threads 2 are enough; by Amdahl's law"), "{sentence}");
}

#[test]
fn counts_beyond_the_cores_take_no_part_in_laws() {
    let mut random = SmallRng::seed_from_u64(7);
    let rows = rows(&[1, 2, 4, 8], 20, &mut random, |n| 1.0 / n.min(2.0));
    let scaling = of_model(&rows.iter().collect::<Vec<_>>(), 2, &mut random);
    assert!(scaling.amdahl.unwrap().serial.value < 0.03);
    assert_eq!(scaling.best_workers, 2);
}

#[test]
fn a_peak_is_told_only_where_it_was_measured() {
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
