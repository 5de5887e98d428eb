//! What worker processes, of this process or of MPI ranks, do beyond the laws: retries, deadlines, limits, recycling, and the search for the culprit.

use std::collections::BTreeSet;
use std::fs;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{Builder, Error, Event, Executor, Items, LineChunk, Lines, Model};

use crate::fixtures::{folder, is_alive};
use crate::law9_awaiting::by_hand;
use crate::notice;
use crate::tasks::{Death, DiesOn, EndlessWait, PanicsOn, add_up, files, irregular, process_of, wait_until};

crate::rows! {
    isolating:
        lost_chunks_run_again_and_the_bits_are_those_without_a_crash,
        a_chunk_that_kills_every_worker_is_given_up_after_its_attempts,
        a_panic_is_not_tried_again_as_a_loss,
        retries_are_told_as_they_happen,
        a_missed_deadline_ends_the_chunk_and_what_it_started,
        a_missed_deadline_is_tried_again_as_a_loss,
        what_a_chunk_started_has_time_to_terminate_after_its_worker,
        a_task_that_takes_longer_to_read_than_a_worker_may_rest_is_waited_for,
        captures_that_a_worker_has_are_not_sent_again,
        every_fold_of_a_kept_task_goes_as_far_as_the_first,
        chunks_of_any_size_go_both_ways_whatever_goes_into_one_message,
        a_worker_that_does_not_heed_the_notice_is_killed,
        a_memory_limit_is_an_error_that_says_so,
        the_stderr_tail_of_a_lost_worker_is_reported,
        what_a_worker_wrote_in_an_earlier_fold_explains_no_loss,
        the_smallest_piece_that_is_lost_is_named,
        the_smallest_piece_of_each_chunk_that_is_lost_is_named,
        a_bisection_whose_next_part_cannot_be_run_names_no_range,
        what_a_chunk_started_has_time_to_terminate_after_the_fold,
        what_can_be_finished_is_finished,
        chunks_that_were_done_are_not_lost_with_their_worker;
    isolating_with_one_worker: workers_are_replaced_after_their_chunks;
    asynchronous:
        a_deadline_is_kept_at_an_await,
        a_deadline_on_a_plain_function_is_an_error_that_says_what_to_use;
}

fn on(model: Model, options: impl FnOnce(Builder) -> Builder) -> Executor {
    options(Executor::builder(model).workers(2).isolate(true)).build().unwrap()
}

/// Goes wrong on one chunk, so many times, which files count; then is as good as any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flaky {
    folder: PathBuf,
    bad: u64,
    times: usize,
    hangs: bool,
}

impl Flaky {
    fn go_wrong(&self) {
        if files(&self.folder) >= self.times {
            return;
        }
        fs::write(self.folder.join(std::process::id().to_string()), "").unwrap();
        if self.hangs {
            wait_until("the deadline has come", || false);
        }
        let _ = kill_process(getpid(), Signal::KILL);
        wait_until("the signal has come", || false);
    }
}

#[task]
impl Task for Flaky {
    type Chunk = std::ops::Range<u64>;
    type Output = f64;

    fn map(&self, chunk: std::ops::Range<u64>) -> f64 {
        if chunk.contains(&self.bad) {
            self.go_wrong();
        }
        irregular(chunk)
    }
}

fn lost_chunks_run_again_and_the_bits_are_those_without_a_crash(model: Model) {
    let expected = on(model, |builder| builder).fold((0..5000).split_into(25), irregular, 0.0, |sum, part| sum + part);
    let expected: f64 = expected.unwrap();
    for bad in [0, 2500, 4999] {
        let folder = folder();
        let task = Flaky { folder: folder.path().into(), bad, times: 3, hangs: false };
        let total = on(model, |builder| builder.retries(3))
            .fold((0..5000).split_into(25), task, 0.0, |sum, part| sum + part)
            .unwrap();
        assert_eq!(total.to_bits(), expected.to_bits());
        assert_eq!(files(folder.path()), 3, "each time on a fresh worker");
    }
}

