//! Law 10: resumed is the same as unbroken. A fold that goes on from its journal gives the same bits, and runs no finished
//! chunk again.
//!
//! Each chunk leaves a byte in a file of its own when it runs, in whichever process that is. It panics if a file asks for
//! it, or waits until the fold is cancelled. So a row decides which chunks a first run leaves open: the chunks that it has
//! panic or wait. The task with its captures is the same in both runs.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use threefold::prelude::*;
use threefold::{
    CancelToken, Event, Executor, Items, Journal, Model, Shared, TaskOf, Trace, TryError, from_iter, task_fn,
};

use crate::executor;
use crate::fixtures::{fixture, folder, seed};
use crate::law9_awaiting::by_hand;
use crate::tasks::{irregular, wait_until};

crate::rows! {
    every:
        every_verb_gives_the_bits_of_an_unbroken_run_and_runs_no_finished_chunk,
        a_complete_journal_runs_nothing,
        any_set_of_finished_chunks_is_passed_over,
        a_fold_is_continued_on_every_other_model,
        a_fold_that_was_cancelled_is_continued,
        what_a_cancelled_task_returns_is_not_recorded,
        a_fold_that_is_interrupted_again_and_again_ends,
        a_failure_is_that_of_an_unbroken_run,
        an_err_that_ends_the_fold_runs_again,
        an_err_that_is_an_output_is_recorded,
        observers_and_traces_know_the_chunks_of_the_whole_fold,
        nothing_finished_is_lost_by_a_cancel,
        several_folds_are_continued_in_their_order,
        another_task_captures_source_or_cut_is_refused_before_any_chunk_runs,
        a_task_in_place_is_known_by_its_code_and_not_by_its_line,
        tasks_that_a_journal_cannot_tell_apart_are_refused,
        one_type_with_several_arguments_is_several_tasks,
        what_serde_skips_is_missing_in_every_run,
        what_differs_from_run_to_run_is_refused_in_the_first,
        a_shared_array_that_is_captured_is_compared,
        a_second_fold_at_the_same_time_is_refused,
        the_chunks_of_an_iterator_are_refused,
        folds_in_tasks_are_not_recorded,
        a_journal_that_is_damaged_while_it_is_open_ends_the_fold,
        a_journal_that_cannot_be_written_ends_the_fold,
        a_resumed_stream_keeps_to_its_window,
        more_chunks_than_the_window_holds_are_continued;
}

/// Gives each chunk a float and some text. Leaves a byte in the file of the chunk, and panics if a file asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marks {
    folder: PathBuf,
}

#[task]
impl Task for Marks {
    type Chunk = u64;
    type Output = (f64, String);

    fn map(&self, chunk: u64) -> (f64, String) {
        mark(&self.folder, chunk);
        (irregular(chunk..chunk + 5), format!("chunk {chunk}"))
    }
}

/// The same, for a piece of a buffer.
#[task]
fn fills(chunk: std::ops::Range<u64>, piece: &mut [f64], folder: &PathBuf) {
    mark(folder, chunk.start);
    piece.iter_mut().for_each(|item| *item = irregular(chunk.clone()));
}

/// The same, with an `Err` for each chunk for which a file asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tries {
    folder: PathBuf,
}

#[task]
impl Task for Tries {
    type Chunk = u64;
    type Output = Result<u64, String>;

    fn map(&self, chunk: u64) -> Result<u64, String> {
        mark(&self.folder, chunk);
        if self.folder.join(format!("err-{chunk}")).exists() { Err(format!("{chunk} is an error")) } else { Ok(chunk) }
    }
}

fn mark(folder: &Path, chunk: u64) {
    let file = OpenOptions::new().create(true).append(true).open(folder.join(chunk.to_string()));
    file.and_then(|mut file| file.write_all(b".")).expect("the folder is there");
    assert!(!folder.join(format!("panic-{chunk}")).exists(), "as asked");
    if folder.join(format!("wait-{chunk}")).exists() {
        wait_for_the_cancel();
    }
}

/// Does not return before the fold is cancelled. In a worker process nothing tells, and the worker is killed.
fn wait_for_the_cancel() {
    wait_until("the fold is cancelled", threefold::is_cancelled);
}

/// A fold that is interrupted and continued, in a folder of its own.
struct Story {
    folder: TempDir,
    chunks: u64,
}

