//! What programs written to break a fold have found: each row here has failed once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Event, Trace, TryError};

use crate::fixtures::{fixture, folder};
use crate::law9_awaiting::by_hand;
use crate::tasks::{files, wait_until};
use crate::{executor, remote};

crate::rows! {
    every:
        an_output_that_serde_changes_is_an_error_in_debug_builds,
        a_capture_that_cannot_be_compared_is_the_original_on_models_that_share_memory,
        a_clone_that_panics_is_the_failure_of_its_chunk,
        deep_recursion_has_the_same_stack,
        a_reduction_that_cancels_its_fold_is_not_called_again,
        an_executor_may_be_first_made_while_a_thread_unwinds,
        an_async_task_that_panics_inside_a_runtime_has_a_location;
    local:
        what_a_task_returns_because_it_is_cancelled_is_no_answer,
        cancelling_reaches_nested_folds,
        an_error_of_the_reduction_is_noticed_at_once,
        nothing_holds_the_source_after_the_fold,
        nothing_holds_the_source_after_a_fold_that_another_thread_cancelled,
        destructors_at_the_end_of_a_thread_may_fold,
        a_panic_that_a_task_caught_is_not_the_location_of_a_later_one,
        a_nested_fold_runs_where_another_runtime_blocks_in_place,
        a_reduction_may_block_on_a_runtime_of_its_own;
    local_with_workers: outputs_wait_within_a_bound;
    with_workers: an_observer_that_panicked_is_not_called_again;
    pooled:
        a_window_that_a_slow_helper_has_closed_opens_again,
        folds_nest_deeper_than_there_are_threads,
        async_tasks_that_compute_are_spread_over_the_workers,
        a_stack_size_that_is_asked_for_is_what_every_chunk_has,
        a_stack_size_that_is_asked_for_is_what_nested_async_chunks_have,
        a_stack_size_that_is_asked_for_is_what_folds_of_other_executors_tasks_have,
        an_output_whose_destructor_panics_leaves_nothing_of_its_fold,
        a_panic_of_the_reduction_unwinds_beside_an_output_whose_destructor_panics;
    sequential: trees_of_nested_folds_on_every_mix_of_models_end;
    asynchronous: a_task_that_never_awaits_cannot_miss_its_deadline_unnoticed;
    isolating: a_bisection_that_is_cancelled_names_no_range, a_bisection_ends_with_the_fold_that_it_is_nested_in, a_chunk_that_ends_after_its_deadline_is_a_timeout;
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Half {
    kept: u64,
    #[serde(skip)]
    skipped: u64,
}

#[task]
fn half(chunk: u64) -> Half {
    Half { kept: chunk, skipped: chunk }
}

fn an_output_that_serde_changes_is_an_error_in_debug_builds(model: Model) {
    let outputs = executor(model, 2).map(Items(vec![7, 8]), half);
    if cfg!(debug_assertions) {
        let error = outputs.unwrap_err();
        assert!(error.is_serialization(), "{error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("half: chunk 0 (item 0) failed on {model}: the output cannot be serialized")),
            "{error}"
        );
    } else if remote(model) {
        assert_eq!(outputs.unwrap()[0].skipped, 0);
    } else {
        assert_eq!(outputs.unwrap()[0].skipped, 7);
    }
}

/// Serde skips its field, and it has no `PartialEq` to tell by.
#[derive(Serialize, Deserialize)]
struct Skips {
    #[serde(skip)]
    added: u64,
}

#[task]
impl Task for Skips {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        chunk + self.added
    }
}

