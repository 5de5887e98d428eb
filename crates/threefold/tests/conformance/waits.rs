//! Folds whose caller waits: it is told whatever its own closures, its runtime and the other workers do meanwhile.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use threefold::prelude::*;
use threefold::{Event, TryError};

use crate::executor;
use crate::tasks::{PATIENCE, wait_until};

crate::rows! {
    pooled:
        a_reduction_that_parks_its_thread_does_not_miss_the_end;
    asynchronous:
        a_window_that_async_tasks_closed_opens_again,
        a_reduction_ends_the_fold_while_the_callers_own_chunks_wait,
        a_reduction_ends_the_fold_while_a_borrowed_thread_drives_it,
        a_slow_reduction_makes_no_chunk_miss_its_deadline;
    threads:
        payloads_of_observers_that_cannot_be_dropped_take_no_worker_down,
        a_chunk_inside_somebodys_runtime_learns_that_a_lower_one_failed;
    local:
        what_an_async_task_left_on_blocking_threads_does_not_delay_its_panic;
}

/// One row at a time uses these: how far the chunks and the reduction have come.
static STEPS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    STEPS.iter().for_each(|step| step.store(0, SeqCst));
    alone
}

fn begin(step: usize) -> u64 {
    STEPS[step].fetch_add(1, SeqCst)
}

fn await_begun(step: usize) {
    wait_until("the step has begun", || STEPS[step].load(SeqCst) > 0);
}

/// Long enough for a thread to fall asleep.
const A_MOMENT: Duration = Duration::from_millis(30);

/// Runs `work`, which must come to its end.
fn ends<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, result) = mpsc::channel();
    let working = thread::spawn(move || {
        let _ = done.send(work());
    });
    match result.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(working.join().unwrap_err()),
    }
}

/// Chunk 1 ends when chunk 0 has been reduced, chunk 2 while chunk 1 is.
#[task]
fn ends_while_it_is_reduced(chunk: u64) -> u64 {
    begin(chunk as usize);
    match chunk {
        1 => {
            await_begun(3);
            thread::sleep(A_MOMENT);
        }
        2 => wait_until("chunk 1 is being reduced", || STEPS[3].load(SeqCst) == 2),
        _ => {}
    }
    chunk
}

fn a_reduction_that_parks_its_thread_does_not_miss_the_end(model: Model) {
    let _alone = alone();
    let order = ends(move || {
        // The caller runs no chunk, and so is done with its part as soon as the last chunk is claimed.
        let on = Executor::builder(model).workers(2).stack_size(1 << 20).build().unwrap();
        on.fold(Items(vec![0, 1, 2]), ends_while_it_is_reduced, Vec::new(), |mut order, chunk| {
            if chunk == 0 {
                await_begun(1);
                await_begun(2);
            }
            begin(3);
            if chunk == 1 {
                // Whatever unparks the thread now was meant for the fold.
                (0..10).for_each(|_| thread::park_timeout(A_MOMENT / 3));
            }
            order.push(chunk);
            order
        })
        .unwrap()
    });
    assert_eq!(order, [0, 1, 2]);
}

fn is_on_a_thread_of_the_pool() -> bool {
    thread::current().name().is_some_and(|name| name.starts_with("threefold-"))
}

/// Whichever of chunks 0 and 1 runs on a thread of the pool waits until no other chunk may begin.
#[task]
async fn waits_for_the_window(chunk: Range<u64>) -> u64 {
    begin(chunk.start.min(2) as usize);
    if chunk.start < 2 {
        await_begun(1 - chunk.start as usize);
        if is_on_a_thread_of_the_pool() {
            while STEPS[2].load(SeqCst) < (1 << 16) - 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(A_MOMENT).await;
        }
    }
    1
}

fn a_window_that_async_tasks_closed_opens_again(model: Model) {
    let _alone = alone();
    let count = ends(move || {
        executor(model, 2).fold((0..100_000).chunks_of(1), waits_for_the_window, 0, |sum, part| sum + part).unwrap()
    });
    assert_eq!(count, 100_000);
}

/// Whichever of chunks 0 and 1 runs on a thread of the pool ends when chunk 2 waits on the caller's, for ever.
#[task]
async fn waits_on_the_callers_thread(chunk: u64) -> Result<u64, String> {
    begin(chunk as usize);
    match chunk {
        2 => std::future::pending().await,
        _ => {
            await_begun(1 - chunk as usize);
            if is_on_a_thread_of_the_pool() {
                await_begun(2);
                thread::sleep(A_MOMENT);
            }
        }
    }
    Ok(chunk)
}

fn refuse<const CHUNK: u64>(_: u64, chunk: u64) -> Result<u64, String> {
    if chunk == CHUNK { Err(format!("it is {CHUNK}")) } else { Ok(chunk) }
}

