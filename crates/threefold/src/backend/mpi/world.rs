//! The job as rank 0 sees it: the other ranks, and the sessions that are open with them.
//!
//! There is one job in the life of a process, so it is a static value. It is there from `init()` on. Threads of the
//! program use it through their sessions, as many at once as they like.
//!
//! # Ranks that are lost
//!
//! Any thread may find that a rank is lost: a caller that waits, or the thread that is woken by SIGTERM. It is noted
//! here, and every session is woken. Each caller then learns of it in its own wait, and ends its fold with an error
//! that names its own chunks. The rank stays lost. Later folds are refused, and the job is aborted when `main` ends,
//! instead of being left: MPI would wait for the lost rank.
//!
//! # What is printed
//!
//! What tasks have printed is kept until a caller prints it, outside of the office's lock. Every caller prints all that
//! has come, also that of other folds, in its waits and once more before its fold returns. So whatever came before the
//! answers of a fold is printed before it returns. The beginning of a line waits for its end, but not longer than until
//! the end of a fold.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::arrivals::Mail;
use super::at_exit;
use super::finalize;
use super::fork;
use super::ledger::Ledger;
use super::letter::{self, Address};
use super::mailbox::Mailbox;
use super::office::{Office, Route};
use super::peer::Peer;
use super::prints::{Heard, Printer};
use super::pulse::Pulse;
use super::seam::{Membership, Seam};
use crate::backend::streams::Stream;
use crate::error::{End, Error, Rank};

/// How long rank 0 waits for the goodbyes of the other ranks, at least.
const PATIENCE: Duration = Duration::from_secs(1);

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
    /// Which ranks owe a sign of life.
    pulse: Mutex<Pulse>,
    /// When ranks are to be asked again.
    pub(super) ask_at: AtomicU64,
    /// For each rank, how many folds have chunks there.
    pub(super) folds_of: Vec<AtomicU32>,
    /// How far the clock of each rank is ahead of this one's, in nanoseconds.
    pub(super) ahead: OnceLock<Vec<i64>>,
    /// What the workers of each open session owe.
    ledgers: Mutex<BTreeMap<u32, Arc<Ledger>>>,
    /// Ranks that are lost, and how. The job cannot go on without them.
    lost: Mutex<Vec<(usize, End)>>,
    /// Whether any is lost.
    has_lost: AtomicBool,
    /// Whether an error has told of it.
    pub(super) is_told: AtomicBool,
    /// Whether this process is about to be killed, so that an error must be printed at once.
    pub(super) is_ending: AtomicBool,
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
    /// Where the letters of each open session go.
    open: BTreeMap<u32, Arc<Mailbox<Letter>>>,
    /// The other ranks, once they have introduced themselves.
    pub(super) peers: Vec<Option<Peer>>,
    /// Which ranks were heard since this was last asked.
    pub(super) alive: Vec<bool>,
    /// Which ranks have said goodbye.
    has_left: Vec<bool>,
    /// What the clocks of ranks showed when they were asked last.
    pub(super) clocks: Vec<Option<u64>>,
    /// Checksums of the files that ranks were started from, where they were asked.
    pub(super) files: Vec<Option<u64>>,
    /// What tasks have printed on their standard output and error.
    heard: [Heard; 2],
    /// The longest time for which an executor lets ranks be silent.
    silence: Duration,
}

impl Route for Sessions {
    type Receipt = (u32, usize);

    fn deliver(&mut self, Mail { from, tag, mut bytes }: Mail) -> Option<(usize, i32, Vec<u8>)> {
        self.alive[from] = true;
        match tag {
            letter::DATA => {
                // What belongs to a session that is over is not wanted.
                if let Some(Address { session, worker, fold, .. }) = Address::split_off(&mut bytes)
                    && let Some(mailbox) = self.open.get(&session)
                {
                    mailbox.put(Letter::Came { worker: worker as usize, fold, bytes });
                }
            }
            letter::CREW => {
                if let Some(Address { session, worker, fold, .. }) = Address::split_off(&mut bytes)
                    && let Some(mailbox) = self.open.get(&session)
                {
                    mailbox.put(Letter::Crew { worker, life: fold, bytes });
                }
            }
            letter::HELLO => self.peers[from] = Peer::read(&bytes),
            letter::BYE => self.has_left[from] = true,
            letter::ALIVE => self.clocks[from] = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)),
            letter::FILE => self.files[from] = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)),
            letter::OUT => self.heard[0].push(from, bytes),
            letter::ERR => self.heard[1].push(from, bytes),
            _ => {}
        }
        None
    }

    fn sent(&mut self, (session, worker): (u32, usize)) {
        if let Some(mailbox) = self.open.get(&session) {
            mailbox.put(Letter::Sent { worker });
        }
    }

    fn gives_up_on(&self, to: usize, waited: Duration) -> bool {
        let is_over = waited > self.silence.max(PATIENCE);
        if is_over {
            let peer = self.peers[to].as_ref();
            let place = peer.map_or_else(String::new, |peer| format!(" ({}, pid {})", peer.host, peer.pid));
            eprintln!("threefold: rank {to}{place} takes no message; the job is aborted");
        }
        is_over
    }
}