fn a_chunk_that_kills_every_worker_is_given_up_after_its_attempts(model: Model) {
    let folder = folder();
    let task = Flaky { folder: folder.path().into(), bad: 70, times: usize::MAX, hangs: false };
    let on = on(model, |builder| builder.retries(2));
    let outcomes = on.map_results((0..1000).split_into(10), task).unwrap();
    let failed: Vec<&Error> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    let [error] = failed[..] else { panic!("{failed:?}") };
    assert_eq!((error.chunk(), error.attempt(), error.attempts()), (Some(0), Some(3), Some(3)));
    assert!(error.to_string().ends_with("killed by SIGKILL, attempt 3 of 3"), "{error}");
    assert_eq!(files(folder.path()), 3);
}

fn a_panic_is_not_tried_again_as_a_loss(model: Model) {
    let error = on(model, |builder| builder.retries(5)).for_each(Items(vec![1, 2]), PanicsOn(vec![2])).unwrap_err();
    assert!(error.is_panic() && error.attempt() == Some(1), "{error}");
}

fn retries_are_told_as_they_happen(model: Model) {
    let folder = folder();
    let task = Flaky { folder: folder.path().into(), bad: 5, times: 2, hangs: false };
    let (told, heard) = std::sync::mpsc::channel();
    on(model, |builder| builder.retries(2))
        .observe(move |event| {
            if let Event::Retried(error) = event {
                told.send((error.chunk(), error.attempt())).unwrap();
            }
        })
        .for_each((0..10).split_into(5), task)
        .unwrap();
    assert_eq!(heard.iter().collect::<Vec<_>>(), [(Some(2), Some(1)), (Some(2), Some(2))]);
}

/// Starts a process of its own, notes it, and then takes for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StartsAndHangs {
    folder: PathBuf,
    /// Whether what it starts, and itself, take no notice of being told to terminate.
    deaf: bool,
}

#[task]
impl Task for StartsAndHangs {
    type Chunk = u64;
    type Output = ();

    fn map(&self, _chunk: u64) {
        let script = if self.deaf { "trap '' TERM; while :; do sleep 1; done" } else { "sleep 600" };
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        fs::write(self.folder.join(child.id().to_string()), "").unwrap();
        let _ = child.wait();
    }
}

fn grandchildren_are_gone(model: Model, deaf: bool) -> Error {
    let folder = folder();
    // Long enough for the chunk to start a shell, on a machine with much else to do.
    let on = on(model, |builder| builder.timeout(Duration::from_millis(1500)));
    let task = StartsAndHangs { folder: folder.path().into(), deaf };
    let error = on.for_each(Items(vec![0]), task).unwrap_err();
    let started: Vec<u32> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(started.len(), 1);
    wait_until("what the chunk started is gone", || started.iter().all(|&pid| !is_alive(pid)));
    error
}

fn a_missed_deadline_ends_the_chunk_and_what_it_started(model: Model) {
    let error = grandchildren_are_gone(model, false);
    assert!(error.is_timeout() && !error.is_worker_lost());
    assert!(error.to_string().contains(&format!("chunk 0 (item 0) ran out of time on {model}")), "{error}");
}

fn a_worker_that_does_not_heed_the_notice_is_killed(model: Model) {
    assert!(grandchildren_are_gone(model, true).is_timeout());
}

fn a_missed_deadline_is_tried_again_as_a_loss(model: Model) {
    let folder = folder();
    let task = Flaky { folder: folder.path().into(), bad: 7, times: 1, hangs: true };
    let on = on(model, |builder| builder.retries(1).timeout(Duration::from_millis(1500)));
    on.for_each((0..10).split_into(5), task).unwrap();
    assert_eq!(files(folder.path()), 1);
}

/// Done at once, but for one that takes its worker down.
#[task]
fn seventh(chunk: u64) -> u64 {
    if chunk == 7 {
        let _ = kill_process(getpid(), Signal::KILL);
        wait_until("the signal has come", || false);
    }
    chunk
}

fn chunks_that_were_done_are_not_lost_with_their_worker(model: Model) {
    for _ in 0..20 {
        let outcomes = on(model, |builder| builder).map_results(Items((0..16).collect()), seventh).unwrap();
        let failed: Vec<_> = (0..16).filter(|&chunk| outcomes[chunk].is_err()).collect();
        assert_eq!(failed, [7]);
    }
}

/// As many bytes as the chunk says, each of them touched.
#[task]
fn swell(mebibytes: usize) -> usize {
    let held = vec![1u8; mebibytes << 20];
    std::hint::black_box(&held).iter().map(|&byte| usize::from(byte)).sum::<usize>() >> 20
}

