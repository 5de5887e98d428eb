//! `Driver`: begins chunks as futures, polls those that were woken, and says when there is something to reduce.
//!
//! A driver is itself polled by the runtime of its thread, in turns. In a turn it repeats these steps: drop the futures
//! of chunks above the limit; poll the futures that were woken, until one ends; if none ends, claim one chunk and add
//! its future, which counts as woken. A chunk is thus polled once before the next one is claimed. If it computes
//! without waiting, other drivers claim the next ones meanwhile.
//!
//! A turn ends when every future waits and nothing can be claimed, or after [`TURN`], so that timers, sockets and the
//! reduction have their turn too.
//!
//! At the start of a turn the driver registers with its [`DriverWaker`], and only then looks at the limit, the futures,
//! the claims and the outputs. So it misses no fall of the limit and no opening of the window, and the caller's driver
//! no output that another worker has made: nobody else could reduce it, and open the window. A future that is woken
//! wakes the driver through the set that holds it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::AtomicWaker;
use tokio::task::coop::has_budget_remaining;
use tokio::task::yield_now;

use super::in_flight::InFlight;
use crate::backend::turn::TurnClock;
use crate::backend::{Running, current};
use crate::fold::claims::Claim;

/// A driver that always finds something to do lets timers, sockets and the reduction have their turn after this time.
const TURN: Duration = Duration::from_micros(50);

/// One of the workers that drive the futures of a fold.
pub(super) struct Driver<'a> {
    fold: &'a Running,
    worker: usize,
    /// How many chunks this driver may have begun at the same time.
    share: usize,
    role: Role,
    flight: FuturesUnordered<InFlight<'a>>,
    /// The limit when the futures in flight were last compared with it.
    limit: u64,
    waker: Arc<DriverWaker>,
    ready: Arc<Ready>,
    /// What is registered with the workers of the fold, and with its caller.
    wakers: (Waker, Waker),
}

/// Who drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The caller itself: it reduces between its turns, also what others have made.
    Caller,
    /// A thread that stands in for the caller, which reduces meanwhile.
    StandIn,
    /// Another worker: it leaves while the window is closed, and the pool wakes it when the window opens.
    Helper,
}

/// Wakes the driver when the limit falls or the window opens.
struct DriverWaker(AtomicWaker);

impl Wake for DriverWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

/// Wakes the driver of the caller when the next output or failure can be taken, whoever has made it.
struct Ready {
    waker: Arc<DriverWaker>,
    /// Whether there is something to reduce.
    is_woken: AtomicBool,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        // Release, and Acquire where it is taken: the wake-up may come before the flag is seen, but not the other way
        // round. The outputs themselves are behind a lock.
        self.is_woken.store(true, Ordering::Release);
        self.waker.0.wake();
    }
}

/// Why a driver pauses.
pub(super) enum Turn {
    /// Timers and sockets should have their turn.
    Over,
    /// Chunks have ended, and their outputs can be reduced.
    Reduce,
    /// No chunk is in flight, and none is left to begin.
    Done,
}

impl<'a> Driver<'a> {
    /// The driver of worker number `worker`.
    pub(super) fn new(fold: &'a Running, worker: usize, share: usize, role: Role) -> Self {
        let waker = Arc::new(DriverWaker(AtomicWaker::new()));
        // What came before it was registered is reduced first.
        let ready = Arc::new(Ready { waker: Arc::clone(&waker), is_woken: AtomicBool::new(role == Role::Caller) });
        let wakers = (Waker::from(Arc::clone(&waker)), Waker::from(Arc::clone(&ready)));
        fold.workers.register(wakers.0.clone());
        if role == Role::Caller {
            fold.gate().caller.register(wakers.1.clone());
        }
        let limit = fold.claims().limit();
        Self { fold, worker, share, role, flight: FuturesUnordered::new(), limit, waker, ready, wakers }
    }

    /// Takes turns until there is something to reduce, or nothing left to do.
    pub(super) async fn turns(&mut self) -> Turn {
        loop {
            let turn = poll_fn(|cx| self.turn(cx)).await;
            if !matches!(turn, Turn::Done) {
                // Futures that tasks have spawned on the runtime run meanwhile.
                yield_now().await;
            }
            if !matches!(turn, Turn::Over) {
                return turn;
            }
        }
    }

    /// One turn.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        self.waker.0.register(cx.waker());
        // This context is for the chunks that are begun, polled and dropped in this turn.
        let _here = current::enter(Some(self.fold.into()));
        let mut clock = TurnClock::new(TURN);
        loop {
            self.give_up_above_the_limit();
            let polled = self.flight.poll_next_unpin(cx);
            // A chunk that has ended has kept its output, and woken the driver if that is the next to be taken.
            let has_ended = matches!(polled, Poll::Ready(Some(())));
            if !has_ended && self.flight.len() < self.share {
                match self.fold.claims().claim(|_| 1) {
                    // It is polled before the next one is claimed; if it computes, other drivers claim that one
                    // meanwhile.
                    Claim::Block(chunk) => {
                        self.flight.push(InFlight::new(chunk.start, self.worker, self.fold));
                    }
                    Claim::Never if self.flight.is_empty() => return Poll::Ready(Turn::Done),
                    Claim::Later if self.flight.is_empty() && self.role == Role::Helper => {
                        return Poll::Ready(Turn::Done);
                    }
                    _ => return self.pause(),
                }
            } else if !has_ended {
                return self.pause();
            }
            // When its budget is used up, tokio answers every poll with "pending", and all futures would be polled in
            // vain.
            if clock.is_over() || !has_budget_remaining() {
                return Poll::Ready(if self.is_ready() { Turn::Reduce } else { Turn::Over });
            }
        }
    }

    /// Every future in flight waits.
    fn pause(&mut self) -> Poll<Turn> {
        if self.is_ready() { Poll::Ready(Turn::Reduce) } else { Poll::Pending }
    }

    /// Whether there is something to reduce that was not there when this was last asked.
    fn is_ready(&self) -> bool {
        self.ready.is_woken.load(Ordering::Relaxed) && self.ready.is_woken.swap(false, Ordering::Acquire)
    }

    /// Drops the futures of chunks that are not needed any more, each at the await at which it waits. This is done only
    /// when the limit has fallen, since it takes the whole set apart.
    fn give_up_above_the_limit(&mut self) {
        let limit = self.fold.claims().limit();
        if limit < self.limit {
            self.limit = limit;
            for in_flight in std::mem::take(&mut self.flight) {
                if in_flight.chunk() < limit {
                    self.flight.push(in_flight);
                } else {
                    in_flight.give_up();
                }
            }
        }
    }
}

impl Drop for Driver<'_> {
    fn drop(&mut self) {
        self.fold.workers.forget(&self.wakers.0);
        self.fold.gate().caller.forget(&self.wakers.1);
    }
}
