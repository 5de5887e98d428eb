//! State per worker: made once in each worker of a fold, and nobody else's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{Executor, Items, Model, Shared};

use crate::executor;
use crate::fixtures::folder;
use crate::tasks::{files, wait_until};

crate::rows! {
    every:
        each_worker_makes_one_state_for_each_fold,
        a_worker_uses_one_state_for_all_its_chunks,
        a_state_that_cannot_be_made_is_an_error_that_names_no_chunk,
        nested_folds_have_states_of_their_own,
        outputs_with_states_are_combined_and_fold_as_others;
    with_one_worker: after_a_panic_the_worker_makes_a_new_state;
    local: states_are_dropped_before_the_fold_returns;
    processes:
        a_worker_process_drops_its_state_before_it_exits,
        a_state_that_takes_a_while_to_drop_is_dropped_with_the_executor,
        workers_that_do_not_exit_are_ended_all_at_once,
        a_state_that_panics_when_it_is_dropped_harms_no_later_fold;
    isolating:
        a_state_that_takes_longer_to_drop_than_a_worker_may_rest_is_waited_for,
        a_state_is_dropped_to_its_end_if_the_next_fold_fails_meanwhile,
        a_crash_in_the_making_of_a_state_is_an_error_that_says_so,
        a_timeout_does_not_count_the_making_of_the_state;
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

/// The process and the thread.
fn here() -> (u32, i32) {
    (process::id(), rustix::thread::gettid().as_raw_nonzero().get())
}

/// Leaves a file for each state that is made, and waits in each chunk until so many have been.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct MakesFiles {
    folder: PathBuf,
    workers: usize,
}

#[task]
impl Task for MakesFiles {
    type Chunk = u64;
    type Output = (u32, i32);
    type State = PathBuf;

    fn state(&self) -> Result<PathBuf, String> {
        let (process, thread) = here();
        let file = self.folder.join(format!("{process}-{thread}"));
        fs::File::create_new(&file).map_err(|error| format!("it was made twice: {error}"))?;
        Ok(file)
    }

    fn map(&self, file: &mut PathBuf, _chunk: u64) -> (u32, i32) {
        assert!(file.exists());
        wait_until("so many workers have come", || files(&self.folder) >= self.workers);
        here()
    }
}

fn each_worker_makes_one_state_for_each_fold(model: Model) {
    let on = executor(model, 2);
    let workers = if crate::with_workers(model) { 2 } else { 1 };
    for _ in 0..2 {
        let folder = folder();
        let task = MakesFiles { folder: folder.path().into(), workers };
        let ran: BTreeSet<_> = on.map(numbers(64), task).unwrap().into_iter().collect();
        assert!(ran.len() >= workers);
        for (process, thread) in &ran {
            assert!(folder.path().join(format!("{process}-{thread}")).exists());
        }
    }
}

/// Counts the chunks of its worker; panics on one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    panics_on: Option<u64>,
}

#[task]
impl Task for Counts {
    type Chunk = u64;
    type Output = (u32, i32, u64);
    type State = u64;

    fn state(&self) -> u64 {
        0
    }

    fn map(&self, count: &mut Self::State, chunk: Self::Chunk) -> Self::Output {
        *count += 1;
        assert_ne!(Some(chunk), self.panics_on, "as asked");
        let (process, thread) = here();
        (process, thread, *count)
    }
}

fn a_worker_uses_one_state_for_all_its_chunks(model: Model) {
    let on = executor(model, 3);
    for _ in 0..3 {
        let mut counts = BTreeMap::<_, Vec<u64>>::new();
        for (process, thread, count) in on.map(numbers(300), Counts::default()).unwrap() {
            counts.entry((process, thread)).or_default().push(count);
        }
        for (worker, mut counts) in counts {
            counts.sort_unstable();
            let expected: Vec<u64> = (1..=counts.len() as u64).collect();
            assert_eq!(counts, expected, "{worker:?}");
        }
    }
    assert_eq!(Counts::default().map(7).2, 1, "as a plain function it has a state of its own");
}

