//! Law 9, for streams: the outputs as they come, and no more at one time than the window holds.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Event, Stream, from_iter};

use crate::executor;
use crate::fixtures::{fixture, folder};
use crate::law9_awaiting::{by_hand, said};
use crate::tasks::{Death, DiesOn, PanicsOn, add_up, echo, ends, files, irregular, wait_until};

crate::rows! {
    every:
        a_stream_gives_what_map_gives,
        an_empty_source_streams_nothing_whoever_cancels_or_observes,
        an_unordered_stream_gives_each_chunk_once,
        iterators_with_and_without_an_end_are_streamed,
        streams_are_polled_by_any_executor,
        the_lowest_failure_comes_after_the_outputs_below_it,
        a_stream_of_results_goes_on_after_a_failure,
        outputs_come_while_the_iterator_waits,
        no_output_waits_for_the_chunk_after_it,
        no_chunk_begins_beyond_the_window,
        no_item_is_taken_beyond_the_window,
        a_panic_of_the_iterator_unwinds_after_the_outputs_before_it,
        a_destructor_of_the_iterator_that_panics_unwinds_from_the_stream,
        a_stream_that_has_unwound_has_ended,
        a_token_ends_a_stream,
        a_stream_that_is_polled_gives_way,
        tasks_stream_in_tasks,
        a_stream_dropped_at_any_moment_leaves_nothing,
        memory_stays_as_it_is_however_long_the_input,
        the_executor_works_after_a_stream_was_dropped;
    with_two_workers: a_slow_chunk_holds_up_no_other_in_an_unordered_stream;
    local: an_item_that_waits_in_its_clone_holds_up_no_output_before_it;
    pooled: a_stream_that_is_refused_a_thread_leaves_nothing;
    isolating: a_lost_worker_ends_a_stream, a_lost_worker_does_not_end_a_stream_of_results;
}

fn numbers(count: u64) -> Items<u64> {
    Items((0..count).collect())
}

fn well<T>(stream: Stream<T>) -> Vec<T> {
    stream.collect::<Result<_, _>>().unwrap()
}

fn a_stream_gives_what_map_gives(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        let source = || (0..20_000).split_into(777);
        let expected: Vec<u64> = on.map(source(), irregular).unwrap().into_iter().map(f64::to_bits).collect();
        for ahead in [1, 2, 50, 5000] {
            let bits: Vec<u64> =
                well(on.stream(source(), irregular).ahead(ahead)).into_iter().map(f64::to_bits).collect();
            assert_eq!(bits, expected, "{ahead} ahead");
        }
        assert_eq!(well(on.stream(numbers(0), PanicsOn(vec![]))), [0; 0]);
    }
    let error = executor(model, 2).stream((0..5).split_into(0), ends).next().unwrap().unwrap_err();
    assert!(error.is_setup(), "{error}");
}

/// The other verbs give the value of no chunks, without a fold.
fn an_empty_source_streams_nothing_whoever_cancels_or_observes(model: Model) {
    let token = CancelToken::new();
    token.cancel();
    let told = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&told);
    let on = executor(model, 2).cancel(&token).observe(move |_| _ = count.fetch_add(1, SeqCst));
    assert_eq!(on.map(numbers(0), PanicsOn(vec![])).unwrap(), [0; 0]);
    assert_eq!(well(on.stream(numbers(0), PanicsOn(vec![]))), [0; 0]);
    assert_eq!(well(on.stream_unordered(numbers(0), PanicsOn(vec![]))), [(0, 0); 0]);
    assert_eq!(told.load(SeqCst), 0);
}

fn an_unordered_stream_gives_each_chunk_once(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        let expected: Vec<_> = (0..).zip(on.map((0..1000).split_into(333), ends).unwrap()).collect();
        for ahead in [1, 7, 1000] {
            let mut outputs = well(on.stream_unordered((0..1000).split_into(333), ends).ahead(ahead));
            outputs.sort_unstable();
            assert_eq!(outputs, expected, "{ahead} ahead");
        }
    }
}

fn iterators_with_and_without_an_end_are_streamed(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        let task = || PanicsOn(vec![]);
        for count in [0, 1, 5, 3000] {
            assert_eq!(well(on.stream(from_iter(0..count), task())), (0..count).collect::<Vec<_>>());
            let all: BTreeSet<_> = well(on.stream_unordered(from_iter(0..count), task())).into_iter().collect();
            assert_eq!(all, (0..count).map(|n| (n, n)).collect());
        }
        let first: Vec<_> = on.stream(from_iter(7..), task()).take(3000).map(Result::unwrap).collect();
        assert_eq!(first, (7..3007).collect::<Vec<_>>());
    }
}

