//! The seam: all that this library asks of MPI, and the only file that knows the crate `ferrompi`.
//!
//! Nine things are asked: to join and to leave a job, the rank and the size, the name of the host, to send bytes, to
//! test whether they are sent, to look for a message and receive it, and to abort. No call waits for another rank, but
//! for joining and leaving.
//!
//! MPI is asked for the level `Serialized`: any thread may call, and no two at once. Whoever owns a [`Seam`] sees to
//! that, with one lock.
//!
//! A call that fails is a defect of the machinery: a link is dead, or the program has damaged MPI's memory. There is
//! nobody to tell but the user, so the message is printed and the whole job is aborted.
//!
//! What is deliberately not used:
//!
//! - *Collective calls.* They wait for all ranks, and a rank may be in the middle of a chunk for an hour.
//! - *Receives that are posted for whatever comes.* A message is looked for, and received when it is there. The look
//!   takes it out of MPI's queue for this caller alone.
//! - *Blocking sends.* They use a whole core until the receiver takes the message, and the receiver may be in a chunk.

use std::cell::RefCell;
use std::time::{Duration, Instant};
use std::{io, thread};

use super::arrivals::{self, Arrivals, Mail};
use ferrompi::{Communicator, Error, Mpi, PersistentRequest, Source, Status, Tag, ThreadLevel};

/// A message of at most this many bytes is sent at once. Both MPI libraries copy such a message away before the call
/// returns, unless very many of them are waiting at the receiver.
pub(super) const SMALL: usize = 1 << 10;

/// Messages of more than this many bytes are sent in pieces: MPI counts bytes with 31 bits.
pub(super) const LARGEST: usize = 64 << 20;

/// The tag of the message that announces a large one.
const ANNOUNCED: i32 = 0;

/// The tag of the large message itself. No other has a tag above it.
const BODY: i32 = 1000;

/// How long a message on stderr needs to reach the launcher before the job is aborted. Otherwise the launcher loses it.
const TIME_TO_PRINT: Duration = Duration::from_millis(80);

/// This process's part of a job, from joining to leaving. It must be dropped on the thread that joined.
pub(super) struct Membership {
    _mpi: Mpi,
}

/// The way to the other ranks.
pub(super) struct Seam {
    world: Communicator,
    /// What has begun to arrive.
    arrivals: RefCell<Arrivals<Receiving>>,
}

/// A message on its way. It owns its bytes.
pub(super) struct Sending(PersistentRequest<u8>);

/// A large message that is arriving.
struct Receiving(PersistentRequest<u8>);

/// Joins the job. The calling thread must be the main thread, and must leave the job too.
pub(super) fn join() -> io::Result<(Membership, Seam)> {
    let mpi = Mpi::init_thread(ThreadLevel::Serialized).map_err(io::Error::other)?;
    if mpi.thread_level() < ThreadLevel::Serialized {
        return Err(io::Error::other(format!(
            "this MPI library supports only calls of one thread ({:?})",
            mpi.thread_level()
        )));
    }
    let (world, arrivals) = (mpi.world(), RefCell::default());
    Ok((Membership { _mpi: mpi }, Seam { world, arrivals }))
}

impl Seam {
    /// The number of this process in the job, from 0.
    pub(super) fn rank(&self) -> usize {
        self.world.rank().unsigned_abs() as usize
    }

    /// The number of processes in the job.
    pub(super) fn size(&self) -> usize {
        self.world.size().unsigned_abs() as usize
    }

    /// The name of the host that this process runs on.
    pub(super) fn host(&self) -> String {
        self.world.processor_name().unwrap_or_else(|_| "an unknown host".to_string())
    }

    /// Sends a small message. Where MPI does not take it at once, calls `meanwhile` until it does, with the time that
    /// this has taken: it must take in what arrives, since the receiver may be sending, too.
    pub(super) fn send_small(&self, to: usize, tag: i32, bytes: &[u8], mut meanwhile: impl FnMut(&Self, Duration)) {
        let sent = ferrompi::scope(|scope| {
            let mut sending = self.world.isend(scope, bytes, to as i32, tag)?;
            let mut looks = 0u32;
            let mut began = None;
            while sending.test()?.is_none() {
                meanwhile(self, began.get_or_insert_with(Instant::now).elapsed());
                looks += 1;
                match looks {
                    ..100 => thread::yield_now(),
                    _ => thread::sleep(Duration::from_micros(50)),
                }
            }
            Ok(())
        });
        sent.unwrap_or_else(|error| self.fail("a message could not be sent", &error));
    }

    /// Begins to send a message of any size: it is announced in a small message, for which `meanwhile` is called as
    /// there.
    pub(super) fn start(&self, to: usize, tag: i32, bytes: Vec<u8>, meanwhile: impl FnMut(&Self, Duration)) -> Sending {
        self.send_small(to, ANNOUNCED, &arrivals::announce(tag, bytes.len()), meanwhile);
        let begun = self.world.send_init(bytes, to as i32, BODY).and_then(|mut request| {
            request.start()?;
            Ok(request)
        });
        Sending(begun.unwrap_or_else(|error| self.fail("a message could not be sent", &error)))
    }

    /// Whether the message is sent, so that its bytes are no longer needed.
    pub(super) fn is_sent(&self, sending: &mut Sending) -> bool {
        match sending.0.test() {
            Ok(status) => status.is_some(),
            Err(error) => self.fail("a message could not be sent", &error),
        }
    }

    /// Whether a large message is arriving.
    pub(super) fn is_receiving(&self) -> bool {
        !self.arrivals.borrow().is_empty()
    }

    /// A message that has arrived, from whichever rank.
    pub(super) fn receive(&self) -> Option<Mail> {
        let mut arrivals = self.arrivals.borrow_mut();
        let received = (|| {
            if let Some(mail) = arrivals.next(|Receiving(request)| Ok(request.test()?.is_some()), take)? {
                return Ok(Some(mail));
            }
            while let Some((message, status)) = self.world.improbe::<u8>(Source::Any, Tag::Any)? {
                let Status { source, tag, count, .. } = status;
                let mut bytes = vec![0; count.unwrap_or(0)];
                message.mrecv(&mut bytes)?;
                let (Source::Rank(from), Tag::Value(tag)) = (source, tag) else { continue };
                let mail = Mail { from: from.unsigned_abs() as usize, tag, bytes };
                if tag != ANNOUNCED {
                    if let Some(mail) = arrivals.pass(mail) {
                        return Ok(Some(mail));
                    }
                } else if let Some((tag, length)) = arrivals::announced(&mail.bytes) {
                    // Before the next look, which would find the body, too, if nobody was waiting for it.
                    let mut request = self.world.recv_init(vec![0; length], from, BODY)?;
                    request.start()?;
                    arrivals.begin(mail.from, tag, Receiving(request));
                }
            }
            Ok(None)
        })();
        received.unwrap_or_else(|error| self.fail("a message could not be received", &error))
    }

    /// Ends all processes of the job. What was printed before has a moment to get out.
    pub(super) fn abort(&self) -> ! {
        // Not one sleep: a signal may end it early.
        let until = Instant::now() + TIME_TO_PRINT;
        while Instant::now() < until {
            thread::sleep(TIME_TO_PRINT / 8);
        }
        self.world.abort(1)
    }

    fn fail(&self, what: &str, error: &Error) -> ! {
        eprintln!("threefold: rank {} on {}: {what}: {error}; the job is aborted", self.rank(), self.host());
        self.abort()
    }
}

/// The bytes of a large message that has arrived.
fn take(Receiving(request): Receiving) -> Result<Vec<u8>, Error> {
    request.into_buffer()
}