impl Story {
    fn new(chunks: u64) -> Self {
        Self { folder: folder(), chunks }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// The journal, as a program opens it that is started again.
    fn journal(&self) -> Journal {
        Journal::open(self.path()).expect("it is a journal")
    }

    fn source(&self) -> Items<u64> {
        Items((0..self.chunks).collect())
    }

    fn task(&self) -> Marks {
        Marks { folder: self.folder.path().to_path_buf() }
    }

    fn tries(&self) -> Tries {
        Tries { folder: self.folder.path().to_path_buf() }
    }

    /// Has these chunks panic until they are [healed](Self::heal).
    fn hurt(&self, what: &str, chunks: &[u64]) {
        chunks.iter().for_each(|chunk| fs::write(self.folder.path().join(format!("{what}-{chunk}")), "").unwrap());
    }

    fn heal(&self, what: &str, chunks: &[u64]) {
        chunks.iter().for_each(|chunk| fs::remove_file(self.folder.path().join(format!("{what}-{chunk}"))).unwrap());
    }

    /// A first run, which leaves these chunks open.
    fn interrupt(&self, on: &Executor, open: &[u64]) {
        self.hurt("panic", open);
        let results = on.journal(&self.journal()).map_results(self.source(), self.task()).unwrap();
        for (chunk, result) in (0..).zip(results) {
            assert_eq!(result.is_err(), open.contains(&chunk), "chunk {chunk}");
        }
        self.heal("panic", open);
    }

    /// How often each chunk ran.
    fn runs(&self) -> Vec<u64> {
        let length = |chunk: u64| fs::metadata(self.folder.path().join(chunk.to_string())).map_or(0, |file| file.len());
        (0..self.chunks).map(length).collect()
    }

    /// Whether the journal has each chunk, without running any.
    fn recorded(&self, on: &Executor) -> Vec<bool> {
        let token = CancelToken::new();
        token.cancel();
        let results = on.journal(&self.journal()).cancel(&token).map_results(self.source(), self.task()).unwrap();
        results.iter().map(Result::is_ok).collect()
    }

    /// What an unbroken run gives, without a mark.
    fn expected(&self) -> Vec<(u64, String)> {
        (0..self.chunks).map(|chunk| (irregular(chunk..chunk + 5).to_bits(), format!("chunk {chunk}"))).collect()
    }
}

fn bits((float, text): (f64, String)) -> (u64, String) {
    (float.to_bits(), text)
}

/// A verb, given what it folds: the outputs that it has seen, in chunk order.
type Verb = fn(&Executor, Items<u64>, Marks) -> Vec<(u64, String)>;

const VERBS: &[(&str, Verb)] = &[
    ("fold", |on, source, task| {
        on.fold(source, task, Vec::new(), |mut all, output| {
            all.push(bits(output));
            all
        })
        .unwrap()
    }),
    ("map", |on, source, task| on.map(source, task).unwrap().into_iter().map(bits).collect()),
    ("map_results", |on, source, task| {
        on.map_results(source, task).unwrap().into_iter().map(|result| bits(result.unwrap())).collect()
    }),
    ("combine", |on, source, task| {
        let count = source.0.len() as u64;
        let (sum, text) = on.combine(source, task, |a, b| (a.0 + b.0, format!("({} {})", a.1, b.1))).unwrap().unwrap();
        // Compared as a whole: the tree of the first run, and of nothing else.
        let expected = tree(0..count);
        assert_eq!((sum.to_bits(), text), (expected.0.to_bits(), expected.1));
        (0..count).map(|chunk| (irregular(chunk..chunk + 5).to_bits(), format!("chunk {chunk}"))).collect()
    }),
    ("fold_async", |on, source, task| {
        by_hand(on.fold_async(source, task, Vec::new(), |mut all, output| {
            all.push(bits(output));
            all
        }))
        .unwrap()
    }),
    ("map_results_async", |on, source, task| {
        by_hand(on.map_results_async(source, task)).unwrap().into_iter().map(|result| bits(result.unwrap())).collect()
    }),
    ("stream", |on, source, task| on.stream(source, task).ahead(3).map(|output| bits(output.unwrap())).collect()),
    ("stream_unordered", |on, source, task| {
        let mut all: Vec<_> = on.stream_unordered(source, task).map(Result::unwrap).collect();
        all.sort_by_key(|(chunk, _)| *chunk);
        all.into_iter().map(|(_, output)| bits(output)).collect()
    }),
];

/// The tree that the documentation of `combine` defines.
fn tree(chunks: std::ops::Range<u64>) -> (f64, String) {
    match chunks.end - chunks.start {
        1 => (irregular(chunks.start..chunks.start + 5), format!("chunk {}", chunks.start)),
        length => {
            let middle = chunks.start + length.next_power_of_two() / 2;
            let (left, right) = (tree(chunks.start..middle), tree(middle..chunks.end));
            (left.0 + right.0, format!("({} {})", left.1, right.1))
        }
    }
}

fn every_verb_gives_the_bits_of_an_unbroken_run_and_runs_no_finished_chunk(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        for (name, verb) in VERBS {
            let story = Story::new(40);
            let open = [0, 7, 8, 9, 31, 39];
            story.interrupt(&on, &open);
            let outputs = verb(&on.journal(&story.journal()), story.source(), story.task());
            assert_eq!(outputs, story.expected(), "{name}");
            let expected: Vec<_> = (0..40).map(|chunk| 1 + u64::from(open.contains(&chunk))).collect();
            assert_eq!(story.runs(), expected, "{name}");
        }
    }
    // What has no output to look at.
    let on = executor(model, 2);
    let story = Story::new(40);
    story.interrupt(&on, &[5, 20]);
    on.journal(&story.journal()).for_each(story.source(), story.task()).unwrap();
    assert_eq!(story.runs().iter().sum::<u64>(), 42);
    a_buffer_is_filled_by_two_runs(model);
}

