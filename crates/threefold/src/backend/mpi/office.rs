//! `Office`: sends the messages of a rank, and brings those that arrive to the thread that they are for.
//!
//! One lock guards every call of MPI, and also the table of addressees. So messages of one sender are handed over in
//! the order in which they arrived, whichever threads took them in. A thread that finds the lock taken need not wait
//! for it: somebody else is looking.
//!
//! # Why nothing waits for itself here
//!
//! - *A send never waits for a receiver that waits for the sender.* A small message is taken by MPI at once, as a rule.
//!   Where it is not, the sender takes in messages until it is, so a receiver that is sending, too, comes to an end. A
//!   large message is on its way while its sender goes on. Both sides may therefore send at the same time.
//! - *No user code runs under the lock.* What arrives is put into mailboxes, and what is printed is kept for later. A
//!   thread that prints may hold a lock of the user's for long.
//! - *The lock is held for a few microseconds*: for a batch of messages at most. A thread that only wants to look does
//!   not wait for it.
//!
//! # What is in order
//!
//! MPI keeps the messages of one rank to another in the order in which they were begun, whichever of them ends first.
//! They are begun under the lock, and taken in under the lock. So a stream of frames needs no numbers, an output of a
//! task comes before the answer of its chunk, and a `LIMIT` comes after the messages that it limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use std::{process, thread};

use super::arrivals::Mail;
use super::seam::{LARGEST, SMALL, Seam, Sending};

/// How many messages are taken in at one look, at most. The others are taken in at the next look.
pub(super) const BATCH: usize = 16;

/// How long an abort waits for the lock.
const PATIENCE: Duration = Duration::from_millis(500);

/// Knows whom a message is for.
pub(super) trait Route {
    /// What is told when a large message is sent.
    type Receipt;

    /// Hands over a message that has arrived. A message that it returns is sent, to that rank and with that tag.
    fn deliver(&mut self, mail: Mail) -> Option<(usize, i32, Vec<u8>)>;

    /// A message that was not sent at once is sent now.
    fn sent(&mut self, receipt: Self::Receipt);

    /// Whether the job is to be aborted, because rank `to` has not taken a small message for so long. If so, it says so
    /// on stderr.
    fn gives_up_on(&self, to: usize, waited: Duration) -> bool;
}

/// What is done while rank `to` does not take a small message: takes in one message, and gives the answer to it. No
/// look at silent ranks is made meanwhile, since the lock is held. So a rank that is stopped must be noticed here.
fn take_one<R: Route>(seam: &Seam, route: &mut R, to: usize, waited: Duration) -> Option<(usize, i32, Vec<u8>)> {
    if route.gives_up_on(to, waited) {
        seam.abort();
    }
    seam.receive().and_then(|mail| route.deliver(mail))
}

/// The messages of one rank.
pub(super) struct Office<R: Route> {
    desk: Mutex<Desk<R>>,
    /// How many threads look for messages, at least every millisecond.
    watchers: AtomicUsize,
}

/// What the lock guards.
pub(super) struct Desk<R: Route> {
    seam: Seam,
    /// The table of addressees.
    pub(super) route: R,
    /// Messages that are on their way.
    outgoing: Vec<(Sending, Option<R::Receipt>)>,
    /// Whether the last message is sent.
    is_quiet: bool,
    /// Whether the job is left, so that MPI must not be called any more.
    is_closed: bool,
}

impl<R: Route> Office<R> {
    /// The office of a rank that has just joined its job.
    pub(super) fn new(seam: Seam, route: R) -> Self {
        let desk = Mutex::new(Desk { seam, route, outgoing: Vec::new(), is_quiet: false, is_closed: false });
        Self { desk, watchers: AtomicUsize::new(0) }
    }

    /// From now on, and until `unwatch`, this thread looks for messages at least every millisecond.
    pub(super) fn watch(&self) {
        // Relaxed, as are the others: this is no more than advice.
        self.watchers.fetch_add(1, Ordering::Relaxed);
    }

