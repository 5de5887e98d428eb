//! Comparisons that are made.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use threefold::prelude::*;
use threefold::{CancelToken, Model};
use threefold_compare::{Compare, Comparison, Error, Reason, ReasonKind};

crate::tests! {
    every_model_is_measured_as_often,
    rounds_end_with_the_budget,
    async_tasks_and_values_of_any_type_are_compared,
    a_source_without_chunks_is_compared,
    a_model_that_gives_another_value_is_an_error,
    a_task_that_fails_on_one_model_only_is_an_error_that_names_it,
    a_check_that_fails_is_an_error,
    hash_maps_are_compared_by_their_content,
    a_value_that_is_not_equal_to_itself_is_an_error_that_names_the_way_out,
    values_are_compared_by_the_key_that_is_given,
    what_is_not_possible_is_refused,
    a_cancelled_comparison_is_partial,
    a_comparison_that_is_cancelled_before_its_first_round_keeps_the_cold_runs,
    nothing_is_kept_of_a_comparison_that_is_cancelled_at_once,
    progress_grows_to_1,
}

#[task]
fn add_up(chunk: Range<u64>) -> u64 {
    chunk.sum()
}

fn brief() -> Compare {
    Compare::new("add up").runs(7)
}

fn compare(compare: &Compare) -> Result<Comparison, Error> {
    compare.fold((0..1000).split_into(8), add_up, 0, |sum, part| sum + part)
}

/// Some milliseconds of computing, whose length depends on the chunk alone.
#[task]
fn compute(chunk: Range<u64>) -> u64 {
    chunk.fold(0, |state, item| {
        (0..200_000u64)
            .fold(state ^ item, |state, step| (state ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23))
    })
}

fn every_model_is_measured_as_often() {
    let comparison = brief().workers([2]).fold((0..16).split_into(8), compute, 0, |all, part| all ^ part).unwrap();
    assert_eq!((comparison.rounds, comparison.chunks, comparison.items), (7, 8, 16));
    assert!(!comparison.partial);
    let models: Vec<Model> = comparison.rows.iter().map(|row| row.model).collect();
    assert_eq!(models, Model::available());
    for row in &comparison.rows {
        let profile = &row.profile;
        assert_eq!((row.runs_s.len(), profile.spans.len()), (7, 8));
        assert!(row.median_s > 0.0 && row.interval_s.is_some() && row.startup_s <= row.cold_s);
        assert_eq!(row.speedup.is_some(), row.model != Model::Sequential);
        assert_eq!(profile.bytes_moved > 0, row.model == Model::Processes);
        assert!(profile.peak_memory_bytes > 1 << 20, "{profile:?}");
        // Every chunk ran once, within the fold, on a worker that exists.
        let mut chunks: Vec<u64> = profile.spans.iter().map(|span| span.chunk).collect();
        chunks.sort_unstable();
        assert_eq!(chunks, (0..8).collect::<Vec<_>>());
        let in_chunks_s: f64 = profile.spans.iter().map(|span| span.duration_s).sum();
        for span in &profile.spans {
            assert!(span.worker < row.workers && span.start_s + span.duration_s <= profile.wall_s, "{span:?}");
        }
        // Chunks that compute do not overlap on one worker, so their durations are the workers' time in chunks.
        assert!((profile.work_s + profile.waiting_s - in_chunks_s).abs() < 1e-6 + 0.01 * in_chunks_s, "{profile:?}");
        // Everything else between the first chunk and the last is transfer, and it fits into the workers' time.
        let rest_s = profile.wall_s * row.workers as f64 - in_chunks_s;
        assert!((profile.transfer_s + profile.idle_s - rest_s).abs() < 1e-6 + 0.01 * rest_s, "{profile:?}");
        // What computes uses a processor for as long as it was not kept from one. What the host of a virtual machine takes is
        // in neither.
        assert!(profile.cpu_s + profile.queued_s > 0.2 * in_chunks_s, "{profile:?}");
        let busiest_s = (0..row.workers)
            .map(|worker| profile.spans.iter().filter(|span| span.worker == worker).map(|span| span.duration_s).sum())
            .fold(0.0, f64::max);
        assert!((profile.imbalance - busiest_s * row.workers as f64 / in_chunks_s).abs() < 0.02, "{profile:?}");
    }
    // What is recommended is not shown to be slower than the fastest; whatever is left out of `tied` is.
    let fastest = comparison.rows.iter().min_by(|a, b| a.median_s.total_cmp(&b.median_s)).unwrap();
    assert!(!fastest.is_faster_than(&comparison.rows[comparison.verdict.best]), "{comparison}");
    for (index, row) in comparison.rows.iter().enumerate().skip(1) {
        let tied = comparison.verdict.tied.contains(&index);
        assert_eq!(tied, row == fastest || !fastest.is_faster_than(row), "row {index} of {comparison}");
    }
}