fn a_buffer_is_filled_by_two_runs(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(40);
    let path = story.folder.path().to_path_buf();
    let fill = |on: &Executor| {
        let mut buffer = vec![f64::NAN; 120];
        let filled = on.map_into(&mut buffer, (0..40u64).split_into(40), fills.with(path.clone()));
        filled.map(|()| buffer.into_iter().map(f64::to_bits).collect::<Vec<_>>())
    };
    story.hurt("panic", &[20]);
    assert!(fill(&on.journal(&story.journal())).unwrap_err().is_panic());
    story.heal("panic", &[20]);
    let before = story.runs();
    let resumed = fill(&on.journal(&story.journal())).unwrap();
    let runs = story.runs();
    assert!((0..20).all(|chunk| runs[chunk] == 1) && runs[20] == 2, "{runs:?}");
    assert!(before.iter().zip(&runs).all(|(before, after)| after - before <= 1));
    assert_eq!(resumed, fill(&on).unwrap());
}

fn a_complete_journal_runs_nothing(model: Model) {
    let on = executor(model, 3);
    let story = Story::new(20);
    story.interrupt(&on, &[]);
    for (name, verb) in VERBS {
        assert_eq!(verb(&on.journal(&story.journal()), story.source(), story.task()), story.expected(), "{name}");
    }
    on.journal(&story.journal()).for_each(story.source(), story.task()).unwrap();
    assert_eq!(story.runs(), [1; 20]);
}

fn any_set_of_finished_chunks_is_passed_over(model: Model) {
    let mut random = SmallRng::seed_from_u64(seed());
    for _ in 0..12 {
        let chunks = random.random_range(1..80);
        let share = random.random_range(0..=4);
        let open: Vec<u64> = (0..chunks).filter(|_| random.random_range(0..4) < share).collect();
        let on = executor(model, random.random_range(1..=3));
        let story = Story::new(chunks);
        story.interrupt(&on, &open);
        let (name, verb) = VERBS[random.random_range(0..VERBS.len())];
        let outputs = verb(&on.journal(&story.journal()), story.source(), story.task());
        assert_eq!(outputs, story.expected(), "{name}, open: {open:?}");
        let expected: Vec<_> = (0..chunks).map(|chunk| 1 + u64::from(open.contains(&chunk))).collect();
        assert_eq!(story.runs(), expected, "{name}, open: {open:?}");
    }
}

fn a_fold_is_continued_on_every_other_model(model: Model) {
    for &other in Model::available() {
        let story = Story::new(30);
        story.interrupt(&executor(other, 2), &[3, 4, 29]);
        let outputs = executor(model, 2).journal(&story.journal()).map(story.source(), story.task()).unwrap();
        assert_eq!(outputs.into_iter().map(bits).collect::<Vec<_>>(), story.expected(), "{other}");
        assert_eq!(story.runs().iter().sum::<u64>(), 33, "{other}");
    }
}

/// Cancels after so many chunks.
fn cancelled_after(on: &Executor, count: usize) -> Executor {
    let token = CancelToken::new();
    let (cancels, heard) = (token.clone(), Mutex::new(0));
    on.cancel(&token).observe(move |event| {
        if let Event::Finished(_) = event {
            let mut heard = heard.lock().unwrap();
            *heard += 1;
            if *heard == count {
                cancels.cancel();
            }
        }
    })
}

fn a_fold_that_was_cancelled_is_continued(model: Model) {
    // The last chunk does not end before the fold is cancelled.
    let last = 99;
    for count in [1, 20, 99] {
        let on = executor(model, 3);
        let story = Story::new(100);
        story.hurt("wait", &[last]);
        let cancelled = cancelled_after(&on, count).journal(&story.journal());
        if count == 1 {
            let error = cancelled.map(story.source(), story.task()).unwrap_err();
            assert!(error.is_cancelled(), "{error}");
        } else {
            // Such a fold tells of each chunk before the next one begins, also of those below a chunk that waits.
            let mut results = cancelled.map_results(story.source(), story.task()).unwrap();
            let error = results.pop().unwrap().unwrap_err();
            assert!(error.is_cancelled(), "{error}");
        }
        drop(cancelled);
        story.heal("wait", &[last]);
        let (recorded, before) = (story.recorded(&on), story.runs());
        let done = recorded.iter().filter(|&&recorded| recorded).count();
        assert!((count..100).contains(&done), "{done} chunks are recorded, {count} were finished before the cancel");
        let begun = before.iter().sum::<u64>();
        assert!((done as u64..=100).contains(&begun), "{done} chunks are recorded, {begun} have begun");
        let outputs = on.journal(&story.journal()).map(story.source(), story.task()).unwrap();
        assert_eq!(outputs.into_iter().map(bits).collect::<Vec<_>>(), story.expected());
        for ((recorded, before), after) in recorded.into_iter().zip(before).zip(story.runs()) {
            assert_eq!(after, before + u64::from(!recorded));
        }
        assert_eq!(story.runs().iter().sum::<u64>(), begun + 100 - done as u64);
    }
}

