//! What tasks print on other ranks: read from the rank's own streams, sent to rank 0, and printed there in whole lines.
//!
//! A rank's standard output and error become pipes once it serves. Before a rank sends answers, it reads the pipes, and
//! sends what it has read first. So whatever a chunk printed is at rank 0 before the chunk's output is. The rank's main
//! thread reads the pipes too, so that a chunk that prints much does not wait for itself.
//!
//! The launcher would forward the streams of all ranks by itself. But what it forwards has no order with the messages of
//! MPI, so a line could appear long after its fold has returned, and lines of several ranks could run into each other.
//!
//! The streams are those of the whole rank, and its threads share them. So it is not known which session has printed a
//! line, and rank 0 prints what has come from a rank whichever of its folds has ended. The beginning of a line, which may
//! be continued, waits until no fold has chunks in the rank.

use std::io::{self, Write};
use std::mem::{self, MaybeUninit};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::retry_on_intr;
use rustix::pipe::{PipeFlags, pipe_with};

use super::letter;
use super::office::{Office, Route};
use crate::backend::streams::{LONGEST, Stream, empty_stdin};

/// The bytes of one read: what a pipe holds.
const READ: usize = 64 << 10;

/// The ends of the pipes that a rank reads.
pub(super) struct Pipes {
    /// What tasks print on the standard output comes here.
    out: OwnedFd,
    /// The same of the standard error.
    err: OwnedFd,
    /// The standard error as the launcher made it.
    original: OwnedFd,
    /// Says whether anything is in one of the pipes.
    both: OwnedFd,
    /// Held from the look into the pipes until what was read is sent. So a thread that finds them empty knows that all
    /// that was printed is sent.
    order: Mutex<()>,
}

impl Pipes {
    /// Makes the standard output and error of this process pipes, and its standard input empty.
    pub(super) fn install() -> io::Result<Self> {
        let (out, out_end) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_end) = pipe_with(PipeFlags::CLOEXEC)?;
        fcntl_setfl(&out, OFlags::NONBLOCK)?;
        fcntl_setfl(&err, OFlags::NONBLOCK)?;
        let original = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?;
        rustix::stdio::dup2_stdout(out_end)?;
        rustix::stdio::dup2_stderr(err_end)?;
        empty_stdin()?;
        let both = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for pipe in [&out, &err] {
            epoll::add(&both, pipe, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
        }
        Ok(Self { out, err, original, both, order: Mutex::default() })
    }

    /// Sends what was printed so far to rank 0.
    pub(super) fn pass_on<R: Route>(&self, office: &Office<R>) {
        // Before the look: another thread may have read something and not sent it yet.
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if self.are_empty() {
            return;
        }
        for (tag, pipe) in [(letter::OUT, &self.out), (letter::ERR, &self.err)] {
            // What is there now, and no more: a task that prints without end must not keep this thread.
            let mut left = rustix::io::ioctl_fionread(pipe).unwrap_or(0);
            while left > 0 {
                let mut bytes = Vec::with_capacity(READ);
                match retry_on_intr(|| rustix::io::read(pipe, spare_capacity(&mut bytes))) {
                    Ok(read @ 1..) => {
                        left = left.saturating_sub(read as u64);
                        office.send(0, tag, &mut bytes, None);
                    }
                    _ => break,
                }
            }
        }
    }

    /// Writes what was printed on the standard error so far, and `message`, to the launcher: nobody at rank 0 may be
    /// listening any more.
    pub(super) fn pass_by(&self, message: &str) {
        let mut bytes = Vec::with_capacity(READ);
        let _ = retry_on_intr(|| rustix::io::read(&self.err, spare_capacity(&mut bytes)));
        bytes.extend_from_slice(message.as_bytes());
        let _ = rustix::io::write(&self.original, &bytes);
    }

    /// Whether nothing is in the pipes. This is asked before each answer, so it is one system call, which only
    /// looks at a list in the kernel. One thread at a time may ask: while the kernel answers one thread, it may take a
    /// pipe off this list for a moment.
    fn are_empty(&self) -> bool {
        let mut events = [MaybeUninit::uninit(); 1];
        let ready = epoll::wait(&self.both, &mut events[..], Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        matches!(ready, Ok((ready, _)) if ready.is_empty())
    }
}

/// What ranks have printed, in the order in which it came.
type Parts = Vec<(usize, Vec<u8>)>;

/// What has come from other ranks and is not printed yet, of one stream.
pub(super) struct Heard {
    parts: Parts,
    /// The printer's [`has_heard`](Printer::has_heard).
    is_noted: Arc<AtomicBool>,
}

impl Heard {
    /// A rank has printed this.
    pub(super) fn push(&mut self, rank: usize, bytes: Vec<u8>) {
        self.parts.push((rank, bytes));
        // Relaxed: whoever takes an answer that came after this takes it from a mailbox, whose lock orders the two.
        self.is_noted.store(true, Ordering::Relaxed);
    }

    /// Takes out all there is.
    fn take(&mut self) -> Parts {
        mem::take(&mut self.parts)
    }