fn a_reduction_ends_the_fold_while_the_callers_own_chunks_wait(model: Model) {
    let _alone = alone();
    let result =
        ends(move || executor(model, 2).try_fold(Items(vec![0, 1, 2]), waits_on_the_callers_thread, 0, refuse::<1>));
    assert!(matches!(result, Err(TryError::Task { chunk: 1, .. })), "{result:?}");
}

/// Each chunk waits longer than the one before, the last one for ever.
#[task]
async fn waits_longer_and_longer(chunk: u64) -> Result<u64, String> {
    match chunk {
        3 => std::future::pending().await,
        _ => tokio::time::sleep(A_MOMENT * chunk as u32).await,
    }
    Ok(chunk)
}

fn a_reduction_ends_the_fold_while_a_borrowed_thread_drives_it(model: Model) {
    let result = ends(move || {
        let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let fold = || executor(model, 1).try_fold(Items(vec![0, 1, 2, 3]), waits_longer_and_longer, 0, refuse::<2>);
        host.block_on(async { fold() })
    });
    assert!(matches!(result, Err(TryError::Task { chunk: 2, .. })), "{result:?}");
}

#[task]
async fn waits_a_moment(chunk: u64) -> u64 {
    tokio::time::sleep(A_MOMENT).await;
    chunk
}

fn a_slow_reduction_makes_no_chunk_miss_its_deadline(model: Model) {
    let timeout = 20 * A_MOMENT;
    for workers in [1, 2] {
        let on = Executor::builder(model).workers(workers).in_flight(2 * workers).timeout(timeout).build().unwrap();
        let total = on.fold(Items((0..8).collect()), waits_a_moment, 0, |sum, chunk| {
            if chunk == 0 {
                thread::sleep(2 * timeout);
            }
            sum + chunk
        });
        assert_eq!(total.unwrap(), 28);
    }
}

/// What an observer unwinds with.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        assert!(thread::panicking(), "it cannot be dropped");
    }
}

#[task]
fn panics(chunk: Slice<u64>) -> u64 {
    begin(0);
    wait_until("both chunks have begun", || STEPS[0].load(SeqCst) == 2);
    panic!("chunk {}", chunk[0]);
}

fn payloads_of_observers_that_cannot_be_dropped_take_no_worker_down(model: Model) {
    let _alone = alone();
    ends(move || {
        let on = executor(model, 2);
        let source: Arc<[u64]> = Arc::from([0, 1]);
        for _ in 0..10 {
            STEPS[0].store(0, SeqCst);
            let both = Barrier::new(2);
            let watched = on.observe(move |event| {
                if let Event::Failed(_) = event {
                    both.wait();
                    std::panic::panic_any(Payload);
                }
            });
            let unwound = catch_unwind(AssertUnwindSafe(|| watched.map_results((&source).chunks_of(1), panics)));
            std::mem::forget(unwound.unwrap_err());
            assert_eq!(Arc::strong_count(&source), 1);
        }
    });
}

/// Chunks 1 and 2 run on both workers; the one on the pool's thread fails when chunk 3 runs on the caller's.
#[task]
async fn learns_of_a_failure(chunk: u64) -> bool {
    begin(chunk as usize);
    match chunk {
        1 | 2 => {
            await_begun(3 - chunk as usize);
            if thread::current().name() == Some("threefold-1") {
                await_begun(3);
                panic!("as asked");
            }
        }
        3 => {
            wait_until("the chunk is not wanted any more", threefold::is_cancelled);
            begin(0);
        }
        _ => {}
    }
    true
}

fn a_chunk_inside_somebodys_runtime_learns_that_a_lower_one_failed(model: Model) {
    let _alone = alone();
    let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = host.block_on(async { executor(model, 2).map(Items(vec![0, 1, 2, 3]), learns_of_a_failure) });
    let error = error.unwrap_err();
    assert!(error.is_panic() && error.chunk() < Some(3), "{error}");
    assert_eq!(STEPS[0].load(SeqCst), 2, "chunk 3 has learned of it");
}

static RELEASED: AtomicBool = AtomicBool::new(false);

#[task]
async fn leaves_a_blocking_thread(_chunk: u64) {
    tokio::task::spawn_blocking(|| {
        while !RELEASED.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    });
    tokio::task::yield_now().await;
    panic!("as asked");
}

fn what_an_async_task_left_on_blocking_threads_does_not_delay_its_panic(model: Model) {
    let _alone = alone();
    for is_hosted in [false, true] {
        RELEASED.store(false, SeqCst);
        let error = ends(move || {
            let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let fold = || executor(model, 1).map(Items(vec![0]), leaves_a_blocking_thread);
            let result = if is_hosted { host.block_on(async { fold() }) } else { fold() };
            RELEASED.store(true, SeqCst);
            result.unwrap_err()
        });
        assert!(error.is_panic(), "{error}");
    }
}
