//! MPI: chunks run in the other ranks of the job, and rank 0, which runs `main`, hands them out.
//!
//! A launcher (`mpirun`, `mpiexec`, `srun`) starts the program several times. Each process calls `init()`. There rank 0
//! goes on with `main`, and the others stop and serve ([`rank`]). In a job of one rank, and in a program that no
//! launcher started, there is nobody to send chunks to: they run in this process, on threads.
//!
//! Below this folder's [`seam`] is the crate that calls MPI. The office ([`office`]) sends and receives under one lock.
//! Threads that wait look for messages themselves ([`mailbox`]). On rank 0 each fold has a session ([`session`]) with
//! threads in the other ranks, and [`ranks`] reaches them for the dispatcher.

use std::cell::RefCell;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::retry_on_intr;

use super::options::Options;
use super::{Backend, Caller, Home, Running, threads};
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::model::Model;
use crate::remote::fold_port::FoldPort;
use crate::remote::run::{Experience, Run};
use crate::remote::wire::Build;

mod at_exit;
mod compare;
mod launch;
mod letter;
mod mailbox;
mod office;
mod peer;
mod prints;
mod pulse;
mod rank;
mod ranks;
mod report;
mod seam;
mod session;
mod term;
mod world;

use launch::Launch;
use peer::Peer;
pub(crate) use rank::is_serving;
use ranks::Ranks;
use session::Session;
use world::{Leave, World};

/// So long rank 0 waits for the other ranks to introduce themselves.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    /// Leaves the job when the main thread ends. On this thread alone, since it must be the one that joined.
    static LEAVE: RefCell<Option<Leave>> = const { RefCell::new(None) };
}

/// What `init()` does in a process that an MPI launcher has started: it joins the job. It comes back on rank 0 only.
pub(crate) fn enter() {
    let Some(launch) = Launch::of_this_process().filter(|launch| launch.size != Some(1)) else { return };
    let is_entered = LEAVE.with_borrow(Option::is_some);
    if is_entered || !super::processes::worker::is_main_thread() {
        return;
    }
    let (membership, seam) = seam::join().unwrap_or_else(|error| refuse(&format!("MPI cannot be used: {error}")));
    if let Some(expected) = launch.size.filter(|&expected| expected != seam.size()) {
        refuse(&format!(
            "the launcher started {expected} ranks, and MPI found {}: the launcher belongs to another MPI library than \
             the one that this program was built with",
            seam.size()
        ));
    }
    let own = Peer::own(seam.host()).unwrap_or_else(|error| refuse(&format!("this program's file: {error}")));
    if seam.rank() > 0 {
        rank::serve(membership, seam, &own);
    }
    World::enter(seam, own);
    watch_for_term();
    at_exit::abort_with(World::abort).unwrap_or_else(|error| refuse(&error.to_string()));
    LEAVE.set(Some(Leave(Some(membership))));
}

/// Has a thread say which rank is lost when the launcher is about to kill this process for it.
fn watch_for_term() {
    let Ok(Some(event)) = term::catch() else { return };
    let watch = move || {
        while retry_on_intr(|| rustix::io::read(&event, &mut [0; 8])).is_ok() {
            if let Some(world) = World::get() {
                report::killed_ranks(world);
            }
            let _ = term::end_by_default();
        }
    };
    // Without the thread the signal would have no effect any more.
    if thread::Builder::new().name("threefold-term".to_string()).spawn(watch).is_err() {
        refuse("a thread could not be started");
    }
}

/// Ends this process: it must not go on to run `main` in each rank.
fn refuse(why: &str) -> ! {
    eprintln!("threefold: this process cannot take part in its MPI job: {why}");
    process::exit(1)
}

/// The number of ranks of the job, this one included; 1 without a job.
pub(crate) fn count() -> usize {
    World::get().map_or(1, |world| world.size)
}

struct Mpi {
    world: &'static World,
    /// The number of threads in each rank.
    threads: usize,
    idle: Mutex<Vec<Session>>,
    experience: Mutex<Option<Experience>>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    let threads = options.workers(1);
    let Some(world) = World::get() else { return threads::as_model(Model::Mpi, threads, options) };
    /// Once is enough.
    static INTRODUCED: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    let introduced = INTRODUCED.get_or_init(|| introduce(world)).clone();
    introduced.map_err(|reason| Error::setup(Some(Model::Mpi), reason))?;
    Ok(Home::new(Box::new(Mpi { world, threads, idle: Mutex::default(), experience: Mutex::default() })))
}

/// Waits until all ranks have introduced themselves, and compares them with this one.
fn introduce(world: &World) -> std::result::Result<(), String> {
    let until = Instant::now() + PATIENCE;
    loop {
        world.office.poll();
        let desk = world.office.desk();
        let missing = (1..world.size).find(|&rank| desk.route.peers[rank].is_none());
        let Some(rank) = missing else { break };
        if Instant::now() > until {
            return Err(format!("rank {rank} has not answered for {} s", PATIENCE.as_secs()));
        }
        drop(desk);
        thread::yield_now();
    }
    compare::builds(world, until)?;
    world.ahead.get_or_init(|| compare::clocks(world, until));
    Ok(())
}

impl Backend for Mpi {
    fn workers(&self) -> usize {
        self.threads * (self.world.size - 1)
    }

    fn start(&self, _fold: &Running) {}

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        if let Err(error) = self.run_fold(fold.fold(), &mut || caller.ready()) {
            fold.abort(error);
        }
    }
}

impl Mpi {
    fn run_fold(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) -> Result<()> {
        if let Some((rank, how)) = self.world.lost().first() {
            let rank = self.world.rank(*rank).map_or_else(|| format!("rank {rank}"), |rank| rank.to_string());
            return Err(Error::setup(Some(Model::Mpi), format!("{rank} {how}: the job cannot go on without it")));
        }
        let session = lock(&self.idle).pop().unwrap_or_else(|| Session::open(self.world, self.workers()));
        let workers = self.workers().min(usize::try_from(fold.chunks).unwrap_or(usize::MAX));
        let sent: Vec<_> = session.members.iter().map(|member| member.sent).take(workers).collect();
        let port = FoldPort::new(fold);
        let terms = port.terms(workers, None);
        let last = *lock(&self.experience);
        let mut run = match Run::new(port, Ranks::new(session, fold.chunks), terms, Build([0; 5]), last) {
            Ok(run) => run,
            Err((error, ranks)) => {
                lock(&self.idle).extend(ranks.dismiss());
                return Err(error);
            }
        };
        for (worker, sent) in sent.into_iter().enumerate() {
            run.admit(worker, sent);
        }
        run.finish(ready);
        let (ranks, _, experience) = run.dismiss();
        *lock(&self.experience) = experience.or(last);
        lock(&self.idle).extend(ranks.dismiss());
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