fn a_capture_that_cannot_be_compared_is_the_original_on_models_that_share_memory(model: Model) {
    let total = executor(model, 2).fold(Items(vec![1, 2]), Skips { added: 66 }, 0, |sum, part| sum + part).unwrap();
    assert_eq!(total, if remote(model) { 3 } else { 135 });
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PanicsWhenCloned(bool);

impl Clone for PanicsWhenCloned {
    fn clone(&self) -> Self {
        assert!(!self.0, "it cannot be cloned");
        Self(self.0)
    }
}

#[task]
fn is_quiet(chunk: PanicsWhenCloned) -> bool {
    !chunk.0
}

fn a_clone_that_panics_is_the_failure_of_its_chunk(model: Model) {
    let source = || Items(vec![PanicsWhenCloned(true), PanicsWhenCloned(false)]);
    let results = executor(model, 2).map_results(source(), is_quiet).unwrap();
    let error = results[0].as_ref().unwrap_err();
    assert!(error.is_panic() && error.chunk() == Some(0), "{error}");
    assert!(error.to_string().ends_with("it cannot be cloned"), "{error}");
    assert!(results[1].as_ref().unwrap());
}

/// Chunk 0 is done at once; chunk 1 waits until the observer has been told of it, and has unwound.
#[task]
fn waits_for_the_observer(chunk: u64) -> u64 {
    if chunk == 1 {
        wait_until("the observer has panicked", || BEGUN.load(Ordering::SeqCst) == 1 || threefold::is_cancelled());
        thread::sleep(Duration::from_millis(20));
    }
    chunk
}

fn an_observer_that_panicked_is_not_called_again(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    BEGUN.store(0, Ordering::SeqCst);
    let on = executor(model, 2).observe(move |event| {
        if let Event::Finished(_) = event {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            panic!("the observer has seen enough");
        }
    });
    assert!(catch_unwind(AssertUnwindSafe(|| on.for_each(Items(vec![0, 1]), waits_for_the_observer))).is_err());
    assert_eq!(BEGUN.load(Ordering::SeqCst), 1);
}

#[task]
fn add_up_u64(chunk: Range<u64>) -> u64 {
    chunk.sum()
}

/// Takes at least so many bytes of stack.
fn recurse(bytes: usize) -> usize {
    let here = std::hint::black_box([1u8; 4096]);
    if bytes <= here.len() {
        usize::from(here[0])
    } else {
        recurse(bytes - here.len()) + usize::from(here[bytes % 4096])
    }
}

#[task]
fn recurses(mebibytes: u64) -> u64 {
    recurse((mebibytes as usize) << 20) as u64
}

fn deep_recursion_has_the_same_stack(model: Model) {
    // The caller takes part, so it must have the stack itself: that of a test's thread is smaller.
    let caller = thread::Builder::new().stack_size(16 << 20).spawn(move || {
        executor(model, 3).map(Items(vec![3; 12]), recurses).unwrap();
    });
    caller.unwrap().join().unwrap();
}

#[task]
fn recurses_from_a_pool(chunk: u64) -> u64 {
    Executor::current().map(Items(vec![chunk]), recurses).unwrap()[0]
}

fn a_stack_size_that_is_asked_for_is_what_every_chunk_has(model: Model) {
    for workers in [1, 2] {
        let on = Executor::builder(model).workers(workers).stack_size(64 << 20).build().unwrap();
        assert_eq!(on.map(Items(vec![30; 4]), recurses_from_a_pool).unwrap(), [30 << 8; 4]);
    }
}

#[task]
async fn recurses_and_is_async(mebibytes: u64) -> u64 {
    recurses(mebibytes)
}

#[task]
async fn recurses_from_a_runtime(chunk: u64) -> u64 {
    Executor::current().map(Items(vec![chunk]), recurses_and_is_async).unwrap()[0]
}

fn a_stack_size_that_is_asked_for_is_what_nested_async_chunks_have(model: Model) {
    let on = Executor::builder(model).workers(2).stack_size(64 << 20).build().unwrap();
    assert_eq!(on.map(Items(vec![30; 4]), recurses_from_a_runtime).unwrap(), [30 << 8; 4]);
}

/// An executor whose chunks have much stack.
static DEEP: Mutex<Option<Executor>> = Mutex::new(None);

#[task]
fn recurses_elsewhere(chunk: u64) -> u64 {
    let deep = DEEP.lock().unwrap().clone().unwrap();
    deep.map(Items(vec![chunk]), recurses).unwrap()[0]
}

fn a_stack_size_that_is_asked_for_is_what_folds_of_other_executors_tasks_have(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    *DEEP.lock().unwrap() = Some(Executor::builder(model).workers(1).stack_size(64 << 20).build().unwrap());
    assert_eq!(executor(Model::Threads, 2).map(Items(vec![30; 4]), recurses_elsewhere).unwrap(), [30 << 8; 4]);
    *DEEP.lock().unwrap() = None;
}

/// Cannot be dropped where it is armed.
#[derive(PartialEq, Serialize, Deserialize)]
struct Bomb {
    is_armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.is_armed || thread::panicking(), "it went off");
    }
}