fn a_memory_limit_is_an_error_that_says_so(model: Model) {
    let on = on(model, |builder| builder.memory_limit(256 << 20));
    assert_eq!(on.map(Items(vec![1, 64]), swell).unwrap(), [1, 64]);
    let error = on.map(Items(vec![1, 512, 2]), swell).unwrap_err();
    assert!(error.is_out_of_memory() && error.is_worker_lost() && !error.is_timeout(), "{error}");
    assert_eq!(error.chunk(), Some(1));
    assert!(error.to_string().contains("256 MiB"), "{error}");
    assert_eq!(on.map(Items(vec![3]), swell).unwrap(), [3], "the next fold works");
}

fn workers_are_replaced_after_their_chunks(model: Model) {
    let on = Executor::builder(model).workers(1).chunks_per_worker(3).build().unwrap();
    let pids = on.map(Items((0..10).collect()), process_of).unwrap();
    let mut runs: Vec<usize> = pids.chunk_by(|one, next| one == next).map(<[u32]>::len).collect();
    assert_eq!(runs.iter().sum::<usize>(), 10);
    assert_eq!(pids.iter().collect::<BTreeSet<_>>().len(), runs.len(), "none comes back");
    runs.pop();
    assert!(runs.iter().all(|&run| run == 3), "{runs:?}");
}

#[task]
fn complains_and_aborts(chunk: u64) -> u64 {
    eprintln!("chunk {chunk}: the index is corrupt");
    eprintln!("giving up");
    std::process::abort();
}

fn the_stderr_tail_of_a_lost_worker_is_reported(model: Model) {
    let error = on(model, |builder| builder).for_each(Items(vec![5]), complains_and_aborts).unwrap_err();
    assert_eq!(error.stderr_tail(), ["chunk 5: the index is corrupt", "giving up"]);
    let report = format!("{error:#}");
    assert!(report.contains("the index is corrupt") && report.lines().count() > 2, "{report}");
}

#[task]
fn complains(_chunk: u64) {
    eprintln!("memory allocation of 8 bytes failed");
}

#[task]
fn aborts(_chunk: u64) {
    std::process::abort();
}

fn what_a_worker_wrote_in_an_earlier_fold_explains_no_loss(model: Model) {
    let on = Executor::builder(model).workers(1).isolate(true).memory_limit(1 << 30).build().unwrap();
    on.for_each(Items(vec![0]), complains).unwrap();
    let error = on.for_each(Items(vec![0]), aborts).unwrap_err();
    assert_eq!((error.signal(), error.is_out_of_memory()), (Some(6), false), "{error}");
    assert!(error.stderr_tail().is_empty(), "{error:#}");
}

fn the_smallest_piece_that_is_lost_is_named(model: Model) {
    let on = on(model, |builder| builder.bisect(true));
    for bad in [1, 77_777, 100_000] {
        let task = DiesOn { chunk: bad, death: Death::Abort };
        let error = on.for_each((1..=100_000).split_into(7), task).unwrap_err();
        assert_eq!(error.smallest_range(), Some(format!("{bad}..={bad}").as_str()), "{error}");
    }
}

fn the_smallest_piece_of_each_chunk_that_is_lost_is_named(model: Model) {
    let on = on(model, |builder| builder.bisect(true));
    let found = |results: Vec<threefold::Result<()>>| {
        let smallest =
            |result: threefold::Result<()>| result.err().map(|error| error.smallest_range().map(str::to_string));
        results.into_iter().map(smallest).collect::<Vec<_>>()
    };
    let expected = [3, 13, 23].map(|bad| Some(Some(format!("{bad}..{}", bad + 1))));
    let expected: Vec<_> = expected.into_iter().flat_map(|range| [range, None]).collect();
    let source = || (0_u64..30).chunks_of(5);
    assert_eq!(found(on.map_results(source(), dies_at_a_three).unwrap()), expected);
    assert_eq!(found(by_hand(on.map_results_async(source(), dies_at_a_three)).unwrap()), expected);
    // What has failed otherwise is as it was.
    let results = on.map_results(source(), panics_at_a_three).unwrap();
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(|error| error.is_panic()));
}

/// Kills its process if a line is bad. The third time it changes the file before that, so that no more of it can be read.
#[task]
fn dies_at_a_bad_line(chunk: LineChunk, folder: &PathBuf) {
    if chunk.lines().any(|line| line == b"777") {
        fs::write(folder.join(std::process::id().to_string()), "").unwrap();
        if files(folder) == 4 {
            fs::write(folder.join("lines"), "changed").unwrap();
        }
        std::process::abort();
    }
}

