//! Waking: workers that sleep until a fold has something to claim, and a caller that parks until the fold has something
//! for it.
//!
//! The pool's list of folds, the gate, the window and those who are told are the library's own. Chunks, outputs, and the
//! order of steps in a worker and in a caller are modelled, as they stand in `backend/pool.rs`, `backend/blocks.rs` and
//! `executor/drive.rs`.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::claims::{Claim, Claims};
use crate::gate::{Gate, Inside};
use crate::model;
use crate::notify::Notify;
use crate::open_folds::{Helper, Open, OpenFolds, Visit};

/// A thread that parks and is unparked: a token under a lock. (The checker's own `park` also returns from other waits.)
#[derive(Default)]
pub(crate) struct Parker {
    token: Mutex<bool>,
    wake: Condvar,
}

impl Parker {
    pub(crate) fn park(&self) {
        let mut token = self.token.lock().unwrap();
        while !*token {
            token = self.wake.wait(token).unwrap();
        }
        *token = false;
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.token.lock().unwrap() = true;
        self.wake.notify_one();
    }
}

/// Wakes a worker of the pool.
struct Pool(OpenFolds<Arc<Fold>>);

impl Wake for Pool {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.call_again();
    }
}

/// A fold whose chunks have no output but that they ran.
pub(crate) struct Fold {
    pub(crate) claims: Claims,
    pub(crate) gate: Arc<Gate>,
    pub(crate) workers: Notify,
    outputs: Outputs,
    meeting: Option<Meeting>,
    is_supplied: bool,
}

/// As in `fold/outputs.rs`: what waits is kept under a lock, and how far the caller has come is changed without it.
struct Outputs {
    runs: Vec<AtomicU64>,
    kept: Mutex<Vec<bool>>,
    taken: AtomicU64,
}

/// Chunks that wait for one another: so many workers must take part at once.
struct Meeting {
    come: Mutex<usize>,
    all: Condvar,
    party: usize,
}

impl Open for Arc<Fold> {
    type Inside = Inside;
    type Call = ();

    fn is_open(&self) -> bool {
        self.claims.is_open()
    }

    fn left(&self) -> u64 {
        self.claims.left()
    }

    fn enter(&self) -> Inside {
        self.gate.enter()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }

    fn cry(&self) {}
}

/// How a helper rests.
struct Rest {
    spins: bool,
}

impl Helper<Arc<Fold>> for Rest {
    fn may_spin(&self) -> bool {
        self.spins
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn spin(&self, is_called: &dyn Fn() -> bool) {
        if !is_called() {
            thread::yield_now();
        }
    }

    fn wants_more(&self, fold: &Arc<Fold>, (): &(), _coming: usize) -> bool {
        fold.claims.left() > 0
    }
}

impl Fold {
    pub(crate) fn new(chunks: usize, window: u64, party: Option<usize>) -> Arc<Self> {
        Self::with(chunks, Claims::new(chunks as u64, window), party, false)
    }

    /// A fold whose chunks come while it runs.
    pub(crate) fn supplied(chunks: usize, window: u64) -> Arc<Self> {
        Self::with(chunks, Claims::unsupplied(chunks as u64, window), None, true)
    }

    fn with(chunks: usize, claims: Claims, party: Option<usize>, is_supplied: bool) -> Arc<Self> {
        let meeting = party.map(|party| Meeting { come: Mutex::new(0), all: Condvar::new(), party });
        let outputs = Outputs {
            runs: (0..chunks).map(|_| AtomicU64::new(0)).collect(),
            kept: Mutex::new(vec![false; chunks]),
            taken: AtomicU64::new(0),
        };
        Arc::new(Self { claims, gate: Gate::new(), workers: Notify::default(), outputs, meeting, is_supplied })
    }

    pub(crate) fn chunks(&self) -> usize {
        self.outputs.runs.len()
    }

    pub(crate) fn is_supplied(&self) -> bool {
        self.is_supplied
    }

    /// What a worker does inside, until it is turned away or nothing is left.
    fn work(&self) {
        while let Claim::Block(block) = self.claims.claim(|_| 1) {
            self.run(block.start);
        }
    }

