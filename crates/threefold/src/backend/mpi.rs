//! MPI: chunks run in the other ranks of the job, and rank 0, which runs `main`, hands them out.
//!
//! A launcher (`mpirun`, `mpiexec`, `srun`) starts the program several times. Each process calls `init()`. There rank 0
//! goes on with `main`, and the others stop and serve ([`rank`]). In a job of one rank, and in a program that no
//! launcher started, there is nobody to send chunks to: they run in this process, on threads.
//!
//! Below this folder's [`seam`] is the crate that calls MPI. Large messages take a while to arrive ([`arrivals`]). The
//! office ([`office`]) sends and receives under one lock. Threads that wait look for messages themselves ([`mailbox`]).
//! On rank 0 each fold has a session ([`session`]) with threads in the other ranks, and [`ranks`] reaches them for the
//! dispatcher. Where crashes are to be survived, it has worker processes of the other ranks instead ([`isolation`]), and
//! [`isolated`] reaches those.
//!
//! # The life of a job
//!
//! 1. The launcher starts the processes, and sets variables for them. `init()` reads these ([`launch`]). A process that
//!    inherits them from a rank finds its mark ([`mark`]), and one that a rank has forked is a [`fork`]: both are in no
//!    job. `init()` joins the job through MPI, and compares the launcher's number of ranks with the number that MPI
//!    knows. If the launcher belongs to another MPI library, each process would find itself alone, so this is refused.
//! 2. Each rank but rank 0 introduces itself ([`peer`]) and serves. Rank 0 returns from `init()`.
//! 3. The first executor for mpi waits for all introductions, and compares the ranks ([`compare`]): if one is of
//!    another build, making the executor returns an error.
//! 4. A fold takes a session, or opens one. The dispatcher's messages go to its workers, as they go to worker processes.
//!    The answers come back the same way.
//! 5. When `main` ends, rank 0 says goodbye to all ranks and waits for theirs ([`world`]). Then all leave MPI together.
//!
//! # A fold, message by message
//!
//! The frames are those of [`crate::remote::wire`]. A message holds one or more of them, and an address. The first fold
//! of a session with two workers in two ranks, with a source that workers cut themselves:
//!
//! ```text
//! rank 0                                          rank 1                      rank 2
//!   DATA { Task, Fold, Run 0..1 } to worker 0  ->   starts a thread, runs
//!   DATA { Task, Fold, Run 1..2 } to worker 1  ->                               starts a thread, runs
//!                                              <-   DATA { Done 0..1 }
//!   DATA { Run 2..90, Run 90..150 }            ->
//!                                              <-                               OUT { "a line" }
//!                                              <-                               DATA { Done 1..2 }
//!   prints the line
//!   DATA { Run 150..220 }                      ->
//!                                              <-   DATA { Done 2..50, Panicked 50, Skipped 51..90 }
//!   LIMIT { 50 }                               ->   notes it                    notes it between two chunks
//!                                              <-   DATA { Skipped 90..150 }
//!                                              <-                               DATA { Skipped 150..220 }
//! ```
//!
//! The next fold with the same task sends no `Task`. A second worker of a rank is not sent the task either: it uses the
//! task that the first one has read.
//!
//! # Who calls MPI, and when
//!
//! | rank | thread | calls |
//! |---|---|---|
//! | 0 | the main thread | joins in `init()`, and leaves when it ends |
//! | 0 | the caller of a fold | sends blocks, and looks for answers while it waits |
//! | 0 | whoever makes the first executor | looks for introductions, and asks for checksums and clocks |
//! | 0 | whoever drops an executor | says that its sessions are over, and waits until worker processes are gone |
//! | 0 | `threefold-term`, after SIGTERM | asks ranks of other hosts whether they are alive |
//! | others | the main thread | joins, looks for messages every millisecond unless a worker does, sends prints, and leaves |
//! | others | the thread of a worker | looks for its blocks, and sends prints and answers |
//! | others | the thread of a relay | the same, for worker processes |
//!
//! Between these moments nobody on rank 0 calls MPI. What the ranks send meanwhile waits in the MPI library. Except for
//! joining and leaving, all calls of a process are made under the lock of its [`office`].
//!
//! # What ends a job
//!
//! A panic of a task is an answer like others, and ends nothing. All else ends the job, since MPI cannot go on without a
//! rank. The rule is that whoever notices first says what it knows, waits for a moment, and aborts the job:
//!
//! | what happens | who notices | what is said |
//! |---|---|---|
//! | a rank is killed | the launcher; rank 0 is told by SIGTERM, if it is told | the rank, and the chunks that it had ([`report`]) |
//! | a rank is stopped, or its host is gone | a caller that waits ([`pulse`]) | the fold returns an error; the abort follows when `main` ends |
//! | `init()` was not called | whoever makes an executor ([`new`]) | an ordinary error; no rank runs a fold alone |
//! | a task calls `exit` | the exiting rank itself ([`at_exit`]) | the rank |
//! | a thread of ours panics in a rank | its panic hook ([`rank`]) | the rank, and the panic |
//! | a call of MPI fails | the caller of MPI ([`seam`]) | the rank, and the error |
//! | `main` panics or exits | rank 0, while its thread ends ([`world`]) | nothing: the job ends in order, with that exit code |
//! | `main` exits on another thread | rank 0 ([`at_exit`]) | that it did |