fn a_bisection_whose_next_part_cannot_be_run_names_no_range(model: Model) {
    let folder = folder();
    let path = folder.path().join("lines");
    fs::write(&path, (0..1000).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let on = on(model, |builder| builder.bisect(true));
    let task = dies_at_a_bad_line.with(folder.path().into());
    let error = on.for_each(Lines::of(&path).unwrap().split_into(1), task).unwrap_err();
    assert!(error.is_worker_lost() && files(folder.path()) == 4, "{error}");
    assert_eq!(error.smallest_range(), None, "{error}");
}

/// Kills its process if one of the numbers ends in 3.
#[task]
fn dies_at_a_three(chunk: Range<u64>) {
    if { chunk }.any(|n| n % 10 == 3) {
        std::process::abort();
    }
}

#[task]
fn panics_at_a_three(chunk: Range<u64>) {
    assert!({ chunk }.all(|n| n % 10 != 3), "one ends in 3");
}

fn what_can_be_finished_is_finished(model: Model) {
    let parts: Vec<RangeInclusive<i64>> = (0..20).map(|i| i * 10..=i * 10 + 9).collect();
    let task = DiesOn { chunk: 55, death: Death::Exit(3) };
    let outcomes = on(model, |builder| builder.retries(1)).map_results(Items(parts.clone()), task).unwrap();
    for (chunk, (part, outcome)) in parts.into_iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(sum) => assert_eq!((sum, chunk == 5), (add_up(part), false)),
            Err(error) => assert_eq!((chunk, error.exit_code()), (5, Some(3)), "{error}"),
        }
    }
}

fn a_deadline_is_kept_at_an_await(model: Model) {
    let folder = folder();
    // The chunk must have begun by then.
    let on = Executor::builder(model).timeout(Duration::from_secs(1)).build().unwrap();
    let error = on.for_each(Items(vec![3]), EndlessWait { folder: folder.path().into() }).unwrap_err();
    assert!(error.is_timeout() && error.chunk() == Some(0), "{error}");
    assert!(folder.path().join("dropped-3").exists(), "what it held was let go");
}

fn a_deadline_on_a_plain_function_is_an_error_that_says_what_to_use(model: Model) {
    let on = Executor::builder(model).timeout(Duration::from_secs(60)).build().unwrap();
    let error = on.for_each((0..10).split_into(2), irregular).unwrap_err();
    assert!(error.is_setup() && error.to_string().ends_with("use processes"), "{error}");
}

/// Starts a process that takes a moment to terminate, and then leaves a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StartsWhatCleansUp {
    folder: PathBuf,
}

#[task]
impl Task for StartsWhatCleansUp {
    type Chunk = u64;
    type Output = ();

    fn map(&self, _chunk: u64) {
        let script = "trap 'sleep 0.03; : >cleaned; exit' TERM; : >ready; while :; do sleep 0.01; done";
        let mut child = Command::new("sh").args(["-c", script]).current_dir(&self.folder).spawn().unwrap();
        wait_until("the shell is ready", || self.folder.join("ready").exists());
        // This process itself ends at once when it is told to.
        let _ = child.wait();
    }
}

/// How often something is told to terminate. It has 0.1 s, and a machine that has too much to do may not give it a core in
/// that time.
const TRIES: u32 = 10;

fn what_a_chunk_started_has_time_to_terminate_after_its_worker(model: Model) {
    let cleans_up = |_| {
        let folder = folder();
        let on = on(model, |builder| builder.timeout(Duration::from_millis(1500)));
        let error = on.for_each(Items(vec![0]), StartsWhatCleansUp { folder: folder.path().into() }).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        folder.path().join("cleaned").exists()
    };
    assert!((0..TRIES).any(cleans_up), "it was killed before it had cleaned up");
}

