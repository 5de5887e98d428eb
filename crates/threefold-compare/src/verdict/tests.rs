//! Every sentence of the verdict, on rows as they might be measured.

use super::*;
use crate::comparison::{Block, Machine, Profile, SCHEMA};
use crate::stats;

/// A row of a work of one second, whose parts are shares of the workers' time.
struct Measured {
    model: Model,
    workers: usize,
    median_s: f64,
    startup_s: f64,
    /// Work, waiting, transfer, idle.
    parts: [f64; 4],
    /// The relative spread of its runs.
    spread: f64,
}

fn measured(model: Model, workers: usize, median_s: f64) -> Measured {
    Measured { model, workers, median_s, startup_s: 1e-4, parts: [1.0, 0.0, 0.0, 0.0], spread: 0.01 }
}

fn row(measured: &Measured, chunks: u64) -> Row {
    let Measured { model, workers, median_s, startup_s, parts, spread } = *measured;
    // Each model's runs vary in an order of their own.
    let stride = 5 + effort(model) as u32;
    let runs_s: Vec<f64> =
        (0..12u32).map(|run| median_s * (1.0 + spread * (f64::from(run * stride % 13) / 12.0 - 0.5))).collect();
    let workers_s = median_s * workers as f64;
    let [work_s, waiting_s, transfer_s, idle_s] = parts.map(|share| share * workers_s);
    Row {
        model,
        workers,
        folds_per_run: 1,
        median_s,
        interval_s: None,
        cold_startup_s: vec![startup_s],
        startup_s,
        cold_s: startup_s + median_s,
        speedup: None,
        break_even_items: None,
        profile: Profile {
            wall_s: median_s,
            work_s,
            waiting_s,
            transfer_s,
            idle_s,
            cost_per_chunk_s: transfer_s / chunks as f64,
            empty_chunk_s: transfer_s / chunks as f64,
            mean_chunk_s: (work_s + waiting_s) / chunks as f64,
            longest_chunk_s: (work_s + waiting_s) / chunks as f64,
            imbalance: 1.0,
            spans: (0..chunks).map(|chunk| Block { chunk, worker: 0, start_s: 0.0, duration_s: 0.0 }).collect(),
            ..Profile::default()
        },
        outliers: 0,
        slow_first_run: false,
        runs_s,
    }
}

/// A comparison of a million integers on two cores, judged.
fn judged(all: &[Measured], change: impl FnOnce(&mut Comparison)) -> Verdict {
    let chunks = 64;
    let mut rows: Vec<Row> = all.iter().map(|measured| row(measured, chunks)).collect();
    let baseline = rows[0].clone();
    for row in &mut rows[1..] {
        row.speedup = stats::speedup(&baseline.runs_s, &row.runs_s);
        row.break_even_items = break_even(row, &baseline, 1_000_000);
    }
    let mut comparison = Comparison {
        schema: SCHEMA,
        version: String::new(),
        work: "work".to_string(),
        unit: "integers".to_string(),
        items: 1_000_000,
        chunks,
        value: String::new(),
        formula: None,
        machine: Machine { processor: String::new(), cores: 2, memory_bytes: 0, system: String::new() },
        seed: 0,
        rounds: 12,
        stolen_share: 0.0,
        partial: false,
        rows,
        scaling: Vec::new(),
        verdict: Verdict::default(),
    };
    change(&mut comparison);
    of(&comparison)
}

use Model::{Async, Processes, Sequential, Threads};

#[test]
fn the_fastest_model_wins_and_the_others_are_told_their_size() {
    let mut processes = measured(Processes, 2, 0.6);
    (processes.startup_s, processes.parts) = (3.1e-3, [0.8, 0.0, 0.05, 0.15]);
    let verdict = judged(
        &[measured(Sequential, 1, 1.0), measured(Async, 1, 1.02), measured(Threads, 2, 0.53), processes],
        |_| {},
    );
    assert_eq!(
        verdict.sentence,
        "threads: 1.9x faster than sequential on 2 workers; async gains nothing, this work never waits; processes cost 3.1 \
         ms to start and pay from about 160 thousand integers on"
    );
    assert_eq!((verdict.best, &verdict.tied[..]), (2, &[2][..]));
    assert_eq!(verdict.reasons[0], "The chunks compute 100% of their time.");
    assert!(verdict.reasons[1].starts_with("The speed-up of threads on 2 workers lies between 1.8"), "{verdict:?}");
    assert_eq!(
        verdict.reasons[2],
        "It takes 100 us to start threads on 2 workers, which pays from about 210 integers on."
    );
}

#[test]
fn sequential_wins_where_the_others_are_slower() {
    let mut threads = measured(Threads, 2, 3.0);
    threads.parts = [0.1, 0.0, 0.6, 0.3];
    let verdict = judged(&[measured(Sequential, 1, 1.0), threads], |_| {});
    assert_eq!(
        verdict.sentence,
        "sequential: every other model is slower on work of this size; threads take 3.0x as long as sequential, handing \
         out chunks takes longer than the work"
    );
}