impl World {
    /// The job of this process, if it is rank 0 of one with other ranks.
    pub(super) fn get() -> Option<&'static Self> {
        WORLD.get().filter(|_| !fork::is_one())
    }

    /// Takes up the job.
    pub(super) fn enter(seam: Seam, own: Peer) {
        let size = seam.size();
        let printers = [Stream::Out, Stream::Err].map(|stream| Printer::new(stream, size));
        let sessions = Sessions {
            open: BTreeMap::new(),
            peers: vec![None; size],
            alive: vec![false; size],
            has_left: vec![false; size],
            clocks: vec![None; size],
            files: vec![None; size],
            heard: printers.each_ref().map(Printer::heard),
            silence: Duration::ZERO,
        };
        WORLD.get_or_init(|| Self {
            size,
            own,
            office: Office::new(seam, sessions),
            next: AtomicU32::new(0),
            printers,
            pulse: Mutex::new(Pulse::of(size)),
            ask_at: AtomicU64::new(0),
            folds_of: (0..size).map(|_| AtomicU32::new(0)).collect(),
            ahead: OnceLock::new(),
            ledgers: Mutex::default(),
            lost: Mutex::default(),
            has_lost: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
        });
    }

    /// Takes in the last messages of the ranks: MPI complains about messages that nobody has taken in. A rank that does
    /// not say goodbye would make this process wait for ever when it leaves.
    fn hear_goodbyes(&self) {
        let longest = self.office.desk().route.silence;
        let began = Instant::now();
        loop {
            self.office.poll();
            let Some(rank) = (1..self.size).find(|&rank| !self.office.desk().route.has_left[rank]) else { return };
            if began.elapsed() > longest.max(PATIENCE) {
                let rank = self.rank(rank).map_or_else(|| format!("rank {rank}"), |rank| rank.to_string());
                eprintln!("threefold: {rank} does not end; the job is aborted");
                self.office.abort();
            }
            std::thread::yield_now();
        }
    }

    /// Ends the job, because this process exits without leaving it.
    pub(super) fn abort() {
        if let Some(world) = Self::get() {
            eprintln!("threefold: rank 0 exits on another thread than that of `main`; the job is aborted");
            world.office.abort();
        }
    }

    /// The rank of a worker of a session. The first workers are in different ranks.
    pub(super) fn rank_of(&self, worker: usize) -> usize {
        1 + worker % (self.size - 1)
    }

    /// Opens a session with this ledger.
    pub(super) fn open(&self, ledger: &Arc<Ledger>) -> (u32, Arc<Mailbox<Letter>>) {
        // Relaxed: the number only has to be another one each time.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mailbox = Arc::default();
        self.office.desk().route.open.insert(number, Arc::clone(&mailbox));
        self.ledgers().insert(number, Arc::clone(ledger));
        (number, mailbox)
    }

    /// Ends a session, and the threads that serve it.
    pub(super) fn close(&self, session: u32) {
        if fork::is_one() {
            return;
        }
        self.ledgers().remove(&session);
        let mut desk = self.office.desk();
        desk.route.open.remove(&session);
        for rank in 1..self.size {
            let mut bytes = Vec::new();
            Address { session, ..Address::default() }.append(&mut bytes);
            desk.send(rank, letter::CLOSE, &mut bytes, None);
        }
    }

    /// An executor lets ranks be silent for so long.
    pub(super) fn allow_silence(&self, limit: Duration) {
        let mut desk = self.office.desk();
        desk.route.silence = limit.max(desk.route.silence);
    }

    /// Asks now and then whether the ranks that have chunks of any fold are alive. Those of `ranks` that have been
    /// silent for `limit` are lost.
    pub(super) fn look(&self, now: u64, ranks: &[bool], limit: Duration) {
        // Whoever comes too late finds that another thread is looking.
        let Ok(mut pulse) = self.pulse.try_lock() else { return };
        let works = |rank: usize| self.folds_of[rank].load(Ordering::Relaxed) > 0;
        let ask = pulse.look(now, works, |rank| std::mem::take(&mut self.office.desk().route.alive[rank]));
        // Relaxed: at worst, another thread comes here, and finds that it is too early.
        self.ask_at.store(pulse.next_look(), Ordering::Relaxed);
        for rank in ask {
            self.office.send(rank, letter::ASK, &mut Vec::new(), None);
        }
        let is_silent = |rank: usize| Duration::from_nanos(pulse.silent_for(rank, now)) >= limit;
        for rank in (1..self.size).filter(|&rank| ranks[rank] && is_silent(rank)) {
            if !self.office.desk().route.alive[rank] {
                self.lose(rank, End::RankSilent(limit));
            }
        }
    }

    /// That rank is lost: every fold that has chunks there is told.
    pub(super) fn lose(&self, rank: usize, how: End) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.iter().all(|&(other, _)| other != rank) {
            lost.push((rank, how));
        }
        // Release: whoever sees it finds the rank in the list.
        self.has_lost.store(true, Ordering::Release);
        self.office.desk().route.open.values().for_each(|mailbox| mailbox.wake_up());
    }

    /// The ranks that are lost.
    pub(super) fn lost(&self) -> Vec<(usize, End)> {
        if !self.has_lost.load(Ordering::Acquire) {
            return Vec::new();
        }
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A fold ends with this error, since a rank is lost.
    pub(super) fn tell_loss(&self, error: &Error) {
        if self.is_ending.load(Ordering::Relaxed) {
            eprintln!("threefold: {error}");
        }
        self.is_told.store(true, Ordering::Relaxed);
    }

    /// The errors of all running folds, for the chunks that this rank owed when it ended.
    pub(super) fn losses(&self, rank: &Rank) -> Vec<Error> {
        let ledgers: Vec<_> = self.ledgers().values().cloned().collect();
        ledgers.iter().flat_map(|ledger| ledger.losses(rank, |worker| self.rank_of(worker) == rank.number)).collect()
    }

    fn ledgers(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Ledger>>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What errors say of a rank.
    pub(super) fn rank(&self, number: usize) -> Option<Rank> {
        let desk = self.office.desk();
        let peer = desk.route.peers[number].as_ref()?;
        Some(Rank { number, host: peer.host.as_str().into(), pid: peer.pid })
    }

    /// Prints the whole lines that have come from tasks on other ranks.
    pub(super) fn print(&self) {
        for stream in (0..2).filter(|&stream| self.printers[stream].has_heard()) {
            self.print_stream(stream, |_| false);
        }
    }

    /// The same, and prints the unfinished line of each rank for which `ends` is true: no fold has chunks there any more.
    pub(super) fn print_rest(&self, ends: impl Fn(usize) -> bool) {
        for stream in (0..2).filter(|&stream| self.printers[stream].has_any()) {
            self.print_stream(stream, &ends);
        }
    }

    fn print_stream(&self, stream: usize, ends: impl Fn(usize) -> bool) {
        self.printers[stream].print(|step| step(&mut self.office.desk().route.heard[stream]), ends);
    }
}

/// Ends the job when it is dropped, which is when `main` has ended: the other ranks exit, and this one leaves.
pub(super) struct Leave(pub(super) Option<Membership>);

impl Drop for Leave {
    fn drop(&mut self) {
        if fork::is_one() {
            // The membership is that of rank 0, which is still in its job.
            std::mem::forget(self.0.take());
            return;
        }
        at_exit::note_leaving();
        if let Some(world) = World::get() {
            if let Some((rank, how)) = world.lost().first() {
                let rank = world.rank(*rank).map_or_else(|| format!("rank {rank}"), |rank| rank.to_string());
                eprintln!("threefold: {rank} {how}; the job is aborted");
                world.office.abort();
            }
            world.office.desk().say_last(1..world.size, letter::BYE);
            world.hear_goodbyes();
            world.print_rest(|_| true);
            world.office.desk().close();
        }
        finalize::leave(self.0.take());
    }
}