fn after_a_panic_the_worker_makes_a_new_state(model: Model) {
    let on = executor(model, 1);
    let outcomes = on.map_results(numbers(7), Counts { panics_on: Some(3) }).unwrap();
    let counts: Vec<_> = outcomes.into_iter().map(|outcome| outcome.map(|(.., count)| count).ok()).collect();
    assert_eq!(counts, [Some(1), Some(2), Some(3), None, Some(1), Some(2), Some(3)]);
}

/// Has no state to give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Broken {
    Refuses,
    Panics,
    Aborts,
    Sleeps(Duration),
}

#[task]
impl Task for Broken {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn state(&self) -> Result<u64, std::fmt::Error> {
        match self {
            Self::Refuses => Err(std::fmt::Error),
            Self::Panics => panic!("no such model"),
            Self::Aborts => process::abort(),
            Self::Sleeps(duration) => {
                thread::sleep(*duration);
                Ok(1)
            }
        }
    }

    fn map(&self, state: &mut u64, chunk: u64) -> u64 {
        chunk * *state
    }
}

fn a_state_that_cannot_be_made_is_an_error_that_names_no_chunk(model: Model) {
    let on = executor(model, 2);
    for (task, reason) in [(Broken::Refuses, std::fmt::Error.to_string()), (Broken::Panics, "no such model".into())] {
        for _ in 0..2 {
            let error = on.map(numbers(20), task.clone()).unwrap_err();
            assert_eq!(error.to_string(), format!("Broken: the state of a worker could not be made: {reason}"));
            assert!(error.is_setup() && !error.is_panic() && error.chunk().is_none());
            assert_eq!((error.model(), error.task()), (Some(model), Some("Broken")));
            assert!(on.map_results(numbers(20), task.clone()).unwrap_err().is_setup());
        }
        assert_eq!(on.map(numbers(2), Broken::Sleeps(Duration::ZERO)).unwrap(), [0, 1], "the executor goes on");
    }
}

fn a_crash_in_the_making_of_a_state_is_an_error_that_says_so(model: Model) {
    let on = crate::isolated(model, 2);
    let error = on.map(numbers(20), Broken::Aborts).unwrap_err();
    assert!(error.is_setup() && error.chunk().is_none(), "{error}");
    assert!(error.to_string().contains("before they ran a chunk"), "{error}");
    assert_eq!(on.map(numbers(2), Broken::Sleeps(Duration::ZERO)).unwrap(), [0, 1], "the executor goes on");
}

fn a_timeout_does_not_count_the_making_of_the_state(model: Model) {
    let on = Executor::builder(model).workers(1).timeout(Duration::from_secs(1)).build().unwrap();
    let task = Broken::Sleeps(Duration::from_millis(1_300));
    assert_eq!(on.map(numbers(3), task).unwrap(), [0, 1, 2]);
}

/// Folds in each chunk with a task that has a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Outer;

#[task]
impl Task for Outer {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn state(&self) -> u64 {
        // A state may be made by a fold.
        Executor::current().map(numbers(3), Counts::default()).unwrap().len() as u64
    }

    fn map(&self, state: &mut u64, chunk: u64) -> u64 {
        let inner = Executor::current().map(numbers(chunk), Counts::default()).unwrap();
        *state + inner.iter().filter(|&&(.., count)| count == 1).count().min(1) as u64
    }
}

fn nested_folds_have_states_of_their_own(model: Model) {
    let on = executor(model, 2);
    assert_eq!(on.map(Items(vec![0, 1, 9, 30]), Outer).unwrap(), [3, 4, 4, 4]);
}

fn outputs_with_states_are_combined_and_fold_as_others(model: Model) {
    let on = executor(model, 2);
    let task = || Broken::Sleeps(Duration::ZERO);
    assert_eq!(on.combine(numbers(100), task(), |a, b| a + b).unwrap(), Some(4950));
    assert_eq!(on.fold(numbers(100), task(), 0, |a, b| a + b).unwrap(), 4950);
    on.for_each(numbers(100), task()).unwrap();
}

/// Its state leaves a file when it is dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Drops {
    folder: PathBuf,
}

struct Dropped(PathBuf);

impl Drop for Dropped {
    fn drop(&mut self) {
        let (process, thread) = here();
        fs::write(self.0.join(format!("dropped-{process}-{thread}-{:p}", self)), "").expect("the folder is there");
    }
}