use std::cell::RefCell;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::retry_on_intr;

use super::options::Options;
use super::{Backend, Caller, Home, Running, launcher, streams};
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::model::Model;
use crate::remote::fold_port::FoldPort;
use crate::remote::run::{Experience, Run};
use crate::remote::wire::Build;

mod alone;
mod arrivals;
mod at_exit;
mod compare;
mod cores;
mod crew_letter;
mod crews;
mod finalize;
mod fork;
mod interest;
mod isolated;
mod isolation;
mod launch;
mod ledger;
mod letter;
mod mailbox;
mod mark;
mod office;
mod peer;
mod prints;
mod pulse;
mod rank;
mod ranks;
mod report;
mod seam;
mod session;
mod silence;
mod term;
mod world;

pub(crate) use cores::cores;
use isolation::Isolation;
use launch::Launch;
use peer::Peer;
pub(crate) use rank::is_serving;
use ranks::Ranks;
use session::Session;
use world::{Leave, World};

/// How long rank 0 waits for the other ranks to introduce themselves.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    /// Leaves the job when the main thread ends. On this thread alone, since it must be the one that joined.
    static LEAVE: RefCell<Option<Leave>> = const { RefCell::new(None) };
}

/// What `init()` does in a process that an MPI launcher has started: it joins the job. It comes back on rank 0 only.
pub(crate) fn enter() {
    let Some(launch) = job() else { return };
    let is_entered = LEAVE.with_borrow(Option::is_some);
    if is_entered || !super::processes::worker::is_main_thread() {
        return;
    }
    mark::set();
    fork::note_original();
    let (membership, seam) = seam::join().unwrap_or_else(|error| refuse(&format!("MPI cannot be used: {error}")));
    if let Some(expected) = launch.size.filter(|&expected| expected != seam.size()) {
        refuse(&format!(
            "the launcher started {expected} ranks, and MPI found {}: the launcher belongs to another MPI library than \
             the one that this program was built with",
            seam.size()
        ));
    }
    launcher::note_joined();
    let own = Peer::own(seam.host()).unwrap_or_else(|error| refuse(&format!("this program's file: {error}")));
    if seam.rank() > 0 {
        rank::serve(membership, seam, &own);
    }
    World::enter(seam, own);
    watch_for_term();
    at_exit::abort_with(World::abort).unwrap_or_else(|error| refuse(&error.to_string()));
    LEAVE.set(Some(Leave(Some(membership))));
}

