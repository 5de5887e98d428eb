//! `Pool`: the helper threads of an executor. They run chunks of any fold on that executor.
//!
//! The caller takes part in its fold as worker 0, and can finish it without helpers. So a fold that is nested in a task
//! finishes at any depth, whatever the other threads do. A worker that waits for the end of a nested fold runs nothing
//! else meanwhile. Therefore waits only lead from a fold to the folds that are nested in it, and never in a circle.
//!
//! # When helpers are called
//!
//! The caller begins alone. It calls a helper if the fold then ends sooner. It decides this
//!
//! - before the first chunk, from the time per chunk of the last fold of the same kind ([`past`](super::past));
//! - after each block that was timed, from the time per chunk of that block ([`blocks`](super::blocks)).
//!
//! One pure function decides ([`outlook`](super::outlook)). It compares the chunks that are left with the wake-up
//! latency: a helper that spins starts within a microsecond, and a helper that sleeps must be woken
//! ([`arrivals`](super::arrivals)). A helper that has joined a fold decides in the same way whether to call the next
//! one. So a large fold soon has all helpers, and a small fold has few or none. [`open_folds`](super::open_folds)
//! explains how helpers join and leave.
//!
//! # Three folds of four chunks
//!
//! - A chunk takes 50 ns. The caller runs all four before a helper could see a call. It takes the lock of the list
//!   twice, to add the fold and to remove it, and wakes nobody. If the last fold of this kind was as small, the caller
//!   reads no clock either. After a pause, code and data have left the core's caches, and reading the clock then takes
//!   longer than such a fold. One fold in 16 is timed anyway, and the others use its time ([`past`](super::past)).
//! - A chunk takes 10 us, and no fold came shortly before. Waking a helper takes as long as two chunks and gains less
//!   than that, so the caller runs all four. If such folds follow one another at once ([`streak`](super::streak)), the
//!   second one wakes a helper anyway. That helper then spins between the folds, and each fold takes half the time.
//! - A chunk takes 1 s, but a chunk of the last such fold took 50 ns, so the caller calls nobody. After at most 2 ms
//!   the helper that ticks sees that no chunk was claimed since its last tick. It joins in the caller's first chunk.
//!
//! # The life of a helper
//!
//! 1. It is started with the executor, named `threefold-1`, `threefold-2` and so on. If one cannot be started, those
//!    before it are ended, and the executor is refused.
//! 2. It waits for a call. At first it sleeps, and it may spin only after it has run chunks.
//! 3. It enters the fold that called. From here on the caller waits for it at the end of the fold.
//! 4. If it finds itself on the caller's core, it moves to another one. Otherwise the two would take turns there.
//! 5. If it was woken, the time since the call is noted, as the wake-up latency to expect.
//! 6. It claims and runs chunks until none is left. After each timed block it may call the next helper.
//! 7. It drops its handle of the fold, and then leaves the gate. So the caller never returns while a helper holds the
//!    fold.
//! 8. It waits for the next call, and may spin first.
//! 9. When the executor is dropped, it ends, and is joined. A helper in which the executor was dropped joins the
//!    others, and ends by itself.
//!
//! A fork of the process has none of its helpers. There the caller runs all chunks.

use std::mem;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::arrivals::Arrivals;
use super::migrate::Core;
use super::open_folds::{Came, Free, Helper, Open, OpenFolds, Visit};
use super::outlook::Outlook;
use super::part::Part;
use super::past::{Kind, Past};
use super::streak::Streak;
use super::{Backend, Caller, Running, lend, options, spin, stack};
use crate::backend::fork::Identity;
use crate::backend::options::Options;
use crate::error::{Error, Result};
use crate::fold::gate::Inside;
use crate::model::Model;

/// The wake-up latency of helpers that sleep. All pools of the process share this estimate.
static ARRIVALS: Arrivals = Arrivals::new();

/// The latency of a helper that spins, in nanoseconds: a few cache lines move between two cores.
const NEARBY: u64 = 500;

/// What a worker of a pool does with a fold.
pub(super) trait Work: Send + Sync + 'static {
    /// Whether the time that chunks take tells how much processor time they need. If not, helpers are called at once.
    fn is_timed(&self, fold: &Running) -> bool;

    /// Claims and runs chunks of `fold` until none is left. Returns the average time per chunk in nanoseconds, if
    /// chunks were timed.
    fn run(&self, fold: &Running, part: Part<'_>) -> Option<u64>;
}

/// The helper threads of an executor. Dropping the pool ends them.
pub(super) struct Pool<W> {
    shared: Arc<Shared<W>>,
    handles: Vec<JoinHandle<()>>,
    /// The process whose threads they are. A fork of it does not have them.
    process: Identity,
    /// Calls a helper when the closed window of a fold opens.
    waker: Waker,
}