/// Waits until the fold is cancelled, if a file asks for it, and then returns something else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Lies {
    folder: PathBuf,
}

#[task]
impl Task for Lies {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        if chunk == 5 && self.folder.join("lies").exists() {
            fs::write(self.folder.join("began"), "").expect("the folder is there");
            wait_for_the_cancel();
            return 1_000_000;
        }
        chunk
    }
}

fn what_a_cancelled_task_returns_is_not_recorded(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(10);
    let task = Lies { folder: story.folder.path().to_path_buf() };
    let lies = story.folder.path().join("lies");
    for keeps_going in [false, true] {
        fs::write(&lies, "").unwrap();
        let token = CancelToken::new();
        let (cancels, began) = (token.clone(), story.folder.path().join("began"));
        let _ = fs::remove_file(&began);
        let canceller = std::thread::spawn(move || {
            wait_until("the chunk has begun", || began.exists());
            cancels.cancel();
        });
        let _ = fs::remove_file(story.path());
        let cancelled = on.cancel(&token).journal(&story.journal());
        match keeps_going {
            false => assert!(cancelled.map(story.source(), task.clone()).unwrap_err().is_cancelled()),
            true => assert!(cancelled.map_results(story.source(), task.clone()).unwrap()[5].is_err()),
        }
        // It has the journal open.
        drop(cancelled);
        canceller.join().unwrap();
        fs::remove_file(&lies).unwrap();
        let outputs = on.journal(&story.journal()).map(story.source(), task.clone()).unwrap();
        assert_eq!(outputs, (0..10).collect::<Vec<_>>());
    }
}

fn a_fold_that_is_interrupted_again_and_again_ends(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(60);
    // One open chunk stands in the way after another. Those above may be finished by then.
    for _ in 0..4 {
        let recorded = story.recorded(&on);
        let open: Vec<_> = (0..60).filter(|&chunk| !recorded[chunk as usize]).collect();
        let Some(&stop) = open.get(open.len() / 3) else { break };
        story.hurt("panic", &[stop]);
        let before = story.runs();
        let error = on.journal(&story.journal()).map(story.source(), story.task()).unwrap_err();
        assert_eq!(error.chunk(), Some(stop));
        story.heal("panic", &[stop]);
        for ((recorded, before), after) in recorded.iter().zip(before).zip(story.runs()) {
            assert!(after - before <= u64::from(!recorded), "no finished chunk runs again");
        }
        let recorded = story.recorded(&on);
        assert!((0..stop).all(|chunk| recorded[chunk as usize]), "lower chunks are finished: {recorded:?}");
    }
    let sum: u64 = story.runs().iter().sum();
    let open = story.recorded(&on).into_iter().filter(|recorded| !recorded).count() as u64;
    let outputs = on.journal(&story.journal()).map(story.source(), story.task()).unwrap();
    assert_eq!(outputs.into_iter().map(bits).collect::<Vec<_>>(), story.expected());
    assert_eq!(story.runs().iter().sum::<u64>(), sum + open);
}

fn a_failure_is_that_of_an_unbroken_run(model: Model) {
    let on = executor(model, 3);
    let story = Story::new(50);
    story.interrupt(&on, &[4, 17, 18, 40]);
    story.hurt("panic", &[17, 40]);
    let unbroken = on.map(story.source(), story.task()).unwrap_err();
    let resumed = on.journal(&story.journal()).map(story.source(), story.task()).unwrap_err();
    assert!(resumed.is_panic());
    assert_eq!((resumed.chunk(), resumed.range()), (Some(17), Some("item 17")));
    assert_eq!(resumed.panic_location(), unbroken.panic_location());
    // Chunk 4 is below the failure, so it is finished now.
    let resumed = on.journal(&story.journal()).map_results(story.source(), story.task()).unwrap();
    let failed: Vec<_> = resumed.iter().filter_map(|result| result.as_ref().err()?.chunk()).collect();
    assert_eq!(failed, [17, 40]);
}

fn an_err_that_ends_the_fold_runs_again(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(20);
    let run = |on: &Executor| on.try_fold(story.source(), story.tries(), 0, |sum, n| sum + n);
    story.hurt("err", &[9]);
    let Err(TryError::Task { chunk, error }) = run(&on.journal(&story.journal())) else { panic!("it is an error") };
    assert_eq!((chunk, error.as_str()), (9, "9 is an error"));
    // Nothing has changed, so it is the same error.
    assert!(run(&on.journal(&story.journal())).is_err());
    story.heal("err", &[9]);
    assert_eq!(run(&on.journal(&story.journal())).unwrap(), 190);
    let runs = story.runs();
    assert_eq!((&runs[..9], runs[9]), (&[1; 9][..], 3));
}

fn an_err_that_is_an_output_is_recorded(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(20);
    story.hurt("err", &[9]);
    let first = on.journal(&story.journal()).map(story.source(), story.tries()).unwrap();
    story.heal("err", &[9]);
    let second = on.journal(&story.journal()).map(story.source(), story.tries()).unwrap();
    assert_eq!((first[9].clone(), first), (Err("9 is an error".to_string()), second));
    assert_eq!(story.runs(), [1; 20]);
}