#[task]
fn makes_bombs(chunk: Slice<u64>) -> Result<Bomb, String> {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    Ok(Bomb { is_armed: chunk[0] > 0 })
}

fn an_output_whose_destructor_panics_leaves_nothing_of_its_fold(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    BEGUN.store(0, Ordering::SeqCst);
    // The caller runs no chunk, so that the outputs come while it reduces.
    let on = Executor::builder(model).workers(1).stack_size(1 << 20).build().unwrap();
    let source: Arc<[u64]> = Arc::from([0, 1, 2, 3]);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        on.try_fold((&source).chunks_of(1), makes_bombs, (), |(), _| {
            wait_until("all outputs are there", || BEGUN.load(Ordering::SeqCst) == 4);
            thread::sleep(Duration::from_millis(20));
            Err::<(), _>("enough".to_string())
        })
    }));
    assert!(unwound.is_err(), "the panic of the destructor is the caller's");
    assert_eq!(Arc::strong_count(&source), 1);
}

/// Cannot be dropped, also while the thread unwinds.
#[derive(PartialEq, Serialize, Deserialize)]
struct Mine {
    is_armed: bool,
}

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(!self.is_armed, "it went off");
    }
}

#[task]
fn makes_mines(chunk: Slice<u64>) -> Mine {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    Mine { is_armed: chunk[0] > 0 }
}

/// In a copy, which a second panic would abort.
pub(crate) fn reduce_beside_mines(model: Model) {
    let on = Executor::builder(model).workers(1).stack_size(1 << 20).build().unwrap();
    // So many that several are in one block, too.
    for chunks in [4, 200] {
        // The panic comes at the last chunk whose output can be dropped.
        let source = || (0..chunks).map(|n| if n < chunks / 2 { 0 } else { 2 }).collect::<Vec<u64>>().chunks_of(1);
        let reduce = |taken: u64, _| {
            wait_until("all outputs are there", || BEGUN.load(Ordering::SeqCst) == chunks);
            if taken == 0 {
                thread::sleep(Duration::from_millis(20));
            }
            assert!(taken + 1 < chunks / 2, "of the reduction");
            taken + 1
        };
        let blocking = || on.fold(source(), makes_mines, 0, reduce);
        let awaited = || by_hand(on.fold_async(source(), makes_mines, 0, reduce));
        for fold in [&blocking as &dyn Fn() -> threefold::Result<u64>, &awaited] {
            BEGUN.store(0, Ordering::SeqCst);
            let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
            println!("{}", payload.downcast_ref::<&str>().unwrap());
        }
    }
}

fn a_panic_of_the_reduction_unwinds_beside_an_output_whose_destructor_panics(model: Model) {
    assert_eq!(fixture("mines", model).stdout, "of the reduction\n".repeat(4));
}

#[task]
async fn panics_while_waiting(chunk: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_ne!(chunk, 1, "one is not welcome");
    chunk
}

fn an_async_task_that_panics_inside_a_runtime_has_a_location(model: Model) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error =
        runtime.block_on(async { executor(model, 1).map(Items(vec![0, 1]), panics_while_waiting).unwrap_err() });
    assert!(error.is_panic(), "{error}");
    assert!(error.panic_location().is_some_and(|at| at.contains("hostile.rs")), "{error:?}");
}

/// How many nested chunks have started, by fold.
static STARTED: AtomicU64 = AtomicU64::new(0);
/// Whether that token was cancelled.
static CANCELLED: AtomicBool = AtomicBool::new(false);
/// The token that the eleventh nested chunk cancels.
static CANCELS: Mutex<Option<CancelToken>> = Mutex::new(None);

#[task]
fn nested_chunk(_chunk: Range<u64>) {
    let started = STARTED.fetch_add(1, Ordering::SeqCst);
    if started == 10 {
        CANCELS.lock().unwrap().take().expect("it is there for the eleventh chunk").cancel();
        CANCELLED.store(true, Ordering::SeqCst);
    } else if started > 10 {
        // Those that had begun beside it end when the cancel has reached everybody.
        wait_until("the folds are cancelled", || CANCELLED.load(Ordering::SeqCst));
    }
}

