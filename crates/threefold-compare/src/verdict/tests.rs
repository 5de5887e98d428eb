//! Every sentence of the verdict, on rows as they might be measured.

use Model::{Async, Processes, Sequential, Threads};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::*;
use crate::comparison::Comparison;
use crate::profile::{ChunkSpan, Profile};
use crate::row::{self, Cold, Measured, Terms};

const ITEMS: u128 = 1_000_000;
const CHUNKS: u64 = 64;

/// A contender of a workload that takes sequential one second. Its parts are shares of the workers' time.
#[derive(Clone, Copy)]
struct Contender {
    model: Model,
    workers: usize,
    median_s: f64,
    startup_s: f64,
    /// Work, waiting, transfer, idle.
    parts: [f64; 4],
    /// The relative spread of its runs.
    spread: f64,
}

fn contender(model: Model, workers: usize, median_s: f64) -> Contender {
    Contender { model, workers, median_s, startup_s: 1e-4, parts: [1.0, 0.0, 0.0, 0.0], spread: 0.01 }
}

fn noisy(model: Model, workers: usize, median_s: f64) -> Contender {
    Contender { spread: 0.5, ..contender(model, workers, median_s) }
}

impl Contender {
    fn measured(self) -> Measured {
        let Self { model, workers, median_s, startup_s, parts, spread } = self;
        // Each model's runs vary in an order of their own.
        let stride = 5 + u32::from(effort(model));
        let run = |run: u32| median_s * (1.0 + spread * (f64::from(run * stride % 13) / 12.0 - 0.5));
        let [work_s, waiting_s, transfer_s, idle_s] = parts.map(|share| share * median_s * workers as f64);
        let span = |chunk| ChunkSpan { chunk, worker: 0, start_s: 0.0, duration_s: 0.0 };
        Measured {
            model,
            workers,
            folds_per_run: 1,
            runs_s: (0..12).map(run).collect(),
            cold: vec![Cold { startup_s, total_s: startup_s + median_s }],
            cpu_s: median_s,
            profile: Profile {
                wall_s: median_s,
                work_s,
                waiting_s,
                transfer_s,
                idle_s,
                cost_per_chunk_s: transfer_s / CHUNKS as f64,
                empty_chunk_s: transfer_s / CHUNKS as f64,
                mean_chunk_s: (work_s + waiting_s) / CHUNKS as f64,
                longest_chunk_s: (work_s + waiting_s) / CHUNKS as f64,
                imbalance: 1.0,
                spans: (0..CHUNKS).map(span).collect(),
                ..Profile::default()
            },
        }
    }
}

fn rows(contenders: &[Contender]) -> Vec<Row> {
    let mut random = SmallRng::seed_from_u64(1);
    let mut rows: Vec<Row> = Vec::new();
    for contender in contenders {
        let row = Row::of(contender.measured(), rows.first(), ITEMS, &mut random);
        rows.push(row);
    }
    row::judge(&mut rows, Terms { reference: 0, error: 0.05, smallest: 0.02 });
    rows
}

fn evidence(rows: &[Row]) -> Evidence<'_> {
    Evidence {
        unit: "integers",
        items: ITEMS,
        chunks: CHUNKS,
        formula: None,
        cores: 2,
        rounds: 12,
        stolen_share: 0.0,
        partial: false,
        rows,
        scaling: &[],
    }
}

/// The comparison that the tests of the formats show.
fn recorded() -> Comparison {
    Comparison::from_json(include_str!("../../tests/compare/recorded.json")).unwrap()
}

fn judged(contenders: &[Contender]) -> Verdict {
    Verdict::of(&evidence(&rows(contenders)))
}

#[test]
fn the_fastest_model_is_recommended_and_the_others_have_a_reason_each() {
    let processes = Contender { startup_s: 3.1e-3, parts: [0.8, 0.0, 0.05, 0.15], ..contender(Processes, 2, 0.6) };
    let verdict =
        judged(&[contender(Sequential, 1, 1.0), contender(Async, 1, 1.02), contender(Threads, 2, 0.53), processes]);
    assert_eq!(verdict.sentence, "Use threads with 2 workers: a fold is 1.9x faster than on sequential.");
    assert_eq!((verdict.best, &verdict.tied[..]), (2, &[2][..]));
    let expected = [
        "On async with 1 worker, these runs show no gain over sequential: one worker gains only while chunks wait, and \
         these wait for 0% of their time.",
        "Starting processes with 2 workers takes 3.1 ms: a gain over sequential is expected from about 160 thousand \
         integers on.",
        "The chunks compute for 100% of their time.",
        "The 95% interval of the speed-up of threads with 2 workers is 1.88 to 1.89.",
        "Starting threads with 2 workers takes 100 us: a gain over sequential is expected from about 210 integers on.",
    ];
    assert_eq!(verdict.reasons, expected);
}