fn streams_are_polled_by_any_executor(model: Model) {
    let on = executor(model, 2);
    let expected: Vec<u64> = (0..500).collect();
    fn all(stream: Stream<u64>) -> impl Future<Output = Vec<u64>> + Send {
        futures_util::StreamExt::collect(futures_util::StreamExt::map(stream.awaited(), Result::unwrap))
    }
    let stream = || on.stream(from_iter(0..500), PanicsOn(vec![]));
    assert_eq!(well(stream()), expected);
    assert_eq!(by_hand(all(stream())), expected);
    assert_eq!(pollster::block_on(all(stream())), expected);
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(single.block_on(all(stream())), expected);
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    assert_eq!(multi.block_on(async { tokio::spawn(all(stream())).await.unwrap() }), expected);
}

fn the_lowest_failure_comes_after_the_outputs_below_it(model: Model) {
    let on = executor(model, 3);
    let task = || PanicsOn(vec![37, 38, 120]);
    let blocking = on.map(numbers(500), task()).unwrap_err();
    for mut stream in [on.stream(numbers(500), task()), on.stream(from_iter(0..), task()).ahead(50)] {
        for expected in 0..37 {
            assert_eq!(stream.next().unwrap().unwrap(), expected);
        }
        assert_eq!(said(&stream.next().unwrap().unwrap_err()), said(&blocking));
        assert!(stream.next().is_none() && stream.next().is_none(), "it has ended");
    }
    let mut outcomes: Vec<_> = on.stream_unordered(numbers(500), task()).collect();
    let error = outcomes.pop().unwrap().unwrap_err();
    assert_eq!(said(&error), said(&blocking));
    let chunks: BTreeSet<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().0).collect();
    assert!((0..37).all(|chunk| chunks.contains(&chunk)), "{chunks:?}");
}

fn a_stream_of_results_goes_on_after_a_failure(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        let task = || PanicsOn(vec![2, 1700, 1999]);
        for stream in [
            on.__stream_results(numbers(2000), task()),
            on.__stream_results(from_iter(0..2000), task()),
            on.__stream_results(from_iter(0..2000), task()).ahead(1),
        ] {
            let results = well(stream);
            assert_eq!(results.len(), 2000);
            for (chunk, result) in (0..).zip(results) {
                match result {
                    Ok(output) => assert!(output == chunk && !task().0.contains(&chunk)),
                    Err(error) => assert!(error.is_panic() && error.chunk() == Some(chunk), "{error}"),
                }
            }
        }
        let token = CancelToken::new();
        let mut stream = on.cancel(&token).__stream_results(from_iter(0..), task());
        assert_eq!(stream.nth(1).unwrap().unwrap().unwrap(), 1);
        token.cancel();
        assert!(stream.any(|result| result.is_ok_and(|result| result.is_err_and(|error| error.is_cancelled()))));
    }
}

fn outputs_come_while_the_iterator_waits(model: Model) {
    for is_ordered in [true, false] {
        let on = executor(model, 2);
        let (input, items) = mpsc::channel();
        let outputs: Box<dyn Iterator<Item = u64>> = if is_ordered {
            Box::new(on.stream(from_iter(items), PanicsOn(vec![])).map(Result::unwrap))
        } else {
            Box::new(on.stream_unordered(from_iter(items), PanicsOn(vec![])).map(|output| output.unwrap().1))
        };
        let mut outputs = outputs;
        for item in 0..20 {
            input.send(item).unwrap();
            assert_eq!(outputs.next(), Some(item));
        }
        drop(input);
        assert_eq!(outputs.next(), None);
    }
}

/// Chunk 0 waits for a file.
#[task]
fn waits_first(chunk: u64, file: &PathBuf) -> u64 {
    if chunk == 0 {
        wait_until("the others have come", || file.exists());
    }
    chunk
}

fn a_slow_chunk_holds_up_no_other_in_an_unordered_stream(model: Model) {
    let folder = folder();
    let file = folder.path().join("go");
    let on = executor(model, 2);
    let mut stream = on.stream_unordered(from_iter(0..), waits_first.with(file.clone())).ahead(8);
    let mut outputs: Vec<_> = (0..100).map(|_| stream.next().unwrap().unwrap().0).collect();
    assert!(!outputs.contains(&0), "chunk 0 waits until all of these have come");
    std::fs::write(&file, "").unwrap();
    while !outputs.contains(&0) {
        outputs.push(stream.next().unwrap().unwrap().0);
    }
    let distinct: BTreeSet<_> = outputs.iter().copied().collect();
    assert_eq!(distinct.len(), outputs.len(), "each once");
}

