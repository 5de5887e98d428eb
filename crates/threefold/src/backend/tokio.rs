//! Async: chunks as futures on a tokio runtime of the executor's own, so that many can wait at once.
//!
//! One driver for each runtime thread claims chunks and polls those it has begun, as one tokio task: a chunk costs no
//! spawn, and a plain function or a nested fold that blocks holds up one driver, not the runtime. The caller only
//! waits, wherever it is: on a thread of its own, or inside somebody's tokio program.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::AtomicWaker;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::coop::has_budget_remaining;
use tokio::task::{block_in_place, yield_now};
use tokio::time;

use super::Backend;
use crate::backend::current;
use crate::backend::options::Options;
use crate::backend::pace::Pace;
use crate::error::{Error, Place, Result};
use crate::fold::Fold;
use crate::fold::claims::Claims;
use crate::model::Model;
use crate::panics;
use crate::task::BoxFuture;

/// Chunks begun at once, where nothing else is said: enough for any number of connections that one process holds,
/// and some megabytes of futures.
const IN_FLIGHT: usize = 16_384;

/// A driver that finds work all the time lets timers and sockets have their turn this often.
const TURN: Duration = Duration::from_micros(50);

/// The caller is woken to reduce when this many outputs lie ready: seldom, since a wake-up costs more than most chunks.
const OUTPUTS: usize = 1024;

/// How long a dropped executor waits for what tasks left on the runtime's blocking threads.
const SHUTDOWN: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this is a thread of a runtime of ours, where waiting must hand the runtime's core to another thread.
    static ON_RUNTIME: Cell<bool> = const { Cell::new(false) };
}

struct Tokio {
    /// There until the drop.
    runtime: Option<Runtime>,
    workers: usize,
    in_flight: usize,
}

pub(crate) fn new(options: &Options) -> Result<Arc<dyn Backend>> {
    let workers = options.workers(1);
    let in_flight = options.in_flight.unwrap_or(IN_FLIGHT);
    // The multi-thread kind even for one thread: a nested fold waits in place, which the other kind cannot.
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("threefold-async")
        .on_thread_start(|| ON_RUNTIME.set(true))
        .enable_all()
        .build()
        .map_err(|error| {
            Error::setup(Some(Model::Async), format!("the async runtime could not be started: {error}"))
        })?;
    Ok(Arc::new(Tokio { runtime: Some(runtime), workers, in_flight }))
}

impl Backend for Tokio {
    fn workers(&self) -> usize {
        self.workers
    }

    fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) {
        if fold.policy.timeout.is_some() && !fold.job.is_async() {
            let task = fold.job.task();
            let reason = format!(
                "{task}: a timeout cannot be kept for a plain function on async: make it an `async fn`, or use processes"
            );
            return fold.abort(Error::setup(Some(Model::Async), reason));
        }
        let drivers = self.workers.min(self.in_flight).min(usize::try_from(fold.chunks).unwrap_or(usize::MAX));
        let bells: Arc<[AtomicWaker]> = (0..drivers).map(|_| AtomicWaker::new()).collect();
        let ring = Arc::clone(&bells);
        fold.on_stop(move || ring.iter().for_each(AtomicWaker::wake));
        let runtime = self.runtime.as_ref().expect("the runtime is there until the drop");
        for worker in 0..drivers {
            // All enter before the caller waits, so that idle means that all have left.
            fold.claims.enter();
            let leave = Leave { claims: Arc::clone(&fold.claims), caller: thread::current() };
            let share = self.in_flight / drivers + usize::from(worker < self.in_flight % drivers);
            let driver =
                Driver { fold: Arc::clone(fold), worker, drivers, share, caller: thread::current(), outputs: 0 };
            let bells = Arc::clone(&bells);
            runtime.spawn(async move {
                driver.drive(&bells[worker]).await;
                drop(leave);
            });
        }
        let mut wait = || {
            while !fold.claims.is_idle() {
                thread::park();
                ready();
            }
        };
        if ON_RUNTIME.get() { block_in_place(wait) } else { wait() }
    }
}

/// Leaves the fold however the driver ends; the last one wakes the caller.
struct Leave {
    claims: Arc<Claims>,
    caller: Thread,
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.claims.leave() {
            self.caller.unpark();
        }
    }
}

/// One of the tasks that a fold is run by.
struct Driver {
    fold: Arc<Fold>,
    worker: usize,
    /// How many of its kind run the fold.
    drivers: usize,
    /// How many chunks this driver may have begun at once.
    share: usize,
    caller: Thread,
    /// Outputs since the caller was last woken.
    outputs: usize,
}

impl Driver {
    async fn drive(mut self, bell: &AtomicWaker) {
        if self.fold.job.is_async() { self.drive_futures(bell).await } else { self.drive_functions().await }
    }

    /// Plain functions: one block of chunks after the other, and a turn for others in between.
    async fn drive_functions(&mut self) {
        let mut pace = Pace::new(self.drivers);
        while let Some(block) = self.fold.claims.claim(|left| pace.size(left)) {
            let chunks = block.end - block.start;
            {
                let _here = current::enter(Some(self.fold.context()));
                self.fold.run(block, self.worker);
            }
            self.arrived(chunks as usize);
            pace.done(chunks);
            yield_now().await;
        }
    }

