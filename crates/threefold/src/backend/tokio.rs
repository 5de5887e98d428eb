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
//!
//! # The runtime of the host
//!
//! The user may give a runtime. The drivers then enter this one, and make none. They still run on their own threads: the
//! host's runtime has its timers, its sockets and what tasks spawn, and its threads are never busy with chunks.
//!
//! A current-thread runtime works only while its own thread drives it. A caller that blocks might block just this
//! thread, and a chunk that waits for a timer would then wait forever. Nobody can tell whether it is this thread. So
//! folds of async tasks on such a runtime can be awaited, and fail if the caller blocks. The threads of a multi-thread
//! runtime drive it in turn. A caller that blocks one of them tells the runtime, which uses another thread instead.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, mem};

use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::task::block_in_place;

use super::options::Options;
use super::part::Part;
use super::pool::{Pool, Work};
use super::{Backend, Caller, Home, Running, blocks, lend, runtime, stack};
use crate::backend::fork::Own;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::panics;

mod driver;
mod in_flight;

use driver::{Driver, Role, Turn};

/// The default number of chunks that are begun at the same time: enough for any number of connections that one process
/// holds, and some megabytes of futures.
const IN_FLIGHT: usize = 16_384;

/// Why a caller that blocks is refused.
const NOT_DRIVEN: &str = "the runtime that was given is a current-thread runtime, which does nothing while its thread \
     blocks: await the fold with a verb such as `fold_async`, or give a multi-thread runtime";

struct Tokio(Pool<Futures>);

/// What the workers of the model async do.
struct Futures {
    in_flight: usize,
    /// Runtimes that nobody drives at present. Each is driven by one thread at a time, so that no thread waits for
    /// another.
    ///
    /// A fork shares the descriptors of its parent's, and does not have their threads. So it has its own.
    runtimes: Own<Mutex<Vec<Runtime>>>,
    /// The runtime that the user has given, which is used instead.
    host: Option<Handle>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    let in_flight = options.in_flight.unwrap_or(IN_FLIGHT);
    let workers = options.workers(1).min(in_flight);
    let futures = Futures { in_flight, runtimes: Own::new(Mutex::default()), host: options.runtime.clone() };
    Ok(Home::new(Box::new(Tokio(Pool::new(Model::Async, futures, workers, options)?)), options.cores))
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
        if caller.as_ref().is_some_and(|caller| caller.reduces()) && self.is_driven_by_one_thread() {
            fold.abort(Error::setup(Some(Model::Async), NOT_DRIVEN));
            return None;
        }
        match caller {
            None => self.drive(driver(Role::Helper), fold, &mut || ()),
            Some(caller) if !caller.reduces() && runtime::may_enter() => {
                self.drive(driver(Role::StandIn), fold, &mut || ());
            }
            Some(caller) if runtime::may_enter() && fold.policy.timeout.is_none() => {
                self.drive(driver(Role::Caller), fold, &mut || caller.ready());
            }
            Some(caller) => self.step_aside(|| {
                lend::lend(fold, stack::same(), caller, |_| self.drive(driver(Role::StandIn), fold, &mut || ()));
            }),
        }
        None
    }
}

impl Futures {
    /// Drives `driver` to its end on this thread. `ready` is called outside of the runtime.
    fn drive(&self, mut driver: Driver<'_>, fold: &Running, ready: &mut dyn FnMut()) {
        if let Some(host) = &self.host {
            while let Turn::Reduce = host.block_on(driver.turns()) {
                ready();
            }
            return;
        }
        let runtime = match self.idle().pop().map_or_else(runtime::new, Ok) {
            Ok(runtime) => runtime,
            Err(error) => return fold.abort(cannot_start(error)),
        };
        while let Turn::Reduce = runtime.block_on(driver.turns()) {
            ready();
        }
        self.idle().push(runtime);
    }

    /// Whether the runtime works only while a thread of the host drives it.
    fn is_driven_by_one_thread(&self) -> bool {
        self.host.as_ref().is_some_and(|host| host.runtime_flavor() == RuntimeFlavor::CurrentThread)
    }

    /// Does what blocks this thread. If the thread is one of a runtime on which chunks may wait, the runtime uses another
    /// thread meanwhile.
    fn step_aside(&self, block: impl FnOnce()) {
        let here = Handle::try_current().ok().filter(|_| self.host.is_some());
        if here.is_none_or(|here| here.runtime_flavor() != RuntimeFlavor::MultiThread) {
            return block();
        }
        let mut block = Some(block);
        let stepped = panics::catch_quietly(|| {
            block_in_place(|| panics::loudly(|| block.take().into_iter().for_each(|block| block())));
        });
        match (stepped, block) {
            // Inside of a `LocalSet` tokio refuses, by a panic. No other thread can drive that set, and none of the runtime
            // waits for this one.
            (Err(_), Some(block)) => block(),
            (Err(payload), None) => resume_unwind(payload),
            (Ok(()), _) => {}
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Runtime>> {
        self.runtimes.get(given_up).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Futures {
    fn drop(&mut self) {
        // Without the lock: the end of a runtime drops what tasks have spawned on it.
        let idle = mem::take(&mut *self.idle());
        idle.into_iter().for_each(runtime::end);
    }
}

/// In a fork, instead of the parent's runtimes. To drop those would wait for threads that the fork does not have.
fn given_up(parents: &Mutex<Vec<Runtime>>) -> Mutex<Vec<Runtime>> {
    if let Ok(mut parents) = parents.try_lock() {
        parents.drain(..).for_each(mem::forget);
    }
    Mutex::default()
}

fn cannot_start(error: io::Error) -> Error {
    Error::system(Model::Async, runtime::NOT_STARTED, error)
}