struct Shared<W> {
    work: W,
    workers: usize,
    /// The stack size for every chunk, in bytes, if the user has set one.
    stack_size: Option<usize>,
    /// How many cores this process may use.
    cores: usize,
    open: OpenFolds<Running>,
    /// When the pool was made.
    began: Instant,
    past: Past,
    /// When the last fold ended that was worth a helper that spins.
    streak: Streak,
}

/// What a helper is told when it is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// The estimated time per chunk, in nanoseconds.
    each: u64,
    /// The core on which the caller runs. A helper that finds itself there moves to another core.
    core: Option<Core>,
    at: Instant,
}

impl Call {
    fn new(each: u64) -> Self {
        Self { each, core: Some(Core::current()), at: Instant::now() }
    }
}

impl Open for Running {
    type Inside = Inside;
    type Call = Call;

    fn is_open(&self) -> bool {
        self.claims().is_open()
    }

    fn left(&self) -> u64 {
        self.claims().left()
    }

    fn enter(&self) -> Inside {
        self.gate().enter()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.fold(), other.fold())
    }

    fn cry(&self) -> Call {
        // The chunks take longer than a tick. How much longer is unknown.
        Call { each: u64::MAX, core: None, at: Instant::now() }
    }
}

impl<W: Work> Pool<W> {
    /// A pool of `workers`. The caller is the first of them.
    pub(super) fn new(model: Model, work: W, workers: usize, options: &Options) -> Result<Self> {
        let stack_size = options.stack_size;
        // A pool without helpers does not need the number of cores. Asking for it costs some system calls.
        let cores = if workers > 1 { options::cores() } else { 1 };
        // The caller uses one core.
        let open = OpenFolds::new(cores - 1);
        let (past, streak, began) = (Past::new(), Streak::new(), Instant::now());
        let shared = Arc::new(Shared { work, workers, stack_size, cores, open, began, past, streak });
        let waker = Waker::from(Arc::clone(&shared));
        let mut pool = Self { shared, handles: Vec::with_capacity(workers), process: Identity::this(), waker };
        let bytes = stack_size.unwrap_or_else(stack::size);
        for worker in 1..workers {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name(format!("threefold-{worker}")).stack_size(bytes);
            let serve = move || {
                stack::note(bytes);
                shared.serve(worker);
            };
            // If a thread cannot be started, dropping `pool` ends the threads that were started.
            let handle = thread.spawn(serve).map_err(|error| {
                Error::system(model, &format!("thread {worker} of {workers} could not be started"), error)
            })?;
            pool.handles.push(handle);
        }
        Ok(pool)
    }
}

impl<W> Pool<W> {
    /// Whether helpers may take part in `fold`. In a fork that does not know that it is one, the caller runs all chunks,
    /// since nobody answers its call.
    fn shares(&self, fold: &Running) -> bool {
        !self.handles.is_empty() && fold.chunks > 1 && !self.process.is_another()
    }
}

impl<W: Work> Backend for Pool<W> {
    fn workers(&self) -> usize {
        self.shared.workers
    }

    fn stack_size(&self) -> Option<usize> {
        self.shared.stack_size
    }

    fn start(&self, fold: &Running) {
        if self.shares(fold) && !self.shared.work.is_timed(fold) {
            fold.workers.register(self.waker.clone());
            self.shared.open.add(fold.clone(), Some(Call::new(u64::MAX)));
        }
    }

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        let Self { shared, waker, .. } = self;
        let is_shared = self.shares(fold);
        let is_timed = is_shared && shared.work.is_timed(fold);
        let kind = Kind::new(fold.job.task(), fold.chunks);
        let guess = if is_timed { shared.past.get(kind) } else { None };
        // A small fold is on the list like any other, and a helper that ticks finds it. It makes no calls, so needs no
        // times.
        let is_small = guess.is_some_and(|each| shared.outlook(fold.chunks, each, 0).is_small());
        let goes_by_guess = is_small && shared.past.suffices(kind);
        let mut is_introduced = false;
        let mut introduce = || {
            if !mem::replace(&mut is_introduced, true) {
                fold.workers.register(waker.clone());
            }
        };
        if is_timed {
            let call = guess.filter(|&each| shared.begins_with_help(fold, each)).map(Call::new);
            if call.is_some() {
                introduce();
            }
            shared.open.add(fold.clone(), call);
        }
        let workers = if is_shared { shared.workers } else { 1 };
        let mut each = None;
        let mut part = |caller: &mut dyn Caller| {
            let look = &mut |each| {
                if is_timed && shared.wants_help(fold, each) {
                    introduce();
                    shared.open.call(fold, Call::new(each));
                }
            };
            each = shared
                .work
                .run(fold, Part { worker: 0, workers, guess, is_timed: !goes_by_guess, caller: Some(caller), look });
        };
        let too_small = shared.stack_size.filter(|&bytes| !stack::has(bytes));
        match too_small.or_else(|| lend::leaves_runtime(fold)) {
            // Not a thread of the pool: those may all be waiting for the caller.
            Some(bytes) => lend::lend(fold, bytes, caller, |stand_in| part(stand_in)),
            None => part(caller),
        }
        if is_shared {
            shared.open.take_off(fold);
            // A helper that is still inside has at most one block left. A wake-up usually takes longer than that block.
            if fold.helpers() > 0 {
                spin::until(|| fold.helpers() == 0);
            }
        }
        if goes_by_guess && fold.had_help() {
            shared.past.forget(kind);
        }
        if let Some(each) = each.filter(|_| is_timed) {
            shared.past.note(kind, each);
            if shared.outlook(fold.chunks, each, 0).is_worth(NEARBY, ARRIVALS.usual()) {
                shared.streak.end(Instant::now());
            }
        }
    }
}

