//! `Mailbox`: where the messages for one thread lie until it takes them, and how that thread waits for them.
//!
//! No thread stands between a message and its use: a thread that waits looks for messages itself. It takes in whatever
//! has come, for other threads too ([`Office::poll`]), and wakes those. So a thread may get its message from its own
//! look, or from another thread's, and must notice both at once.
//!
//! A thread that waits looks without a pause for [`SPIN`]. Then it sleeps between looks, at first for [`SHORTEST`], in
//! the end for [`LONGEST`]. It looks [`LOOKS`] times each time it wakes: one look moves a message only one step on its
//! way through MPI, and with one look between two sleeps both sides of a conversation would always sleep. A message
//! that another thread brings ends the sleep.
//!
//! Measured within one machine, a message and its answer take a few microseconds while both sides look. After a pause
//! both sides sleep, and a message waits for up to 1 ms at each of them. In return an idle rank uses one or two percent
//! of a core. A blocking receive of MPI would use all of it, for ever.
//!
//! No wake-up is lost. A message is put in, and the bell is rung, under the lock of the mailbox; a thread that goes to
//! sleep looks at both under the same lock.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::office::{Office, Route};
use crate::remote::clock;

/// How long a thread looks for messages without a pause, in nanoseconds. A message and its answer take a few
/// microseconds within a machine.
const SPIN: u64 = 20_000;

/// The same where a worker process must wake up before there is an answer, which takes some 50 us.
pub(super) const SPIN_FOR_PROCESS: u64 = 100_000;

/// The first sleep between looks, in nanoseconds. The kernel adds about as much.
pub(super) const SHORTEST: u64 = 50_000;

/// The longest sleep between looks, in nanoseconds.
pub(super) const LONGEST: u64 = 1_000_000;

/// So many looks are taken in a row.
pub(super) const LOOKS: usize = 3;

/// Messages for one thread.
pub(super) struct Mailbox<T> {
    /// What has come.
    inside: Mutex<Inside<T>>,
    /// Told when something has.
    came: Condvar,
}

struct Inside<T> {
    /// Messages that nobody has taken, the oldest first.
    letters: VecDeque<T>,
    /// Whether the thread is to stop waiting for another reason.
    is_rung: bool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { inside: Mutex::new(Inside { letters: VecDeque::new(), is_rung: false }), came: Condvar::new() }
    }
}

impl<T> Mailbox<T> {
    /// Puts a message in, and wakes the thread that waits.
    pub(super) fn put(&self, letter: T) {
        self.inside().letters.push_back(letter);
        self.came.notify_all();
    }

    /// Wakes the thread that waits, or the next that will.
    pub(super) fn ring(&self) {
        self.inside().is_rung = true;
        self.came.notify_all();
    }

    /// The oldest message.
    pub(super) fn take(&self) -> Option<T> {
        self.inside().letters.pop_front()
    }

    /// Whether there is no message.
    pub(super) fn is_empty(&self) -> bool {
        self.inside().letters.is_empty()
    }

    /// Waits for a message, but no longer than `until`, and not if it is rung. If `others_look`, another thread looks
    /// for messages now and then, and this one stops looking when it has waited for long.
    pub(super) fn wait<R: Route>(&self, office: &Office<R>, until: u64, others_look: bool) -> Option<T> {
        self.wait_spinning(office, until, others_look, SPIN)
    }

    /// The same, but it looks without a pause for `spin` nanoseconds.
    pub(super) fn wait_spinning<R: Route>(
        &self,
        office: &Office<R>,
        until: u64,
        others_look: bool,
        spin: u64,
    ) -> Option<T> {
        let mut nap = 0;
        let began = clock::now();
        loop {
            for _ in 0..LOOKS {
                office.poll();
                let mut inside = self.inside();
                if let Some(letter) = inside.letters.pop_front() {
                    return Some(letter);
                }
                if std::mem::take(&mut inside.is_rung) {
                    return None;
                }
            }
            let now = clock::now();
            if now >= until {
                return None;
            }
            if now.saturating_sub(began) < spin {
                std::thread::yield_now();
                continue;
            }
            nap = (2 * nap).clamp(SHORTEST, LONGEST);
            let is_long = others_look && now.saturating_sub(began) > 50 * LONGEST;
            self.sleep(if is_long { until - now } else { nap.min(until - now) });
        }
    }

    /// Sleeps for so many nanoseconds at most, and not if there is a message.
    fn sleep(&self, nanoseconds: u64) {
        let inside = self.inside();
        let waits = |inside: &mut Inside<T>| inside.letters.is_empty() && !inside.is_rung;
        let nap = Duration::from_nanos(nanoseconds);
        drop(self.came.wait_timeout_while(inside, nap, waits));
    }

    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
