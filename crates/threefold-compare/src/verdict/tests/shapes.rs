//! Verdicts of every shape, as they are printed.

use Model::{Async, Processes, Sequential, Threads};
use threefold::Model;

use super::simulated::{Contender, Simulated, contender, evidence, recorded, simulated};
use crate::condition::Condition;
use crate::plan::RankBy;
use crate::profile::Profile;
use crate::row::{Basis, BreakEven, Row};
use crate::verdict::Verdict;

fn from(items: f64) -> BreakEven {
    BreakEven::From { items, low: 0.9 * items, high: 1.1 * items, basis: Basis::Measured }
}

/// Counting primes: it computes.
fn computes() -> Simulated {
    let sequential = Contender { startup_s: 5e-6, ..contender(Sequential, 1, 0.335) };
    let on_async = Contender { startup_s: 157e-6, ..contender(Async, 1, 0.336) };
    let pays = |row: &mut Row| row.break_even = from(40_123.0);
    let threads = Contender { startup_s: 185e-6, row: pays, ..contender(Threads, 2, 0.172) };
    let pays = |row: &mut Row| row.break_even = from(160_456.0);
    let processes = Contender { startup_s: 2.3e-3, row: pays, ..contender(Processes, 2, 0.173) };
    simulated([sequential, on_async, threads, processes])
}

fn waits(model: Model, workers: usize, median_s: f64) -> Contender {
    let at_once = |profile: &mut Profile| profile.most_at_once = 30;
    let always = |row: &mut Row| row.break_even = BreakEven::Always { smallest: 2.0 };
    Contender {
        parts: [0.0, 1.0, 0.0, 0.0],
        cpu_s: 1e-4,
        profile: at_once,
        row: always,
        ..contender(model, workers, median_s)
    }
}

fn waiting() -> Simulated {
    let contenders =
        [waits(Sequential, 1, 0.333), waits(Async, 1, 0.0112), waits(Threads, 2, 0.167), waits(Processes, 2, 0.168)];
    Simulated { items: 30, chunks: 30, awaits: true, ..simulated(contenders) }
}

#[test]
fn every_shape_of_a_verdict_reads_well() {
    let shown = |name: &str, comparison: &Simulated| {
        insta::assert_snapshot!(name, comparison.comparison().to_text(100));
    };
    shown("computes", &computes());
    shown("waits", &waiting());
    shown("waits_in_plain_functions", &{
        let contenders = [waits(Sequential, 1, 0.333), waits(Async, 1, 0.333), waits(Threads, 2, 0.167)];
        Simulated { items: 30, chunks: 30, ..simulated(contenders) }
    });
    shown("locked", &{
        let locked = Contender { parts: [0.66, 0.34, 0.0, 0.0], cpu_s: 0.37, ..contender(Threads, 2, 0.395) };
        simulated([contender(Sequential, 1, 0.365), contender(Async, 1, 0.365), locked, contender(Processes, 2, 0.185)])
    });
    shown("sends_an_array", &{
        let sends = |profile: &mut Profile| profile.bytes_moved = 275 << 20;
        let processes = Contender {
            startup_s: 0.07,
            parts: [0.4, 0.0, 0.5, 0.1],
            profile: sends,
            ..contender(Processes, 2, 0.487)
        };
        simulated([contender(Sequential, 1, 0.183), contender(Threads, 2, 0.0936), processes])
    });
    shown("is_short", &{
        let short = |model, workers, median_s| Contender { empty_chunk_s: 4e-7, ..contender(model, workers, median_s) };
        let beyond = |row: &mut Row| row.break_even = from(5.1e6);
        let threads = Contender { row: beyond, startup_s: 70e-6, ..short(Threads, 2, 23.3e-6) };
        let processes = Contender { parts: [0.2, 0.0, 0.4, 0.4], empty_chunk_s: 3e-6, ..short(Processes, 2, 49e-6) };
        let comparison = simulated([short(Sequential, 1, 33.6e-6), short(Async, 1, 33.6e-6), threads, processes]);
        Simulated { chunks: 4, formula: Some("n(a+b)/2"), ..comparison }
    });
    shown("has_tiny_chunks", &{
        let processes = Contender { empty_chunk_s: 6.99e-7, ..contender(Processes, 2, 1.47e-3) };
        let comparison = simulated([contender(Sequential, 1, 1e-3), contender(Threads, 2, 0.55e-3), processes]);
        Simulated { chunks: 10_000, ..comparison }
    });
    shown("has_one_chunk", &{
        let threads = Contender { cpu_s: 1.0, ..contender(Threads, 2, 1.0) };
        Simulated { chunks: 1, ..simulated([contender(Sequential, 1, 1.0), threads]) }
    });
    shown(
        "has_no_items",
        &Simulated { chunks: 0, items: 0, ..simulated([contender(Sequential, 1, 1e-6), contender(Threads, 2, 2e-6)]) },
    );
    shown("has_few_rounds", &Simulated { rounds: 3, ..computes() });
    shown("is_disturbed", &{
        let conditions = vec![
            Condition::UnusualRuns { share: 0.12 },
            Condition::Stolen { share: 0.08 },
            Condition::Governor { name: "powersave".to_string() },
        ];
        let threads = Contender { spread: 0.5, ..contender(Threads, 2, 0.9) };
        Simulated { conditions, ..simulated([contender(Sequential, 1, 1.0), threads]) }
    });
    shown("on_several_numbers_of_workers", &{
        let rows = [1usize, 2, 4].map(|workers| contender(Threads, workers, 0.1 + 0.9 / workers.min(2) as f64));
        simulated([contender(Sequential, 1, 1.0)].into_iter().chain(rows).collect::<Vec<_>>())
    });
    shown("ranked_by_processor_time", &Simulated { rank_by: RankBy::Cpu, ..computes() });
    shown("compared_with_threads", &Simulated { reference: 2, ..computes() });
    shown("of_sequential_alone", &simulated([contender(Sequential, 1, 1.0)]));
}

#[test]
fn narrow_lines_read_well() {
    insta::assert_snapshot!("at_60_columns", computes().comparison().to_text(60));
    insta::assert_snapshot!("at_40_columns", computes().comparison().to_text(40));
    insta::assert_snapshot!("at_30_columns", waiting().comparison().to_text(30));
}

#[test]
fn the_recorded_comparison_has_the_verdict_that_it_would_get_today() {
    let mut comparison = recorded();
    let verdict = Verdict::of(&evidence(&comparison));
    if std::env::var_os("RECORD").is_some() {
        comparison.verdict = verdict;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compare/recorded.json");
        std::fs::write(path, comparison.to_json()).unwrap();
    } else {
        assert_eq!(verdict, comparison.verdict, "run this test with RECORD=1 if the new verdict is right");
    }
}
