//! Law 9: awaiting is the same as blocking.

use std::future::poll_fn;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use threefold::prelude::*;
use threefold::{CancelToken, Error, Event, Trace, TryError};

use crate::fixtures::{fixture, folder, is_alive};
use crate::tasks::{
    Death, DiesOn, EndlessWait, FailsOn, Leaves, Nests, PanicsOn, add_up, files, irregular, nap, wait_until,
};
use crate::{executor, isolated};

crate::rows! {
    every:
        the_value_is_the_same_whoever_polls,
        the_error_is_the_same_whoever_polls,
        each_verb_gives_the_same_as_the_one_that_blocks,
        the_tree_is_the_same_whoever_polls,
        an_empty_source_is_awaited,
        a_future_that_nobody_polls_begins_nothing,
        the_thread_that_polls_runs_no_chunk_and_is_not_held,
        a_long_reduction_gives_way,
        the_latest_waker_is_woken,
        a_dropped_future_wakes_nobody_and_keeps_no_waker,
        a_panic_in_the_reduction_unwinds_from_the_poll,
        a_panic_in_an_observer_unwinds_from_the_poll,
        a_token_cancels_an_awaited_fold,
        a_reduction_borrows_what_the_future_may_borrow,
        tasks_await_folds_three_deep,
        awaited_folds_hold_folds_that_block,
        several_folds_are_awaited_at_once,
        more_chunks_than_the_window_holds_are_awaited,
        the_fold_gives_up_what_it_was_given,
        a_trace_has_the_spans_of_an_awaited_fold,
        a_fold_dropped_at_any_moment_leaves_nothing,
        the_executor_works_after_a_drop,
        a_waker_may_drop_the_future_it_wakes;
    asynchronous: chunks_of_a_dropped_fold_are_dropped_at_their_await;
    stopping: an_awaited_chunk_may_take_too_long;
    local: folds_that_are_awaited_one_after_another_share_a_thread;
    pooled: awaited_chunks_have_the_stack_that_was_asked_for;
    isolating:
        an_awaited_worker_may_be_lost,
        the_smallest_range_is_found_without_blocking;
    processes: a_future_dropped_while_the_smallest_range_is_looked_for_ends_that;
    with_one_worker: chunks_of_a_dropped_fold_do_not_start;
}

/// A future on the heap that any thread may poll: that it compiles proves that the futures of folds are `Send`.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The waker of an executor of a few lines: it unparks a thread, and counts.
struct Counting {
    thread: Thread,
    wakes: AtomicUsize,
}

impl Counting {
    fn new() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), wakes: AtomicUsize::new(0) })
    }
}

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.thread.unpark();
    }
}

/// Polls `future` to its end on this thread, each time with another waker, and only after a wake-up.
pub(crate) fn by_hand<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let waker = Counting::new();
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&waker)))) {
            return value;
        }
        while waker.wakes.load(SeqCst) == 0 {
            thread::park();
        }
    }
}

/// Awaits the future that `make` makes, in turn by each kind of executor.
fn each_way<T: Send + 'static>(make: impl Fn() -> Boxed<T>, check: impl Fn(T)) {
    check(by_hand(make()));
    check(pollster::block_on(make()));
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    check(single.block_on(make()));
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    check(multi.block_on(async { tokio::spawn(make()).await.unwrap() }));
}

fn numbers(count: u64) -> Items<u64> {
    Items((0..count).collect())
}

fn the_value_is_the_same_whoever_polls(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        let expected = on.fold((0..20_000).split_into(777), irregular, 0.0, |a, b| a + b).unwrap().to_bits();
        each_way(
            || Box::pin(on.fold_async((0..20_000).split_into(777), irregular, 0.0, |a, b| a + b)),
            |value| assert_eq!(value.unwrap().to_bits(), expected),
        );
    }
}

/// What an error says, but for the worker that happened to run the chunk.
pub(crate) fn said(error: &Error) -> (Option<&str>, Option<u64>, Option<String>, bool, Option<String>) {
    let location = error.panic_location().map(ToString::to_string);
    (error.task(), error.chunk(), error.range().map(ToString::to_string), error.is_panic(), location)
}

