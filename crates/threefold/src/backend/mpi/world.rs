//! The job as rank 0 sees it: the other ranks, and the sessions that are open with them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::letter::{self, Address};
use super::mailbox::Mailbox;
use super::office::{Office, Route};
use super::peer::Peer;
use super::prints::{Heard, Printer};
use super::seam::{Mail, Membership, Seam};
use crate::backend::streams::Stream;

/// The job of this process, if it is rank 0 of one with other ranks.
static WORLD: OnceLock<World> = OnceLock::new();

/// The job.
pub(super) struct World {
    /// The number of ranks, this one included.
    pub(super) size: usize,
    /// This rank.
    pub(super) own: Peer,
    pub(super) office: Office<Sessions>,
    /// The number of the next session.
    next: AtomicU32,
    /// What prints the output and the errors of the other ranks.
    printers: [Printer; 2],
    /// Whether the beginning of a line may wait in a printer.
    has_begun_lines: AtomicBool,
}

/// Something has happened in a session.
pub(super) enum Letter {
    /// Bytes have come from a worker, during that fold.
    Came { worker: usize, fold: u32, bytes: Vec<u8> },
    /// A letter about a worker process has come, during that life.
    Crew { worker: u32, life: u32, bytes: Vec<u8> },
    /// A large message to a worker is sent.
    Sent { worker: usize },
}

/// Who is addressed at rank 0: sessions by their numbers.
pub(super) struct Sessions {
    open: HashMap<u32, Arc<Mailbox<Letter>>>,
    /// The other ranks, once they have introduced themselves.
    pub(super) peers: Vec<Option<Peer>>,
    /// What tasks have printed on their standard output and error.
    heard: [Heard; 2],
}

impl Route for Sessions {
    type Receipt = (u32, usize);

    fn deliver(&mut self, Mail { from, tag, mut bytes }: Mail) -> Option<(usize, i32, Vec<u8>)> {
        match tag {
            letter::DATA => {
                // What belongs to a session that is over is not wanted.
                if let Some(Address { session, worker, fold }) = Address::split_off(&mut bytes)
                    && let Some(mailbox) = self.open.get(&session)
                {
                    mailbox.put(Letter::Came { worker: worker as usize, fold, bytes });
                }
            }
            letter::CREW => {
                if let Some(Address { session, worker, fold }) = Address::split_off(&mut bytes)
                    && let Some(mailbox) = self.open.get(&session)
                {
                    mailbox.put(Letter::Crew { worker, life: fold, bytes });
                }
            }
            letter::HELLO => self.peers[from] = Peer::read(&bytes),
            letter::OUT => self.heard[0].push((from, bytes)),
            letter::ERR => self.heard[1].push((from, bytes)),
            _ => {}
        }
        None
    }

    fn sent(&mut self, (session, worker): (u32, usize)) {
        if let Some(mailbox) = self.open.get(&session) {
            mailbox.put(Letter::Sent { worker });
        }
    }
}

impl World {
    /// The job of this process, if it is rank 0 of one with other ranks.
    pub(super) fn get() -> Option<&'static Self> {
        WORLD.get()
    }

    /// Takes up the job.
    pub(super) fn enter(seam: Seam, own: Peer) {
        let size = seam.size();
        let sessions =
            Sessions { open: HashMap::new(), peers: (0..size).map(|_| None).collect(), heard: Default::default() };
        WORLD.get_or_init(|| Self {
            size,
            own,
            office: Office::new(seam, sessions),
            next: AtomicU32::new(0),
            printers: [Stream::Out, Stream::Err].map(|stream| Printer::new(stream, size)),
            has_begun_lines: AtomicBool::new(false),
        });
    }

    /// Opens a session.
    pub(super) fn open(&self) -> (u32, Arc<Mailbox<Letter>>) {
        // Relaxed: the number only has to be another one each time.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mailbox = Arc::default();
        self.office.desk().route.open.insert(number, Arc::clone(&mailbox));
        (number, mailbox)
    }

    /// Ends a session, and the threads that serve it.
    pub(super) fn close(&self, session: u32) {
        let mut desk = self.office.desk();
        desk.route.open.remove(&session);
        for rank in 1..self.size {
            let mut bytes = Vec::new();
            Address { session, ..Address::default() }.append(&mut bytes);
            desk.send(rank, letter::CLOSE, &mut bytes, None);
        }
    }

    /// Prints what has come from tasks on other ranks: whole lines, and if `all` also the beginnings of lines.
    pub(super) fn print(&self, all: bool) {
        let has_heard = self.office.desk().route.heard.each_ref().map(|heard| !heard.is_empty());
        let has_begun = has_heard[0] || has_heard[1] || self.has_begun_lines.load(Ordering::Relaxed);
        for (stream, printer) in self.printers.iter().enumerate() {
            if has_heard[stream] || all && has_begun {
                printer.print(|| std::mem::take(&mut self.office.desk().route.heard[stream]), all);
            }
        }
        // Relaxed: a thread that has heard something itself prints it in any case.
        self.has_begun_lines.store(has_begun && !all, Ordering::Relaxed);
    }
}

/// Ends the job when it is dropped, which is when `main` has ended: the other ranks exit, and this one leaves.
pub(super) struct Leave(pub(super) Option<Membership>);

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(world) = World::get() {
            let mut desk = world.office.desk();
            for rank in 1..world.size {
                desk.send(rank, letter::BYE, &mut Vec::new(), None);
            }
            desk.close();
        }
        // The last call of MPI. It waits for the other ranks.
        drop(self.0.take());
    }
}
