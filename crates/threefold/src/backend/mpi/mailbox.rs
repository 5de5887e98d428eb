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
//! # When a conversation is interrupted
//!
//! A message and its answer take a few microseconds while both sides look. But the kernel may run another thread for a
//! moment, and then the other side has looked in vain and sleeps. Three rules bring the two together again. Without them
//! one interruption cost 0.3 ms on average, since each side woke up while the other one slept.
//!
//! - *Time in which another thread had the core is not time spent looking.* Of the time between two looks only
//!   [`LONGEST_LOOK`] counts. So a thread that was interrupted looks on.
//! - *After a wait that had to sleep, the next wait looks for [`SPIN_AFTER_SLEEP`].* In this time the other side wakes
//!   up.
//! - *A thread that waits is not interrupted by its own rank.* The main thread of a rank leaves the messages to it
//!   ([`Office::watch`]).
//!
//! If there are more ranks than cores, a thread must give up its core, or the thread that is to answer cannot run. It
//! need not know how many ranks there are: it offers the core now and then, and if another thread took it, it offers the
//! core after each round of looks.
//!
//! # What it costs
//!
//! After a pause both sides sleep, and a message waits for up to 1 ms at each of them. In return an idle rank uses one or
//! two percent of a core. A blocking receive of MPI would use all of it, for ever.
//!
//! No wake-up is lost. A message is put in, and a wake-up is noted, under the lock of the mailbox; a thread that goes
//! to sleep looks at both under the same lock.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::office::{BATCH, Office, Route};
use crate::remote::clock;

/// How long a thread looks for messages without a pause, in nanoseconds. A message and its answer take a few
/// microseconds within a machine.
const SPIN: u64 = 20_000;

/// The same where a worker process must wake up before there is an answer, which takes some 50 us.
pub(super) const SPIN_FOR_PROCESS: u64 = 100_000;

/// How long a thread looks after a wait in which it had to sleep, in nanoseconds. The other side has fallen asleep, too,
/// and takes this long to wake up. If this one slept again meanwhile, they would go on missing each other.
const SPIN_AFTER_SLEEP: u64 = 150_000;

/// The first sleep between looks, in nanoseconds. The kernel adds about as much.
pub(super) const SHORTEST: u64 = 50_000;

/// The longest sleep between looks, in nanoseconds.
pub(super) const LONGEST: u64 = 1_000_000;

/// The core is offered to other threads after so many rounds of looks, or after each one if another thread took it.
const ROUNDS: u32 = 16;

/// What counts of the time between two looks, in nanoseconds. If it took longer, another thread had the core meanwhile.
const LONGEST_LOOK: u64 = 2_000;

/// So many looks are taken in a row.
pub(super) const LOOKS: usize = 3;

/// Messages for one thread.
pub(super) struct Mailbox<T> {
    /// What has come.
    inside: Mutex<Inside<T>>,
    /// Whether to look inside. It is set under the lock, and a thread that looks for messages reads it without.
    has_news: AtomicBool,
    /// Whether another thread had the core when this one offered it last. Only the thread that waits uses it.
    is_crowded: AtomicBool,
    /// Whether the last wait for a message had to sleep. Only the thread that waits uses it.
    has_slept: AtomicBool,
    /// Wakes the thread, if it sleeps, when something has come.
    came: Condvar,
}

struct Inside<T> {
    /// Messages that nobody has taken, the oldest first.
    letters: VecDeque<T>,
    /// Whether the thread is to stop waiting for another reason.
    is_woken: bool,
    /// Whether the thread sleeps. Without this flag, each message would cost a system call, also if no thread sleeps.
    is_asleep: bool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        let inside = Inside { letters: VecDeque::new(), is_woken: false, is_asleep: false };
        Self {
            inside: Mutex::new(inside),
            has_news: AtomicBool::new(false),
            is_crowded: AtomicBool::new(false),
            has_slept: AtomicBool::new(false),
            came: Condvar::new(),
        }
    }
}

impl<T> Mailbox<T> {
    /// Puts a message in, and wakes the thread that waits.
    pub(super) fn put(&self, letter: T) {
        let mut inside = self.inside();
        inside.letters.push_back(letter);
        self.tell(inside);
    }

    /// Wakes the thread that waits, or the next that will.
    pub(super) fn wake_up(&self) {
        let mut inside = self.inside();
        inside.is_woken = true;
        self.tell(inside);
    }

    /// Something has come.
    fn tell(&self, inside: MutexGuard<'_, Inside<T>>) {
        // Relaxed: whoever sees it takes the lock to look inside.
        self.has_news.store(true, Ordering::Relaxed);
        let is_asleep = inside.is_asleep;
        drop(inside);
        if is_asleep {
            self.came.notify_all();
        }
    }

