//! `Relay`: worker processes of a rank that run the chunks of a session, where crashes are to be survived.
//!
//! A crash of a rank ends the whole job: no MPI library goes on without it. So the rank starts worker processes, and they
//! run the chunks. The dispatcher on rank 0 drives them as it drives those of `processes`. The relay stands between:
//! what arrives for a worker goes into its channel, and what the worker sends goes to rank 0. Both are bytes, and the
//! relay reads none of them, but for the handshake. Four things can only be done here, on the worker's host:
//!
//! - Workers are started and ended, and the relay finds out how one has ended.
//! - The status page of a lost worker is read. Rank 0 knows which chunks the worker was sent and has not answered, so it
//!   is told what the page says.
//! - The clock of a running chunk is watched ([`watch`]).
//! - Workers print into pipes. The relay reads those before it passes an answer on, so that whatever a chunk printed is
//!   at rank 0 before the output of the chunk is.
//!
//! Each session has a relay of its own, with a thread. The thread waits for its workers and looks for messages in turn.
//! It looks without a pause for 0.1 ms after something has happened. Then it sleeps until a worker does something, and
//! at most a millisecond. After a long silence only the rank's main thread looks for messages, and wakes the relay.
//!
//! # The life of a relay
//!
//! 1. The first letter of a session starts the thread. It waits for `Open`, which says how many workers there may be
//!    and what they have in common.
//! 2. It makes a crew without workers ([`crewed`]). If it cannot, it refuses this letter and each `Start` after it.
//! 3. It serves. Workers are started on request, and kept from fold to fold.
//! 4. `Disband` ends it in order: all workers are told to exit, and rank 0 gets a word when they are gone. When the
//!    session is closed, or rank 0 has said goodbye, they end in the same way, and no word is sent.
//!
//! # Why a relay is not a part of the rank's main thread
//!
//! The end of a worker process may take a tenth of a second, and longer if it drops values of the user's. If the main
//! thread waited for it, it could not tell rank 0 meanwhile that the rank is alive. And relays of folds that run at the
//! same time do not wait for each other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::thread::{self, JoinHandle};

use super::Rank;
use crate::backend::mpi::crew_letter::{self, FromCrew, ToCrew};
use crate::backend::mpi::letter::Address;
use crate::backend::mpi::mailbox::Mailbox;

mod crewed;
mod watch;

use crewed::Crewed;

/// What a relay is told.
pub(super) enum Order {
    /// Bytes of a worker's stream have come, during that life.
    Came { worker: u32, life: u32, bytes: Vec<u8> },
    /// A letter has come.
    Told { worker: u32, life: u32, bytes: Vec<u8> },
    /// The session is over.
    Close,
}

/// A relay, as the other threads of its rank know it.
#[derive(Default)]
pub(super) struct Relay {
    mailbox: Mailbox<Order>,
    /// Whether the thread sleeps, or is about to.
    is_asleep: AtomicBool,
    /// Wakes the thread.
    waker: OnceLock<Waker>,
}

impl Relay {
    pub(super) fn put(&self, order: Order) {
        self.mailbox.put(order);
        // Relaxed: the lock of the mailbox orders this. The thread says that it is asleep before it looks into the
        // mailbox for the last time. So it finds the order there, or this finds it asleep.
        if self.is_asleep.load(Ordering::Relaxed)
            && let Some(waker) = self.waker.get()
        {
            waker.wake_by_ref();
        }
    }
}

/// The relays of a rank, by session.
#[derive(Default)]
pub(super) struct Relays {
    open: HashMap<u32, Arc<Relay>>,
    threads: Vec<JoinHandle<()>>,
}

impl Relays {
    /// The relay of that session, if it has one.
    pub(super) fn get(&self, session: u32) -> Option<&Relay> {
        self.open.get(&session).map(|relay| &**relay)
    }

    /// Hands a letter to the relay of its session, which begins with the first letter.
    pub(super) fn deliver(&mut self, address: Address, bytes: Vec<u8>) {
        let Self { open, threads } = self;
        let relay = open.entry(address.session).or_insert_with(|| {
            threads.retain(|thread| !thread.is_finished());
            let relay = Arc::<Relay>::default();
            let own = Arc::clone(&relay);
            let thread = thread::Builder::new().name("threefold-relay".to_string());
            match thread.spawn(move || serve(&own, address.session)) {
                Ok(thread) => threads.push(thread),
                // The lock of the office is held here, and given back while this thread unwinds.
                Err(error) => panic!("a thread could not be started: {error}"),
            }
            relay
        });
        relay.put(Order::Told { worker: address.worker, life: address.fold, bytes });
    }

    /// Ends the session, and its workers.
    pub(super) fn close(&mut self, session: u32) {
        if let Some(relay) = self.open.remove(&session) {
            relay.put(Order::Close);
        }
    }

    /// Ends all sessions. Gives the threads, which end when their workers are gone.
    pub(super) fn close_all(&mut self) -> Vec<JoinHandle<()>> {
        self.open.drain().for_each(|(_, relay)| relay.put(Order::Close));
        std::mem::take(&mut self.threads)
    }
}

/// The body of a relay's thread.
fn serve(relay: &Relay, session: u32) {
    super::note_own_thread();
    let rank = Rank::get();
    let mut crew = None;
    while crew.is_none() {
        // The first letter opens the session. Without a crew all that is asked for is refused.
        match relay.mailbox.wait(&rank.office, u64::MAX, true) {
            Some(Order::Told { worker, life, bytes }) => {
                let say = |letter| rank.tell(&letter, Address { session, worker, fold: life, ..Address::default() });
                match crew_letter::read(&bytes) {
                    Some(ToCrew::Open(wishes)) => match Crewed::new(rank, session, &wishes) {
                        Ok(made) => crew = Some(made),
                        Err(reason) => say(FromCrew::Refused { reason }),
                    },
                    Some(ToCrew::Start) => say(FromCrew::Refused { reason: "a rank has no workers".to_string() }),
                    Some(ToCrew::EndRun { wants_word: true, .. } | ToCrew::Disband) => {
                        say(FromCrew::Rested { rank: rank.number })
                    }
                    _ => {}
                }
            }
            Some(Order::Close) => return,
            _ => {}
        }
    }
    if let Some(crew) = crew {
        let _ = relay.waker.set(crew.waker());
        crew.serve(relay);
    }
}
