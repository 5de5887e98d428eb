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
//! call: no helper enters it, and nobody is woken. When its caller finds that help is worth while, it calls.
//!
//! A helper that finds no call rests in one of three ways:
//!
//! - It *spins* for some microseconds after it has worked, and looks at a counter of calls. It is there within a
//!   microsecond of a call, and its caller makes no system call. There are fewer who spin than there are cores.
//! - It *sleeps* on a condition variable, and a call wakes one sleeper if nobody spins. A helper that enters a fold calls
//!   the next one if that is still worth while, so a large fold soon has all helpers and a small one has few.
//! - It *ticks*: while folds come, one sleeper wakes each millisecond. If it finds an uncalled fold that was there at
//!   the tick before, then the caller is at a chunk that takes longer than anyone thought, and the helper joins without
//!   a call. When no fold has come for some ticks, it sleeps like the others, and the pool uses no processor time. The
//!   next fold that comes then wakes a helper, which ticks again.
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

/// How long a caller may be stuck in a chunk before a helper joins without a call: at least this, at most twice this.
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

    /// A worker enters.
    fn enter(&self) -> Self::Inside;

    /// Whether both are the same fold.
    fn is(&self, other: &Self) -> bool;

    /// Whether a helper that was called by `call`, and has entered, should call the next one, `coming` being on their way.
    fn wants_more(&self, call: &Self::Call, coming: usize) -> bool;

    /// The call in the name of a caller that is stuck in a chunk.
    fn cry(&self) -> Self::Call;
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
    /// How many ticks have passed since the last fold came.
    quiet: u32,
    stop: bool,
}

/// A fold on the list.
#[derive(Debug)]
struct Entry<F: Open> {
    fold: F,
    /// The latest call, if there was one.
    call: Option<F::Call>,
    /// Whether the fold was there at the last tick.
    is_old: bool,
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

/// How a helper came to a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It was at work, or spun.
    Awake,
    /// A call woke it.
    Woken,
    /// It ticked, and found a caller that was stuck.
    Uncalled,
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
        let state = State { folds: Vec::new(), coming: 0, has_ticker: false, quiet: 0, stop: false };
        let (calls, spinning, sleeping) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        Self { state: Mutex::new(state), wake: Condvar::new(), calls, spinning, sleeping, spinners }
    }

    /// Puts `fold` on the list, with a call or without.
    pub(super) fn add(&self, fold: F, call: Option<F::Call>) {
        let mut state = self.lock();
        let is_called = call.is_some();
        state.folds.push(Entry { fold, call, is_old: false });
        state.quiet = 0;
        if is_called {
            self.call_one(&mut state);
        } else if state.wants_ticker() {
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
            self.call_one(&mut state);
        }
    }

    /// Calls a helper to whatever fold was called to before and may have something to claim again.
    pub(super) fn call_again(&self) {
        self.call_one(&mut self.lock());
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

    /// Rests until there is a fold that this helper is called to, or whose caller is stuck, and enters it; `None` after a
    /// stop. Before it sleeps, it spins with `spin` if it `may_spin`.
    pub(super) fn enter_next(&self, mut may_spin: bool, spin: impl Fn(&dyn Fn() -> bool)) -> Option<Visit<F>> {
        let mut came = Came::Awake;
        let mut state = self.lock();
        while !state.stop {
            // The latest fold first: it may be nested in an earlier one, which waits for it.
            let called = state.folds.iter().rev().find_map(|entry| {
                let call = entry.call.as_ref().filter(|_| entry.fold.is_open())?;
                Some((entry.fold.clone(), call.clone()))
            });
            if let Some((fold, call)) = called {
                // Under the lock: see `Gate::enter`.
                let inside = fold.enter();
                if fold.wants_more(&call, state.coming) {
                    self.call_one(&mut state);
                } else if state.wants_ticker() {
                    self.wake_one(&mut state);
                }
                return Some(Visit { fold, inside, call, came });
            }
            if may_spin && self.spinning.load(Ordering::Relaxed) < self.spinners {
                state = self.spin(state, &spin);
                (may_spin, came) = (false, Came::Awake);
            } else {
                (state, came) = self.sleep(state);
                // Also if what it was called to is over: the next fold may follow at once.
                may_spin = came == Came::Woken;
            }
        }
        None
    }

    fn spin<'a>(
        &'a self,
        state: MutexGuard<'a, State<F>>,
        spin: impl Fn(&dyn Fn() -> bool),
    ) -> MutexGuard<'a, State<F>> {
        // Relaxed: the counters guard nothing. The list is behind the lock.
        let calls = self.calls.load(Ordering::Relaxed);
        self.spinning.fetch_add(1, Ordering::Relaxed);
        drop(state);
        spin(&|| self.calls.load(Ordering::Relaxed) != calls);
        let state = self.lock();
        self.spinning.fetch_sub(1, Ordering::Relaxed);
        state
    }

    /// Sleeps until it is woken, by a call or by a tick of its own, and says by which.
    fn sleep<'a>(&'a self, mut state: MutexGuard<'a, State<F>>) -> (MutexGuard<'a, State<F>>, Came) {
        self.sleeping.fetch_add(1, Ordering::Relaxed);
        let mut came = Came::Woken;
        if state.has_ticker || state.quiet >= QUIET {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        } else {
            state.has_ticker = true;
            let (after, waited) = self.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.has_ticker = false;
            if waited.timed_out() {
                state.tick();
                came = Came::Uncalled;
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

    fn lock(&self) -> MutexGuard<'_, State<F>> {
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
    /// Whether a fold waits without a call, and nobody ticks who would find that its caller is stuck. A sleeper that is
    /// woken ticks if it finds nothing else to do.
    fn wants_ticker(&self) -> bool {
        !self.has_ticker && self.coming == 0 && self.folds.iter().any(|entry| entry.call.is_none())
    }

    /// Calls a helper in the name of every caller that is stuck.
    fn tick(&mut self) {
        self.quiet = self.quiet.saturating_add(1);
        for entry in self.folds.iter_mut().filter(|entry| entry.call.is_none() && entry.fold.is_open()) {
            if entry.is_old {
                entry.call = Some(entry.fold.cry());
            }
            entry.is_old = true;
        }
    }
}