/// What the launcher says of the job that this process is to join, if it is a rank of one with other ranks.
fn job() -> Option<Launch> {
    Launch::of_this_process().filter(|launch| launch.size != Some(1) && !mark::is_set())
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

/// Folds on the other ranks of the job.
///
/// It keeps the sessions that no fold uses, and what was measured of the last fold. Two folds at once use a session
/// each. The sessions are closed with the last executor, and the threads in the ranks end.
struct Mpi {
    world: &'static World,
    /// The number of threads in each rank.
    threads: usize,
    /// Sessions without a fold.
    idle: Mutex<Vec<Session>>,
    /// What the last fold has measured of its chunks.
    experience: Mutex<Option<Experience>>,
    isolation: Isolation,
    /// How long a rank may be silent.
    silence: Duration,
}

/// A backend with so many threads in each of the other ranks, or in this process if there are none.
pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    let threads = options.workers(1);
    let Some(world) = World::get() else {
        if job().is_some() {
            // Each rank would run all of the program, and print its own total.
            return Err(Error::setup(
                Some(Model::Mpi),
                "this process is a rank of an MPI job that it has not joined: call `threefold::init()` at the beginning \
                 of `main`, on the main thread",
            ));
        }
        return alone::new(threads, options);
    };
    refuse_after_main()?;
    let silence = silence::limit(options)?;
    world.allow_silence(silence);
    let isolation = Isolation::new(options, threads, silence)?;
    /// Once is enough.
    static INTRODUCED: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    let introduced = INTRODUCED.get_or_init(|| introduce(world)).clone();
    introduced.map_err(|reason| Error::setup(Some(Model::Mpi), reason))?;
    let (idle, experience) = Default::default();
    let backend = Mpi { world, threads, idle, experience, isolation, silence };
    Ok(Home::new(Box::new(backend), Some(options.cores.unwrap_or_else(cores))))
}

/// The error of what begins after `main` has ended: in the destructor of a thread-local value, or in a function that is
/// called at the exit. The other ranks are gone then, and would be waited for in vain.
fn refuse_after_main() -> Result<()> {
    if !at_exit::is_leaving() {
        return Ok(());
    }
    Err(Error::setup(
        Some(Model::Mpi),
        "`main` has ended and this process has left its MPI job: fold before `main` ends, or use another model",
    ))
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

    /// Those of one rank. Rank 0 knows only its own cores, and takes them for those of the others.
    fn sharing(&self) -> usize {
        self.threads
    }

    fn start(&self, _fold: &Running) {}

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        if fold.is_recorded() {
            return;
        }
        let (fold, ready) = (fold.fold(), &mut || caller.ready());
        let ran = self.refuse_in_fork().and_then(|()| refuse_after_main()).and_then(|()| self.refuse_after_loss());
        let ran = ran.and_then(|()| match self.isolation.covers(fold) {
            true => self.isolation.run(self.world, fold, ready),
            false => self.run_fold(fold, ready),
        });
        if let Err(error) = ran {
            fold.abort(error);
        }
        streams::failure(Model::Mpi).into_iter().for_each(|error| fold.fail_to_print(error));
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        self.isolation.disband();
    }
}

impl Mpi {
    /// The error of a fold in a fork of rank 0, on an executor that rank 0 has made.
    fn refuse_in_fork(&self) -> Result<()> {
        if !fork::is_one() {
            return Ok(());
        }
        Err(Error::setup(
            Some(Model::Mpi),
            "this process was forked from rank 0 and has no other ranks: make an executor in this process",
        ))
    }

    /// The error of a fold that begins after a rank was lost.
    fn refuse_after_loss(&self) -> Result<()> {
        let Some((rank, how)) = self.world.lost().into_iter().next() else { return Ok(()) };
        let rank = self.world.rank(rank).map_or_else(|| format!("rank {rank}"), |rank| rank.to_string());
        Err(Error::setup(Some(Model::Mpi), format!("{rank} {how}: the job cannot go on without it")))
    }

    fn run_fold(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) -> Result<()> {
        let session = lock(&self.idle).pop().unwrap_or_else(|| Session::open(self.world, self.workers()));
        let workers = fold.occupies(self.workers());
        let sent: Vec<_> = session.members.iter().map(|member| member.sent).take(workers).collect();
        let port = FoldPort::new(fold);
        let terms = port.terms(workers, None);
        let last = *lock(&self.experience);
        session.ledger.begin(fold);
        let carrier = Ranks::new(session, fold.chunks, self.silence);
        let mut run = match Run::new(port, carrier, terms, Build([0; 5]), last) {
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