    /// What was taken out is printed. Nothing more is taken out.
    fn printed(&mut self) -> Parts {
        if self.parts.is_empty() {
            // Release: whoever sees this finds everything printed.
            self.is_noted.store(false, Ordering::Release);
        }
        Vec::new()
    }
}

/// Prints one stream of the other ranks on rank 0's own.
///
/// Threads may print while they hold a lock of the stream, or hold it while they fold. So whoever prints takes the
/// stream's lock first, then the lock of the lines, and then takes what was heard from the office. In any other order
/// two threads could wait for each other.
///
/// Several callers may print at once, each what has come for all of them. A caller returns when what its own tasks have
/// printed is out, whoever prints it. So it is noted as printed only then, and while the lock of the stream is held.
/// Until then every other caller waits for this lock.
pub(super) struct Printer {
    stream: Stream,
    /// Whether anything was heard and is not printed yet.
    has_heard: Arc<AtomicBool>,
    /// The beginning of a line of each rank.
    partial: Mutex<Vec<Vec<u8>>>,
    /// Whether any rank has begun a line, or may have. It is written under the lock of `partial`.
    has_begun_lines: AtomicBool,
}

impl Printer {
    pub(super) fn new(stream: Stream, ranks: usize) -> Self {
        let partial = Mutex::new(vec![Vec::new(); ranks]);
        Self { stream, has_heard: Arc::default(), partial, has_begun_lines: AtomicBool::new(false) }
    }

    /// Where what is heard for this printer is kept.
    pub(super) fn heard(&self) -> Heard {
        Heard { parts: Vec::new(), is_noted: Arc::clone(&self.has_heard) }
    }

    /// Whether anything was heard and is not printed yet.
    pub(super) fn has_heard(&self) -> bool {
        // Acquire: see `Heard::printed`.
        self.has_heard.load(Ordering::Acquire)
    }

    /// Whether there is anything to print, if the beginnings of lines count, too.
    pub(super) fn has_any(&self) -> bool {
        // Relaxed: who finds that nothing was heard, since another thread has taken and printed it, sees which lines
        // were begun by then.
        self.has_heard() || self.has_begun_lines.load(Ordering::Relaxed)
    }

    /// Prints the whole lines of what was heard. Also prints the unfinished line of each rank for which `ends` is true,
    /// which means that the rank does not continue the line. If several ranks have left an unfinished line, each but the
    /// first begins a new line. `heard` passes what was heard to the given function.
    pub(super) fn print(&self, heard: impl Fn(fn(&mut Heard) -> Parts) -> Parts, ends: impl Fn(usize) -> bool) {
        let (_out, _err);
        match self.stream {
            Stream::Out => _out = io::stdout().lock(),
            Stream::Err => _err = io::stderr().lock(),
        }
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        for (rank, bytes) in heard(Heard::take) {
            let line = &mut partial[rank];
            let (before, newline) = (line.len(), bytes.iter().rposition(|&byte| byte == b'\n'));
            line.extend_from_slice(&bytes);
            // What came before has no newline: it was looked through when it came. A long line comes in many parts.
            let whole = match newline {
                Some(newline) => before + newline + 1,
                None if line.len() >= LONGEST => line.len(),
                None => continue,
            };
            self.stream.print(&line[..whole]);
            line.drain(..whole);
        }
        let mut rests = partial.iter_mut().enumerate().filter(|(rank, rest)| !rest.is_empty() && ends(*rank));
        if let Some((_, rest)) = rests.next() {
            self.stream.print(&mem::take(rest));
        }
        for (_, rest) in rests {
            self.stream.print(b"\n");
            self.stream.print(&mem::take(rest));
        }
        self.has_begun_lines.store(partial.iter().any(|rest| !rest.is_empty()), Ordering::Relaxed);
        heard(Heard::printed);
    }
}

/// Empties the buffer of the standard library: what a task has printed must be in the pipe before its output is sent.
pub(super) fn flush() {
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_counts_until_it_is_printed() {
        let printer = Printer::new(Stream::Out, 3);
        let mut heard = printer.heard();
        assert!(!printer.has_any());
        heard.push(1, b"one".to_vec());
        assert_eq!(heard.take(), [(1, b"one".to_vec())]);
        // Whoever has taken it is printing it. Another caller waits until that is done.
        assert!(printer.has_heard());
        heard.push(2, b"two".to_vec());
        heard.printed();
        assert!(printer.has_heard(), "the second part came meanwhile");
        heard.take();
        heard.printed();
        assert!(!printer.has_any());
    }

    #[test]
    fn the_beginning_of_a_line_counts_until_nothing_can_continue_it() {
        let printer = Printer::new(Stream::Err, 3);
        let heard = Mutex::new(printer.heard());
        let print = |ends: &dyn Fn(usize) -> bool| printer.print(|step| step(&mut heard.lock().unwrap()), ends);
        heard.lock().unwrap().push(1, b"begun".to_vec());
        heard.lock().unwrap().push(2, b"begun".to_vec());
        // Another fold ends, which has chunks in none of these ranks.
        print(&|_| false);
        assert!(!printer.has_heard() && printer.has_any());
        print(&|rank| rank == 1);
        assert!(printer.has_any(), "rank 2 may go on with its line");
        heard.lock().unwrap().push(2, b", ended\n".to_vec());
        print(&|_| false);
        assert!(!printer.has_any());
    }
}
