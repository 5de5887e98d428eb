//! A runtime of the program's, which the model async uses instead of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use threefold::Event;
use threefold::prelude::*;
use tokio::runtime::{Handle, Runtime};

use crate::executor;
use crate::tasks::{PATIENCE, nap, wait_until};

crate::rows! {
    every: a_plain_task_runs_outside_of_any_runtime_wherever_its_caller_is;
    asynchronous:
        tasks_wait_on_the_runtime_that_was_given,
        a_current_thread_runtime_is_awaited_and_never_blocked,
        the_threads_of_a_multi_thread_runtime_may_block,
        a_thread_inside_a_local_set_may_block,
        chunks_leave_the_threads_of_the_runtime_alone,
        a_runtime_that_is_shut_down_fails_the_chunk_that_waits,
        a_runtime_that_lets_no_chunk_wait_for_its_next_attempt_ends_the_fold,
        a_runtime_without_timers_allows_no_timeout;
    waiting_alone: a_runtime_is_refused_elsewhere;
}

/// Makes a runtime of its own, which no thread inside of another runtime may enter.
#[task]
fn own_runtime(chunk: u64) -> u64 {
    single().block_on(async { chunk + 1 })
}

#[task]
async fn nests(chunk: u64) -> u64 {
    let inner = Executor::current().fold(Items(vec![chunk, 7]), own_runtime, 0, |sum, part| sum + part);
    inner.expect("it makes its own runtime")
}

fn a_plain_task_runs_outside_of_any_runtime_wherever_its_caller_is(model: Model) {
    for workers in [1, 3] {
        let on = executor(model, workers);
        for runtime in [single(), multi(1)] {
            runtime.block_on(async {
                let chunks = || Items((0..50).collect::<Vec<u64>>());
                assert!(on.map(chunks(), own_runtime).unwrap().into_iter().eq(1..51));
                assert_eq!(on.fold(chunks(), own_runtime, 0, |sum, part| sum + part).unwrap(), 51 * 25);
                assert_eq!(on.combine(chunks(), own_runtime, |one, other| one + other).unwrap(), Some(51 * 25));
                assert_eq!(on.map(Items(vec![1, 2]), nests).unwrap(), [10, 11]);
            });
        }
    }
}

fn multi(workers: usize) -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

fn single() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn on_runtime(model: Model, workers: usize, runtime: &Handle) -> Executor {
    Executor::builder(model).workers(workers).runtime(runtime.clone()).build().unwrap()
}

/// The runtime that a task is on, as text.
#[task]
async fn runtime_of(milliseconds: u64) -> String {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    let spawned = tokio::spawn(async { Handle::current().id().to_string() });
    let id = Handle::current().id().to_string();
    assert_eq!(spawned.await.expect("it is spawned"), id);
    id
}

fn tasks_wait_on_the_runtime_that_was_given(model: Model) {
    let runtime = multi(1);
    let id = runtime.handle().id().to_string();
    for workers in [1, 3] {
        let on = on_runtime(model, workers, runtime.handle());
        let chunks = || Items(vec![2, 0, 1, 0]);
        assert_eq!(on.map(chunks(), runtime_of).unwrap(), vec![id.clone(); 4]);
        assert_eq!(pollster::block_on(on.map_async(chunks(), runtime_of)).unwrap(), vec![id.clone(); 4]);
    }
}

/// Folds in a task, and awaits it.
#[task]
async fn awaits_naps(chunk: u64) -> u64 {
    let inner = Executor::current().fold_async(Items(vec![chunk, 1, 0]), nap, 0, |sum, part| sum + part);
    inner.await.expect("it naps")
}

/// Folds in a task, and blocks.
#[task]
async fn blocks_for_naps(chunk: u64) -> Result<u64, String> {
    let inner = Executor::current().fold(Items(vec![chunk, 1, 0]), nap, 0, |sum, part| sum + part);
    inner.map_err(|error| error.to_string())
}

#[task]
fn plain(chunk: u64) -> u64 {
    chunk + 1
}

/// Where tokio refuses that a thread blocks.
fn a_thread_inside_a_local_set_may_block(model: Model) {
    let runtime = multi(2);
    for workers in [1, 3] {
        let on = on_runtime(model, workers, runtime.handle());
        let fold = || on.fold(Items(vec![2, 1, 0]), nap, 0, |sum, part| sum + part);
        let local = tokio::task::LocalSet::new();
        let folded = runtime.block_on(local.run_until(async {
            let spawned = on.clone();
            let spawned = tokio::task::spawn_local(async move {
                spawned.fold(Items(vec![0, 2]), nap, 0, |sum, part| sum + part).unwrap()
            });
            (fold().unwrap(), spawned.await.unwrap())
        }));
        assert_eq!(folded, (3, 2));
        // A panic of the reduction is one of the caller's.
        let panics = || on.fold(Items(vec![2, 1, 0]), nap, 0, |_, _| panic!("as asked"));
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(tokio::task::LocalSet::new().run_until(async { panics() }))
        }));
        assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"as asked"));
    }
}

