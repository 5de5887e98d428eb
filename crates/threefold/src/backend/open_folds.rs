//! `OpenFolds`: the running folds of a pool, and the pool's helpers, which wait until they are called to one of these
//! folds.
//!
//! # How a helper joins and leaves
//!
//! All shared state is a list of running folds under one lock. A helper takes this lock, finds a fold that it is called
//! to and that has chunks to claim, and enters the gate of that fold. Then it releases the lock and runs chunks. At the
//! end the caller takes its fold off the list, under the same lock. So when the caller has done that and then sees
//! nobody inside the gate, no other thread uses its fold: a helper that came before is counted, and no helper can come
//! after.
//!
//! # How helpers are called
//!
//! A fold is put on the list before its first chunk. This costs its caller no more than the lock. Without a call no
//! helper enters the fold. When the caller finds that a helper would shorten the fold, it makes a call. One helper
//! enters for each call.
//!
//! A helper that finds no call waits in one of three ways:
//!
//! - It *spins* for some microseconds after it has run chunks, and reads a counter of calls again and again. It starts
//!   within a microsecond of a call, and the caller makes no system call. Fewer helpers spin than there are cores.
//! - It *sleeps* on a condition variable. A call wakes one sleeper if no helper spins. A helper that enters a fold
//!   calls the next helper if that still shortens the fold. So a large fold soon has all helpers, and a small fold has
//!   few or none.
//! - It *ticks*: while folds come, one sleeper wakes each millisecond. It looks for a *stuck* fold, that is, one of
//!   which no chunk was claimed since the last tick. The chunks that run in such a fold take longer than was expected,
//!   or wait for other chunks. The helper joins the fold without a call. A helper that goes from one fold to the next
//!   never sleeps. So it makes a tick before it enters a fold, if several folds are on the list and the last tick was a
//!   millisecond ago: one of the folds may be stuck while the others keep calling. When no fold has come for some
//!   ticks, the helper that ticks sleeps without a timeout like the others, and the pool uses no processor time. The
//!   next fold then wakes a helper, which ticks again.
//!
//! If several folds call, the latest one gets the helper, since it may be nested in an earlier fold that waits for it.
//! A stuck fold gets a helper as soon as one is free and no later fold calls. Where several callers keep calling, that
//! may take long. The caller of the stuck fold continues meanwhile, unless its chunks wait for each other.
//!
//! # Why no call is lost
//!
//! A helper looks at the list and goes to sleep under the lock, and a caller changes the list and looks for sleepers
//! under the lock. A helper that spins is counted as spinning until it has the lock again, and then it looks at the
//! list before it sleeps. So a caller that sees a spinning helper need not wake another one.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own, under which no tick comes.

use std::fmt::Debug;
use std::sync::PoisonError;
use std::time::Duration;

use super::sync::{AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering};

/// The interval between ticks. A helper joins a fold without a call when no chunk of it was claimed for at least one
/// interval; this takes at most two intervals.
const TICK: Duration = Duration::from_millis(1);

/// After this many ticks without a new fold no helper ticks any more.
const QUIET: u32 = 10;

/// What the list needs to know of a fold.
pub(super) trait Open: Clone {
    /// What a worker holds while it is inside a fold. Dropping it leaves the fold.
    type Inside;

    /// What a call tells the helper.
    type Call: Clone + Debug;

    /// Whether a chunk can be claimed now.
    fn is_open(&self) -> bool;

    /// How many chunks are not claimed yet.
    fn left(&self) -> u64;

    /// A worker enters the fold.
    fn enter(&self) -> Self::Inside;

    /// Whether both are the same fold.
    fn is(&self, other: &Self) -> bool;

    /// The call that a tick makes for a stuck fold, of which no chunk was claimed since the last tick.
    fn cry(&self) -> Self::Call;
}

/// What the list needs to know of a helper.
pub(super) trait Helper<F: Open> {
    /// Whether it spins before it sleeps.
    fn may_spin(&self) -> bool;

    /// Spins until `is_called` returns true, or until sleeping is better than spinning on.
    fn spin(&self, is_called: &dyn Fn() -> bool);

    /// The time since a fixed moment.
    fn now(&self) -> Duration;

    /// Whether a helper that was called to `fold`, and has entered it, should call the next helper. `coming` helpers
    /// were woken and are on their way.
    fn wants_more(&self, fold: &F, call: &F::Call, coming: usize) -> bool;
}

#[derive(Debug)]
pub(super) struct OpenFolds<F: Open> {
    state: Mutex<State<F>>,
    wake: Condvar,
    /// The counter of calls. Helpers that spin read it.
    calls: AtomicU64,
    /// How many helpers spin, and how many sleep and were not woken. Both change under the lock only. Callers read them
    /// without the lock, to see whether a call would reach a helper.
    spinning: AtomicUsize,
    sleeping: AtomicUsize,
    /// The largest number of helpers that may spin.
    spinners: usize,
}

