//! `OpenFolds`: the folds of a pool, and the pool's helpers that rest until they are called to one of these.
//!
//! # How a helper joins and leaves
//!
//! All shared state is a list of running folds under one lock. A helper, under this lock, finds a fold that it is called to
//! and that has chunks to claim, and enters its gate; then it releases the lock and runs chunks. At the end the caller
//! takes its fold off the list, under the same lock. So when the caller has done that and then sees nobody inside the
//! gate, it is alone with its fold: a helper that came before is counted, and none can come after.
//!
//! # How helpers are called
//!
//! A fold is put on the list before its first chunk, which costs its caller no more than the lock. It waits there without a
//! call: no helper enters it, and nobody is woken. When its caller finds that help is worth while, it calls. One helper
//! enters for each call.
//!
//! A helper that finds no call rests in one of three ways:
//!
//! - It *spins* for some microseconds after it has worked, and looks at a counter of calls. It is there within a
//!   microsecond of a call, and its caller makes no system call. There are fewer who spin than there are cores.
//! - It *sleeps* on a condition variable, and a call wakes one sleeper if nobody spins. A helper that enters a fold calls
//!   the next one if that is still worth while, so a large fold soon has all helpers and a small one has few.
//! - It *ticks*: while folds come, one sleeper wakes each millisecond. If it finds a fold of which no chunk was claimed
//!   since the tick before, then those inside are at chunks that take longer than anyone thought, or that wait for other
//!   chunks, and it joins them without a call. A helper that goes from one fold to the next never sleeps, so it ticks in
//!   passing, when it finds several folds: one of them may be stuck while the others always call. When no fold has come for
//!   some ticks, it sleeps like the others, and the pool uses no processor time. The next fold that comes then wakes a helper, which ticks again.
//!
//! Of several folds that call, the latest is helped first, since it may be nested in an earlier one that waits for it. A
//! fold that a tick has found stuck is helped as soon as a helper is free and no later fold calls. Where several callers
//! always call, that may take long. Its own caller goes on meanwhile, unless its chunks wait for each other.
//!
//! No call is lost. A helper looks at the list and goes to sleep under the lock, and a caller changes the list and looks
//! for sleepers under the lock. A helper that spins is counted as one until it has the lock again, and then it looks at
//! the list before it sleeps: so a caller that counts on it, and wakes nobody, may do so.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own, under which no tick comes.

use std::fmt::Debug;
use std::sync::PoisonError;
use std::time::Duration;

use super::sync::{AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering};

/// How long a fold may be stuck before a helper joins without a call: at least this, at most twice this.
const TICK: Duration = Duration::from_millis(1);

/// After so many ticks without a new fold nobody ticks any more.
const QUIET: u32 = 10;

/// What the list needs to know of a fold.
pub(super) trait Open: Clone {
    /// What a worker has while it is inside a fold.
    type Inside;

    /// What a helper is told by whoever called it.
    type Call: Clone + Debug;

    /// Whether there is something to claim now.
    fn is_open(&self) -> bool;

    /// How many chunks nobody has claimed.
    fn left(&self) -> u64;

    /// A worker enters.
    fn enter(&self) -> Self::Inside;

    /// Whether both are the same fold.
    fn is(&self, other: &Self) -> bool;

    /// The call in the name of those that are stuck in their chunks.
    fn cry(&self) -> Self::Call;
}

/// What a helper does on its own account.
pub(super) trait Helper<F: Open> {
    /// Whether it spins before it sleeps.
    fn may_spin(&self) -> bool;

    /// Spins until `is_called`, or until it is better to sleep.
    fn spin(&self, is_called: &dyn Fn() -> bool);

    /// The time since some moment, always the same one.
    fn now(&self) -> Duration;

    /// Whether, having been called to `fold` and entered it, it should call the next helper. `coming` are on their way.
    fn wants_more(&self, fold: &F, call: &F::Call, coming: usize) -> bool;
}

#[derive(Debug)]
pub(super) struct OpenFolds<F: Open> {
    state: Mutex<State<F>>,
    wake: Condvar,
    /// Rises at each call. Helpers that spin look at it.
    calls: AtomicU64,
    /// How many helpers spin, and how many sleep and are not called. Both change under the lock only; callers read them
    /// without it, to learn whether there is anyone to call.
    spinning: AtomicUsize,
    sleeping: AtomicUsize,
    /// The largest number of helpers that may spin.
    spinners: usize,
}

#[derive(Debug)]
struct State<F: Open> {
    /// The latest last.
    folds: Vec<Entry<F>>,
    /// How many sleepers were woken and have not come yet.
    coming: usize,
    /// Whether a sleeper ticks.
    has_ticker: bool,
    /// When the last tick was, in the time of [`Helper::now`].
    ticked: Duration,
    /// How many ticks have passed since the last fold came.
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
    /// How many calls no helper has followed yet.
    calls: usize,
    /// How many chunks were left at the last tick, if the fold was there.
    left: Option<u64>,
}