fn observers_and_traces_know_the_chunks_of_the_whole_fold(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(30);
    let open = [2, 3, 28];
    story.interrupt(&on, &open);
    let (trace, told) = (Trace::new(), Arc::new(Mutex::new(Vec::new())));
    let tells = Arc::clone(&told);
    let watched = on.trace(&trace).observe(move |event| {
        let mut told = tells.lock().unwrap();
        match event {
            Event::Resumed { chunks } => {
                assert!(told.is_empty(), "it comes first");
                told.extend(chunks.iter().cloned().flatten());
            }
            Event::Finished(span) => told.push(span.chunk),
            Event::Started(start) => assert!(open.contains(&start.chunk)),
            Event::Progress(progress) => {
                let done = progress.finished;
                assert!((27..=30).contains(&done) && progress.chunks == Some(30), "those of the journal count");
            }
            other => panic!("{other:?}"),
        }
    });
    watched.journal(&story.journal()).for_each(story.source(), story.task()).unwrap();
    let mut spans: Vec<_> = trace.spans().iter().map(|span| span.chunk).collect();
    spans.sort_unstable();
    assert_eq!(spans, open);
    let told = std::mem::take(&mut *told.lock().unwrap());
    let finished: Vec<_> = (0..30).filter(|chunk| !open.contains(chunk)).collect();
    assert_eq!(told[..27], finished);
    assert_eq!(told.len(), 30);
}

fn nothing_finished_is_lost_by_a_cancel(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(30);
    story.interrupt(&on, &[0, 13, 29]);
    let token = CancelToken::new();
    token.cancel();
    for awaits in [false, true] {
        let cancelled = on.journal(&story.journal()).cancel(&token);
        let results = match awaits {
            true => by_hand(cancelled.map_results_async(story.source(), story.task())),
            false => cancelled.map_results(story.source(), story.task()),
        };
        for ((chunk, result), expected) in (0..).zip(results.unwrap()).zip(story.expected()) {
            match result {
                Ok(output) => assert_eq!(bits(output), expected),
                Err(error) => assert!(error.is_cancelled() && [0, 13, 29].contains(&chunk)),
            }
        }
    }
    assert_eq!(story.runs().iter().sum::<u64>(), 30);
}

fn several_folds_are_continued_in_their_order(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(25);
    let run = || {
        let on = on.journal(&story.journal());
        let first = on.fold((0..100u64).split_into(10), irregular, 0.0, |sum, part| sum + part)?;
        let second = on.map(story.source(), story.task())?;
        let third = on.fold((0..100u64).split_into(10), irregular, first, |sum, part| sum + part)?;
        Ok::<_, threefold::Error>((third.to_bits(), second.len()))
    };
    story.hurt("panic", &[24]);
    assert!(run().unwrap_err().is_panic());
    story.heal("panic", &[24]);
    let resumed = run().unwrap();
    assert_eq!(story.runs().iter().sum::<u64>(), 26);
    assert_eq!(run().unwrap(), resumed);
    assert_eq!(story.runs().iter().sum::<u64>(), 26);
}

fn another_task_captures_source_or_cut_is_refused_before_any_chunk_runs(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(20);
    story.interrupt(&on, &[19]);
    let refused = |what: &str, result: Result<(), threefold::Error>| {
        let error = result.expect_err(what);
        assert!(error.is_setup(), "{what}: {error}");
        let text = error.to_string();
        assert!(text.contains(story.path().to_str().unwrap()), "{what}: {text}");
        text
    };
    let on = |journal: Journal| on.journal(&journal);
    let elsewhere = story.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let text = refused("captures", on(story.journal()).for_each(story.source(), Marks { folder: elsewhere.clone() }));
    assert!(text.contains("captures"), "{text}");
    let text = refused("task", on(story.journal()).for_each(story.source(), Tries { folder: elsewhere.clone() }));
    assert!(text.contains("Marks") && text.contains("Tries"), "{text}");
    let mut other = story.source();
    other.0[7] = 8;
    refused("source", on(story.journal()).for_each(other, story.task()));
    let fewer = Items(story.source().0[..19].to_vec());
    let text = refused("fewer chunks", on(story.journal()).for_each(fewer, story.task()));
    assert!(text.contains("20") && text.contains("19"), "{text}");
    assert_eq!(story.runs(), [1; 20]);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);

    // The cut of a range, of an array, and the data of an array.
    for (name, first, second) in [
        ("cut", (0..100u64).split_into(10), (0..100u64).split_into(11)),
        ("size", (0..100u64).chunks_of(10), (0..100u64).chunks_of(9)),
        ("ends", (0..100u64).split_into(10), (1..100u64).split_into(10)),
    ] {
        let story = Story::new(1);
        on(story.journal()).for_each(first, irregular).unwrap();
        assert!(on(story.journal()).for_each(second, irregular).unwrap_err().is_setup(), "{name}");
    }
    let story = Story::new(1);
    let mut array: Vec<i32> = (0..1000).collect();
    on(story.journal()).for_each(array.clone().split_into(7), crate::tasks::total_of).unwrap();
    on(story.journal()).for_each(array.clone().split_into(7), crate::tasks::total_of).unwrap();
    array[500] += 1;
    let error = on(story.journal()).for_each(array.split_into(7), crate::tasks::total_of).unwrap_err();
    assert!(error.is_setup(), "{error}");
}