fn the_error_is_the_same_whoever_polls(model: Model) {
    let on = executor(model, 2);
    let blocking = on.for_each(numbers(500), PanicsOn(vec![37, 38, 400])).unwrap_err();
    let expected = said(&blocking);
    assert_eq!(expected.1, Some(37));
    each_way(
        || Box::pin(on.for_each_async(numbers(500), PanicsOn(vec![37, 38, 400]))),
        |result| assert_eq!(said(&result.unwrap_err()), expected),
    );
}

fn each_verb_gives_the_same_as_the_one_that_blocks(model: Model) {
    let on = executor(model, 2);
    let values = on.map_async(numbers(100), PanicsOn(vec![]));
    assert_eq!(by_hand(values).unwrap(), on.map(numbers(100), PanicsOn(vec![])).unwrap());
    by_hand(on.for_each_async(numbers(100), PanicsOn(vec![]))).unwrap();

    let kept = by_hand(on.map_results_async(numbers(12), PanicsOn(vec![3, 11]))).unwrap();
    let places: Vec<_> = kept.iter().map(|result| result.as_ref().map_err(|error| error.chunk())).collect();
    let blocking = on.map_results(numbers(12), PanicsOn(vec![3, 11])).unwrap();
    assert_eq!(
        places,
        blocking.iter().map(|result| result.as_ref().map_err(|error| error.chunk())).collect::<Vec<_>>()
    );

    for (panics, errors) in [(vec![7], vec![5]), (vec![5], vec![7]), (vec![], vec![30, 20]), (vec![], vec![])] {
        let task = FailsOn { panics, errors };
        let awaited = by_hand(on.try_fold_async(numbers(50), task.clone(), 0, |sum, part| sum + part));
        match (awaited, on.try_fold(numbers(50), task, 0, |sum, part| sum + part)) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (Err(TryError::Task { chunk: one, error }), Err(TryError::Task { chunk: other, error: as_well })) => {
                assert_eq!((one, error), (other, as_well));
            }
            (Err(TryError::Failed(one)), Err(TryError::Failed(other))) => assert_eq!(said(&one), said(&other)),
            (one, other) => panic!("{one:?}, {other:?}"),
        }
    }
    let task = FailsOn { panics: vec![], errors: vec![] };
    let bounded = |sum: u64, part| if part < 7 { Ok(sum + part) } else { Err(format!("{part} is too many")) };
    match by_hand(on.try_fold_async(numbers(50), task, 0, bounded)) {
        Err(TryError::Task { chunk: 7, error }) => assert_eq!(error, "7 is too many"),
        other => panic!("{other:?}"),
    }
}

#[task]
fn name_of(chunk: u64) -> String {
    chunk.to_string()
}

fn the_tree_is_the_same_whoever_polls(model: Model) {
    let pair = |left, right| format!("({left} {right})");
    for workers in [1, 3] {
        let on = executor(model, workers);
        let expected = on.combine(numbers(77), name_of, pair).unwrap();
        each_way(|| Box::pin(on.combine_async(numbers(77), name_of, pair)), |tree| assert_eq!(tree.unwrap(), expected));
        assert_eq!(by_hand(on.combine_async(numbers(0), name_of, pair)).unwrap(), None);
        let error = by_hand(on.combine_async(numbers(77), PanicsOn(vec![70]), |left, _| left)).unwrap_err();
        assert_eq!(error.chunk(), Some(70));
        let panics = |_, right: u64| -> u64 { panic!("{right} cannot be merged") };
        let fold = || by_hand(on.combine_async(numbers(77), PanicsOn(vec![]), panics));
        let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
        assert_eq!(payload.downcast_ref::<String>().unwrap(), "1 cannot be merged");
    }
}

fn an_empty_source_is_awaited(model: Model) {
    let on = executor(model, 2);
    assert_eq!(by_hand(on.fold_async(numbers(0), PanicsOn(vec![]), 42, |sum, part| sum + part)).unwrap(), 42);
    assert!(by_hand(on.for_each_async((0..5).split_into(0), irregular)).unwrap_err().is_setup());
}

fn a_future_that_nobody_polls_begins_nothing(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    drop(on.for_each_async(numbers(5), Leaves { folder: folder.path().into(), panics_on: None }));
    assert_eq!(files(folder.path()), 0);
}

