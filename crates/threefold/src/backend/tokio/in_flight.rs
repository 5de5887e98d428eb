//! `InFlight`: one claimed chunk of an `async` task, with its attempts.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::{self, Sleep, Timeout};

use crate::error::{Error, Place};
use crate::fold::job::Again;
use crate::fold::{Fold, chunk};
use crate::panics::{self, Panic};
use crate::task::BoxFuture;

/// A claimed chunk. It has not begun as long as it has no future. The thread that begins, polls or drops it has
/// [entered](crate::backend::current::enter) the fold.
pub(super) struct InFlight<'a> {
    chunk: u64,
    attempt: u32,
    worker: usize,
    fold: &'a Fold,
    future: Option<Begun<'a>>,
    /// Before it runs again, it waits for this.
    pause: Option<Pin<Box<Sleep>>>,
}

/// A chunk that runs.
type Run<'a> = BoxFuture<'a, Result<(), Again>>;

/// The future of a chunk. It gives an error if the chunk gave no output.
enum Begun<'a> {
    Plain(Run<'a>),
    /// A chunk with a deadline, and the time at which it began.
    Timed(Pin<Box<Timeout<Run<'a>>>>, Instant),
}

impl Begun<'_> {
    /// The time of a chunk that is late is that at which it was dropped at an await, or at which it ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Again>> {
        match self {
            Self::Plain(future) => future.as_mut().poll(cx),
            Self::Timed(future, began) => match ready!(future.as_mut().poll(cx)) {
                Ok(ended) => Poll::Ready(ended),
                Err(_) => Poll::Ready(Err(Again::Late(began.elapsed()))),
            },
        }
    }
}

/// What a chunk cannot do without a timer.
const PAUSE: &str = "wait before it is run again";

impl<'a> InFlight<'a> {
    pub(super) fn new(chunk: u64, worker: usize, fold: &'a Fold) -> Self {
        Self { chunk, attempt: 1, worker, fold, future: None, pause: None }
    }

    pub(super) fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Begins the chunk. A panic, if the runtime has no timer for its timeout.
    fn begin(&self) -> Result<Begun<'a>, Panic> {
        let Self { chunk, attempt, worker, fold, .. } = *self;
        let future = fold.job.start(chunk, attempt, fold, worker);
        let future = fold.scope.within(future, chunk, attempt, worker, || fold.job.describe(chunk));
        match self.fold.policy.timeout {
            None => Ok(Begun::Plain(future)),
            Some(timeout) => {
                let timed = panics::catch(|| Box::pin(time::timeout(timeout, future)))?;
                Ok(Begun::Timed(timed, Instant::now()))
            }
        }
    }

    /// Drops the chunk, which is not needed any more.
    pub(super) fn give_up(mut self) {
        chunk::set(self.chunk);
        self.drop_future();
    }

    /// Ends the fold, since a chunk `cannot` have a timer: a runtime of the host's has none, or was shut down.
    fn without_timer(&self, cannot: &str, panic: &Panic) -> Poll<()> {
        let reason = format!("a chunk cannot {cannot}: {}", panic.message);
        self.fold.abort(Error::setup(Some(self.fold.model), reason));
        Poll::Ready(())
    }

    /// Drops the future. A panic of a destructor in it is ignored: the chunk has failed already, or is not needed.
    fn drop_future(&mut self) {
        let _ = panics::catch(|| drop(self.future.take()));
    }
}

impl Future for InFlight<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        chunk::set(this.chunk);
        loop {
            if this.future.is_none() && !this.fold.may_start(this.chunk) {
                return Poll::Ready(());
            }
            if let Some(pause) = &mut this.pause {
                match panics::catch(|| pause.as_mut().poll(cx)) {
                    Ok(polled) => ready!(polled),
                    Err(panic) => return this.without_timer(PAUSE, &panic),
                }
                this.pause = None;
                if !this.fold.may_start(this.chunk) {
                    return Poll::Ready(());
                }
            }
            let polled = panics::catch(|| {
                let future = this.future.take().map_or_else(|| this.begin(), Ok)?;
                Ok(this.future.insert(future).poll(cx))
            });
            let failed = match polled {
                Ok(Ok(Poll::Pending)) => return Poll::Pending,
                Ok(Ok(Poll::Ready(Ok(())))) => return Poll::Ready(()),
                Ok(Ok(Poll::Ready(Err(after)))) => Ok(after),
                Ok(Err(panic)) => return this.without_timer("have a timeout", &panic),
                Err(panic) => Err(panic),
            };
            this.drop_future();
            let at = Place { worker: Some(this.worker), ..Place::default() };
            let (error, is_last) = match failed {
                Ok(Again::Erred) => (this.fold.returned_err(this.chunk, this.attempt, at), false),
                Ok(Again::Late(after)) => {
                    let error = this.fold.timeout(this.chunk, this.attempt, Place::default(), after);
                    (error, this.attempt >= this.fold.policy.attempts())
                }
                Err(panic) => {
                    let error = this.fold.panic(this.chunk, this.attempt, at, panic);
                    (error, !this.fold.retries_panic(this.attempt))
                }
            };
            if is_last {
                this.fold.fail(this.chunk, error);
                return Poll::Ready(());
            }
            this.fold.retried(|| error);
            let pause = this.fold.pause(this.attempt);
            if !pause.is_zero() {
                match panics::catch(|| Box::pin(time::sleep(pause))) {
                    Ok(pause) => this.pause = Some(pause),
                    Err(panic) => return this.without_timer(PAUSE, &panic),
                }
            }
            this.attempt += 1;
        }
    }
}