#[rustfmt::skip]
fn a_task_in_place_is_known_by_its_code_and_not_by_its_line(model: Model) {
    let (on, story) = (executor(model, 2), Story::new(10));
    // Edits of a program may have another task stand where one stood, as these two stand on one line.
    let (one, other) = (task_fn!(|n: u64| -> u64 { n + 10 }), task_fn!(|n: u64| -> u64 { n + 20 }));
    let expected: Vec<u64> = (10..20).collect();
    assert_eq!(on.journal(&story.journal()).map(story.source(), one.clone()).unwrap(), expected);
    let text = on.journal(&story.journal()).map(story.source(), other).unwrap_err().to_string();
    assert!(text.contains("it records the task") && text.contains(file!()), "{text}");
    assert!(!text.contains(&format!("{}:", file!())), "it is the same task on another line: {text}");
    assert_eq!(on.journal(&story.journal()).map(story.source(), one).unwrap(), expected);
}

/// Two tasks that differ in what they do, and in nothing that a journal knows.
fn twins() -> (impl TaskOf<u64, Output = u64>, impl TaskOf<u64, Output = u64>) {
    fn first() -> impl TaskOf<u64, Output = u64> {
        #[task]
        fn twin(n: u64) -> u64 {
            n + 1
        }
        twin
    }
    fn second() -> impl TaskOf<u64, Output = u64> {
        #[task]
        fn twin(n: u64) -> u64 {
            n + 2
        }
        twin
    }
    (first(), second())
}

fn tasks_that_a_journal_cannot_tell_apart_are_refused(model: Model) {
    let (on, story) = (executor(model, 2), Story::new(3));
    let (one, other) = twins();
    let recorded = on.journal(&story.journal());
    for error in [recorded.map(story.source(), one).unwrap_err(), recorded.map(story.source(), other).unwrap_err()] {
        let text = error.to_string();
        assert!(error.is_setup() && text.contains("law10_resuming::twin`") && text.contains("rename"), "{text}");
        assert_eq!(text.matches(file!()).count(), 2, "it says where they are: {text}");
    }
    // Only a journal minds.
    let (one, other) = twins();
    assert_eq!(on.map(story.source(), one).unwrap(), [1, 2, 3]);
    assert_eq!(on.map(story.source(), other).unwrap(), [2, 3, 4]);
}

/// Of several tasks: one for each type of the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Above<T>(T);

#[task]
impl Task for Above<u32> {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        chunk + u64::from(self.0)
    }
}

macro_rules! above {
    ($number:ty) => {
        #[task]
        impl Task for self::Above<$number> {
            type Chunk = u64;
            type Output = u64;

            fn map(&self, chunk: u64) -> u64 {
                assert_ne!(chunk, 9, "it is not welcome");
                chunk + 10 + u64::try_from(self.0[0]).unwrap_or_default()
            }
        }
    };
}

above!([i64; 2]);

fn one_type_with_several_arguments_is_several_tasks(model: Model) {
    let (on, story) = (executor(model, 2), Story::new(3));
    let recorded = || on.journal(&story.journal());
    assert_eq!(recorded().map(story.source(), Above(1_u32)).unwrap(), [1, 2, 3]);
    assert_eq!(recorded().map(story.source(), Above(1_u32)).unwrap(), [1, 2, 3]);
    let error = recorded().map(story.source(), Above([1_i64, 2])).unwrap_err();
    let text = error.to_string();
    assert!(error.is_setup(), "{text}");
    assert!(
        text.contains("law10_resuming::Above<u32>`") && text.contains("law10_resuming::Above<[i64; 2]>`"),
        "{text}"
    );
    let other = Story::new(3);
    assert_eq!(on.journal(&other.journal()).map(other.source(), Above([1_i64, 2])).unwrap(), [11, 12, 13]);
    // Errors call it so, too.
    let error = on.map(Items(vec![9]), Above([1_i64, 2])).unwrap_err();
    assert_eq!(error.task(), Some("Above<[i64; 2]>"), "{error}");
}

/// It cannot be compared, so no check finds what serde skips.
#[derive(Debug, Serialize, Deserialize)]
struct Partly {
    kept: u64,
    #[serde(skip)]
    skipped: u64,
}

#[task]
fn partly(n: u64, folder: &PathBuf) -> Partly {
    mark(folder, n);
    Partly { kept: n, skipped: n }
}