fn rounds_end_with_the_budget() {
    // The budget is spent before the first round, which is run all the same.
    let comparison = compare(&Compare::new("add up").time_budget(Duration::from_nanos(1))).unwrap();
    assert_eq!((comparison.rounds, comparison.partial), (1, false));
    assert!(comparison.rows.iter().all(|row| row.interval_s.is_none() && row.runs_s.len() == 1));
}

#[task]
async fn wait(milliseconds: u64) -> String {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("{milliseconds} ms")
}

fn async_tasks_and_values_of_any_type_are_compared() {
    let all = |mut texts: Vec<String>, text| {
        texts.push(text);
        texts
    };
    // One async worker waits for all chunks at once. Two threads take half as long as sequential at best. The waits are so
    // long that a busy machine adds little to them.
    let waits: Vec<u64> = (0..8).map(|i| 15 + i % 3).collect();
    let comparison = brief().workers([1, 2]).fold(Items(waits), wait, Vec::new(), all).unwrap();
    assert!(comparison.value.starts_with(r#"["15 ms", "16 ms", "17 ms", "15 ms""#), "{}", comparison.value);
    assert!(comparison.rows[0].profile.waits());
    assert_eq!(comparison.rows[comparison.verdict.best].model, Model::Async, "{comparison}");
}

fn a_source_without_chunks_is_compared() {
    let comparison = brief().fold(0..0u64, add_up, 0, |sum, part| sum + part).unwrap();
    assert_eq!((comparison.chunks, comparison.value.as_str()), (0, "0"));
    let says_so = |reason: &Reason| reason.kind == ReasonKind::SourceIsEmpty;
    assert!(comparison.verdict.reasons.iter().any(says_so), "{comparison}");
    let _ = (comparison.to_html(), comparison.to_csv(), comparison.to_markdown(), comparison.to_trace());
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
}

#[task]
fn depends_on_the_model(_chunk: u64) -> String {
    format!("{} \u{1b}[31m", Executor::current().model())
}

fn a_model_that_gives_another_value_is_an_error() {
    let compare = brief().models([Model::Threads]);
    let error = compare.fold(Items(vec![1]), depends_on_the_model, String::new(), |_, model| model).unwrap_err();
    assert!(matches!(error, Error::Disagreement { model: Model::Threads, .. }), "{error}");
    let check = Ok;
    let error = compare.fold_and_check(Items(vec![1]), depends_on_the_model, String::new(), |_, model| model, check);
    let text = error.unwrap_err().to_string();
    assert_eq!(
        text,
        "threads gave threads \\u{1b}[31m, but sequential gave sequential \\u{1b}[31m: the workload depends on more than its \
         chunks and captures, for instance on a global or on the order of events; the models cannot be compared on it"
    );
}

#[task]
fn fails_in_a_worker_process(chunk: u64) -> u64 {
    assert_ne!(Executor::current().model(), Model::Processes, "not here");
    chunk
}

fn a_task_that_fails_on_one_model_only_is_an_error_that_names_it() {
    let error = brief().fold(Items(vec![1, 2]), fails_in_a_worker_process, 0, |sum, part| sum + part).unwrap_err();
    assert!(matches!(&error, Error::Fold { model: Model::Processes, error, .. } if error.is_panic()), "{error}");
    let text = error.to_string();
    assert!(text.contains("chunk 0 (item 0)") && text.contains("on processes") && text.contains("not here"), "{text}");
    assert!(text.contains(" (the same fold succeeded on sequential"), "{text}");
    assert_eq!(format!("{error:?}"), text, "`main` shows the Debug text");
}

fn a_check_that_fails_is_an_error() {
    let check = |sum: u64| if sum == 0 { Ok(String::new()) } else { Err(format!("{sum} is not 0")) };
    let error = brief().fold_and_check((0..10).split_into(2), add_up, 0, |sum, part| sum + part, check).unwrap_err();
    assert_eq!(error.to_string(), "the value on sequential is wrong: 45 is not 0");
}

#[task]
fn remainders(chunk: Range<u64>) -> HashMap<u64, u64> {
    chunk.map(|n| (n, n % 7)).collect()
}

fn hash_maps_are_compared_by_their_content() {
    // Two maps of the same hundred entries list them in different orders, so that their Debug texts differ.
    let join = |mut all: HashMap<u64, u64>, part: HashMap<u64, u64>| {
        all.extend(part);
        all
    };
    let comparison = brief().fold((0..100).split_into(4), remainders, HashMap::new(), join).unwrap();
    assert!(comparison.value.starts_with('{'), "{}", comparison.value);
}

#[task]
fn not_a_number(_chunk: Range<u64>) -> f64 {
    f64::NAN
}

fn a_value_that_is_not_equal_to_itself_is_an_error_that_names_the_way_out() {
    let error = brief().fold(0..10u64, not_a_number, 0.0, |sum, part| sum + part).unwrap_err();
    assert!(matches!(error, Error::Incomparable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "the value NaN is not equal to itself, as NaN is not, so that the models' values cannot be compared: give a key to \
         compare by with `fold_by`, for instance the bits of a float"
    );
    let compare = brief().models([Model::Threads]);
    compare.fold_by(0..10u64, not_a_number, 0.0, |sum, part| sum + part, f64::to_bits).unwrap();
}

fn values_are_compared_by_the_key_that_is_given() {
    let compare = brief().models([Model::Threads]);
    let last = |_, model| model;
    // The models give different values, of the same length where the name of the model is left out.
    let error = compare.fold_by(Items(vec![1]), depends_on_the_model, String::new(), last, |text| text.len());
    assert!(matches!(error, Err(Error::Disagreement { model: Model::Threads, .. })));
    let comparison = compare
        .fold_by(Items(vec![1]), depends_on_the_model, String::new(), last, |text| text.contains('\u{1b}'))
        .unwrap();
    assert_eq!(comparison.value, "true");
    // A sorted key has one text for all models.
    let join = |mut all: HashMap<u64, u64>, part: HashMap<u64, u64>| {
        all.extend(part);
        all
    };
    let sorted = |map: HashMap<u64, u64>| map.into_iter().collect::<BTreeMap<_, _>>();
    let comparison = compare.fold_by((0..100).split_into(4), remainders, HashMap::new(), join, sorted).unwrap();
    assert!(comparison.value.starts_with("{0: 0, 1: 1, 2: 2, "), "{}", comparison.value);
}

fn what_is_not_possible_is_refused() {
    let cases: [(Compare, &str); 4] = [
        (brief().runs(0), "runs must be at least 1"),
        (brief().workers([1, 0]), "workers must be at least 1"),
        (brief().models([]), "there is no model to compare: name at least one"),
        (brief().workers([5000]), "async: 5000 workers are too many: at most 4096 are allowed"),
    ];
    for (case, text) in cases {
        let error = compare(&case).unwrap_err();
        assert!(error.is_setup(), "{error}");
        assert_eq!(error.to_string(), text);
    }
}

fn a_cancelled_comparison_is_partial() {
    let token = CancelToken::new();
    let canceller = token.clone();
    let comparison = brief().runs(1_000_000).cancel(&token).observe(move |progress| {
        if progress.rounds == 8 {
            canceller.cancel();
        }
    });
    let comparison = compare(&comparison).unwrap();
    assert!(comparison.partial && comparison.rounds == 8, "{}", comparison.rounds);
    assert!(comparison.rows.iter().all(|row| row.runs_s.len() == 8 && row.profile.is_empty()));
    assert!(comparison.title().ends_with(", cancelled before its end"));
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
}

fn a_comparison_that_is_cancelled_before_its_first_round_keeps_the_cold_runs() {
    let token = CancelToken::new();
    let canceller = token.clone();
    // Every model has had the first of its five cold runs, which are a tenth of the whole.
    let observed = brief().cancel(&token).observe(move |progress| {
        if progress.share >= 0.1 / 5.0 {
            canceller.cancel();
        }
    });
    let comparison = compare(&observed).unwrap();
    assert!(comparison.partial && comparison.rounds == 1, "{}", comparison.rounds);
    assert!(comparison.rows.iter().all(|row| row.runs_s.len() == 1 && row.median_s > 0.0));
}

fn nothing_is_kept_of_a_comparison_that_is_cancelled_at_once() {
    let token = CancelToken::new();
    token.cancel();
    assert!(compare(&brief().cancel(&token)).unwrap_err().is_cancelled());
}

fn progress_grows_to_1() {
    let shares = Arc::new(Mutex::new(Vec::new()));
    let rounds = Arc::new(AtomicUsize::new(0));
    let (told, counted) = (Arc::clone(&shares), Arc::clone(&rounds));
    let observed = brief().observe(move |progress| {
        told.lock().unwrap().push(progress.share);
        counted.store(progress.rounds, Ordering::SeqCst);
    });
    compare(&observed).unwrap();
    let shares = shares.lock().unwrap();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
    assert_eq!(rounds.load(Ordering::SeqCst), 7);
}