#[task]
fn nests_many(_chunk: u64) -> bool {
    Executor::current().for_each((0..300).chunks_of(1), nested_chunk).is_ok()
}

/// One row at a time uses the statics above.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn cancelling_reaches_nested_folds(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    STARTED.store(0, Ordering::SeqCst);
    CANCELLED.store(false, Ordering::SeqCst);
    let token = CancelToken::new();
    *CANCELS.lock().unwrap() = Some(token.clone());
    let error = executor(model, 2).cancel(&token).map(Items(vec![0, 1]), nests_many).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    let started = STARTED.load(Ordering::SeqCst);
    // The eleventh, one that the other worker had begun beside it, and no more.
    assert!(started <= 12, "{started} nested chunks were started");
}

#[task]
fn number(chunk: u64) -> u64 {
    chunk
}

/// Also where the outputs of several chunks come together.
fn a_reduction_that_cancels_its_fold_is_not_called_again(model: Model) {
    let mut on = vec![executor(model, 2)];
    if matches!(model, Model::Threads | Model::Async) {
        // Another thread runs the caller's part.
        on.push(Executor::builder(model).workers(1).stack_size(64 << 20).build().unwrap());
    }
    for on in on {
        let (token, mut calls) = (CancelToken::new(), 0);
        let reduce = |(), output| {
            calls += 1;
            if output == 5_000 {
                token.cancel();
            }
        };
        let error = on.cancel(&token).fold(Items((0..10_000).collect()), number, (), reduce).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        assert_eq!(calls, 5_001);
    }
}

/// Asks whether it is cancelled until it is, and returns something then.
#[task]
fn gives_up_when_cancelled(chunk: u64) -> u64 {
    if let Some(token) = CANCELS.lock().unwrap().take() {
        token.cancel();
    }
    wait_until("the fold is cancelled", threefold::is_cancelled);
    chunk
}

fn what_a_task_returns_because_it_is_cancelled_is_no_answer(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let token = CancelToken::new();
    *CANCELS.lock().unwrap() = Some(token.clone());
    let error = executor(model, 1).cancel(&token).map(Items(vec![7]), gives_up_when_cancelled).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}

/// Chunks above 0 that have started while chunk 0 runs, and whether chunk 0 is done.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// More than may wait at once.
const MANY: u64 = 200_000;

/// The bound that is documented.
const BOUND: u64 = 1 << 16;

#[task]
fn waits_for_the_bound(chunk: Range<u64>) -> u64 {
    if chunk.start > 0 {
        return BEGUN.fetch_add(1, Ordering::SeqCst);
    }
    wait_until("as many chunks have begun as may", || BEGUN.load(Ordering::SeqCst) >= BOUND - 1);
    BEGUN.load(Ordering::SeqCst)
}

fn outputs_wait_within_a_bound(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    BEGUN.store(0, Ordering::SeqCst);
    let outputs = executor(model, 2).map((0..MANY).chunks_of(1), waits_for_the_bound).unwrap();
    assert_eq!(outputs.len() as u64, MANY);
    assert!(outputs[0] < BOUND, "{} chunks had begun", outputs[0]);
    assert_eq!(BEGUN.load(Ordering::SeqCst), MANY - 1);
}

/// Whether a thread of the executor's, not the caller, has begun a chunk.
static HELPED: AtomicBool = AtomicBool::new(false);

/// The first chunk of a helper ends when so many others have begun that no more may; the caller's wait for a helper.
fn closes_the_window() {
    if !thread::current().name().is_some_and(|name| name.starts_with("threefold-")) {
        wait_until("a helper has begun a chunk", || HELPED.load(Ordering::SeqCst));
    } else if !HELPED.swap(true, Ordering::SeqCst) {
        wait_until("as many chunks have begun as may", || BEGUN.load(Ordering::SeqCst) >= BOUND - 1);
    }
    BEGUN.fetch_add(1, Ordering::SeqCst);
}

#[task]
fn closes(_chunk: Range<u64>) {
    closes_the_window();
}

#[task]
async fn closes_and_waits(_chunk: Range<u64>) {
    closes_the_window();
}

