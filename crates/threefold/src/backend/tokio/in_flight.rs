//! `InFlight`: one claimed chunk of an `async` task, with its attempts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time;

use crate::backend::{Running, current};
use crate::error::Place;
use crate::fold::chunk;
use crate::panics;
use crate::task::BoxFuture;

/// A claimed chunk. It has not begun as long as it has no future.
pub(super) struct InFlight {
    chunk: u64,
    attempt: u32,
    worker: usize,
    fold: Running,
    future: Option<BoxFuture<'static, Result<(), OutOfTime>>>,
}

/// The chunk was dropped at an await, or ended too late, after this time.
struct OutOfTime(Duration);

impl InFlight {
    pub(super) fn new(chunk: u64, worker: usize, fold: Running) -> Self {
        Self { chunk, attempt: 1, worker, fold, future: None }
    }

    pub(super) fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Begins the chunk.
    fn begin(&self) -> BoxFuture<'static, Result<(), OutOfTime>> {
        let fold = Arc::clone(self.fold.fold());
        let future = Arc::clone(&fold.job).start(self.chunk, self.attempt, fold, self.worker);
        let Some(timeout) = self.fold.policy.timeout else {
            return Box::pin(async move { future.await.map_err(OutOfTime) });
        };
        let started = Instant::now();
        Box::pin(async move {
            match time::timeout(timeout, future).await {
                Ok(ended) => ended.map_err(OutOfTime),
                Err(_) => Err(OutOfTime(started.elapsed())),
            }
        })
    }

    /// Drops the chunk, which is not needed any more.
    pub(super) fn give_up(mut self) {
        let _here = current::enter(Some((&self.fold).into()));
        chunk::set(self.chunk);
        self.drop_future();
    }

    /// Drops the future. A panic of a destructor in it is ignored: the chunk has failed already, or is not needed.
    fn drop_future(&mut self) {
        let _ = panics::catch(|| drop(self.future.take()));
    }
}

impl Future for InFlight {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let _here = current::enter(Some((&this.fold).into()));
        chunk::set(this.chunk);
        loop {
            if this.future.is_none() && !this.fold.may_start(this.chunk) {
                return Poll::Ready(());
            }
            let polled = panics::catch(|| {
                let future = this.future.take().unwrap_or_else(|| this.begin());
                this.future.insert(future).as_mut().poll(cx)
            });
            let failed = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(()))) => return Poll::Ready(()),
                Ok(Poll::Ready(Err(OutOfTime(after)))) => Ok(after),
                Err(panic) => Err(panic),
            };
            this.drop_future();
            let (error, is_last) = match failed {
                Ok(after) => {
                    let error = this.fold.timeout(this.chunk, this.attempt, Place::default(), after);
                    (error, this.attempt >= this.fold.policy.attempts())
                }
                Err(panic) => {
                    let at = Place { worker: Some(this.worker), ..Place::default() };
                    let error = this.fold.panic(this.chunk, this.attempt, at, panic);
                    (error, !this.fold.retries_panic(this.attempt))
                }
            };
            if is_last {
                this.fold.fail(this.chunk, error);
                return Poll::Ready(());
            }
            this.fold.retried(|| error);
            this.attempt += 1;
        }
    }
}