/// Waits for a file that is written when the first poll has returned.
#[task]
fn waits_for(chunk: u64, file: &PathBuf) -> (u64, i32) {
    wait_until("the poll has returned", || file.exists());
    (chunk, rustix::thread::gettid().as_raw_nonzero().get())
}

fn the_thread_that_polls_runs_no_chunk_and_is_not_held(model: Model) {
    let folder = folder();
    let file = folder.path().join("go");
    for workers in [1, 2] {
        let on = executor(model, workers);
        let mut future = Box::pin(on.map_async(numbers(6), waits_for.with(file.clone())));
        // If this poll ran a chunk, or waited for one, the chunk would wait in vain.
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        std::fs::write(&file, "").unwrap();
        let outputs = by_hand(future).unwrap();
        let own = rustix::thread::gettid().as_raw_nonzero().get();
        assert!(outputs.iter().all(|&(_, thread)| crate::remote(model) || thread != own));
        assert_eq!(outputs.iter().map(|&(chunk, _)| chunk).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        std::fs::remove_file(&file).unwrap();
    }
}

/// The thread that runs it.
#[task]
fn thread_of(_chunk: u64) -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

fn folds_that_are_awaited_one_after_another_share_a_thread(model: Model) {
    let on = executor(model, 1);
    let thread = || by_hand(on.map_async(numbers(1), thread_of)).unwrap()[0];
    let mut latest = thread();
    // The thread of a fold wakes the future, and waits for the next fold a moment later.
    wait_until("a fold has the thread of the one before", || std::mem::replace(&mut latest, thread()) == latest);
}

fn a_long_reduction_gives_way(model: Model) {
    let on = executor(model, 2);
    let reduced = AtomicUsize::new(0);
    let slow = |sum, part| {
        reduced.fetch_add(1, SeqCst);
        // Longer than a poll reduces.
        let until = Instant::now() + Duration::from_millis(1);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        sum + part
    };
    let mut future = pin!(on.fold_async(numbers(20), PanicsOn(vec![]), 0, slow));
    let total = by_hand(poll_fn(|cx| {
        let before = reduced.load(SeqCst);
        let polled = future.as_mut().poll(cx);
        assert!(reduced.load(SeqCst) <= before + 1, "one poll reduced {}", reduced.load(SeqCst) - before);
        polled
    }));
    assert_eq!(total.unwrap(), 190);
}

fn the_latest_waker_is_woken(model: Model) {
    let folder = folder();
    let file = folder.path().join("go");
    let on = executor(model, 1);
    let mut future = Box::pin(on.map_async(numbers(1), waits_for.with(file.clone())));
    let wakers = [Counting::new(), Counting::new()];
    for waker in &wakers {
        assert!(future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(waker)))).is_pending());
    }
    std::fs::write(&file, "").unwrap();
    wait_until("the future is woken", || wakers[1].wakes.load(SeqCst) > 0);
    assert_eq!(by_hand(future).unwrap().len(), 1);
    assert_eq!(wakers[0].wakes.load(SeqCst), 0);
}

fn a_dropped_future_wakes_nobody_and_keeps_no_waker(model: Model) {
    let folder = folder();
    let file = folder.path().join("go");
    let on = executor(model, 2);
    let waker = Counting::new();
    let mut future = Box::pin(on.map_async(numbers(2), waits_for.with(file.clone())));
    assert!(future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&waker)))).is_pending());
    drop(future);
    assert_eq!((Arc::strong_count(&waker), waker.wakes.load(SeqCst)), (1, 0), "also while chunks still run");
    std::fs::write(&file, "").unwrap();
}

fn a_panic_in_the_reduction_unwinds_from_the_poll(model: Model) {
    let on = executor(model, 2);
    let fold = || by_hand(on.fold_async(numbers(50), PanicsOn(vec![]), (), |(), part| assert_ne!(part, 9, "nine")));
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert!(payload.downcast_ref::<String>().is_some_and(|text| text.contains("nine")));
    assert_eq!(by_hand(on.map_async(numbers(2), PanicsOn(vec![]))).unwrap(), [0, 1], "the executor goes on");
}