fn a_window_that_a_slow_helper_has_closed_opens_again(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for is_async in [false, true] {
        BEGUN.store(0, Ordering::SeqCst);
        HELPED.store(false, Ordering::SeqCst);
        let (on, source) = (executor(model, 2), (0..MANY).chunks_of(1));
        if is_async { on.for_each(source, closes_and_waits) } else { on.for_each(source, closes) }.unwrap();
        assert_eq!(BEGUN.load(Ordering::SeqCst), MANY);
    }
}

#[task]
fn slow(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(5));
    BEGUN.fetch_add(1, Ordering::SeqCst);
    chunk
}

#[task]
async fn slow_and_async(chunk: u64) -> u64 {
    slow(chunk)
}

fn an_error_of_the_reduction_is_noticed_at_once(model: Model) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    #[task]
    fn checked(chunk: u64) -> Result<u64, String> {
        Ok(slow(chunk))
    }
    #[task]
    async fn checked_and_async(chunk: u64) -> Result<u64, String> {
        Ok(slow_and_async(chunk).await)
    }
    for is_async in [false, true] {
        BEGUN.store(0, Ordering::SeqCst);
        let on = executor(model, 2);
        let refuse = |_: u64, _: u64| Err::<u64, _>("enough".to_string());
        let source = Items((0..200).collect());
        let error = if is_async {
            on.try_fold(source, checked_and_async, 0, refuse)
        } else {
            on.try_fold(source, checked, 0, refuse)
        };
        assert!(matches!(error, Err(TryError::Task { chunk: 0, .. })));
        let begun = BEGUN.load(Ordering::SeqCst);
        // A caller that stands still for a moment notices it later, but long before the last chunk.
        assert!(begun < 100, "{begun} of 200 chunks ran");
    }
}

fn nothing_holds_the_source_after_the_fold(model: Model) {
    let on = executor(model, 4);
    let source: Arc<[u64]> = Arc::from([1, 2, 3, 4, 5, 6, 7, 8]);
    #[task]
    fn first(chunk: Slice<u64>) -> u64 {
        chunk[0]
    }
    for _ in 0..5000 {
        on.for_each((&source).chunks_of(1), first).unwrap();
        assert_eq!(Arc::strong_count(&source), 1);
    }
}

#[task]
fn chunk_of_some(chunk: Slice<u64>) -> usize {
    chunk.len()
}

fn nothing_holds_the_source_after_a_fold_that_another_thread_cancelled(model: Model) {
    let on = executor(model, 2);
    let source: Arc<[u64]> = Arc::from([0; 64]);
    let (to_cancel, tokens) = std::sync::mpsc::channel::<CancelToken>();
    let canceller = thread::spawn(move || tokens.iter().for_each(|token| token.cancel()));
    let mut cancelled = 0;
    for _ in 0..5000 {
        let token = CancelToken::new();
        let on = on.cancel(&token);
        to_cancel.send(token).unwrap();
        if let Err(error) = on.for_each((&source).chunks_of(1), chunk_of_some) {
            assert!(error.is_cancelled(), "{error}");
            cancelled += 1;
        }
        assert_eq!(Arc::strong_count(&source), 1);
    }
    assert!(cancelled > 0, "no fold was cancelled");
    drop(to_cancel);
    canceller.join().unwrap();
}

fn destructors_at_the_end_of_a_thread_may_fold(model: Model) {
    assert_eq!(fixture("folds-at-the-end-of-a-thread", model).stdout, "6 6\n");
}

#[task]
fn unwinds_quietly(chunk: u64) -> u64 {
    let caught = catch_unwind(|| panic!("caught by the task itself"));
    assert!(caught.is_err());
    if chunk == 1 {
        resume_unwind(Box::new("later"));
    }
    chunk
}

fn a_panic_that_a_task_caught_is_not_the_location_of_a_later_one(model: Model) {
    let error = executor(model, 1).map(Items(vec![0, 1]), unwinds_quietly).unwrap_err();
    assert!(error.to_string().ends_with("later"), "{error}");
    assert_eq!(error.panic_location(), None);
}

#[task]
fn folds_in_place(chunk: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Executor::current().fold(0..chunk, add_up_u64, 0, |sum, part| sum + part).unwrap() })
}