fn a_current_thread_runtime_is_awaited_and_never_blocked(model: Model) {
    let runtime = single();
    for workers in [1, 3] {
        let on = on_runtime(model, workers, runtime.handle());
        let total = |naps: Vec<u64>| on.fold_async(Items(naps), awaits_naps, 0, |sum, part| sum + part);
        assert_eq!(runtime.block_on(total(vec![2, 1, 0])).unwrap(), 6);
        assert_eq!(runtime.block_on(async { tokio::spawn(total(vec![2, 1, 0])).await.unwrap() }).unwrap(), 6);

        let refused = [on.map(Items(vec![1]), nap), runtime.block_on(async { on.map(Items(vec![1]), nap) })];
        for result in refused {
            let text = result.unwrap_err().to_string();
            assert!(text.contains("current-thread runtime") && text.contains("`fold_async`"), "{text}");
        }
        let nested = runtime.block_on(on.map_async(Items(vec![1]), blocks_for_naps)).unwrap();
        assert!(nested[0].as_ref().unwrap_err().contains("`fold_async`"), "{nested:?}");
        // Plain functions need no runtime.
        assert_eq!(on.map(Items(vec![1, 2]), plain).unwrap(), [2, 3]);
    }
}

fn the_threads_of_a_multi_thread_runtime_may_block(model: Model) {
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        // One thread, which the fold blocks: another must take its place, or no timer fires.
        let runtime = multi(1);
        let on = on_runtime(model, 2, runtime.handle());
        let fold = move || on.fold(Items(vec![2, 1, 0]), blocks_for_naps, 0, |sum, part| sum + part.unwrap()).unwrap();
        let folds: Vec<_> = (0..3)
            .map(|_| {
                runtime.spawn({
                    let fold = fold.clone();
                    async move { fold() }
                })
            })
            .collect();
        for fold in folds {
            assert_eq!(runtime.block_on(fold).unwrap(), 6);
        }
        sender.send(runtime.block_on(async { fold() })).unwrap();
    });
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(6));
}

static IS_RELEASED: AtomicBool = AtomicBool::new(false);

/// Computes until another task of the host has run.
#[task]
async fn computes(_chunk: u64) {
    wait_until("the host has run another task", || IS_RELEASED.load(SeqCst));
}

fn chunks_leave_the_threads_of_the_runtime_alone(model: Model) {
    let runtime = single();
    let on = on_runtime(model, 1, runtime.handle());
    runtime.block_on(async {
        let other = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            IS_RELEASED.store(true, SeqCst);
        });
        on.for_each_async(Items(vec![0, 1]), computes).await.unwrap();
        other.await.unwrap();
    });
}

/// Whether the chunk waits.
static WAITS: AtomicBool = AtomicBool::new(false);

#[task]
async fn waits_for_an_hour(chunk: u64) -> u64 {
    let mut hour = Box::pin(tokio::time::sleep(Duration::from_secs(3600)));
    std::future::poll_fn(|cx| {
        let polled = hour.as_mut().poll(cx);
        WAITS.store(true, SeqCst);
        polled
    })
    .await;
    chunk
}

fn a_runtime_that_is_shut_down_fails_the_chunk_that_waits(model: Model) {
    let runtime = multi(1);
    let on = on_runtime(model, 1, runtime.handle());
    let fold = thread::spawn(move || on.map(Items(vec![0]), waits_for_an_hour));
    wait_until("the chunk waits", || WAITS.load(SeqCst));
    runtime.shutdown_background();
    let error = fold.join().unwrap().unwrap_err();
    assert!(error.is_panic() && error.chunk() == Some(0), "{error}");
    assert!(error.to_string().contains("shutdown"), "{error}");
}

#[task]
async fn fails(chunk: u64) -> Result<u64, String> {
    Err(chunk.to_string())
}

fn a_runtime_that_lets_no_chunk_wait_for_its_next_attempt_ends_the_fold(model: Model) {
    fn check(model: Model, workers: usize, runtime: Runtime, pause: Duration, when_it_waits: fn(Runtime)) {
        let on = Executor::builder(model).workers(workers).runtime(runtime.handle().clone());
        let on = on.retries(1).retry_errors(true).backoff(move |_| pause).build().unwrap();
        let (retries, was_retried) = mpsc::channel();
        let on = on.observe(move |event| {
            if let Event::Retried(_) = event {
                let _ = retries.send(());
            }
        });
        thread::scope(|scope| {
            let fold = scope.spawn(|| on.map(Items((0..20).collect()), fails));
            was_retried.recv_timeout(PATIENCE).unwrap();
            when_it_waits(runtime);
            let error = fold.join().unwrap().unwrap_err();
            assert!(error.is_setup() && error.chunk().is_none(), "{error}");
            assert!(error.to_string().starts_with("a chunk cannot wait before it is run again: "), "{error}");
        });
    }
    for workers in [1, 3] {
        let timeless = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        check(model, workers, timeless, Duration::from_millis(1), |runtime| runtime.shutdown_background());
        check(model, workers, multi(1), Duration::from_secs(3600), |runtime| runtime.shutdown_background());
    }
}

#[task]
async fn passes(chunk: u64) -> u64 {
    chunk
}

fn a_runtime_without_timers_allows_no_timeout(model: Model) {
    let timeless = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    for workers in [1, 3] {
        let on = || Executor::builder(model).workers(workers).runtime(timeless.handle().clone());
        let with_timeout = on().timeout(PATIENCE).retry_panics(true).retries(1).build().unwrap();
        let error = with_timeout.map(Items((0..20).collect()), passes).unwrap_err();
        assert!(error.is_setup() && error.chunk().is_none(), "{error}");
        assert!(error.to_string().starts_with("a chunk cannot have a timeout: "), "{error}");
        assert!(on().build().unwrap().map(Items((0..20).collect()), passes).unwrap().into_iter().eq(0..20));
    }
}

fn a_runtime_is_refused_elsewhere(model: Model) {
    let runtime = single();
    let error = Executor::builder(model).runtime(runtime.handle().clone()).build().unwrap_err();
    let text = format!("runtime cannot be set for {model}: it is the runtime on which `async` tasks wait; use async");
    assert_eq!(error.to_string(), text);
    assert!(error.is_setup());
}