    /// The oldest message. It is looked for under the lock: see `Relay::put`.
    pub(super) fn take(&self) -> Option<T> {
        self.inside().letters.pop_front()
    }

    /// Whether there is no message. It is looked for under the lock: see `Relay::put`.
    pub(super) fn is_empty(&self) -> bool {
        self.inside().letters.is_empty()
    }

    /// Waits for a message, but no longer than `until`, and not if [`wake_up`](Self::wake_up) was called. If
    /// `others_look`, another thread looks for messages now and then, and this one stops looking when it has waited for
    /// long.
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
        office.watch();
        let (mut nap, mut looked, mut rounds) = (0, 0, 0);
        // Relaxed, as are the others: only the thread that waits uses this.
        let spin = if self.has_slept.load(Ordering::Relaxed) { spin.max(SPIN_AFTER_SLEEP) } else { spin };
        let began = clock::now();
        let (mut last, mut yielded) = (began, false);
        // What has piled up is taken in at once. Then the first message is used without a look for the next one.
        let mut most = BATCH;
        let news = loop {
            if let Some(news) = self.look(office, most) {
                break news;
            }
            most = 1;
            let now = clock::now();
            if now >= until {
                break None;
            }
            let took = now.saturating_sub(last);
            if yielded {
                self.is_crowded.store(took > LONGEST_LOOK, Ordering::Relaxed);
            }
            looked += took.min(LONGEST_LOOK);
            if looked < spin {
                rounds += 1;
                yielded = self.is_crowded.load(Ordering::Relaxed) || rounds % ROUNDS == 0;
                if yielded {
                    thread::yield_now();
                }
                last = now;
                continue;
            }
            yielded = false;
            nap = (2 * nap).clamp(SHORTEST, LONGEST);
            if others_look && now.saturating_sub(began) > 50 * LONGEST {
                office.unwatch();
                self.sleep(until - now);
                office.watch();
            } else {
                self.sleep(nap.min(until - now));
            }
        };
        self.has_slept.store(nap > 0 && news.is_some(), Ordering::Relaxed);
        office.unwatch();
        news
    }

    /// Looks for messages, and takes in at most so many at each look. Gives what has come: a message, or `None` if it
    /// was woken; nothing if nothing has.
    fn look<R: Route>(&self, office: &Office<R>, most: usize) -> Option<Option<T>> {
        (0..LOOKS).find_map(|_| {
            office.take_in(most);
            // Relaxed: it is set under the lock. A look that comes too early is not the last one.
            if self.has_news.load(Ordering::Relaxed) { self.news() } else { None }
        })
    }

    /// What has come, if anything has.
    fn news(&self) -> Option<Option<T>> {
        let mut inside = self.inside();
        let letter = inside.letters.pop_front();
        let is_news = letter.is_some() || mem::take(&mut inside.is_woken);
        self.has_news.store(!inside.letters.is_empty() || inside.is_woken, Ordering::Relaxed);
        is_news.then_some(letter)
    }

    /// Sleeps for so many nanoseconds at most, and not if there is a message.
    fn sleep(&self, nanoseconds: u64) {
        let mut inside = self.inside();
        inside.is_asleep = true;
        let waits = |inside: &mut Inside<T>| inside.letters.is_empty() && !inside.is_woken;
        let nap = Duration::from_nanos(nanoseconds);
        let (mut inside, _) = self.came.wait_timeout_while(inside, nap, waits).unwrap_or_else(PoisonError::into_inner);
        inside.is_asleep = false;
    }

    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn messages_are_taken_in_order_and_before_a_ring() {
        let mailbox = Mailbox::default();
        assert_eq!((mailbox.news(), mailbox.take(), mailbox.is_empty()), (None::<Option<i32>>, None, true));
        mailbox.wake_up();
        mailbox.put(1);
        mailbox.put(2);
        assert!(!mailbox.is_empty());
        assert_eq!((mailbox.news(), mailbox.take()), (Some(Some(1)), Some(2)));
        assert_eq!((mailbox.news(), mailbox.news(), mailbox.is_empty()), (Some(None), None, true));
    }

    #[test]
    fn a_message_or_a_ring_ends_a_sleep_whether_it_comes_before_or_after_the_sleep_begins() {
        // Far longer than any test: only a wake-up ends it.
        const LONG: u64 = 1 << 50;
        let mailbox = Arc::new(Mailbox::default());
        for round in 0..2_000 {
            let other = Arc::clone(&mailbox);
            let sender = thread::spawn(move || if round % 2 == 0 { other.put(round) } else { other.wake_up() });
            mailbox.sleep(LONG);
            assert_eq!(mailbox.news(), Some((round % 2 == 0).then_some(round)));
            sender.join().unwrap();
        }
    }
}
