//! Comparisons that are made.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use threefold::prelude::*;
use threefold::{CancelToken, Model};
use threefold_compare::{Compare, Comparison, Error};

crate::tests! {
    every_model_is_measured_as_often,
    rounds_end_with_the_budget,
    async_tasks_and_values_of_any_type_are_compared,
    a_source_without_chunks_is_compared,
    a_model_that_comes_to_another_value_is_an_error,
    a_task_that_fails_on_one_model_only_is_an_error_that_names_it,
    a_check_that_fails_is_an_error,
    what_makes_no_sense_is_refused,
    a_cancelled_comparison_is_partial,
    one_that_is_cancelled_before_its_first_round_keeps_the_cold_runs,
    nothing_is_left_of_one_that_is_cancelled_at_once,
    progress_grows_to_the_end,
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

fn every_model_is_measured_as_often() {
    let comparison = compare(&brief().workers([2])).unwrap();
    assert_eq!((comparison.rounds, comparison.chunks, comparison.items), (7, 8, 1000));
    assert_eq!((comparison.value.as_str(), comparison.partial), ("499500", false));
    let models: Vec<Model> = comparison.rows.iter().map(|row| row.model).collect();
    assert_eq!(models, Model::available());
    for row in &comparison.rows {
        let profile = &row.profile;
        assert_eq!((row.runs_s.len(), profile.spans.len()), (7, 8));
        assert!(row.median_s > 0.0 && row.interval_s.is_some() && row.startup_s <= row.cold_s);
        assert!(profile.spans.iter().all(|block| block.worker < row.workers));
        assert!((profile.workers_s() / profile.wall_s / row.workers as f64) > 0.99, "{profile:?}");
        assert!((0.0..=1.0).contains(&profile.busy_share()) && profile.imbalance >= 1.0);
        assert!(profile.peak_memory_bytes > 1 << 20 && profile.cpu_s > 0.0);
        assert_eq!(profile.bytes_moved > 0, row.model == Model::Processes);
        assert_eq!(row.speedup.is_some(), row.model != Model::Sequential);
    }
    assert!(comparison.verdict.tied.contains(&comparison.verdict.best));
}

fn rounds_end_with_the_budget() {
    // It is spent before the first round, which is made all the same.
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
    // One thread waits for all at once; two threads, half of that at best.
    let waits: Vec<u64> = (0..24).map(|i| 2 + i % 3).collect();
    let comparison = brief().workers([1, 2]).fold(Items(waits), wait, Vec::new(), all).unwrap();
    assert!(comparison.value.starts_with(r#"["2 ms", "3 ms", "4 ms", "2 ms""#), "{}", comparison.value);
    assert!(comparison.rows[0].profile.waits());
    assert_eq!(comparison.rows[comparison.verdict.best].model, Model::Async, "{comparison}");
}

fn a_source_without_chunks_is_compared() {
    let comparison = brief().fold(0..0u64, add_up, 0, |sum, part| sum + part).unwrap();
    assert_eq!((comparison.chunks, comparison.value.as_str()), (0, "0"));
    let _ = (comparison.to_html(), comparison.to_csv(), comparison.to_string());
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
}

#[task]
fn depends_on_the_model(_chunk: u64) -> String {
    Executor::current().model().to_string()
}

fn a_model_that_comes_to_another_value_is_an_error() {
    let error = brief()
        .models([Model::Threads])
        .fold(Items(vec![1]), depends_on_the_model, String::new(), |_, model| model)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("threads came to \"threads\", where sequential came to \"sequential\": the work"),
        "{text}"
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
    assert!(
        text.starts_with("the comparison ended: on processes the work failed, although it went well on "),
        "{text}"
    );
    assert!(text.contains("chunk 0 (item 0)") && text.contains("not here"), "{text}");
}

fn a_check_that_fails_is_an_error() {
    let check = |sum: u64| if sum == 0 { Ok(String::new()) } else { Err(format!("{sum} is not 0")) };
    let error = brief().fold_and_check((0..10).split_into(2), add_up, 0, |sum, part| sum + part, check).unwrap_err();
    assert_eq!(error.to_string(), "on sequential: 45 is not 0");
}

fn what_makes_no_sense_is_refused() {
    let cases: [(Compare, &str); 4] = [
        (brief().runs(0), "runs must be at least 1"),
        (brief().workers([1, 0]), "workers must be at least 1"),
        (brief().models([]), "there is no model to compare: name at least one"),
        (brief().workers([5000]), "async: 5000 workers are too many: at most 4096 can be asked for"),
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
    assert!(comparison.rows.iter().all(|row| row.runs_s.len() == 8));
    assert!(comparison.title().ends_with(", cancelled half way"));
}

fn one_that_is_cancelled_before_its_first_round_keeps_the_cold_runs() {
    let token = CancelToken::new();
    let canceller = token.clone();
    let comparison = compare(&brief().cancel(&token).observe(move |_| canceller.cancel())).unwrap();
    assert!(comparison.partial && comparison.rounds == 1, "{}", comparison.rounds);
    assert!(comparison.rows.iter().all(|row| row.runs_s.len() == 1 && row.median_s > 0.0));
}

fn nothing_is_left_of_one_that_is_cancelled_at_once() {
    let token = CancelToken::new();
    token.cancel();
    assert!(compare(&brief().cancel(&token)).unwrap_err().is_cancelled());
}

fn progress_grows_to_the_end() {
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