fn what_serde_skips_is_missing_in_every_run(model: Model) {
    let on = executor(model, 2);
    let verbs: [fn(&Executor, &Story) -> Vec<Partly>; 3] = [
        |on, story| {
            let task = partly.with(story.folder.path().to_path_buf());
            on.map_results(story.source(), task).unwrap().into_iter().filter_map(Result::ok).collect()
        },
        |on, story| {
            let task = partly.with(story.folder.path().to_path_buf());
            by_hand(on.map_results_async(story.source(), task)).unwrap().into_iter().filter_map(Result::ok).collect()
        },
        |on, story| {
            let task = partly.with(story.folder.path().to_path_buf());
            let add = |mut all: Vec<_>, one| {
                all.push(one);
                all
            };
            on.fold(story.source(), task, Vec::new(), add).unwrap_or_default()
        },
    ];
    for verb in verbs {
        let story = Story::new(20);
        story.hurt("panic", &[7, 8]);
        verb(&on.journal(&story.journal()), &story);
        story.heal("panic", &[7, 8]);
        let resumed = verb(&on.journal(&story.journal()), &story);
        let values: Vec<_> = resumed.iter().map(|output| (output.kept, output.skipped)).collect();
        assert_eq!(values, (0..20).map(|n| (n, 0)).collect::<Vec<_>>());
    }
}

#[task]
fn looked_up(n: u64, table: &HashMap<u64, u64>) -> u64 {
    table[&n]
}

#[task]
fn size(set: HashSet<u64>) -> usize {
    set.len()
}

fn what_differs_from_run_to_run_is_refused_in_the_first(model: Model) {
    let (on, story) = (executor(model, 2), Story::new(3));
    let table: HashMap<u64, u64> = (0..100).map(|n| (n, n)).collect();
    let sets: Vec<HashSet<u64>> = (0..3).map(|_| (0..100).collect()).collect();
    let recorded = on.journal(&story.journal());
    for error in [
        recorded.map(story.source(), looked_up.with(table.clone())).unwrap_err(),
        recorded.map(Items(sets.clone()), size).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(error.is_serialization() && text.contains("BTreeMap"), "{text}");
    }
    // Only a journal minds.
    assert_eq!(on.map(story.source(), looked_up.with(table)).unwrap(), [0, 1, 2]);
    assert_eq!(on.map(Items(sets), size).unwrap(), [100; 3]);
}

#[task]
fn nth(n: u64, array: &Shared<f64>) -> f64 {
    array[n as usize]
}

fn a_shared_array_that_is_captured_is_compared(model: Model) {
    let (on, story) = (executor(model, 2), Story::new(5));
    let run = |items: &[f64]| {
        let array = Shared::copy_of(items).unwrap();
        on.journal(&story.journal()).map(story.source(), nth.with(array))
    };
    let mut items = [0.5, 1.5, 2.5, 3.5, 4.5];
    assert_eq!(run(&items).unwrap(), items);
    assert_eq!(run(&items).unwrap(), items);
    items[4] = -4.5;
    let text = run(&items).unwrap_err().to_string();
    assert!(text.contains("other captures"), "{text}");
    assert!(run(&items[..4]).unwrap_err().is_setup());
}

fn a_second_fold_at_the_same_time_is_refused(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(5);
    let on = on.journal(&story.journal());
    let mut refusals = 0;
    let reduce = |count: u64, _| {
        refusals += u64::from(on.for_each((0..10u64).split_into(2), irregular).is_err_and(|error| error.is_setup()));
        count + 1
    };
    assert_eq!(on.fold(story.source(), story.task(), 0, reduce).unwrap(), 5);
    assert_eq!(refusals, 5);
    // Later it is the second fold of this run.
    on.for_each((0..10u64).split_into(2), irregular).unwrap();
}

fn the_chunks_of_an_iterator_are_refused(model: Model) {
    let story = Story::new(5);
    let mut stream = executor(model, 2).journal(&story.journal()).stream(from_iter(0..5), story.task());
    let error = stream.next().unwrap().unwrap_err();
    assert!(error.is_setup() && error.to_string().contains("Items"), "{error}");
    assert!(stream.next().is_none());
    assert_eq!(story.runs(), [0; 5]);
}

/// Folds over marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Folds {
    folder: PathBuf,
}

#[task]
impl Task for Folds {
    type Chunk = u64;
    type Output = usize;

    fn map(&self, chunk: u64) -> usize {
        let inner = Items((0..3).map(|inner| 3 * chunk + inner).collect());
        Executor::current().map(inner, Marks { folder: self.folder.clone() }).expect("it has no journal").len()
    }
}

fn folds_in_tasks_are_not_recorded(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(30);
    let folds = Folds { folder: story.folder.path().to_path_buf() };
    for _ in 0..2 {
        let lengths = on.journal(&story.journal()).map(Items((0..10).collect()), folds.clone()).unwrap();
        assert_eq!(lengths, [3; 10]);
    }
    assert_eq!(story.runs(), [1; 30]);
}