    /// A worker runs a chunk, and keeps its output.
    pub(crate) fn run(&self, chunk: u64) {
        self.count(chunk);
        let mut kept = self.outputs.kept.lock().unwrap();
        kept[chunk as usize] = true;
        let is_next = self.taken() == chunk;
        drop(kept);
        if is_next {
            self.gate.caller.tell();
        }
    }

    /// The caller runs a chunk. If it is the next to take, it takes it at once.
    fn run_as_caller(&self, chunk: u64) {
        if self.taken() != chunk {
            return self.run(chunk);
        }
        self.count(chunk);
        self.take_up_to(chunk + 1, false);
    }

    fn count(&self, chunk: u64) {
        if let Some(Meeting { come, all, party }) = &self.meeting {
            let mut come = come.lock().unwrap();
            *come += 1;
            all.notify_all();
            while *come < *party {
                come = all.wait(come).unwrap();
            }
        }
        let runs = &self.outputs.runs[chunk as usize];
        runs.store(runs.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self) -> u64 {
        self.outputs.taken.load(Ordering::Relaxed)
    }

    /// The caller has taken what is below `chunk`, and tells those whom the window had turned away, unless it forgets.
    fn take_up_to(&self, chunk: u64, forgets: bool) {
        self.outputs.taken.store(chunk, Ordering::Relaxed);
        if self.claims.take(chunk) && !forgets {
            self.workers.tell();
        }
    }

    /// The caller takes what it can.
    pub(crate) fn take_ready(&self, forgets: bool) {
        loop {
            let taken = self.taken();
            let kept = self.outputs.kept.lock().unwrap();
            if !kept.get(taken as usize).is_some_and(|&kept| kept) {
                return;
            }
            drop(kept);
            self.take_up_to(taken + 1, forgets);
        }
    }
}

/// What a caller does that is left out in a scenario, which then must not come to its end.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// It does not tell those whom the window had turned away.
    ForgetsTheTurnedAway,
    /// It parks without having said who it is.
    IsUnknown,
    /// It says who it is after it has looked, and does not look again before it parks.
    LooksOnlyBefore,
    /// It adds no waker of the pool to the fold.
    PoolIsUnknown,
    /// It calls nobody.
    CallsNobody,
}

/// What a scenario is about.
#[derive(Clone, Copy)]
struct Scenario {
    helpers: usize,
    /// Whether helpers spin once before they sleep.
    spins: bool,
    /// Whether the caller runs chunks too. It then begins alone, and calls after its first chunk.
    takes_part: bool,
    mistake: Mistake,
}

impl Scenario {
    const PLAIN: Self = Self { helpers: 1, spins: false, takes_part: false, mistake: Mistake::None };
}

/// One fold, and its end.
fn fold_on(scenario: Scenario, fold: &Arc<Fold>) {
    let Scenario { helpers, spins, takes_part, mistake } = scenario;
    let pool = Arc::new(Pool(OpenFolds::new(usize::from(spins))));
    let threads: Vec<_> = (0..helpers)
        .map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                while let Some(Visit { fold, inside, .. }) = pool.0.enter_next(&Rest { spins }) {
                    fold.work();
                    drop(fold);
                    drop(inside);
                }
            })
        })
        .collect();

    let parker = Arc::new(Parker::default());
    let introduce = || {
        if mistake != Mistake::IsUnknown {
            fold.gate.caller.register(Waker::from(Arc::clone(&parker)));
        }
    };
    let introduce_pool = || {
        if mistake != Mistake::PoolIsUnknown {
            fold.workers.register(Waker::from(Arc::clone(&pool)));
        }
    };
    let claims = &fold.claims;
    let ready = || fold.take_ready(mistake == Mistake::ForgetsTheTurnedAway);
    if takes_part {
        let mut is_called = false;
        pool.0.add(Arc::clone(fold), None);
        loop {
            match claims.claim(|_| 1) {
                Claim::Block(block) => {
                    fold.run_as_caller(block.start);
                    if !std::mem::replace(&mut is_called, true) {
                        introduce_pool();
                        pool.0.call(fold, ());
                    }
                }
                Claim::Later => {
                    introduce();
                    ready();
                    if !claims.is_open() && !claims.is_over() {
                        parker.park();
                    }
                    ready();
                }
                Claim::Never => break,
            }
        }
    } else {
        introduce();
        introduce_pool();
        pool.0.add(Arc::clone(fold), (mistake != Mistake::CallsNobody).then_some(()));
        while !claims.is_over() {
            parker.park();
            ready();
        }
    }
    pool.0.take_off(fold);
    // A caller that took part introduces itself only now, when it must wait, and then looks once more.
    let mut is_known = mistake == Mistake::LooksOnlyBefore;
    loop {
        ready();
        if fold.claims.is_over() && fold.gate.is_idle() {
            break;
        }
        if mistake == Mistake::LooksOnlyBefore {
            introduce();
        }
        if is_known {
            parker.park();
        }
        introduce();
        is_known = true;
    }
    ready();

    let runs = &fold.outputs.runs;
    assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1), "each chunk runs once");
    assert_eq!(fold.taken() as usize, runs.len(), "the caller has taken all");
    assert_eq!(Arc::strong_count(fold), 1, "the caller alone owns the fold");
    pool.0.stop();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_sleeping_helper_runs_a_fold_that_its_caller_only_waits_for() {
    model(3, || fold_on(Scenario::PLAIN, &Fold::new(2, 9, None)));
}