/// Waits until the output of the chunk before has been taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FollowsWhatWasTaken {
    folder: PathBuf,
}

#[task]
impl Task for FollowsWhatWasTaken {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        if let Some(before) = chunk.checked_sub(1) {
            let taken = self.folder.join(before.to_string());
            wait_until("the output before has been taken", || taken.exists());
        }
        chunk
    }
}

fn no_output_waits_for_the_chunk_after_it(model: Model) {
    let on = executor(model, 1);
    for unordered in [false, true] {
        let folder = folder();
        let task = FollowsWhatWasTaken { folder: folder.path().into() };
        let take = |chunk: u64| std::fs::write(folder.path().join(chunk.to_string()), "").unwrap();
        if unordered {
            on.stream_unordered(numbers(20), task).for_each(|item| take(item.unwrap().0));
        } else {
            on.stream(numbers(20), task).for_each(|item| take(item.unwrap()));
        }
    }
}

/// Leaves a file named after each chunk that starts. A chunk beyond the window panics: before an output is asked for, a file
/// named after the number of outputs that were asked for by then is left in another folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeepsToTheWindow {
    begun: PathBuf,
    asked: PathBuf,
    ahead: u64,
}

#[task]
impl Task for KeepsToTheWindow {
    type Chunk = u64;
    type Output = ();

    fn map(&self, chunk: u64) {
        let least = (chunk + 1).saturating_sub(self.ahead).max(1);
        assert!(self.asked.join(least.to_string()).exists(), "{least} outputs were not asked for");
        std::fs::write(self.begun.join(chunk.to_string()), "").expect("the folder is there");
    }
}

fn no_chunk_begins_beyond_the_window(model: Model) {
    for ahead in [1, 4] {
        let (begun, asked) = (folder(), folder());
        let on = executor(model, 3);
        let task = KeepsToTheWindow { begun: begun.path().into(), asked: asked.path().into(), ahead: ahead as u64 };
        let mut stream = on.stream(numbers(40), task).ahead(ahead);
        assert_eq!(files(begun.path()), 0, "nobody has asked for an output");
        for taken in 1..=40 {
            std::fs::write(asked.path().join(taken.to_string()), "").unwrap();
            stream.next().unwrap().unwrap();
            wait_until("the window is used", || files(begun.path()) >= (taken + ahead).min(40));
            assert_eq!(files(begun.path()), (taken + ahead).min(40), "{ahead} ahead");
        }
        assert!(stream.next().is_none());
    }
}

fn no_item_is_taken_beyond_the_window(model: Model) {
    let (taken, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (takes, knows) = (Arc::clone(&taken), Arc::clone(&asked));
    let items = (0..).inspect(move |_| {
        let (taken, asked) = (takes.fetch_add(1, SeqCst) + 1, knows.load(SeqCst));
        assert!(taken <= asked + 5, "{taken} items were taken when {asked} outputs were asked for");
    });
    let mut stream = executor(model, 2).stream(from_iter(items), PanicsOn(vec![])).ahead(5);
    for outputs in 1..=20 {
        asked.store(outputs, SeqCst);
        stream.next().unwrap().unwrap();
        wait_until("the window is full", || taken.load(SeqCst) >= outputs + 5);
        assert_eq!(taken.load(SeqCst), outputs + 5);
    }
}

fn memory_stays_as_it_is_however_long_the_input(model: Model) {
    let output = fixture("streams-long", model);
    assert_eq!(output.stdout, "as it was\n", "{}", output.stderr);
}

#[task]
fn is_slow_once(chunk: Vec<u8>) -> Vec<u8> {
    if chunk[0] == 1 {
        thread::sleep(Duration::from_millis(200));
    }
    chunk
}

/// Streams many chunks of a kilobyte, of which one is very slow, and says that memory has not grown meanwhile.
pub(crate) fn stream_long(model: Model) {
    let on = executor(model, 2);
    let chunks = (0_u64..).map(|number| vec![u8::from(number == 3000); 1024]);
    let mut stream = on.stream(from_iter(chunks), is_slow_once).ahead(256);
    let mut after = |count| {
        for taken in 0..count {
            if taken % 1000 == 0 {
                thread::sleep(Duration::from_millis(2));
            }
            stream.next().expect("it has no end").expect("it goes well");
        }
        peak()
    };
    let (first, last) = (after(5_000), after(30_000));
    // 30,000 chunks would take 30 MiB.
    if last > first + 8 * 1024 {
        println!("from {first} to {last} KiB");
    } else {
        println!("as it was");
    }
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches("kB").trim().parse().expect("it is a number")
}

/// Its destructor panics, and so does the fourth item, if that is asked for.
struct Bad {
    next: u64,
    panics: bool,
}

impl Iterator for Bad {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.next += 1;
        assert!(!self.panics || self.next < 4, "an item");
        (self.next < 4).then_some(self.next)
    }
}

