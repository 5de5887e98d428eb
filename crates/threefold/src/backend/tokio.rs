//! Async: chunks as futures, of which many wait at once on one thread. The caller drives them.
//!
//! Workers are those of a [pool](super::pool), each with a runtime of its own that it enters while it drives. Each claims a
//! chunk, polls it once, and claims the next only when that one waits: chunks that compute are thus spread over the
//! workers, and chunks that wait are begun by the thousand. A chunk costs no spawn. Reductions run outside of the runtime,
//! where they may block.
//!
//! A nested fold, and one inside somebody's runtime, must not enter another runtime on its thread: a thread that lives as
//! long as the fold drives it. Plain functions need no runtime and run as on threads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::runtime::Runtime;

use super::options::Options;
use super::pool::{Pool, Work};
use super::{Backend, Running, blocks, runtime, stack};
use crate::error::{Error, Result};
use crate::model::Model;

mod driver;
mod in_flight;

use driver::{Driver, Turn};

/// Chunks begun at once, where nothing else is said: enough for any number of connections that one process holds,
/// and some megabytes of futures.
const IN_FLIGHT: usize = 16_384;

struct Tokio(Pool<Futures>);

/// What workers of the model async do.
struct Futures {
    in_flight: usize,
    /// Runtimes that nobody drives. Each is driven by one thread at a time, so that none waits for another.
    runtimes: Mutex<Vec<Runtime>>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<dyn Backend>> {
    let in_flight = options.in_flight.unwrap_or(IN_FLIGHT);
    let workers = options.workers(1).min(in_flight);
    let futures = Futures { in_flight, runtimes: Mutex::default() };
    Ok(Arc::new(Tokio(Pool::new(Model::Async, futures, workers, options)?)))
}

impl Backend for Tokio {
    fn workers(&self) -> usize {
        self.0.workers()
    }

    fn start(&self, fold: &Running) {
        if fold.policy.timeout.is_some() && !fold.job.is_async() {
            let task = fold.job.task();
            let reason = format!(
                "{task}: a timeout cannot be kept for a plain function on async; make it an `async fn`, or use processes"
            );
            return fold.abort(Error::setup(Some(Model::Async), reason));
        }
        self.0.start(fold);
    }

    fn take_part(&self, fold: &Running, ready: &mut dyn FnMut()) {
        self.0.take_part(fold, ready);
    }
}

impl Work for Futures {
    fn run(&self, fold: &Running, worker: usize, workers: usize, ready: Option<&mut dyn FnMut()>) {
        if !fold.job.is_async() {
            return blocks::run(fold, worker, workers, ready);
        }
        let share = self.in_flight / workers + usize::from(worker < self.in_flight % workers);
        let driver = |helps| Driver::new(fold, worker, share, helps);
        match ready {
            None => self.drive(driver(true), fold, &mut || ()),
            Some(ready) if runtime::may_enter() => self.drive(driver(false), fold, ready),
            Some(ready) => thread::scope(|scope| {
                let thread = thread::Builder::new().name("threefold-drive".to_string()).stack_size(stack::size());
                match thread.spawn_scoped(scope, || {
                    self.drive(driver(false), fold, &mut || ());
                    fold.gate.caller.tell();
                }) {
                    Err(error) => fold.abort(cannot_start(error)),
                    Ok(driving) => {
                        while !driving.is_finished() && !fold.claims().is_over() {
                            thread::park();
                            ready();
                        }
                    }
                }
            }),
        }
    }
}

impl Futures {
    /// Drives `driver` to its end on this thread; `ready` is called outside of the runtime.
    fn drive(&self, mut driver: Driver<'_>, fold: &Running, ready: &mut dyn FnMut()) {
        let runtime = match self.idle().pop().map_or_else(runtime::new, Ok) {
            Ok(runtime) => runtime,
            Err(error) => return fold.abort(cannot_start(error)),
        };
        while let Turn::Reduce = runtime.block_on(driver.turns()) {
            ready();
        }
        self.idle().push(runtime);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Runtime>> {
        self.runtimes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Futures {
    fn drop(&mut self) {
        self.idle().drain(..).for_each(runtime::end);
    }
}

fn cannot_start(error: io::Error) -> Error {
    Error::system(Model::Async, "the async runtime could not be started", error)
}