#[test]
fn sequential_is_recommended_if_the_others_are_slower() {
    let threads = Contender { parts: [0.1, 0.0, 0.6, 0.3], ..contender(Threads, 2, 3.0) };
    let verdict = judged(&[contender(Sequential, 1, 1.0), threads]);
    assert_eq!(verdict.sentence, "Use sequential: every other model is slower for this workload.");
    assert_eq!(
        verdict.reasons[0],
        "On threads with 2 workers, a fold takes 3.0x as long as on sequential: dispatching the chunks takes longer than \
         computing them."
    );
    let alone = judged(&[contender(Sequential, 1, 1.0)]);
    assert_eq!(
        alone.sentence,
        "Compare sequential with other models: only sequential was measured, at 1 s for one fold."
    );
}

#[test]
fn of_contenders_that_do_not_differ_the_simplest_is_recommended() {
    let verdict = judged(&[noisy(Sequential, 1, 1.0), noisy(Threads, 2, 0.999)]);
    assert_eq!((verdict.best, &verdict.tied[..]), (0, &[0, 1][..]));
    assert_eq!(verdict.sentence, "Use sequential: these runs do not show that another model is faster.");

    let verdict = judged(&[contender(Sequential, 1, 1.0), noisy(Threads, 2, 0.5), noisy(Processes, 2, 0.49)]);
    assert_eq!((verdict.best, &verdict.tied[..]), (1, &[1, 2][..]));
    assert_eq!(
        verdict.reasons[0],
        "These runs show no difference between threads with 2 workers and processes with 2 workers."
    );
}

#[test]
fn a_contender_that_may_be_slower_than_sequential_is_not_recommended_for_being_simple() {
    // Processes are faster than sequential. Threads are so noisy that they may be as fast as processes, or slower than
    // sequential.
    let threads = Contender { spread: 1.9, ..contender(Threads, 2, 0.95) };
    let verdict = judged(&[contender(Sequential, 1, 1.0), threads, contender(Processes, 2, 0.9)]);
    assert!(verdict.tied.contains(&1), "{verdict:?}");
    assert_eq!(verdict.best, 2, "{verdict:?}");
}

#[test]
fn a_gain_that_is_shown_is_never_called_none() {
    // Threads gain little, so that no size is expected to make it worth while; but these runs show the gain.
    let verdict = judged(&[contender(Sequential, 1, 1.0), contender(Threads, 2, 0.95), contender(Processes, 2, 0.5)]);
    assert_eq!(verdict.best, 2);
    assert_eq!(verdict.reasons[0], "On threads with 2 workers, a fold is 1.1x faster than on sequential.");
}

#[test]
fn waiting_chunks_are_told_from_chunks_that_share_a_lock() {
    let waiting =
        |model, workers, median_s| Contender { parts: [0.02, 0.98, 0.0, 0.0], ..contender(model, workers, median_s) };
    let verdict = judged(&[waiting(Sequential, 1, 1.0), waiting(Async, 1, 0.02), waiting(Threads, 2, 0.5)]);
    assert_eq!(verdict.sentence, "Use async with 1 worker: a fold is 50x faster than on sequential.");
    let expected = "The chunks wait for 98% of their time. One async worker overlaps many waits.";
    assert!(verdict.reasons.iter().any(|reason| reason == expected), "{verdict:?}");

    let locked = Contender { parts: [0.5, 0.5, 0.0, 0.0], ..contender(Threads, 2, 1.05) };
    let verdict = judged(&[contender(Sequential, 1, 1.0), locked, contender(Processes, 2, 0.53)]);
    assert_eq!(
        verdict.reasons[0],
        "On threads with 2 workers, these runs show no gain over sequential: the chunks wait for 50% of their time, but not \
         on sequential; a shared lock would explain that."
    );
}