    /// Futures: as many as this driver's share are begun, and each is polled when it is woken.
    async fn drive_futures(&mut self, bell: &AtomicWaker) {
        let mut flight = FuturesUnordered::new();
        let mut limit = self.fold.claims.limit();
        loop {
            let turn = poll_fn(|cx| self.turn(cx, bell, &mut flight, &mut limit)).await;
            match turn {
                Turn::Over => yield_now().await,
                Turn::Done => return,
            }
        }
    }

    fn turn(
        &mut self,
        cx: &mut Context<'_>,
        bell: &AtomicWaker,
        flight: &mut FuturesUnordered<InFlight>,
        limit: &mut u64,
    ) -> Poll<Turn> {
        bell.register(cx.waker());
        let since = Instant::now();
        loop {
            let now = self.fold.claims.limit();
            if now < *limit {
                *limit = now;
                give_up_above(now, flight);
            }
            while flight.len() < self.share
                && let Some(chunk) = self.fold.claims.claim(|_| 1)
            {
                flight.push(InFlight {
                    chunk: chunk.start,
                    attempt: 1,
                    worker: self.worker,
                    fold: Arc::clone(&self.fold),
                    future: None,
                });
            }
            match flight.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => self.arrived(1),
                Poll::Ready(None) => return Poll::Ready(Turn::Done),
                Poll::Pending => return Poll::Pending,
            }
            // Without budget tokio answers every poll with "later": all chunks in flight would be polled for nothing.
            if since.elapsed() > TURN || !has_budget_remaining() {
                return Poll::Ready(Turn::Over);
            }
        }
    }

    fn arrived(&mut self, outputs: usize) {
        self.outputs += outputs;
        if self.outputs >= OUTPUTS {
            self.outputs = 0;
            self.caller.unpark();
        }
    }
}

enum Turn {
    /// Others should have theirs.
    Over,
    /// Nothing is in flight and nothing left to begin.
    Done,
}

/// Drops the futures of chunks that are not wanted any more, each at the await where it stands.
fn give_up_above(limit: u64, flight: &mut FuturesUnordered<InFlight>) {
    for in_flight in std::mem::take(flight) {
        if in_flight.chunk < limit {
            flight.push(in_flight);
        } else {
            in_flight.give_up();
        }
    }
}

/// A chunk that was claimed: not begun as long as it has no future.
struct InFlight {
    chunk: u64,
    attempt: u32,
    worker: usize,
    fold: Arc<Fold>,
    future: Option<BoxFuture<'static, Result<(), OutOfTime>>>,
}

/// The chunk was dropped at an await, after this long.
struct OutOfTime(Duration);

impl InFlight {
    /// Begins the chunk.
    fn begin(&self) -> BoxFuture<'static, Result<(), OutOfTime>> {
        let future = Arc::clone(&self.fold.job).start(self.chunk, self.attempt, Arc::clone(&self.fold), self.worker);
        match self.fold.policy.timeout {
            None => Box::pin(future.map(Ok)),
            Some(timeout) => {
                let started = Instant::now();
                Box::pin(async move { time::timeout(timeout, future).await.map_err(|_| OutOfTime(started.elapsed())) })
            }
        }
    }

    fn give_up(mut self) {
        let _here = current::enter(Some(self.fold.context()));
        self.drop_future();
    }

    /// What a destructor of the task's has to say is heard by nobody: the chunk has failed already, or is not wanted.
    fn drop_future(&mut self) {
        let _ = panics::catch(|| drop(self.future.take()));
    }
}

impl Future for InFlight {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let _here = current::enter(Some(this.fold.context()));
        loop {
            if this.future.is_none() && !this.fold.may_start(this.chunk) {
                return Poll::Ready(());
            }
            let polled = panics::catch(|| {
                let future = this.future.take().unwrap_or_else(|| this.begin());
                this.future.insert(future).as_mut().poll(cx)
            });
            let lost = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(()))) => return Poll::Ready(()),
                Ok(Poll::Ready(Err(lost))) => Ok(lost),
                Err(panic) => Err(panic),
            };
            this.drop_future();
            match lost {
                Ok(_) if this.attempt < this.fold.attempts() => {}
                Err(_) if this.fold.retries_panic(this.attempt) => {}
                Ok(OutOfTime(after)) => {
                    this.fold.timed_out(this.chunk, this.attempt, after);
                    return Poll::Ready(());
                }
                Err(panic) => {
                    let at = Place { worker: Some(this.worker), ..Place::default() };
                    this.fold.panicked(this.chunk, this.attempt, at, panic);
                    return Poll::Ready(());
                }
            }
            this.attempt += 1;
        }
    }
}

impl Drop for Tokio {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if Handle::try_current().is_ok() {
            // Inside a runtime nothing may block; the threads end by themselves.
            runtime.shutdown_background();
        } else {
            runtime.shutdown_timeout(SHUTDOWN);
        }
    }
}
