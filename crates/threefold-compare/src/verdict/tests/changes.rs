//! What to change: said where it helps, and not where it cannot.

use Model::{Async, Processes, Sequential, Threads};
use threefold::Model;

use super::simulated::{Contender, Simulated, contender, simulated};
use crate::verdict::ReasonKind;

fn both() -> Simulated {
    simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.6)])
}

#[test]
fn a_formula_is_named() {
    let comparison = Simulated { formula: Some("n(a+b)/2"), ..both() };
    assert_eq!(comparison.line("formula").unwrap(), "n(a+b)/2 gives this value without a fold");
    assert_eq!(both().line("formula"), None);
}

#[test]
fn chunks_that_are_enough_even_and_large_need_no_word() {
    assert_eq!(both().line("chunks"), None);
    assert_eq!(both().line("workers"), None);
    assert_eq!(both().line("waiting"), None);
    assert_eq!(both().line("start-up"), None);
}

#[test]
fn small_chunks_are_to_be_larger_for_the_model_that_is_recommended() {
    let small = Contender { empty_chunk_s: 2e-3, ..contender(Threads, 2, 0.6) };
    let comparison = simulated([contender(Sequential, 1, 1.0), small.clone()]);
    let line = comparison.line("chunks").unwrap();
    assert_eq!(
        line,
        "use larger chunks for threads, of 40,000 integers or more: a chunk runs for 16 ms, and dispatching it takes 4 ms",
    );
    // What is sent with each item does not become less.
    let sends = Contender { profile: |profile| profile.bytes_moved = 64 << 20, ..small };
    assert_eq!(simulated([contender(Sequential, 1, 1.0), sends]).line("chunks"), None);
}

#[test]
fn too_few_chunks_are_to_be_more_only_if_the_source_can_be_cut() {
    let line = |chunks, items| Simulated { chunks, items, ..both() }.line("chunks");
    assert_eq!(line(1, 1000).unwrap(), "cut the source into more: 1 chunk cannot occupy 2 workers");
    assert_eq!(line(1, 1).unwrap(), "1 chunk cannot occupy 2 workers");
    assert_eq!(
        line(0, 0).unwrap(),
        "the source is empty: no worker had anything to do, so these times do not say which model is better"
    );
    assert_eq!(line(2, 2), None);
}

#[test]
fn uneven_chunks_are_to_be_more_only_if_the_source_can_be_cut() {
    let uneven = |profile: &mut crate::profile::Profile| (profile.imbalance, profile.longest_chunk_s) = (1.6, 0.3);
    let threads = Contender { profile: uneven, ..contender(Threads, 2, 0.6) };
    let alone = Contender { profile: |profile| profile.longest_chunk_s = 0.3, ..contender(Sequential, 1, 1.0) };
    // Equal chunks, one of which was interrupted, are not to be cut otherwise.
    assert_eq!(simulated([contender(Sequential, 1, 1.0), threads.clone()]).line("chunks"), None);
    let comparison = simulated([alone, threads]);
    let fact = "the longest takes 50% of the fold on threads, while other workers are idle";
    assert_eq!(comparison.line("chunks").unwrap(), format!("cut the source into more: {fact}"));
    assert_eq!(Simulated { items: 64, ..comparison }.line("chunks").unwrap(), fact);
}

/// Chunks that wait nearly all of their time.
fn waiting(model: Model, workers: usize, median_s: f64) -> Contender {
    Contender { parts: [0.02, 0.98, 0.0, 0.0], cpu_s: 0.02, ..contender(model, workers, median_s) }
}

#[test]
fn plain_functions_that_wait_are_to_be_async_or_to_have_more_workers() {
    let plain = simulated([waiting(Sequential, 1, 1.0), waiting(Async, 1, 1.0), waiting(Threads, 2, 0.5)]);
    assert_eq!(
        plain.line("waiting").unwrap(),
        "the chunks wait 98% of their time: make the task an `async fn` and use async, or use more workers than cores"
    );
    let awaits = simulated([waiting(Sequential, 1, 1.0), waiting(Async, 1, 0.02), waiting(Threads, 2, 0.5)]);
    let awaits = Simulated { awaits: true, ..awaits };
    assert_eq!(awaits.line("waiting"), None);
    let without = Simulated { awaits: true, ..simulated([waiting(Sequential, 1, 1.0), waiting(Threads, 2, 0.5)]) };
    assert_eq!(
        without.line("waiting").unwrap(),
        "the chunks wait 98% of their time: measure async as well, where one worker waits for many"
    );
}

#[test]
fn more_workers_than_cores_are_too_many_only_for_chunks_that_compute() {
    let comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 8, 0.5)]);
    assert_eq!(comparison.line("workers").unwrap(), "2 would do for threads: 8 share 2 cores, and the chunks compute");
    let waits = simulated([waiting(Sequential, 1, 1.0), waiting(Threads, 8, 0.125)]);
    assert_eq!(waits.line("workers"), None);
}

#[test]
fn the_smallest_number_of_workers_that_is_as_fast_as_any_is_named_with_those_above() {
    let four = [1, 2, 4].map(|workers| contender(Threads, workers, 1.0 / workers.min(2) as f64));
    let rows: Vec<Contender> = [contender(Sequential, 1, 1.0)].into_iter().chain(four).collect();
    let comparison = simulated(rows);
    assert_eq!(comparison.line("workers").unwrap(), "2 workers are enough for threads: 4 are not shown to be faster");
    assert_eq!(comparison.verdict().sentence, "Use threads with 2 workers: 2.0x as fast as sequential.");
    let growing = [1, 2].map(|workers| contender(Threads, workers, 0.1 + 0.9 / workers as f64));
    let rows: Vec<Contender> = [contender(Sequential, 1, 1.0)].into_iter().chain(growing).collect();
    let reasons = simulated(rows).verdict().reasons;
    let workers: Vec<&str> =
        reasons.iter().filter(|reason| reason.label() == "workers").map(|reason| reason.text()).collect();
    assert_eq!(workers[0], "2 workers are faster for threads than 1");
    assert!(workers[1].contains("of the work on threads gains nothing from more workers ("), "{workers:?}");
    let is_serial =
        |kind: &ReasonKind| matches!(kind, ReasonKind::Serial { share } if (share.value - 0.1).abs() < 0.02);
    assert!(reasons.iter().any(|reason| is_serial(&reason.kind)));
}

#[test]
fn captures_that_are_sent_first_are_named_with_their_bytes() {
    let sends = |profile: &mut crate::profile::Profile| profile.sent_once_bytes = 16 << 20;
    let processes = Contender { startup_s: 39e-3, profile: sends, ..contender(Processes, 2, 0.5) };
    let comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5), processes]);
    assert_eq!(
        comparison.line("start-up").unwrap(),
        "16 MiB of captures and source are sent to processes first, which is part of the 39 ms to start"
    );
}
