//! A rank other than rank 0: it serves in `init()` until rank 0 says goodbye, and never runs `main`.
//!
//! Its main thread runs no chunks. It looks for messages about every millisecond, so that a limit arrives while chunks
//! run, and passes on what they print. While a worker waits, that worker looks, and the main thread does not. Chunks run
//! on threads that rank 0 asks for, one for each worker of a session. Such a thread looks for its messages itself, so
//! that no other thread stands between a message and its use.
//!
//! Whichever thread takes a message in hands it to the one that it is for:
//!
//! - `DATA` goes to a worker. The first message to a worker starts its thread.
//! - `LIMIT` is noted for all workers of its session at once, while they run chunks.
//! - `ASK` is answered at once, so that rank 0 knows that the rank is alive while all its threads run chunks.
//! - `CLOSE` ends the threads of a session, after what they were sent before.
//! - `BYE` ends the rank. Rank 0 says it when `main` has ended. The answer is the last message of this rank.
//!
//! # Defects
//!
//! A panic of a task is caught where the task is called, and becomes an answer. Any other panic on a thread of ours is a
//! defect of this library. Unwinding would end the thread, and rank 0 would wait for its answers. So the panic hook
//! ends the whole job, with a message that names the rank. The message goes to the standard error that the launcher
//! gave, not to rank 0: nobody may be listening there.
//!
//! # Signals
//!
//! SIGTERM does nothing here. Open MPI sends it to all ranks when one was killed. Rank 0 ends by it and takes the others
//! along; until then they must be alive, or rank 0 could not tell who was killed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{panic, process, thread};

use super::arrivals::Mail;
use super::at_exit;
use super::crew_letter::{self, FromCrew};
use super::letter::{self, Address};
use super::mailbox::{LONGEST, LOOKS};
use super::office::{Office, Route};
use super::peer::Peer;
use super::prints::{self, Pipes};
use super::seam::{Membership, Seam};
use super::term;
use crate::panics;
use crate::remote::clock;

mod relay;
mod shared_task;
mod worker;

use relay::Relays;
use shared_task::SharedTask;
use worker::{Order, Worker};

/// Whether this process is such a rank.
static SERVING: AtomicBool = AtomicBool::new(false);

/// What the threads of this rank share.
static RANK: OnceLock<Rank> = OnceLock::new();

/// Whether this process serves rank 0.
pub(crate) fn is_serving() -> bool {
    // Relaxed: set before any task runs.
    SERVING.load(Ordering::Relaxed)
}

/// This rank, as all its threads know it.
struct Rank {
    /// Its number in the job.
    number: usize,
    /// The number of ranks.
    size: usize,
    /// What messages call it.
    name: String,
    office: Office<Workers>,
    pipes: Pipes,
}

/// The part of a session in this rank.
#[derive(Default)]
struct Session {
    workers: BTreeMap<u32, Arc<Worker>>,
    task: Arc<SharedTask>,
}

/// Who is addressed in a rank: the workers of each session.
#[derive(Default)]
struct Workers {
    sessions: BTreeMap<u32, Session>,
    /// The sessions whose workers are processes.
    relays: Relays,
    /// Whether rank 0 has said goodbye.
    is_over: bool,
}

impl Route for Workers {
    type Receipt = ();

    fn deliver(&mut self, Mail { tag, mut bytes, .. }: Mail) -> Option<(usize, i32, Vec<u8>)> {
        let address = Address::split_off(&mut bytes);
        match (tag, address) {
            (letter::CREW, Some(address)) => self.relays.deliver(address, bytes),
            (letter::DATA, Some(address)) => {
                if let Some(relay) = self.relays.get(address.session) {
                    relay.put(relay::Order::Came { worker: address.worker, life: address.fold, bytes });
                    return None;
                }
                let Session { workers, task } = self.sessions.entry(address.session).or_default();
                let start = || Worker::start(address, Arc::clone(task));
                let worker = workers.entry(address.worker).or_insert_with(start);
                worker.mailbox.put(Order::Came { address, bytes });
            }
            (letter::LIMIT, Some(Address { session, worker, fold, .. })) => {
                if let (Some(Session { workers, .. }), Some(limit)) = (self.sessions.get(&session), bytes.first_chunk())
                {
                    let limit = u64::from_le_bytes(*limit);
                    let told = workers.iter().filter(|(number, _)| [**number, letter::ALL].contains(&worker));
                    told.for_each(|(_, worker)| worker.limit.set(fold, limit));
                }
            }
            (letter::CLOSE, Some(Address { session, .. })) => {
                self.relays.close(session);
                let Session { workers, task } = self.sessions.remove(&session).unwrap_or_default();
                // Before the workers end, which have it too: its last owner drops the captures, which is code of the
                // user's.
                drop(task);
                workers.values().for_each(|worker| worker.mailbox.put(Order::Close));
            }
            (letter::ASK, _) => return Some((0, letter::ALIVE, clock::now().to_le_bytes().to_vec())),
            (letter::ASK_FILE, _) => {
                return Some((0, letter::FILE, Peer::checksum().unwrap_or(0).to_le_bytes().to_vec()));
            }
            (letter::BYE, _) => self.is_over = true,
            _ => {}
        }
        None
    }

