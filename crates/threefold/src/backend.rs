//! `Backend`: the contract that every backend keeps. A backend says where the chunks of a fold run, and nothing else.
//!
//! A backend sees chunk numbers and bytes. What is folded, in which order outputs are reduced and which failure is
//! reported is decided above it. A backend *begins* a fold and returns; the fold itself tells of its progress and its
//! end. The contract:
//!
//! - [`start`](Backend::start) arranges that workers other than the caller run the chunks, and returns at once. If only
//!   the caller runs chunks, or if it is the caller that calls others once it knows that they are of use, it does
//!   nothing.
//! - [`take_part`](Backend::take_part) is called by a caller that blocks, and lends its thread to the backend. It runs
//!   chunks as worker 0, or talks with workers elsewhere, and returns when nothing is left for it to do. Other workers
//!   may still be inside the fold then; the caller waits for them. The caller may be anyone: a tokio worker, a task of
//!   this same backend. A fold must need nobody but its caller to make progress, or a nested fold could wait for
//!   itself.
//! - Workers claim chunks in ascending order through [`claims`](crate::fold::Fold::claims), and ask
//!   [`may_start`](crate::fold::Fold::may_start) before each. Every chunk below the limit runs exactly once. Workers
//!   are inside the [gate](crate::fold::gate) from before their first claim until all that they claimed is kept.
//! - A caller that awaits its fold lends no thread. A background thread ([`background`]) then calls `start` and
//!   `take_part`, with a [`StandIn`](lend::StandIn) as the caller: it runs chunks and reduces nothing. So a backend
//!   need not know whether its caller blocks or awaits.
//! - [`Caller::ready`] is called now and then on the caller's thread, outside of any lock, so that outputs are reduced
//!   while chunks still run. It never unwinds. Chunks that the caller's thread runs are given to [`Caller::run`], which
//!   reduces them at once where it can.
//! - When the limit falls, chunks above it are stopped if they wait or can be killed; all others are waited for.
//! - After a fold has returned to its caller, nothing of the backend refers to it any more.
//! - Dropping the backend ends every thread and process that it started.

use std::io;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock, Weak};

use self::background::BackgroundWork;
use self::spare::Spare;
use crate::fold::Fold;
use crate::fold::claims::Claims;
use crate::fold::job::Job;
use crate::fold::policy::Policy;
use crate::fold::recorder::Recorder;
use crate::model::Model;
use crate::shared::fork;
use crate::trace::scope::Scope;

mod arrivals;
pub(crate) mod background;
mod blocks;
pub(crate) mod current;
mod grain;
mod idle_slot;
pub(crate) mod init;
#[cfg(all(feature = "processes", target_os = "linux"))]
mod launcher;
pub(crate) mod lend;
pub(crate) mod make;
mod migrate;
#[cfg(all(feature = "mpi", target_os = "linux"))]
pub(crate) mod mpi;
mod open_folds;
pub(crate) mod options;
mod outlook;
mod part;
mod past;
mod pool;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod processes;
#[cfg(feature = "async")]
mod runtime;
pub(crate) mod sequential;
pub(crate) mod share;
mod spare;
mod spin;
mod stack;
mod streak;
#[cfg(all(feature = "processes", target_os = "linux"))]
mod streams;
mod sync;
mod threads;
#[cfg(feature = "async")]
mod tokio;
pub(crate) mod turn;
#[cfg(feature = "async")]
pub(crate) mod wait;

/// Runs the chunks of folds.
pub(crate) trait Backend: Send + Sync {
    /// The largest number of workers that a fold can have.
    fn workers(&self) -> usize;

    /// How many workers share the cores of one process.
    fn sharing(&self) -> usize {
        self.workers()
    }

    /// Arranges that workers other than the caller run the chunks of `fold`.
    fn start(&self, fold: &Running);

    /// The stack of the threads that run chunks, in bytes, if the user has set one.
    fn stack_size(&self) -> Option<usize> {
        None
    }

    /// Whether its workers can open memory of this process that has no name, to write to a buffer that is lent to a fold.
    fn opens_memory(&self) -> bool {
        false
    }

    /// Runs chunks of `fold` on the caller's thread, until none is left that it could run.
    fn take_part(&self, fold: &Running, caller: &mut dyn Caller);
}

/// The caller of a fold, on its own thread. It knows the types of the fold, and a backend does not, so a backend asks
/// it to run the chunks that fall to its thread.
pub(crate) trait Caller {
    /// Runs the chunks of `block`, which this thread has claimed as worker 0, and uses what is there. The thread has
    /// [entered](current::enter) the fold. It never unwinds.
    fn run(&mut self, block: Range<u64>);

    /// Uses the results that are there. It never unwinds.
    fn ready(&mut self);

    /// Whether it reduces results, which may take long, and may block. One that stands in for the caller does not.
    #[cfg(feature = "async")]
    fn reduces(&self) -> bool {
        true
    }
}

/// What an executor and its clones share: the backend on which their folds run, and the folds that are nested in them.
pub(crate) struct Home {
    backend: Box<dyn Backend>,
    spare: Spare,
    /// The cores that its workers share. They are counted when they are first asked for: that takes some ten
    /// microseconds.
    cores: OnceLock<usize>,
}

impl Home {
    /// `cores` is how many cores the workers may use, where that is not all of this process.
    pub(crate) fn new(backend: Box<dyn Backend>, cores: Option<usize>) -> Arc<Self> {
        let cores = cores.map_or_else(OnceLock::new, OnceLock::from);
        Arc::new(Self { backend, spare: Spare::new(), cores })
    }

    /// Has a thread take the caller's part in a fold.
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub(crate) fn run_in_background<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> io::Result<BackgroundWork<R>> {
        let (handle, job) = BackgroundWork::of(work);
        // By the number of the worker.
        self.spare.run("threefold-0", self.stack_size().unwrap_or_else(stack::size), Box::new(job))?;
        Ok(handle)
    }

    /// How many threads a task may use itself.
    pub(crate) fn share(&self) -> usize {
        options::fair_share(*self.cores.get_or_init(options::cores), self.backend.sharing())
    }
}

impl Deref for Home {
    type Target = dyn Backend;

    fn deref(&self) -> &Self::Target {
        &*self.backend
    }
}

/// A fold that runs on a backend. Folds that are nested in it run on the same one.
#[derive(Clone)]
pub(crate) struct Running(Arc<Fold>);

impl Running {
    /// A fold with this job on the backend of `home`.
    pub(crate) fn new(
        job: impl Job,
        claims: Claims,
        (model, home): (Model, &Arc<Home>),
        policy: Policy,
        scope: Scope,
        recorder: Option<Box<Recorder>>,
    ) -> Self {
        let home: Weak<Home> = Arc::downgrade(home);
        Self(Arc::new(Fold::new(job, claims, (model, home), policy, scope, recorder)))
    }

    pub(crate) fn fold(&self) -> &Arc<Fold> {
        &self.0
    }

    /// Where it runs, unless the executor is gone.
    pub(crate) fn home(&self) -> Option<Arc<Home>> {
        let home = self.0.home.upgrade()?.downcast();
        Some(home.expect("every fold is made with a home"))
    }
}

impl Deref for Running {
    type Target = Fold;

    fn deref(&self) -> &Fold {
        &self.0
    }
}