#[task]
impl Task for Drops {
    type Chunk = u64;
    type Output = ();
    type State = Dropped;

    fn state(&self) -> Dropped {
        fs::write(self.folder.join(format!("made-{:?}", here())), "").expect("the folder is there");
        Dropped(self.folder.clone())
    }

    fn map(&self, _state: &mut Dropped, _chunk: u64) {}
}

/// How many files there are whose names begin so.
fn count(folder: &std::path::Path, prefix: &str) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().is_some_and(|name| name.starts_with(prefix))).count()
}

fn states_are_dropped_before_the_fold_returns(model: Model) {
    let folder = folder();
    let on = executor(model, 3);
    on.for_each(numbers(100), Drops { folder: folder.path().into() }).unwrap();
    let (made, dropped) = (count(folder.path(), "made"), count(folder.path(), "dropped"));
    assert!(made > 0 && made == dropped, "{made} were made, {dropped} dropped");
}

fn a_worker_process_drops_its_state_before_it_exits(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    on.for_each(numbers(100), Drops { folder: folder.path().into() }).unwrap();
    let made = count(folder.path(), "made");
    drop(on);
    wait_until("the workers have exited", || count(folder.path(), "dropped") == made);
}

/// The first of its states takes so many milliseconds to drop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct DropsSlowly {
    folder: PathBuf,
    milliseconds: u64,
}

struct Slow(DropsSlowly);

impl Drop for Slow {
    fn drop(&mut self) {
        if fs::File::create_new(self.0.folder.join("begun")).is_ok() {
            thread::sleep(Duration::from_millis(self.0.milliseconds));
            fs::write(self.0.folder.join("dropped"), "").expect("the folder is there");
        }
    }
}

#[task]
impl Task for DropsSlowly {
    type Chunk = u64;
    type Output = u32;
    type State = Slow;

    fn state(&self) -> Slow {
        Slow(self.clone())
    }

    fn map(&self, _state: &mut Slow, _chunk: u64) -> u32 {
        process::id()
    }
}

#[task]
fn process_of_number(_chunk: u64) -> u32 {
    process::id()
}

fn a_state_that_takes_longer_to_drop_than_a_worker_may_rest_is_waited_for(model: Model) {
    // The next fold is one of the same task, or one of another.
    let check = |same: bool| {
        let folder = folder();
        let on = crate::isolated(model, 1);
        // Longer than a worker may do nothing at all.
        let task = DropsSlowly { folder: folder.path().into(), milliseconds: 10_500 };
        let first = on.map(numbers(1), task.clone()).unwrap();
        let next = if same { on.map(numbers(1), task) } else { on.map(numbers(1), process_of_number) };
        assert!(folder.path().join("dropped").exists(), "the worker was killed before");
        assert_eq!(next.unwrap(), first);
    };
    if model == Model::Processes {
        thread::scope(|scope| {
            scope.spawn(|| {
                threefold::init();
                check(true);
            });
            check(false);
        });
    } else {
        // One fold at a time in a job.
        check(true);
        check(false);
    }
}

fn a_state_that_takes_a_while_to_drop_is_dropped_with_the_executor(model: Model) {
    // It has 0.1 s to begin, and a machine that has too much to do may not give it a core in that time.
    let is_dropped = |_| {
        let folder = folder();
        let on = executor(model, 1);
        on.map(numbers(1), DropsSlowly { folder: folder.path().into(), milliseconds: 700 }).unwrap();
        drop(on);
        folder.path().join("dropped").exists()
    };
    assert!((0..5).any(is_dropped), "the worker was killed before");
}

/// The state of the worker that has run chunk `slow` takes a while to drop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OneDropsSlowly {
    folder: PathBuf,
    slow: u64,
}

struct PerhapsSlow {
    folder: PathBuf,
    is_slow: bool,
}

impl Drop for PerhapsSlow {
    fn drop(&mut self) {
        if self.is_slow {
            fs::write(self.folder.join("begun"), "").expect("the folder is there");
            thread::sleep(Duration::from_millis(500));
            fs::write(self.folder.join("dropped"), "").expect("the folder is there");
        }
    }
}