impl Drop for Bad {
    fn drop(&mut self) {
        std::panic::panic_any("the destructor");
    }
}

fn a_destructor_of_the_iterator_that_panics_unwinds_from_the_stream(model: Model) {
    let on = executor(model, 2);
    for panics in [false, true] {
        let mut outputs = Vec::new();
        let take =
            || on.stream(from_iter(Bad { next: 0, panics }), PanicsOn(vec![])).for_each(|n| outputs.push(n.unwrap()));
        let payload = catch_unwind(AssertUnwindSafe(take)).unwrap_err();
        // The first panic is that of the item.
        assert_eq!(payload.downcast_ref::<&str>(), Some(&if panics { "an item" } else { "the destructor" }));
        assert_eq!(outputs, [1, 2, 3]);
    }
    assert_eq!(on.map(numbers(2), PanicsOn(vec![])).unwrap(), [0, 1], "the executor goes on");
}

fn a_panic_of_the_iterator_unwinds_after_the_outputs_before_it(model: Model) {
    let on = executor(model, 2);
    let items = (0..).map(|item: u64| if item < 9 { item } else { panic!("item {item} is missing") });
    let mut stream = on.stream(from_iter(items), PanicsOn(vec![]));
    for expected in 0..9 {
        assert_eq!(stream.next().unwrap().unwrap(), expected);
    }
    let payload = catch_unwind(AssertUnwindSafe(|| stream.next())).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "item 9 is missing");
    assert_eq!(well(on.stream(numbers(3), PanicsOn(vec![]))), [0, 1, 2], "the executor goes on");
}

/// Panics when the one that the stream keeps is dropped.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fragile {
    number: u64,
    is_copy: bool,
}

impl Clone for Fragile {
    fn clone(&self) -> Self {
        Self { is_copy: true, ..*self }
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.is_copy || self.number != 4, "item 4 breaks");
    }
}

#[task]
fn number_of(item: Fragile) -> u64 {
    item.number
}

fn a_stream_that_has_unwound_has_ended(model: Model) {
    let on = executor(model, 2);
    let missing = (0..).map(|item: u64| if item < 4 { item } else { panic!("item {item} is missing") });
    let fragile = (0..9).map(|number| Fragile { number, is_copy: false });
    let watched = on.observe(|event| {
        if let Event::Finished(span) = event {
            assert_ne!(span.chunk, 4, "enough");
        }
    });
    for mut stream in [
        on.stream(from_iter(missing), PanicsOn(vec![])),
        on.stream(from_iter(fragile), number_of),
        watched.stream(from_iter(0..), PanicsOn(vec![])),
    ] {
        while let Ok(output) = catch_unwind(AssertUnwindSafe(|| stream.next())) {
            output.expect("it has not ended").unwrap();
        }
        assert!(stream.next().is_none() && stream.next().is_none(), "no output is passed over");
    }
}

/// Item 1 can be copied when there is a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Patient(u64, PathBuf);

impl Clone for Patient {
    fn clone(&self) -> Self {
        if self.0 == 1 {
            wait_until("output 0 was taken", || self.1.exists());
        }
        Self(self.0, self.1.clone())
    }
}

#[task]
fn number_of_patient(item: Patient) -> u64 {
    item.0
}

fn an_item_that_waits_in_its_clone_holds_up_no_output_before_it(model: Model) {
    let folder = folder();
    let file = folder.path().join("taken");
    let items: Vec<_> = (0..3).map(|number| Patient(number, file.clone())).collect();
    let mut stream = executor(model, 2).stream(from_iter(items), number_of_patient);
    assert_eq!(stream.next().unwrap().unwrap(), 0);
    std::fs::write(&file, "").unwrap();
    assert_eq!(well(stream), [1, 2]);
}

/// The fold gets no thread with so large a stack; the iterator has got one before.
fn a_stream_that_is_refused_a_thread_leaves_nothing(model: Model) {
    let on = Executor::builder(model).workers(1).stack_size(1 << 60).build().unwrap();
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let items = (0..).inspect(move |_| assert!(Arc::strong_count(&holds) > 0));
    let error = on.stream(from_iter(items), PanicsOn(vec![])).next().unwrap().unwrap_err();
    assert!(error.is_setup(), "{error}");
    wait_until("the iterator was dropped", || Arc::strong_count(&held) == 1);
}