fn a_panic_in_an_observer_unwinds_from_the_poll(model: Model) {
    let on = executor(model, 2);
    let watched = on.observe(|_| panic!("the observer has seen enough"));
    let fold = || by_hand(watched.map_async(numbers(50), PanicsOn(vec![])));
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the observer has seen enough"));
    assert_eq!(by_hand(on.map_async(numbers(2), PanicsOn(vec![]))).unwrap(), [0, 1], "the executor goes on");
}

fn a_token_cancels_an_awaited_fold(model: Model) {
    let token = CancelToken::new();
    let on = executor(model, 2);
    let cancels = token.clone();
    let reduce = |sum, part| {
        cancels.cancel();
        sum + part
    };
    let error = by_hand(on.cancel(&token).fold_async(numbers(500), PanicsOn(vec![]), 0, reduce)).unwrap_err();
    assert_eq!(error.to_string(), format!("PanicsOn: cancelled on {model}"));
    let error = by_hand(on.cancel(&token).for_each_async(numbers(500), PanicsOn(vec![]))).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}

fn a_reduction_borrows_what_the_future_may_borrow(model: Model) {
    let on = executor(model, 2);
    let mut met = Vec::new();
    by_hand(on.fold_async(numbers(100), PanicsOn(vec![]), (), |(), part| met.push(part))).unwrap();
    assert_eq!(met, numbers(100).0);
}

/// Folds within folds, each awaited.
#[task]
async fn awaits(chunk: Range<u64>, depth: &u32) -> u64 {
    let mut total = 0;
    for i in chunk {
        total += i;
        if *depth > 0 {
            let inner = Executor::current().fold_async((0..6).split_into(3), awaits.with(depth - 1), 0, |a, b| a + b);
            total += Box::pin(inner).await.expect("it finishes");
        }
    }
    total
}

fn tasks_await_folds_three_deep(model: Model) {
    // Each level adds 15 for each of its items.
    let expected = 15 + 6 * (15 + 6 * (15 + 6 * 15));
    for workers in [1, 3] {
        let on = executor(model, workers);
        let source = || (0..6).split_into(3);
        assert_eq!(on.fold(source(), awaits.with(3), 0, |a, b| a + b).unwrap(), expected, "{workers} workers");
        let total = by_hand(on.fold_async(source(), awaits.with(3), 0, |a, b| a + b));
        assert_eq!(total.unwrap(), expected, "{workers} workers");
    }
}

fn awaited_folds_hold_folds_that_block(model: Model) {
    for workers in [1, 2] {
        let on = executor(model, workers);
        let expected = on.fold((0..10).split_into(5), Nests { depth: 2 }, 0, |a, b| a + b).unwrap();
        let total = by_hand(on.fold_async((0..10).split_into(5), Nests { depth: 2 }, 0, |a, b| a + b));
        assert_eq!(total.unwrap(), expected);
    }
}

fn several_folds_are_awaited_at_once(model: Model) {
    let on = executor(model, 2);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let folds: Vec<_> = (0..8)
            .map(|_| tokio::spawn(on.fold_async((1..=1000).split_into(50), add_up, 0, |total, part| total + part)))
            .collect();
        for fold in folds {
            assert_eq!(fold.await.unwrap().unwrap(), 500_500);
        }
    });
}

fn more_chunks_than_the_window_holds_are_awaited(model: Model) {
    let on = executor(model, 2);
    let mut is_first = true;
    let mut future = pin!(on.fold_async((0..150_000).chunks_of(1), irregular, 0_u64, |count, _| count + 1));
    let count = by_hand(poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        if std::mem::take(&mut is_first) {
            // Long enough that the window is full before the next poll.
            thread::sleep(Duration::from_millis(200));
        }
        polled
    }));
    assert_eq!(count.unwrap(), 150_000);
}