#[task]
impl Task for OneDropsSlowly {
    type Chunk = u64;
    type Output = ();
    type State = PerhapsSlow;

    fn state(&self) -> PerhapsSlow {
        PerhapsSlow { folder: self.folder.clone(), is_slow: false }
    }

    fn map(&self, state: &mut PerhapsSlow, chunk: u64) {
        state.is_slow = chunk == self.slow;
        fs::write(self.folder.join(chunk.to_string()), "").unwrap();
        wait_until("another worker has come", || files(&self.folder) == 2);
    }
}

/// Panics when the worker of the slow chunk has begun to drop its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PanicsMeanwhile {
    folder: PathBuf,
}

#[task]
impl Task for PanicsMeanwhile {
    type Chunk = u64;
    type Output = ();

    fn map(&self, _chunk: u64) {
        wait_until("the state is being dropped", || self.folder.join("begun").exists());
        panic!("as asked");
    }
}

fn a_state_is_dropped_to_its_end_if_the_next_fold_fails_meanwhile(model: Model) {
    // Either of them may be sent the chunk that fails.
    for slow in 0..2 {
        let folder = folder();
        let on = crate::isolated(model, 2);
        on.for_each(numbers(2), OneDropsSlowly { folder: folder.path().into(), slow }).unwrap();
        let error = on.for_each(numbers(2), PanicsMeanwhile { folder: folder.path().into() }).unwrap_err();
        assert_eq!((error.is_panic(), error.chunk()), (true, Some(0)));
        drop(on);
        let is_dropped = || folder.path().join("dropped").exists();
        // The worker processes of a rank outlive the executor, which does not wait for them.
        if model != Model::Processes {
            wait_until("the state is dropped", is_dropped);
        }
        assert!(is_dropped(), "the worker was killed before");
    }
}

/// Never ends, at the end of a thread.
struct Hangs;

impl Drop for Hangs {
    fn drop(&mut self) {
        wait_until("it is killed", || false);
    }
}

thread_local! {
    static AT_EXIT: Hangs = const { Hangs };
}

/// Waits until so many processes have come, which then do not exit.
#[task]
fn does_not_exit(workers: usize, folder: &PathBuf) {
    AT_EXIT.with(|_| ());
    fs::write(folder.join(process::id().to_string()), "").unwrap();
    wait_until("so many workers have come", || files(folder) >= workers);
}

fn workers_that_do_not_exit_are_ended_all_at_once(model: Model) {
    // A machine that has too much to do may take longer, but not always.
    let is_fast = |_| {
        let folder = folder();
        let workers = 24;
        let on = executor(model, workers);
        on.for_each(Items(vec![workers; workers]), does_not_exit.with(folder.path().into())).unwrap();
        let began = Instant::now();
        drop(on);
        let took = began.elapsed();
        assert!(took > Duration::from_millis(90), "they have exited after {took:?}");
        took < Duration::from_millis(1800)
    };
    assert!((0..5).any(is_fast), "each was waited for alone");
}

/// Panics when it is dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Bursts;

struct Bubble;

impl Drop for Bubble {
    fn drop(&mut self) {
        panic!("it bursts");
    }
}

#[task]
impl Task for Bursts {
    type Chunk = u64;
    type Output = u32;
    type State = Bubble;

    fn state(&self) -> Bubble {
        Bubble
    }

    fn map(&self, _state: &mut Bubble, _chunk: u64) -> u32 {
        process::id()
    }
}

#[task]
fn process_of(_chunk: Slice<u8>) -> u32 {
    process::id()
}

fn a_state_that_panics_when_it_is_dropped_harms_no_later_fold(model: Model) {
    let on = executor(model, 1);
    let array = Shared::copy_of(&[1]).unwrap();
    let worker = on.map(&array, process_of).unwrap();
    assert_eq!(on.map(numbers(1), Bursts).unwrap(), worker);
    // It drops the state since it forgets the array, then since the same task has another fold, then for another task.
    drop(array);
    for _ in 0..2 {
        assert_eq!(on.map(numbers(1), Bursts).unwrap(), worker);
    }
    assert_eq!(on.map(vec![1], process_of).unwrap(), worker);
}