fn a_token_ends_a_stream(model: Model) {
    fn check(model: Model, items: impl Iterator<Item = u64> + Send + 'static) {
        let token = CancelToken::new();
        let mut stream = executor(model, 2).cancel(&token).stream(from_iter(items), PanicsOn(vec![]));
        assert_eq!(stream.next().unwrap().unwrap(), 0);
        token.cancel();
        let error = stream.find_map(Result::err).unwrap();
        assert!(error.is_cancelled(), "{error}");
        assert!(stream.next().is_none());
    }
    check(model, 0..);
    // Gives one item, and then waits for longer than the stream lives.
    let (_input, items) = mpsc::channel();
    check(model, (0..1).chain(items));
}

fn a_stream_that_is_polled_gives_way(model: Model) {
    let on = executor(model, 2);
    let mut stream = on.stream(from_iter(0..), PanicsOn(vec![])).ahead(1000);
    // However many outputs wait, a loop that polls again and again comes to an end.
    for _ in 0..3 {
        let mut cx = Context::from_waker(Waker::noop());
        let in_a_row =
            (0..1000).take_while(|_| futures_util::StreamExt::poll_next_unpin(&mut stream, &mut cx).is_ready()).count();
        assert!(in_a_row < 100, "{in_a_row}");
    }
}

/// The sum of a stream, in a task.
#[task]
fn streams(chunk: u64) -> u64 {
    let on = Executor::current();
    let inner =
        on.stream(from_iter((1..=chunk as i64).map(|n| n..=n)), add_up).map(|part| part.expect("it is added up"));
    inner.sum::<i128>() as u64
}

fn tasks_stream_in_tasks(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        assert_eq!(well(on.stream(numbers(12), streams)), (0..12).map(|n| n * (n + 1) / 2).collect::<Vec<_>>());
        assert_eq!(on.map(numbers(12), streams).unwrap(), (0..12).map(|n| n * (n + 1) / 2).collect::<Vec<_>>());
    }
}

fn a_stream_dropped_at_any_moment_leaves_nothing(model: Model) {
    let output = fixture("drops-streams", model);
    assert_eq!(output.stdout, "nothing left\n", "{}", output.stderr);
}

/// Begins streams on `on`, and drops each after some items, also while an iterator waits.
pub(crate) fn drop_streams(on: &Executor) {
    for items in 0..6 {
        on.stream(from_iter(0..), PanicsOn(vec![])).take(items).for_each(drop);
        on.stream_unordered(from_iter(0..), PanicsOn(vec![3])).take(items).for_each(drop);
        on.stream(from_iter((0..).map(|n: u8| vec![n])), echo).ahead(2).take(items).for_each(drop);
        let (input, waiting) = mpsc::channel();
        (0..items as u64).for_each(|item| input.send(item).expect("it is received"));
        on.stream(from_iter(waiting), PanicsOn(vec![])).take(items).for_each(drop);
        // The iterator returns, and its thread ends.
        drop(input);
    }
}

fn the_executor_works_after_a_stream_was_dropped(model: Model) {
    let on = executor(model, 2);
    drop_streams(&on);
    assert_eq!(well(on.stream(numbers(3), PanicsOn(vec![]))), [0, 1, 2]);
    assert_eq!(on.map(numbers(3), PanicsOn(vec![])).unwrap(), [0, 1, 2]);
}

fn a_lost_worker_ends_a_stream(model: Model) {
    let on = crate::isolated(model, 2);
    let task = DiesOn { chunk: 77, death: Death::Kill };
    let mut outcomes: Vec<_> = on.stream((1..=100).split_into(10), task).collect();
    let error = outcomes.pop().unwrap().unwrap_err();
    assert!(error.is_worker_lost() && error.chunk() == Some(7), "{error}");
    assert_eq!(outcomes.len(), 7);
}

fn a_lost_worker_does_not_end_a_stream_of_results(model: Model) {
    let on = crate::isolated(model, 2);
    let task = DiesOn { chunk: 77, death: Death::Kill };
    let chunks: Vec<_> = (0..10).map(|chunk| chunk * 10 + 1..=chunk * 10 + 10).collect();
    for stream in
        [on.__stream_results(Items(chunks.clone()), task.clone()), on.__stream_results(from_iter(chunks), task)]
    {
        let results = well(stream);
        let lost = results.iter().enumerate().filter(|(_, result)| result.is_err()).map(|(chunk, _)| chunk);
        assert_eq!((lost.collect::<Vec<_>>(), results.len()), (vec![7], 10));
        assert!(results[7].as_ref().is_err_and(threefold::Error::is_worker_lost));
    }
}
