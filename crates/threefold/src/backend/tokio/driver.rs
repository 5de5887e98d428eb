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
//! At the start of a turn the driver registers with its [`Bell`], and only then looks at the limit, the futures and the
//! claims. So it misses no fall of the limit and no opening of the window. A future that is woken wakes the driver
//! through the set that holds it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::AtomicWaker;
use tokio::task::coop::has_budget_remaining;
use tokio::task::yield_now;

use super::in_flight::InFlight;
use crate::backend::Running;
use crate::fold::claims::Claim;

/// A driver that always finds something to do lets timers, sockets and the reduction have their turn after this time.
const TURN: Duration = Duration::from_micros(50);

/// One of the workers that drive the futures of a fold.
pub(super) struct Driver<'a> {
    fold: &'a Running,
    worker: usize,
    /// How many chunks this driver may have begun at the same time.
    share: usize,
    /// Whether it leaves when the window is closed; the pool then wakes it when the window opens. The driver of the
    /// caller stays.
    helps: bool,
    flight: FuturesUnordered<InFlight>,
    /// The limit when the futures in flight were last compared with it.
    limit: u64,
    /// Whether a chunk has ended since the last reduction.
    arrived: bool,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Wakes the driver when the limit falls or the window opens.
struct Bell(AtomicWaker);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
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
    /// The driver of worker number `worker`. With `helps` it leaves while the window is closed.
    pub(super) fn new(fold: &'a Running, worker: usize, share: usize, helps: bool) -> Self {
        let bell = Arc::new(Bell(AtomicWaker::new()));
        let waker = Waker::from(Arc::clone(&bell));
        fold.workers.register(waker.clone());
        let limit = fold.claims().limit();
        Self { fold, worker, share, helps, flight: FuturesUnordered::new(), limit, arrived: false, bell, waker }
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
        self.bell.0.register(cx.waker());
        let since = Instant::now();
        loop {
            self.give_up_above_the_limit();
            let polled = self.flight.poll_next_unpin(cx);
            if let Poll::Ready(Some(())) = polled {
                self.arrived = true;
            } else if self.flight.len() < self.share {
                match self.fold.claims().claim(|_| 1) {
                    // It is polled before the next one is claimed; if it computes, other drivers claim that one
                    // meanwhile.
                    Claim::Block(chunk) => {
                        self.flight.push(InFlight::new(chunk.start, self.worker, self.fold.clone()));
                    }
                    Claim::Never if self.flight.is_empty() => return Poll::Ready(Turn::Done),
                    Claim::Later if self.flight.is_empty() && self.helps => return Poll::Ready(Turn::Done),
                    _ => return self.pause(),
                }
            } else {
                return self.pause();
            }
            // When its budget is used up, tokio answers every poll with "pending", and all futures would be polled in
            // vain.
            if since.elapsed() > TURN || !has_budget_remaining() {
                return Poll::Ready(if self.take_arrived() { Turn::Reduce } else { Turn::Over });
            }
        }
    }

    /// Every future in flight waits.
    fn pause(&mut self) -> Poll<Turn> {
        if self.take_arrived() { Poll::Ready(Turn::Reduce) } else { Poll::Pending }
    }

    /// Whether a chunk has ended since this was last asked.
    fn take_arrived(&mut self) -> bool {
        std::mem::take(&mut self.arrived)
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
        self.fold.workers.forget(&self.waker);
    }
}