#[derive(Debug)]
struct State<F: Open> {
    /// The latest fold is last.
    folds: Vec<Entry<F>>,
    /// How many sleepers were woken and do not have the lock yet.
    coming: usize,
    /// Whether a sleeper ticks.
    has_ticker: bool,
    /// When the last tick was, in the time of [`Helper::now`].
    ticked: Duration,
    /// How many ticks have passed since the last fold was added.
    quiet: u32,
    stop: bool,
}

/// The list, locked.
type Guard<'a, F> = MutexGuard<'a, State<F>>;

/// A fold on the list.
#[derive(Debug)]
struct Entry<F: Open> {
    fold: F,
    /// The latest call, if there was one.
    call: Option<F::Call>,
    /// How many calls are open: no helper has entered for them yet.
    calls: usize,
    /// How many chunks were left at the last tick, if the fold was on the list then.
    left: Option<u64>,
}

/// A helper that has entered a fold.
#[derive(Debug)]
pub(super) struct Visit<F: Open> {
    /// Must be dropped before `inside`.
    pub(super) fold: F,
    pub(super) inside: F::Inside,
    pub(super) call: F::Call,
    /// What the helper did before it entered.
    pub(super) came: Came,
}

/// What a helper did before it entered a fold. The pool measures the wake-up latency of helpers that were woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It ran chunks of another fold, or spun.
    Awake,
    /// A call woke it.
    Woken,
    /// It woke at its own timeout, to tick.
    Ticked,
}

/// Which helpers a call could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Free {
    /// At least one helper spins.
    Spinning,
    /// No helper spins, and at least one sleeps.
    Sleeping,
    Nobody,
}

impl<F: Open> OpenFolds<F> {
    /// An empty list. At most `spinners` helpers spin at the same time.
    pub(super) fn new(spinners: usize) -> Self {
        let state =
            State { folds: Vec::new(), coming: 0, has_ticker: false, ticked: Duration::ZERO, quiet: 0, stop: false };
        let (calls, spinning, sleeping) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        Self { state: Mutex::new(state), wake: Condvar::new(), calls, spinning, sleeping, spinners }
    }

    /// Puts `fold` on the list, with a call or without.
    pub(super) fn add(&self, fold: F, call: Option<F::Call>) {
        let mut state = self.lock();
        let calls = usize::from(call.is_some());
        state.folds.push(Entry { fold, call, calls, left: None });
        state.quiet = 0;
        if calls > 0 {
            self.call_one(state);
        } else if !state.has_ticker && state.coming == 0 {
            self.wake_one(&mut state);
        }
    }

    /// Takes `fold` off the list: no further helper enters it.
    pub(super) fn take_off(&self, fold: &F) {
        let mut state = self.lock();
        let entry = state.folds.iter().rposition(|other| other.fold.is(fold)).map(|at| state.folds.remove(at));
        drop(state);
        // Outside of the lock.
        drop(entry);
    }

    /// Calls a helper to `fold`.
    pub(super) fn call(&self, fold: &F, call: F::Call) {
        let mut state = self.lock();
        if let Some(entry) = state.folds.iter_mut().rev().find(|other| other.fold.is(fold)) {
            entry.call = Some(call);
            entry.calls += 1;
            self.call_one(state);
        }
    }

    /// Calls a helper to every fold that has made a call before: there may be chunks to claim again.
    pub(super) fn call_again(&self) {
        let mut state = self.lock();
        state.folds.iter_mut().filter(|entry| entry.call.is_some()).for_each(|entry| entry.calls = entry.calls.max(1));
        self.call_one(state);
    }

    /// Which helpers a call would reach. This may change before the answer is used: then a call is in vain, or is not
    /// made.
    pub(super) fn free(&self) -> Free {
        if self.spinning.load(Ordering::Relaxed) > 0 {
            Free::Spinning
        } else if self.sleeping.load(Ordering::Relaxed) > 0 {
            Free::Sleeping
        } else {
            Free::Nobody
        }
    }