fn a_journal_that_is_damaged_while_it_is_open_ends_the_fold(model: Model) {
    let on = executor(model, 2);
    let story = Story::new(30);
    story.interrupt(&on, &[20]);
    let mut bytes = fs::read(story.path()).unwrap();
    let place = bytes.windows(7).position(|window| window == b"chunk 9").unwrap();
    let verbs: [fn(&Executor, &Story) -> threefold::Result<()>; 4] = [
        |on, story| on.for_each(story.source(), story.task()),
        |on, story| on.map_results(story.source(), story.task()).map(drop),
        |on, story| by_hand(on.map_results_async(story.source(), story.task())).map(drop),
        |on, story| on.stream_unordered(story.source(), story.task()).find_map(Result::err).map_or(Ok(()), Err),
    ];
    for verb in verbs {
        let journal = story.journal();
        bytes[place] ^= 1;
        fs::write(story.path(), &bytes).unwrap();
        let error = verb(&on.journal(&journal), &story).unwrap_err();
        let text = error.to_string();
        assert!(error.is_setup() && text.contains(story.path().to_str().unwrap()), "{text}");
        drop(journal);
        // What the fold has added is behind that.
        bytes = fs::read(story.path()).unwrap();
        bytes[place] ^= 1;
        fs::write(story.path(), &bytes).unwrap();
    }
    let outputs = on.journal(&story.journal()).map(story.source(), story.task()).unwrap();
    assert_eq!(outputs.into_iter().map(bits).collect::<Vec<_>>(), story.expected());
}

#[task]
fn large(chunk: u64) -> String {
    format!("{chunk} ").repeat(50_000)
}

fn a_journal_that_cannot_be_written_ends_the_fold(model: Model) {
    let written = fixture("fills-a-journal", model).stdout;
    assert!(written.contains("run.journal") && written.contains("File too large"), "{written}");
    assert!(written.ends_with("continued\n"), "{written}");
}

/// In a copy of this program, whose files may have no more than 2 MiB at first.
pub(crate) fn fill_a_journal(model: Model) {
    let limit = |most: u64| {
        let limits = getrlimit(Resource::Fsize);
        setrlimit(Resource::Fsize, Rlimit { current: Some(most), ..limits }).expect("it may be lower");
    };
    let on = executor(model, 2);
    // Workers that were started before the limit is lower do not inherit it.
    on.for_each(Items(vec![0, 1]), large).unwrap();
    let folder = folder();
    let path = folder.path().join("run.journal");
    let source = || Items((0..40).collect());
    let expected: Vec<_> = (0..40).map(*large).collect();
    limit(2 << 20);
    let error = on.journal(&Journal::open(&path).unwrap()).map(source(), large).unwrap_err();
    assert!(error.is_setup(), "{error}");
    println!("{error}");
    limit(1 << 30);
    assert_eq!(on.journal(&Journal::open(&path).unwrap()).map(source(), large).unwrap(), expected);
    println!("continued");
}

fn a_resumed_stream_keeps_to_its_window(model: Model) {
    let on = executor(model, 3);
    for unordered in [false, true] {
        let story = Story::new(120);
        let open: Vec<_> = (0..120).filter(|chunk| chunk % 3 == 1 || *chunk > 60).collect();
        story.interrupt(&on, &open);
        let on = on.journal(&story.journal());
        let begun = || story.runs().iter().filter(|&&runs| runs == 2).count();
        let (mut taken, ahead) = (0, 4);
        let outputs: Box<dyn Iterator<Item = u64>> = match unordered {
            false => Box::new((0..).zip(on.stream(story.source(), story.task()).ahead(ahead)).map(|(chunk, _)| chunk)),
            true => {
                Box::new(on.stream_unordered(story.source(), story.task()).ahead(ahead).map(|item| item.unwrap().0))
            }
        };
        for chunk in outputs {
            taken += usize::from(open.contains(&chunk));
            assert!(begun() <= taken + ahead, "{} begun, {taken} taken", begun());
        }
        assert_eq!((taken, begun()), (open.len(), open.len()));
    }
}

/// It leaves no mark: there are too many chunks. The last one waits until the fold is cancelled, if there is the file.
#[task]
fn cheap(chunk: std::ops::Range<u64>, file: &PathBuf) -> u64 {
    if chunk.end == NUMBERS && file.exists() {
        wait_for_the_cancel();
    }
    chunk.sum()
}

/// In chunks of two: more chunks than the window holds.
const NUMBERS: u64 = 200_000;

fn more_chunks_than_the_window_holds_are_continued(model: Model) {
    let on = executor(model, 3);
    let story = Story::new(1);
    let file = story.folder.path().join("wait");
    let (source, task) = (|| (0..NUMBERS).chunks_of(2), || cheap.with(file.clone()));
    let expected: u64 = (0..NUMBERS).sum();
    fs::write(&file, "").unwrap();
    let cancelled = cancelled_after(&on, 70_000).journal(&story.journal());
    let error = cancelled.fold(source(), task(), 0, |sum, part| sum + part).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    drop(cancelled);
    fs::remove_file(&file).unwrap();
    let done = story.journal().recorded();
    assert!((70_000..100_000).contains(&done), "{done} chunks are recorded");
    for _ in 0..2 {
        let on = on.journal(&story.journal());
        assert_eq!(on.fold(source(), task(), 0, |sum, part| sum + part).unwrap(), expected);
    }
    let on = on.journal(&story.journal());
    assert_eq!(by_hand(on.fold_async(source(), task(), 0, |sum, part| sum + part)).unwrap(), expected);
}