    fn sent(&mut self, (): ()) {}

    fn gives_up_on(&self, _to: usize, _waited: Duration) -> bool {
        // Rank 0 may take as long as it likes, for a reduction.
        false
    }
}

/// Serves until rank 0 says goodbye, and exits.
pub(super) fn serve(membership: Membership, seam: Seam, own: &Peer) -> ! {
    SERVING.store(true, Ordering::Relaxed);
    // A signal that goes to all ranks is for rank 0, which ends the others.
    let _signal = term::catch();
    panics::watch();
    let rank = match Pipes::install() {
        Ok(pipes) => RANK.get_or_init(|| {
            let name = format!("rank {} ({}, pid {})", seam.rank(), own.host, own.pid);
            let (number, size) = (seam.rank(), seam.size());
            Rank { number, size, name, office: Office::new(seam, Workers::default()), pipes }
        }),
        Err(error) => {
            eprintln!("threefold: a rank cannot serve: its streams cannot be redirected: {error}");
            seam.abort()
        }
    };
    abort_at_defects();
    if let Err(error) = at_exit::abort_with(|| Rank::get().abort("a task has exited")) {
        rank.abort(&error.to_string());
    }
    rank.office.send(0, letter::HELLO, &mut own.write(), None);
    let mut nap = 0;
    loop {
        // A worker that waits looks by itself. While it does, this thread must not take the core from it. But large
        // messages move on only at looks, so the more the better.
        if !rank.office.is_watched() || rank.office.desk().moves_large() {
            (0..LOOKS).for_each(|_| rank.office.poll());
        }
        rank.pipes.pass_on(&rank.office);
        if rank.office.desk().route.is_over {
            break;
        }
        nap = (2 * nap).clamp(LONGEST / 16, LONGEST);
        thread::sleep(Duration::from_nanos(nap));
    }
    let relays = rank.office.desk().route.relays.close_all();
    while relays.iter().any(|relay| !relay.is_finished()) {
        rank.pipes.pass_on(&rank.office);
        thread::sleep(Duration::from_nanos(LONGEST));
    }
    prints::flush();
    rank.pipes.pass_on(&rank.office);
    rank.office.desk().say_last([0], letter::BYE);
    rank.office.desk().close();
    at_exit::note_leaving();
    drop(membership);
    process::exit(0)
}

thread_local! {
    /// Whether this thread is one of ours.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// Has the panic hook abort the job if a thread of ours panics outside of a task. The thread would be gone, and rank 0
/// would wait for its answers for ever.
fn abort_at_defects() {
    note_own_thread();
    let next = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        next(info);
        if IS_OURS.try_with(Cell::get) == Ok(true) && !panics::is_catching() {
            Rank::get().abort("it panicked outside of any task: in the destructor of a thread-local value, or by a defect of threefold");
        }
    }));
}

/// This thread is one of ours.
fn note_own_thread() {
    IS_OURS.set(true);
}

impl Rank {
    fn get() -> &'static Self {
        RANK.get().expect("a rank is set up before its threads are")
    }

    /// The place of a worker among those of this rank.
    fn place_of(&self, worker: u32) -> usize {
        worker as usize / (self.size - 1)
    }

    /// The worker with that place.
    fn worker_at(&self, place: usize) -> u32 {
        (place * (self.size - 1) + self.number - 1) as u32
    }

    /// Sends rank 0 a letter about a worker process.
    fn tell(&self, letter: &FromCrew, address: Address) {
        self.office.send(0, crew_letter::TAG, &mut crew_letter::write(letter, address), None);
    }

    /// Says why this rank cannot go on, and ends the job.
    fn abort(&self, why: &str) -> ! {
        self.pipes.pass_by(&format!("threefold: {} cannot go on: {why}; the job is aborted\n", self.name));
        self.office.abort()
    }
}