fn the_fold_gives_up_what_it_was_given(model: Model) {
    let on = executor(model, 2);
    let shared: Arc<[i32]> = (-500..1500).collect();
    for _ in 0..20 {
        let source = (&shared).chunks_of(99);
        by_hand(on.for_each_async(source, crate::tasks::total_of)).unwrap();
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}

fn a_trace_has_the_spans_of_an_awaited_fold(model: Model) {
    let trace = Trace::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let on = executor(model, 2).trace(&trace).observe(move |event| {
        if let Event::Finished(span) = event {
            hears.lock().unwrap().push(span.chunk);
        }
    });
    by_hand(on.for_each_async(numbers(20), PanicsOn(vec![]))).unwrap();
    let mut chunks: Vec<_> = trace.spans().iter().map(|span| span.chunk).collect();
    chunks.sort_unstable();
    heard.lock().unwrap().sort_unstable();
    assert_eq!(chunks, numbers(20).0);
    assert_eq!(*heard.lock().unwrap(), chunks);
}

fn a_fold_dropped_at_any_moment_leaves_nothing(model: Model) {
    let output = fixture("drops-futures", model);
    assert_eq!(output.stdout, "nothing left\n", "{}", output.stderr);
}

/// Begins folds on `on`, and drops each after some polls.
pub(crate) fn drop_futures(on: &Executor) {
    fn ended<T: Send>(fold: impl Future<Output = T> + Send + 'static) -> Boxed<()> {
        Box::pin(async { drop(fold.await) })
    }
    for polls in 0..12 {
        let futures = [
            ended(on.fold_async((1..=1000).split_into(50), add_up, 0, |a, b| a + b)),
            ended(on.map_async(Items(vec![0, 1, 0, 2, 0]), nap)),
            ended(on.map_results_async(numbers(9), PanicsOn(vec![2, 7]))),
            ended(on.fold_async((0..6).split_into(3), awaits.with(1), 0, |a, b| a + b)),
        ];
        for mut future in futures {
            let mut polled = 0;
            by_hand(poll_fn(|cx| {
                polled += 1;
                if polled > polls { Poll::Ready(()) } else { future.as_mut().poll(cx) }
            }));
        }
    }
}

fn the_executor_works_after_a_drop(model: Model) {
    let on = executor(model, 2);
    drop_futures(&on);
    assert_eq!(by_hand(on.map_async(numbers(3), PanicsOn(vec![]))).unwrap(), [0, 1, 2]);
    assert_eq!(on.map(numbers(3), PanicsOn(vec![])).unwrap(), [0, 1, 2]);
}

/// Executors of a few lines often keep the future in its waker. Such a waker is the future's only owner when the executor
/// is gone, and whoever wakes it drops the future.
struct Owner(Mutex<Option<Boxed<()>>>, mpsc::Sender<Arc<Owner>>);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        let sent = self.1.send(Arc::clone(&self));
        if let Err(mpsc::SendError(owner)) = sent {
            drop(self);
            drop(owner.0.lock().unwrap().take());
        }
    }
}

/// Says when it is dropped.
struct Says(Arc<AtomicBool>);