fn a_nested_fold_runs_where_another_runtime_blocks_in_place(model: Model) {
    let on = executor(model, 2);
    assert_eq!(on.map(Items(vec![4, 5]), folds_in_place).unwrap(), [6, 10]);
    let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let totals = host.block_on(async {
        tokio::spawn(
            async move { tokio::task::block_in_place(|| on.map(Items(vec![4, 5]), folds_in_place_async).unwrap()) },
        )
        .await
        .unwrap()
    });
    assert_eq!(totals, [6, 10]);
}

#[task]
async fn folds_in_place_async(chunk: u64) -> u64 {
    tokio::task::yield_now().await;
    Executor::current().fold(0..chunk, add_up_u64, 0, |sum, part| sum + part).unwrap()
}

fn a_reduction_may_block_on_a_runtime_of_its_own(model: Model) {
    let (on, other) = (executor(model, 1), executor(Model::Sequential, 1));
    let total = on.fold(Items(vec![1, 2, 3]), panics_on_nothing, 0, |sum, part| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let inner = || other.fold(Items(vec![part]), panics_on_nothing, 0, |sum, part| sum + part).unwrap();
        sum + runtime.block_on(async { inner() })
    });
    assert_eq!(total.unwrap(), 6);
}

#[task]
async fn panics_on_nothing(chunk: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    chunk
}

/// Two halves, so many times over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Halves {
    depth: u32,
    width: u64,
}

#[task]
impl Task for Halves {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, _chunk: u64) -> u64 {
        if self.depth == 0 {
            return 1;
        }
        let inner = Halves { depth: self.depth - 1, width: self.width };
        let source = Items((0..self.width).collect());
        Executor::current().fold(source, inner, 0, |sum, part| sum + part).unwrap()
    }
}

fn folds_nest_deeper_than_there_are_threads(model: Model) {
    let on = executor(model, 2);
    let halves = Halves { depth: 10, width: 2 };
    assert_eq!(on.fold(Items(vec![0, 1]), halves, 0, |sum, part| sum + part).unwrap(), 1 << 11);
    let caller = thread::Builder::new().stack_size(256 << 20).spawn(move || {
        let chain = Halves { depth: 600, width: 1 };
        assert_eq!(executor(model, 1).map(Items(vec![0]), chain).unwrap(), [1]);
    });
    caller.unwrap().join().unwrap();
}

#[task]
async fn computes(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(5));
    chunk
}

fn async_tasks_that_compute_are_spread_over_the_workers(model: Model) {
    let trace = Trace::new();
    executor(model, 2).trace(&trace).map(Items((0..40).collect()), computes).unwrap();
    let spans = trace.spans();
    let workers: BTreeSet<_> = spans.iter().map(|span| span.worker).collect();
    assert_eq!(workers.len(), 2);
    for worker in workers {
        let ran = spans.iter().filter(|span| span.worker == worker).count();
        assert!(ran >= 8, "worker {worker} ran {ran} of 40 chunks");
    }
}

/// Takes longer than its deadline allows.
#[task]
async fn never_awaits(chunk: u64) -> u64 {
    thread::sleep(Duration::from_millis(60));
    chunk
}

fn a_task_that_never_awaits_cannot_miss_its_deadline_unnoticed(model: Model) {
    let on = Executor::builder(model).timeout(Duration::from_millis(50)).build().unwrap();
    let error = on.map(Items(vec![7]), never_awaits).unwrap_err();
    assert!(error.is_timeout() && error.chunk() == Some(0), "{error}");
}

/// Leaves a file for each of its runs.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct AbortsOnSeven {
    folder: PathBuf,
}

#[task]
impl Task for AbortsOnSeven {
    type Chunk = Range<u64>;
    type Output = ();

    fn map(&self, chunk: Range<u64>) {
        std::fs::write(self.folder.join(std::process::id().to_string()), "").unwrap();
        thread::sleep(Duration::from_millis(20));
        if chunk.contains(&7) {
            std::process::abort();
        }
    }
}

fn a_bisection_that_is_cancelled_names_no_range(model: Model) {
    let folder = folder();
    let token = CancelToken::new();
    let on = Executor::builder(model).workers(1).bisect(true).build().unwrap().cancel(&token);
    let task = AbortsOnSeven { folder: folder.path().into() };
    thread::scope(|scope| {
        // The chunk, its first half, and the half of that are lost, each with its worker.
        scope.spawn(|| {
            wait_until("the search has begun", || files(folder.path()) >= 3);
            token.cancel();
        });
        let error = on.for_each((0..1000).split_into(1), task).unwrap_err();
        assert!(error.is_worker_lost(), "{error}");
        assert_eq!(error.smallest_range(), None, "{error}");
    });
}