/// A helper that has entered a fold.
#[derive(Debug)]
pub(super) struct Visit<F: Open> {
    /// Must be dropped before `inside`.
    pub(super) fold: F,
    pub(super) inside: F::Inside,
    pub(super) call: F::Call,
    /// What the helper did before it came.
    pub(super) came: Came,
}

/// How a helper came to a fold. The pool learns from it how long a sleeper takes to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It was at work, or spun.
    Awake,
    /// A call woke it.
    Woken,
    /// It woke by itself, to tick.
    Ticked,
}

/// The helpers that a caller could call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Free {
    /// One that spins.
    Spinning,
    /// Only such that sleep.
    Sleeping,
    Nobody,
}

impl<F: Open> OpenFolds<F> {
    /// Of whose helpers at most `spinners` spin.
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
            self.call_one(&mut state);
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
            self.call_one(&mut state);
        }
    }

    /// Calls a helper to every fold that one was called to before: it may have something to claim again.
    pub(super) fn call_again(&self) {
        let mut state = self.lock();
        state.folds.iter_mut().filter(|entry| entry.call.is_some()).for_each(|entry| entry.calls = entry.calls.max(1));
        self.call_one(&mut state);
    }

    /// Whom a call would reach. It may have changed when it is used: then a call is in vain, or one is not made.
    pub(super) fn free(&self) -> Free {
        if self.spinning.load(Ordering::Relaxed) > 0 {
            Free::Spinning
        } else if self.sleeping.load(Ordering::Relaxed) > 0 {
            Free::Sleeping
        } else {
            Free::Nobody
        }
    }

    /// Wakes all helpers, and lets nobody find a fold any more.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        self.announce(&state);
        self.wake.notify_all();
    }

    /// Rests until there is a fold that `helper` is called to, or whose caller is stuck, and enters it; `None` after a stop.
    pub(super) fn enter_next(&self, helper: &impl Helper<F>) -> Option<Visit<F>> {
        let mut may_spin = helper.may_spin();
        let mut came = Came::Awake;
        let mut state = self.lock();
        while !state.stop {
            // With one fold on the list nobody is passed over, so the time is not asked.
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
                    self.call_one(&mut state);
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
                // Also if what it was called to is over: the next fold may follow at once.
                may_spin = came == Came::Woken;
            }
        }
        None
    }

    fn spin<'a>(&'a self, state: Guard<'a, F>, helper: &impl Helper<F>) -> Guard<'a, F> {
        // Relaxed: the counters guard nothing. The list is behind the lock.
        let calls = self.calls.load(Ordering::Relaxed);
        self.spinning.fetch_add(1, Ordering::Relaxed);
        drop(state);
        helper.spin(&|| self.calls.load(Ordering::Relaxed) != calls);
        let state = self.lock();
        self.spinning.fetch_sub(1, Ordering::Relaxed);
        state
    }

    /// Sleeps until it is woken, by a call or by a tick of its own, and says by which.
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
        // Who wakes by itself counts as one that was called, if any was. The count is a guess about others, and then one
        // more may be called.
        if state.coming > 0 {
            state.coming -= 1;
        } else {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
        }
        (state, came)
    }

    fn lock(&self) -> Guard<'_, F> {
        // Nothing can panic under this lock; and if something did, the list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls one helper: one that spins sees it by itself, and otherwise a sleeper is woken.
    fn call_one(&self, state: &mut State<F>) {
        self.announce(state);
        if self.spinning.load(Ordering::Relaxed) == 0 {
            self.wake_one(state);
        }
    }

    /// Lets those who spin look at the list. The lock is held.
    fn announce(&self, _state: &State<F>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Wakes one sleeper, if there is one that was not woken before. The lock is held, so none can fall asleep meanwhile.
    fn wake_one(&self, state: &mut State<F>) {
        if self.sleeping.load(Ordering::Relaxed) > 0 {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
            state.coming += 1;
            self.wake.notify_one();
        }
    }
}

impl<F: Open> State<F> {
    /// Whether nobody ticks, though there is a fold that may get stuck. A sleeper that is woken ticks if it finds nothing
    /// else to do.
    fn wants_ticker(&self) -> bool {
        !self.has_ticker && self.coming == 0 && self.folds.iter().any(|entry| entry.fold.is_open())
    }

    /// Whether nobody need tick.
    fn is_quiet(&self) -> bool {
        self.quiet >= QUIET && !self.folds.iter().any(|entry| entry.fold.is_open())
    }

    /// Calls a helper to every fold that is stuck.
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