#[test]
fn a_caller_that_began_alone_and_a_helper_that_it_calls_share_a_fold_and_part() {
    model(2, || fold_on(Scenario { takes_part: true, ..Scenario::PLAIN }, &Fold::new(2, 9, None)));
}

#[test]
fn a_call_reaches_a_helper_that_spins_or_is_about_to_sleep() {
    model(3, || fold_on(Scenario { spins: true, ..Scenario::PLAIN }, &Fold::new(1, 9, None)));
}

#[test]
fn a_call_reaches_a_helper_whether_another_spins_or_sleeps() {
    model(2, || fold_on(Scenario { spins: true, helpers: 2, ..Scenario::PLAIN }, &Fold::new(1, 9, None)));
}

#[test]
fn a_helper_that_the_window_turned_away_is_called_when_it_opens() {
    model(3, || fold_on(Scenario::PLAIN, &Fold::new(2, 1, None)));
}

#[test]
fn a_caller_that_the_window_turned_away_is_woken_when_the_next_output_comes() {
    model(2, || fold_on(Scenario { takes_part: true, ..Scenario::PLAIN }, &Fold::new(3, 1, None)));
}

#[test]
fn a_helper_that_was_called_calls_the_next() {
    // Two chunks that wait for each other need two helpers.
    model(2, || fold_on(Scenario { helpers: 2, ..Scenario::PLAIN }, &Fold::new(2, 9, Some(2))));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_being_told_of_it_a_helper_that_was_turned_away_sleeps_for_ever() {
    let mistake = Mistake::ForgetsTheTurnedAway;
    model(2, move || fold_on(Scenario { mistake, ..Scenario::PLAIN }, &Fold::new(2, 1, None)));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_a_waker_of_the_pool_a_helper_that_was_turned_away_sleeps_for_ever() {
    let mistake = Mistake::PoolIsUnknown;
    model(2, move || fold_on(Scenario { mistake, ..Scenario::PLAIN }, &Fold::new(2, 1, None)));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_a_call_a_helper_enters_no_fold() {
    let mistake = Mistake::CallsNobody;
    model(2, move || fold_on(Scenario { mistake, ..Scenario::PLAIN }, &Fold::new(1, 9, None)));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_being_known_a_caller_parks_for_ever() {
    let mistake = Mistake::IsUnknown;
    model(2, move || fold_on(Scenario { mistake, ..Scenario::PLAIN }, &Fold::new(1, 9, None)));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_caller_that_does_not_look_again_when_it_is_known_parks_for_ever() {
    let mistake = Mistake::LooksOnlyBefore;
    model(3, move || fold_on(Scenario { mistake, takes_part: true, ..Scenario::PLAIN }, &Fold::new(2, 9, None)));
}

#[test]
fn a_caller_that_took_its_own_output_finds_the_next_one_that_another_worker_kept() {
    model(2, || fold_on(Scenario { takes_part: true, ..Scenario::PLAIN }, &Fold::new(3, 2, None)));
}