#[test]
fn chunks_that_are_small_few_or_uneven_are_named() {
    let small = Contender { parts: [0.5, 0.0, 0.4, 0.1], ..contender(Threads, 2, 0.6) };
    let verdict = judged(&[contender(Sequential, 1, 1.0), small]);
    let expected = "Use larger chunks for threads, of about 130 thousand integers: a chunk takes 9.38 ms, and dispatching it \
                    takes 7.5 ms more.";
    assert!(verdict.reasons.iter().any(|reason| reason == expected), "{verdict:?}");

    let both = rows(&[contender(Sequential, 1, 1.0), contender(Threads, 2, 0.6)]);
    let has = |evidence: Evidence<'_>, expected: &str| {
        let verdict = Verdict::of(&evidence);
        assert!(verdict.reasons.iter().any(|reason| reason == expected), "{expected}\nis not in {verdict:#?}");
    };
    has(Evidence { chunks: 1, ..evidence(&both) }, "Use more chunks: 1 chunk cannot occupy 2 workers.");
    has(Evidence { chunks: 1, items: 1, ..evidence(&both) }, "1 chunk cannot occupy 2 workers.");
    has(
        Evidence { chunks: 0, items: 0, ..evidence(&both) },
        "The source is empty: these times are the fixed costs of the models.",
    );
}

#[test]
fn only_chunks_that_are_enough_for_the_workers_are_called_uneven() {
    let mut both = rows(&[contender(Sequential, 1, 1.0), contender(Threads, 2, 0.6)]);
    let profile = &mut both[1].profile;
    (profile.imbalance, profile.longest_chunk_s) = (1.6, 0.5 * profile.wall_s);
    let uneven = |evidence: Evidence<'_>| {
        let reasons = Verdict::of(&evidence).reasons;
        reasons.into_iter().find(|reason| reason.contains("the longest takes"))
    };
    let fact = "the longest takes 50% of a fold on threads with 2 workers, and other workers are idle meanwhile.";
    assert_eq!(uneven(evidence(&both)), Some(format!("Use more chunks: {fact}")));
    assert_eq!(
        uneven(Evidence { chunks: 2, items: 2, ..evidence(&both) }),
        Some(format!("The chunks are uneven: {fact}"))
    );
    assert_eq!(uneven(Evidence { chunks: 1, ..evidence(&both) }), None);
}

#[test]
fn what_the_workers_the_machine_and_the_runs_show_is_said() {
    let mut rows = rows(&[contender(Sequential, 1, 1.0), contender(Threads, 4, 0.55)]);
    (rows[1].outliers, rows[1].slow_first_run, rows[0].profile.queued_s) = (2, true, 0.4);
    rows[1].profile.queued_s = 9.0; // more workers than cores: this is their own doing
    let (formula, stolen_share) = (Some("n(a+b)/2"), 0.123);
    let verdict = Verdict::of(&Evidence { formula, stolen_share, partial: true, rounds: 3, ..evidence(&rows) });
    for expected in [
        "The formula n(a+b)/2 gives this value without a fold.",
        "Use at most 2 workers for threads: 4 workers share 2 cores and compute no faster.",
        "Repeat this on an idle machine: other programs used the processors for 40% of the workers' time on sequential.",
        "Repeat this on an idle host: the host of this virtual machine gave 12% of its processor time to others.",
        "The comparison was cancelled: it shows what was measured until then.",
        "3 rounds are too few for a 95% interval: raise the number of runs or the time budget, or fold fewer items.",
        "Try more warm-up folds: the first run of threads with 4 workers was an outlier.",
        "2 of 3 runs of threads with 4 workers were outliers: other programs may have been running.",
    ] {
        assert!(verdict.reasons.iter().any(|reason| reason == expected), "{expected}\nis not in {verdict:#?}");
    }
}

#[test]
fn the_recorded_comparison_has_the_verdict_that_it_would_get_today() {
    let mut comparison = recorded();
    let records = std::env::var_os("RECORD").is_some();
    if records {
        row::judge(&mut comparison.rows, Terms { reference: 0, error: 0.05, smallest: 0.02 });
    }
    let verdict = Verdict::of(&Evidence {
        unit: &comparison.unit,
        items: comparison.items,
        chunks: comparison.chunks,
        formula: comparison.formula.as_deref(),
        cores: comparison.machine.cores,
        rounds: comparison.rounds,
        stolen_share: comparison.stolen_share,
        partial: comparison.partial,
        rows: &comparison.rows,
        scaling: &comparison.scaling,
    });
    if records {
        comparison.verdict = verdict;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compare/recorded.json");
        std::fs::write(path, comparison.to_json()).unwrap();
    } else {
        assert_eq!(verdict, comparison.verdict, "run this test with RECORD=1 if the new verdict is right");
    }
}