#[test]
fn what_these_runs_cannot_tell_apart_is_said_to_be_so_and_the_simplest_is_recommended() {
    let noisy = |model, workers, median_s| Measured { spread: 0.5, ..measured(model, workers, median_s) };
    let verdict = judged(&[noisy(Sequential, 1, 1.0), noisy(Threads, 2, 0.999)], |_| {});
    assert_eq!(verdict.best, 0);
    assert_eq!(
        verdict.sentence,
        "sequential: no difference that these runs can show between it and threads on 2 workers; threads gain nothing here"
    );
    let verdict = judged(&[measured(Sequential, 1, 1.0), noisy(Threads, 2, 0.5), noisy(Processes, 2, 0.5)], |_| {});
    assert!(
        verdict.sentence.starts_with(
            "threads: 2.0x faster than sequential on 2 workers, with no difference that these runs can show to processes \
             on 2 workers"
        ),
        "{}",
        verdict.sentence
    );
}

#[test]
fn waiting_work_is_told_from_work_under_a_lock() {
    let waiting =
        |model, workers, median_s| Measured { parts: [0.02, 0.98, 0.0, 0.0], ..measured(model, workers, median_s) };
    let verdict = judged(&[waiting(Sequential, 1, 1.0), waiting(Async, 1, 0.02), waiting(Threads, 2, 0.5)], |_| {});
    assert!(verdict.sentence.starts_with("async: 50x faster than sequential on 1 worker"), "{}", verdict.sentence);
    assert_eq!(verdict.reasons[0], "The chunks wait 98% of their time: many can wait at once on one thread.");

    let mut locked = measured(Threads, 2, 1.05);
    locked.parts = [0.5, 0.5, 0.0, 0.0];
    let verdict = judged(&[measured(Sequential, 1, 1.0), locked, measured(Processes, 2, 0.53)], |_| {});
    assert!(
        verdict.sentence.ends_with("threads gain nothing, their chunks wait for one another 50% of the time"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn chunks_that_are_too_small_too_few_or_too_uneven_are_named() {
    let mut small = measured(Threads, 2, 0.6);
    small.parts = [0.5, 0.0, 0.4, 0.1];
    let verdict = judged(&[measured(Sequential, 1, 1.0), small], |_| {});
    let text = verdict.reasons.join("\n");
    assert!(
        text.contains("The chunks are too small for threads: one takes 9.38 ms, and 7.5 ms more between two. About"),
        "{text}"
    );

    let both = || [measured(Sequential, 1, 1.0), measured(Threads, 2, 0.6)];
    let verdict = judged(&both(), |comparison| comparison.chunks = 1);
    let text = verdict.reasons.join("\n");
    assert!(text.contains("The work is cut into 1 chunk for 2 workers: some have nothing to do. Cut finer."), "{text}");

    let verdict = judged(&both(), |comparison| {
        let profile = &mut comparison.rows[1].profile;
        (profile.imbalance, profile.longest_chunk_s) = (1.6, 0.5 * profile.wall_s);
    });
    let text = verdict.reasons.join("\n");
    let uneven = "The chunks are too uneven for threads on 2 workers: the longest takes 50% of the fold. Cut finer.";
    assert!(text.contains(uneven), "{text}");
}

#[test]
fn what_else_is_to_be_minded_is_said() {
    let verdict = judged(&[measured(Sequential, 1, 1.0), measured(Threads, 4, 0.55)], |comparison| {
        comparison.formula = Some("n(a+b)/2".to_string());
        comparison.partial = true;
        comparison.stolen_share = 0.123;
        comparison.rounds = 3;
        comparison.rows[1].outliers = 2;
        comparison.rows[1].slow_first_run = true;
        comparison.rows[0].profile.queued_s = 0.4;
    });
    let text = verdict.reasons.join("\n");
    for sentence in [
        "A formula beats them all: n(a+b)/2 gives this value at once.",
        "Threads on 4 workers share 2 cores: more workers than that compute nothing sooner.",
        "For 40% of the time of sequential others had the processors: it would be faster on a free machine.",
        "The host of this virtual machine gave 12% of its processors' time to others meanwhile.",
        "It was cancelled: this is what was measured until then.",
        "Of 3 rounds nothing is bound at 95%: give it more time, or smaller work.",
        "The first run of threads on 4 workers was an outlier: more warm-up may help.",
        "2 of 3 runs of threads on 4 workers were outliers: something else was busy on this machine.",
    ] {
        assert!(text.contains(sentence), "{sentence}\nis not in\n{text}");
    }
}

#[test]
fn a_model_pays_from_where_its_fixed_cost_is_earned() {
    let baseline = row(&measured(Sequential, 1, 1.0), 64);
    let mut half = measured(Processes, 2, 0.5);
    half.startup_s = 0.01;
    // A million items in one second, half of it saved: 10 ms are earned in 20,000 items.
    assert!((break_even(&row(&half, 64), &baseline, 1_000_000).unwrap() - 20_000.0).abs() < 1.0);
    assert_eq!(break_even(&row(&measured(Async, 1, 1.0), 64), &baseline, 1_000_000), None);
    assert_eq!(break_even(&row(&half, 64), &baseline, 0), None);
}