    /// This thread does not look any more.
    pub(super) fn unwatch(&self) {
        self.watchers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether another thread looks for messages.
    pub(super) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Takes in what has arrived, and notes what is sent. Does nothing if another thread does it.
    pub(super) fn poll(&self) {
        self.take_in(BATCH);
    }

    /// The same, with at most so many messages.
    pub(super) fn take_in(&self, most: usize) {
        let mut desk = match self.desk.try_lock() {
            Ok(desk) => desk,
            Err(TryLockError::Poisoned(desk)) => desk.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        desk.look(most);
    }

    /// Sends `bytes`, and leaves the buffer empty. Returns whether they are sent already; if not, `receipt` is told
    /// when they are.
    pub(super) fn send(&self, to: usize, tag: i32, bytes: &mut Vec<u8>, receipt: Option<R::Receipt>) -> bool {
        self.desk().send(to, tag, bytes, receipt)
    }

    /// Ends all processes of the job, after what was printed had a moment to get out. Works even if the thread that
    /// holds the lock never gives it back.
    pub(super) fn abort(&self) -> ! {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.desk.try_lock() {
                Ok(desk) => desk.seam.abort(),
                Err(TryLockError::Poisoned(desk)) => desk.into_inner().seam.abort(),
                Err(TryLockError::WouldBlock) => thread::sleep(PATIENCE / 50),
            }
        }
        // The launcher ends the others.
        process::abort()
    }

    /// What the lock guards.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk<R>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Route> Desk<R> {
    /// Notes which messages are sent, and takes in at most so many of those that have arrived.
    fn look(&mut self, most: usize) {
        if self.is_closed {
            return;
        }
        let Self { seam, route, outgoing, .. } = self;
        if !outgoing.is_empty() {
            let sent = outgoing.extract_if(.., |(sending, _)| seam.is_sent(sending));
            sent.filter_map(|(_, receipt)| receipt).for_each(|receipt| route.sent(receipt));
        }
        for _ in 0..most {
            let Some(mail) = self.seam.receive() else { return };
            if let Some((to, tag, mut answer)) = self.route.deliver(mail) {
                self.send(to, tag, &mut answer, None);
            }
        }
    }

    /// Sends `bytes`, and leaves the buffer empty: see [`Office::send`]. After the last message nothing is sent any more.
    pub(super) fn send(&mut self, to: usize, tag: i32, bytes: &mut Vec<u8>, receipt: Option<R::Receipt>) -> bool {
        if self.is_quiet {
            bytes.clear();
            return true;
        }
        if bytes.len() <= SMALL {
            let Self { seam, route, .. } = self;
            let mut answers = Vec::new();
            seam.send_small(to, tag, bytes, |seam, waited| answers.extend(take_one(seam, route, to, waited)));
            bytes.clear();
            for (to, tag, mut answer) in answers {
                self.send(to, tag, &mut answer, None);
            }
            return true;
        }
        debug_assert!(bytes.len() <= LARGEST + SMALL);
        let Self { seam, route, .. } = self;
        let mut answers = Vec::new();
        let bytes = std::mem::take(bytes);
        let meanwhile = |seam: &Seam, waited| answers.extend(take_one(seam, route, to, waited));
        let mut sending = seam.start(to, tag, bytes, meanwhile);
        for (to, tag, mut answer) in answers {
            self.send(to, tag, &mut answer, None);
        }
        let is_sent = self.seam.is_sent(&mut sending);
        if !is_sent {
            self.outgoing.push((sending, receipt));
        }
        is_sent
    }

    /// Sends each of these ranks the last message that it gets: another thread that is in a fold sends nothing more.
    /// Whoever has got the last message receives nothing after it, and this process would wait for that in vain.
    pub(super) fn say_last(&mut self, ranks: impl IntoIterator<Item = usize>, tag: i32) {
        for rank in ranks {
            self.send(rank, tag, &mut Vec::new(), None);
        }
        self.is_quiet = true;
    }

    /// Whether large messages are on their way, from here or to here.
    pub(super) fn moves_large(&self) -> bool {
        !self.outgoing.is_empty() || self.seam.is_receiving()
    }

    /// Whether the job is left.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Waits until everything is sent, and makes no more calls of MPI.
    pub(super) fn close(&mut self) {
        while !self.outgoing.is_empty() {
            self.look(BATCH);
            thread::yield_now();
        }
        self.is_closed = true;
    }
}