/// Chunk 1 starts a process that takes a moment to terminate, and does not heed a notice itself. Chunk 0 panics twice: when
/// that process is there, and when it was told to terminate.
#[task]
fn panics_beside_a_late_chunk(chunk: u64, folder: &PathBuf) {
    let is_there = |name: &str| folder.join(name).exists();
    if chunk == 0 {
        wait_until("the other chunk has started a process", || is_there("ready"));
        if !is_there("again") {
            fs::write(folder.join("again"), "").unwrap();
            // The second attempt has so much more time.
            std::thread::sleep(Duration::from_millis(500));
        } else {
            wait_until("it was told to terminate", || is_there("told"));
        }
        // Without the hook, whose backtrace takes long.
        std::panic::resume_unwind(Box::new("as asked"));
    }
    notice::ignore();
    let script = "trap ': >told; sleep 0.04; : >cleaned; exit' TERM; : >ready; while :; do sleep 0.01; done";
    let _ = Command::new("sh").args(["-c", script]).current_dir(folder).spawn().unwrap().wait();
}

fn what_a_chunk_started_has_time_to_terminate_after_the_fold(model: Model) {
    let cleans_up = |_| {
        let folder = folder();
        let on = on(model, |builder| builder.timeout(Duration::from_secs(2)).retries(1).retry_panics(true));
        let task = panics_beside_a_late_chunk.with(folder.path().into());
        let error = on.for_each(Items(vec![0, 1]), task).unwrap_err();
        assert!(error.is_panic() && error.chunk() == Some(0), "{error}");
        assert!(folder.path().join("told").exists(), "the other chunk was late");
        folder.path().join("cleaned").exists()
    };
    assert!((0..TRIES).any(cleans_up), "it was killed before it had cleaned up");
}

/// Takes its time to be read, in a worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct SlowToRead;

impl<'de> Deserialize<'de> for SlowToRead {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer)?;
        if std::env::args().nth(1).is_some_and(|word| word.starts_with("--threefold")) {
            // Longer than a worker may do nothing at all.
            std::thread::sleep(Duration::from_millis(10_500));
        }
        Ok(Self)
    }
}

#[task]
impl Task for SlowToRead {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        chunk
    }
}

fn a_task_that_takes_longer_to_read_than_a_worker_may_rest_is_waited_for(model: Model) {
    assert_eq!(on(model, |builder| builder).map(Items(vec![1, 2]), SlowToRead).unwrap(), [1, 2]);
}

/// Large captures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Table(Vec<u64>);

#[task]
impl Task for Table {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        self.0[chunk as usize]
    }
}

fn captures_that_a_worker_has_are_not_sent_again(model: Model) {
    let on = on(model, |builder| builder);
    let table = |factor: u64| Table((0..100_000u64).map(|i| (i << 40) | (i * factor)).collect());
    let moved = |factor| {
        let trace = threefold::Trace::new();
        let values = on.trace(&trace).map(Items((0..4).collect()), table(factor)).unwrap();
        assert_eq!(values, (0..4).map(|i| (i << 40) | (i * factor)).collect::<Vec<_>>());
        trace.bytes_moved()
    };
    // With both workers there, which may take more than one fold.
    let size = moved(1);
    assert!(size > 800_000, "{size}");
    let mut last = size;
    wait_until("both workers have the table", || {
        last = moved(1);
        last < 1_000
    });
    assert!(moved(2) > 800_000, "another table is sent");
}

/// Fails on one chunk, or none.
#[task]
fn fails_on_five(chunk: u64) -> Result<u64, String> {
    if chunk == 5 { Err("five".to_string()) } else { Ok(chunk) }
}

fn every_fold_of_a_kept_task_goes_as_far_as_the_first(model: Model) {
    let on = on(model, |builder| builder);
    for _ in 0..3 {
        let sum = |chunks: std::ops::Range<u64>| {
            on.try_fold(Items(chunks.collect()), fails_on_five, 0, |sum: u64, part| sum + part)
        };
        assert!(sum(0..10).is_err());
        // What ended the fold before is no limit to this one.
        assert_eq!(sum(6..100).unwrap(), (6..100).sum::<u64>());
        let all = on.map(Items((0..10).collect()), fails_on_five).unwrap();
        assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 9);
    }
}

fn chunks_of_any_size_go_both_ways_whatever_goes_into_one_message(model: Model) {
    let on = on(model, |builder| builder);
    // Cheap ones first, so that many are sent at once; then some of which only a few go into a message, or one.
    let sizes = [vec![1; 2000], vec![300_000; 20], vec![5_000_000; 3], vec![0; 100]].concat();
    let chunks: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(i, &size)| vec![i as u8; size]).collect();
    let back = on.map(Items(chunks.clone()), crate::tasks::echo).unwrap();
    assert!(back == chunks);
}