impl Drop for Says {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

fn a_waker_may_drop_the_future_it_wakes(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    let token = CancelToken::new();
    for is_cancelled in [false, true] {
        let file = folder.path().join(if is_cancelled { "never" } else { "go" });
        let is_dropped = Arc::new(AtomicBool::new(false));
        let says = Says(Arc::clone(&is_dropped));
        let fold = on.cancel(&token).for_each_async(numbers(4), waits_for_or_ends.with(file.clone()));
        let (sender, queue) = mpsc::channel();
        let future: Boxed<()> = Box::pin(async move {
            let _says = says;
            drop(fold.await);
        });
        let owner = Arc::new(Owner(Mutex::new(Some(future)), sender));
        let waker = Waker::from(Arc::clone(&owner));
        let mut cx = Context::from_waker(&waker);
        assert!(owner.0.lock().unwrap().as_mut().unwrap().as_mut().poll(&mut cx).is_pending());
        drop((waker, owner, queue));
        if is_cancelled {
            token.cancel();
        } else {
            std::fs::write(&file, "").unwrap();
        }
        wait_until("the waker has dropped the future", || is_dropped.load(SeqCst));
        assert_eq!(on.map(numbers(3), PanicsOn(vec![])).unwrap(), [0, 1, 2]);
    }
}

/// Waits for the file, or until its output is not wanted.
#[task]
fn waits_for_or_ends(_chunk: u64, file: &PathBuf) {
    wait_until("it may end", || file.exists() || threefold::is_cancelled());
}

fn chunks_of_a_dropped_fold_are_dropped_at_their_await(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    let mut future = Box::pin(on.for_each_async(numbers(50), EndlessWait { folder: folder.path().into() }));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    wait_until("all chunks wait", || files(folder.path()) == 50);
    drop(future);
    wait_until("each chunk that began was dropped", || files(folder.path()) == 100);
}

#[task]
async fn naps_long(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

fn an_awaited_chunk_may_take_too_long(model: Model) {
    // Chunk 0 must be over by then.
    let on = Executor::builder(model).timeout(Duration::from_secs(1)).build().unwrap();
    let error = by_hand(on.for_each_async(Items(vec![0, 3_600_000]), naps_long)).unwrap_err();
    assert!(error.is_timeout() && error.chunk() == Some(1), "{error}");
}

/// Uses so many KiB of stack.
#[task]
fn recurses(kibibytes: u64) -> u64 {
    let page = std::hint::black_box([1_u8; 1024]);
    if kibibytes == 0 { 0 } else { u64::from(page[kibibytes as usize % 1024]) + recurses(kibibytes - 1) }
}

fn awaited_chunks_have_the_stack_that_was_asked_for(model: Model) {
    let on = Executor::builder(model).workers(2).stack_size(128 << 20).build().unwrap();
    assert_eq!(by_hand(on.map_async(Items(vec![40_000; 4]), recurses)).unwrap(), [40_000; 4]);
}

fn an_awaited_worker_may_be_lost(model: Model) {
    let on = isolated(model, 2);
    let task = DiesOn { chunk: 77, death: Death::Kill };
    let error = by_hand(on.for_each_async((1..=100).split_into(10), task)).unwrap_err();
    assert!(error.is_worker_lost() && error.chunk() == Some(7), "{error}");
    assert_eq!(by_hand(on.map_async(numbers(3), PanicsOn(vec![]))).unwrap(), [0, 1, 2]);
}

fn the_smallest_range_is_found_without_blocking(model: Model) {
    let on = Executor::builder(model).workers(2).bisect(true).build().unwrap();
    let task = DiesOn { chunk: 77, death: Death::Abort };
    let error = by_hand(on.for_each_async((1..=100).split_into(4), task)).unwrap_err();
    assert_eq!((error.range(), error.smallest_range()), (Some("76..=100"), Some("77..=77")));
}

/// Kills its process at first. Run again, with a part of the chunk, it leaves the number of its process, and waits.
#[task]
fn dies_first(_chunk: Range<u64>, folder: &PathBuf) {
    if std::fs::File::create_new(folder.join("first")).is_ok() {
        std::process::abort();
    }
    std::fs::write(folder.join(std::process::id().to_string()), "").expect("the folder is there");
    wait_until("somebody ends it", || false);
}

fn a_future_dropped_while_the_smallest_range_is_looked_for_ends_that(model: Model) {
    let folder = folder();
    let on = Executor::builder(model).workers(1).bisect(true).build().unwrap();
    let mut future = Box::pin(on.for_each_async((0..1000).split_into(1), dies_first.with(folder.path().into())));
    wait_until("a part of the chunk runs", || {
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        files(folder.path()) == 2
    });
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let process = names.filter_map(|name| name.to_str()?.parse().ok()).next().expect("it has left its number");
    drop(future);
    wait_until("it was killed", || !is_alive(process));
    assert_eq!(files(folder.path()), 2, "no other part is tried");
}

fn chunks_of_a_dropped_fold_do_not_start(model: Model) {
    let folder = folder();
    let (first, rest) = (folder.path().join("first"), folder.path().join("rest"));
    std::fs::create_dir(&rest).unwrap();
    let on = executor(model, 1);
    let mut future = Box::pin(on.for_each_async(numbers(3), begins_once.with(first.clone(), rest.clone())));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    wait_until("chunk 0 has begun", || first.exists());
    drop(future);
    // A fold that follows on the same worker ends after what was dropped.
    assert_eq!(on.map(numbers(3), PanicsOn(vec![])).unwrap(), [0, 1, 2]);
    assert_eq!(files(&rest), 0, "no other chunk has begun");
}

/// Chunk 0 ends when its output is not wanted, or is killed. Others leave a file.
#[task]
fn begins_once(chunk: u64, first: &PathBuf, rest: &PathBuf) {
    if chunk > 0 {
        std::fs::write(rest.join(chunk.to_string()), "").expect("the folder is there");
        return;
    }
    std::fs::write(first, "").expect("the folder is there");
    wait_until("it is not wanted any more", threefold::is_cancelled);
}
