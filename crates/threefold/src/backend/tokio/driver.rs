//! `Driver`: begins chunks as futures, polls those that were woken, and says when there is something to reduce.

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

/// A driver that finds work all the time lets timers, sockets and the reduction have their turn this often.
const TURN: Duration = Duration::from_micros(50);

/// One of those who drive a fold.
pub(super) struct Driver<'a> {
    fold: &'a Running,
    worker: usize,
    /// How many chunks this driver may have begun at once.
    share: usize,
    /// Whether it leaves when the window is closed, to be woken again by the pool.
    helps: bool,
    flight: FuturesUnordered<InFlight>,
    /// The limit up to which chunks in flight were looked through.
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
    /// Others should have their turn.
    Over,
    /// Chunks have ended: their outputs can be reduced.
    Reduce,
    /// Nothing is in flight, and nothing is left to begin.
    Done,
}

impl<'a> Driver<'a> {
    /// A driver as `worker`; one that helps leaves while the window is closed.
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
                // What tasks have spawned runs meanwhile.
                yield_now().await;
            }
            if !matches!(turn, Turn::Over) {
                return turn;
            }
        }
    }

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
                    // It is polled before another is claimed, which others may do meanwhile if it computes.
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
            // Without budget tokio answers every poll with "later": all chunks in flight would be polled for nothing.
            if since.elapsed() > TURN || !has_budget_remaining() {
                return Poll::Ready(if self.take_arrived() { Turn::Reduce } else { Turn::Over });
            }
        }
    }

    /// All that are in flight wait.
    fn pause(&mut self) -> Poll<Turn> {
        if self.take_arrived() { Poll::Ready(Turn::Reduce) } else { Poll::Pending }
    }

    fn take_arrived(&mut self) -> bool {
        std::mem::take(&mut self.arrived)
    }

    /// Drops the futures of chunks that are not wanted any more, each at the await where it stands.
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