    /// Wakes all helpers. From now on no helper enters a fold.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        self.announce();
        self.wake.notify_all();
    }

    /// Waits until a fold on the list has an open call, made by its caller or by a tick, and enters that fold. Returns
    /// `None` after a stop.
    pub(super) fn enter_next(&self, helper: &impl Helper<F>) -> Option<Visit<F>> {
        let mut may_spin = helper.may_spin();
        let mut came = Came::Awake;
        let mut state = self.lock();
        while !state.stop {
            // With one fold on the list no other fold can wait behind it, so the clock is not read.
            if came != Came::Ticked && state.folds.len() > 1 {
                let now = helper.now();
                if now.saturating_sub(state.ticked) >= TICK {
                    state.tick(now);
                }
            }
            let State { folds, coming, .. } = &mut *state;
            // The latest fold first: it may be nested in an earlier one, which waits for it.
            let called = folds.iter_mut().rev().find(|entry| entry.calls > 0 && entry.fold.is_open());
            if let Some(entry) = called {
                let call = entry.call.clone().expect("it is there since the first call");
                let fold = entry.fold.clone();
                // Under the lock: see `Gate::enter`.
                let inside = fold.enter();
                entry.calls -= 1;
                if helper.wants_more(&fold, &call, *coming) {
                    entry.calls += 1;
                    self.call_one(state);
                } else if state.wants_ticker() {
                    self.wake_one(&mut state);
                }
                return Some(Visit { fold, inside, call, came });
            }
            if may_spin && self.spinning.load(Ordering::Relaxed) < self.spinners {
                state = self.spin(state, helper);
                (may_spin, came) = (false, Came::Awake);
            } else {
                (state, came) = self.sleep(state, helper);
                // A helper that was woken spins also if its fold is already over: the next fold may follow at once.
                may_spin = came == Came::Woken;
            }
        }
        None
    }

    fn spin<'a>(&'a self, state: Guard<'a, F>, helper: &impl Helper<F>) -> Guard<'a, F> {
        // Relaxed: no other data depends on the counters. The lock protects the list.
        let calls = self.calls.load(Ordering::Relaxed);
        self.spinning.fetch_add(1, Ordering::Relaxed);
        drop(state);
        helper.spin(&|| self.calls.load(Ordering::Relaxed) != calls);
        let state = self.lock();
        self.spinning.fetch_sub(1, Ordering::Relaxed);
        state
    }

    /// Sleeps until a call wakes this helper or its own tick is due, and returns which of the two it was.
    fn sleep<'a>(&'a self, mut state: Guard<'a, F>, helper: &impl Helper<F>) -> (Guard<'a, F>, Came) {
        self.sleeping.fetch_add(1, Ordering::Relaxed);
        let mut came = Came::Woken;
        if state.has_ticker || state.is_quiet() {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        } else {
            state.has_ticker = true;
            let (after, waited) = self.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.has_ticker = false;
            if waited.timed_out() {
                state.tick(helper.now());
                came = Came::Ticked;
            }
        }
        // If a sleeper was woken meanwhile, a helper that wakes at its own timeout is counted as that one. `coming` is
        // only an estimate: one more helper may be called then.
        if state.coming > 0 {
            state.coming -= 1;
        } else {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
        }
        (state, came)
    }

    fn lock(&self) -> Guard<'_, F> {
        // Nothing can panic under this lock. Even after a panic the list would be consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls one helper. A helper that spins sees the call by itself. If none spins, a sleeper is woken.
    ///
    /// The lock is released before the call is announced, or else the helper would only wait for the lock. A helper that
    /// stops spinning in between takes the lock and finds the call on the list.
    fn call_one(&self, mut state: Guard<'_, F>) {
        if self.spinning.load(Ordering::Relaxed) == 0 {
            self.wake_one(&mut state);
        }
        drop(state);
        self.announce();
    }

    /// Makes the helpers that spin look at the list.
    fn announce(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Wakes one sleeper, if there is one that was not woken before. The lock is held, so no helper falls asleep
    /// meanwhile.
    fn wake_one(&self, state: &mut State<F>) {
        if self.sleeping.load(Ordering::Relaxed) > 0 {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
            state.coming += 1;
            self.wake.notify_one();
        }
    }
}

impl<F: Open> State<F> {
    /// Whether no helper ticks, although there is a fold that may get stuck. A sleeper that is woken ticks if it finds
    /// no call.
    fn wants_ticker(&self) -> bool {
        !self.has_ticker && self.coming == 0 && self.folds.iter().any(|entry| entry.fold.is_open())
    }

    /// Whether no helper needs to tick: no fold has come for some ticks, and no fold has chunks to claim.
    fn is_quiet(&self) -> bool {
        self.quiet >= QUIET && !self.folds.iter().any(|entry| entry.fold.is_open())
    }

    /// Calls a helper to every stuck fold: one of which no chunk was claimed since the last tick.
    fn tick(&mut self, now: Duration) {
        self.ticked = now;
        self.quiet = self.quiet.saturating_add(1);
        for entry in self.folds.iter_mut().filter(|entry| entry.fold.is_open()) {
            let left = Some(entry.fold.left());
            if entry.left == left {
                entry.call = Some(entry.fold.cry());
                entry.calls = entry.calls.max(1);
            }
            entry.left = left;
        }
    }
}