impl<W: Work> Shared<W> {
    /// The life of a pool thread.
    fn serve(self: &Arc<Self>, worker: usize) {
        let mut rest = Rest { shared: self, has_worked: false };
        while let Some(visit) = self.open.enter_next(&rest) {
            let Visit { fold, inside, call, came } = visit;
            if let Some(core) = call.core {
                core.leave();
            }
            // Measured after the helper has left the caller's core: until then the caller could not run.
            if came == Came::Woken {
                ARRIVALS.note(call.at.elapsed().as_nanos() as u64);
            }
            // A tick made this call, so the caller may not have registered the pool's waker. The closed window may have
            // sent another helper away before the waker was registered, so one helper is called again.
            if call.core.is_none() && fold.workers.register(Waker::from(Arc::clone(self))) {
                self.open.call_again();
            }
            let look = &mut |each| {
                if self.wants_help(&fold, each) {
                    self.open.call(&fold, Call::new(each));
                }
            };
            self.work
                .run(&fold, Part { worker, workers: self.workers, guess: None, is_timed: true, caller: None, look });
            // The fold is dropped before the helper leaves the gate. So once the verb has returned, only the caller
            // owns the source and the task that it passed in.
            drop(fold);
            drop(inside);
            rest.has_worked = true;
        }
    }

    /// The outlook of a fold with `left` chunks and with `helpers` helpers that are inside or on their way.
    fn outlook(&self, left: u64, each: u64, helpers: usize) -> Outlook {
        Outlook { left, each, present: 1 + helpers as u64, cores: self.cores as u64 }
    }

    /// Whether one more helper would shorten `fold`, if a chunk takes `each` nanoseconds.
    fn wants_help(&self, fold: &Running, each: u64) -> bool {
        let usual = ARRIVALS.usual();
        let arrival = match self.open.free() {
            Free::Spinning => NEARBY,
            Free::Sleeping => usual,
            Free::Nobody => return false,
        };
        self.outlook(fold.claims().left(), each, fold.helpers()).is_worth(arrival, usual)
    }

    /// Whether a helper should be called before the first chunk of `fold`, if a chunk takes `each` nanoseconds.
    fn begins_with_help(&self, fold: &Running, each: u64) -> bool {
        // In a streak, a helper that is woken now is still awake when the next fold begins.
        let pays_later = || {
            let is_worth = self.outlook(fold.chunks, each, 0).is_worth(NEARBY, ARRIVALS.usual());
            is_worth && self.streak.is_on(Instant::now())
        };
        self.wants_help(fold, each) || self.open.free() == Free::Sleeping && pays_later()
    }
}

/// How a helper of this pool waits for calls.
struct Rest<'a, W> {
    shared: &'a Shared<W>,
    has_worked: bool,
}

impl<W: Work> Helper<Running> for Rest<'_, W> {
    fn may_spin(&self) -> bool {
        self.has_worked
    }

    fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    fn spin(&self, is_called: &dyn Fn() -> bool) {
        spin::until(is_called);
    }

    fn wants_more(&self, fold: &Running, call: &Call, coming: usize) -> bool {
        let outlook = self.shared.outlook(fold.claims().left(), call.each, fold.helpers() + coming);
        outlook.is_worth(ARRIVALS.usual(), ARRIVALS.usual())
    }
}

impl<W: Work> Wake for Shared<W> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.open.call_again();
    }
}

impl<W> Drop for Pool<W> {
    fn drop(&mut self) {
        if !self.process.is_this() {
            // There is nobody to join, and a helper may have held a lock when it was copied.
            self.handles.drain(..).for_each(mem::forget);
            return;
        }
        self.shared.open.stop();
        for handle in self.handles.drain(..) {
            // A task may have held the last executor. Then this drop runs on a thread of the pool itself. That thread
            // cannot join itself, and it ends right after this.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}

#[cfg(test)]
mod tests;
