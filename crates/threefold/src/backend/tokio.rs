//! Async: chunks as futures, many of which wait at the same time on one thread.
//!
//! The workers are those of a [pool](super::pool). Each has a [driver] and a runtime of its own, which it
//! enters while it drives. A driver claims a chunk, polls it once, and claims the next one only when the first one
//! waits. So chunks that compute are spread over the workers, and chunks that wait are begun by the thousand. No chunk
//! is spawned as a task of the runtime. Reductions run outside of the runtime, where they may block.
//!
//! A thread that is inside a runtime must not enter another. If the caller is inside one (a nested fold, or a program
//! with a runtime of its own), a thread that lives as long as the fold drives it instead. So does one if chunks have a
//! deadline, which a slow reduction must not make them miss. Plain functions need no runtime, and run as they do on
//! threads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::options::Options;
use super::part::Part;
use super::pool::{Pool, Work};
use super::{Backend, Caller, Home, Running, blocks, lend, runtime, stack};
use crate::error::{Error, Result};
use crate::model::Model;

mod driver;
mod in_flight;

use driver::{Driver, Role, Turn};

/// The default number of chunks that are begun at the same time: enough for any number of connections that one process
/// holds, and some megabytes of futures.
const IN_FLIGHT: usize = 16_384;

struct Tokio(Pool<Futures>);

/// What the workers of the model async do.
struct Futures {
    in_flight: usize,
    /// Runtimes that nobody drives at present. Each is driven by one thread at a time, so that no thread waits for
    /// another.
    runtimes: Mutex<Vec<Runtime>>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    let in_flight = options.in_flight.unwrap_or(IN_FLIGHT);
    let workers = options.workers(1).min(in_flight);
    let futures = Futures { in_flight, runtimes: Mutex::default() };
    Ok(Home::new(Box::new(Tokio(Pool::new(Model::Async, futures, workers, options)?))))
}

impl Backend for Tokio {
    fn workers(&self) -> usize {
        self.0.workers()
    }

    fn stack_size(&self) -> Option<usize> {
        self.0.stack_size()
    }

    fn start(&self, fold: &Running) {
        if fold.policy.timeout.is_some() && !fold.job.is_async() {
            let task = fold.job.task();
            let reason = format!(
                "{task}: on async a plain function cannot be stopped after a timeout; make it an `async fn`, or use processes"
            );
            return fold.abort(Error::setup(Some(Model::Async), reason));
        }
        self.0.start(fold);
    }

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        self.0.take_part(fold, caller);
    }
}

impl Work for Futures {
    fn is_timed(&self, fold: &Running) -> bool {
        !fold.job.is_async()
    }

    fn run(&self, fold: &Running, part: Part<'_>) -> Option<u64> {
        if !fold.job.is_async() {
            return blocks::run(fold, part);
        }
        let Part { worker, workers, caller, .. } = part;
        let share = self.in_flight / workers + usize::from(worker < self.in_flight % workers);
        let driver = |role| Driver::new(fold, worker, share, role);
        match caller {
            None => self.drive(driver(Role::Helper), fold, &mut || ()),
            Some(caller) if !caller.reduces() && runtime::may_enter() => {
                self.drive(driver(Role::StandIn), fold, &mut || ());
            }
            Some(caller) if runtime::may_enter() && fold.policy.timeout.is_none() => {
                self.drive(driver(Role::Caller), fold, &mut || caller.ready());
            }
            Some(caller) => lend::lend(fold, stack::same(), caller, |_| {
                self.drive(driver(Role::StandIn), fold, &mut || ());
            }),
        }
        None
    }
}

impl Futures {
    /// Drives `driver` to its end on this thread. `ready` is called outside of the runtime.
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