/// Kills its process at first. Run again, with a part of the chunk, it leaves a file and never ends.
#[task]
fn dies_first(_chunk: Range<u64>, folder: &PathBuf) {
    if std::fs::File::create_new(folder.join("first")).is_ok() {
        std::process::abort();
    }
    std::fs::write(folder.join("half"), "").unwrap();
    loop {
        thread::park();
    }
}

/// Folds in a task.
#[task]
fn bisects(_chunk: u64, folder: &PathBuf) -> bool {
    let on = Executor::builder(Model::Processes).workers(1).bisect(true).build().unwrap();
    on.for_each((0..1000).split_into(1), dies_first.with(folder.clone())).is_err()
}

fn a_bisection_ends_with_the_fold_that_it_is_nested_in(_model: Model) {
    let folder = folder();
    let token = CancelToken::new();
    let on = Executor::new(Model::Threads).unwrap().cancel(&token);
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("a half of the chunk runs", || folder.path().join("half").exists());
            token.cancel();
        });
        let error = on.for_each(Items(vec![0]), bisects.with(folder.path().into())).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
    });
}

fn a_chunk_that_ends_after_its_deadline_is_a_timeout(model: Model) {
    assert_eq!(fixture("ends-late", model).stdout, "true\n");
}

fn an_executor_may_be_first_made_while_a_thread_unwinds(model: Model) {
    assert_eq!(fixture("made-while-unwinding", model).stdout, "6\n6\n");
}

/// A node of a tree: a fold over its children, on one model or another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    seed: u64,
    depth: u32,
    /// How many nodes there may be below.
    budget: u64,
}

impl Node {
    fn random(&self, what: u64) -> u64 {
        let mut hash = self.seed.wrapping_add(what).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 31;
        hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^ (hash >> 29)
    }

    fn children(&self) -> Vec<Node> {
        let width = if self.depth == 0 { 0 } else { (self.random(1) % 9).min(self.budget) };
        (0..width)
            .map(|child| Node {
                seed: self.random(100 + child),
                depth: self.depth - 1,
                budget: (self.budget - width) / width,
            })
            .collect()
    }

    /// How many nodes there are, this one counted.
    fn count(&self) -> u64 {
        1 + self.children().iter().map(Node::count).sum::<u64>()
    }

    fn fold(&self) -> u64 {
        static OTHERS: LazyLock<Vec<Executor>> = LazyLock::new(|| {
            let models = [(Model::Sequential, 1), (Model::Threads, 1), (Model::Threads, 3), (Model::Async, 1)];
            models.into_iter().chain([(Model::Async, 2)]).map(|(model, workers)| executor(model, workers)).collect()
        });
        let choice = self.random(2) as usize % (OTHERS.len() + 3);
        let on = OTHERS.get(choice).cloned().unwrap_or_else(Executor::current);
        let children = Items(self.children());
        let add = |sum, part| sum + part;
        if self.random(3).is_multiple_of(3) {
            on.fold(children, async_node, 1, add)
        } else {
            on.fold(children, node, 1, add)
        }
        .unwrap()
    }
}

#[task]
fn node(chunk: Node) -> u64 {
    chunk.fold()
}

#[task]
async fn async_node(chunk: Node) -> u64 {
    if chunk.random(4).is_multiple_of(2) {
        tokio::task::yield_now().await;
    }
    chunk.fold()
}

fn trees_of_nested_folds_on_every_mix_of_models_end(_model: Model) {
    let seed = crate::fixtures::seed();
    let trees = std::env::var("THREEFOLD_TREES").ok().and_then(|trees| trees.parse().ok()).unwrap_or(200u64);
    let root = Node { seed, depth: 0, budget: 0 };
    for tree in 0..trees {
        let depth = (root.random(tree) % 12 + 1) as u32;
        let top = Node { seed: seed.wrapping_add(tree), depth, budget: 60 };
        assert_eq!(top.fold(), top.count(), "tree {tree} of seed {seed}");
    }
}
