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

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::retry_on_intr;
use rustix::pipe::{PipeFlags, pipe_with};

use super::letter;
use super::office::{Office, Route};
use crate::backend::streams::{LONGEST, Stream};

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
    /// Held while what was read is sent, so that two threads keep the order.
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
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { out, err, original, order: Mutex::default() })
    }

    /// Sends what was printed so far to rank 0.
    pub(super) fn pass_on<R: Route>(&self, office: &Office<R>) {
        if self.are_empty() {
            return;
        }
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Whether nothing was printed. It asks for both pipes in one system call.
    fn are_empty(&self) -> bool {
        let mut pipes = [&self.out, &self.err].map(|pipe| PollFd::new(pipe, PollFlags::IN));
        matches!(poll(&mut pipes, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }
}

/// What has come from other ranks and is not printed yet, of one stream.
pub(super) type Heard = Vec<(usize, Vec<u8>)>;

/// Prints one stream of the other ranks on rank 0's own.
///
/// Threads may print while they hold a lock of the stream, or hold it while they fold. So whoever prints takes the
/// stream's lock first, then the lock of the lines, and then takes what was heard from the office. In any other order
/// two threads could wait for each other.
pub(super) struct Printer {
    stream: Stream,
    /// The beginning of a line of each rank.
    partial: Mutex<Vec<Vec<u8>>>,
    /// Whether there is any, or may be: it is written under the lock of the lines.
    has_begun_lines: AtomicBool,
}

impl Printer {
    pub(super) fn new(stream: Stream, ranks: usize) -> Self {
        Self { stream, partial: Mutex::new(vec![Vec::new(); ranks]), has_begun_lines: AtomicBool::new(false) }
    }

    /// Whether the beginning of a line waits for its end, or is about to.
    pub(super) fn has_begun_lines(&self) -> bool {
        // Relaxed: who finds that nothing was heard, since another thread has taken it, has had the office's lock
        // after that thread, which has said so before.
        self.has_begun_lines.load(Ordering::Relaxed)
    }

    /// Prints the whole lines of what `heard` gives, and the beginnings of lines of the ranks of which `ends` says that
    /// their lines are not continued: if several ranks have left one, each but the first begins a new line.
    pub(super) fn print(&self, heard: impl FnOnce() -> Heard, ends: impl Fn(usize) -> bool) {
        let (_out, _err);
        match self.stream {
            Stream::Out => _out = io::stdout().lock(),
            Stream::Err => _err = io::stderr().lock(),
        }
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_begun_lines.store(true, Ordering::Relaxed);
        for (rank, bytes) in heard() {
            let line = &mut partial[rank];
            line.extend_from_slice(&bytes);
            let whole = match line.iter().rposition(|&byte| byte == b'\n') {
                Some(newline) => newline + 1,
                None if line.len() >= LONGEST => line.len(),
                None => continue,
            };
            self.stream.print(&line[..whole]);
            line.drain(..whole);
        }
        let mut rests = partial.iter_mut().enumerate().filter(|(rank, rest)| !rest.is_empty() && ends(*rank));
        if let Some((_, rest)) = rests.next() {
            self.stream.print(&std::mem::take(rest));
        }
        for (_, rest) in rests {
            self.stream.print(b"\n");
            self.stream.print(&std::mem::take(rest));
        }
        self.has_begun_lines.store(partial.iter().any(|rest| !rest.is_empty()), Ordering::Relaxed);
    }
}

/// Empties the buffer of the standard library: what a task has printed must be in the pipe before its output is sent.
pub(super) fn flush() {
    let _ = io::stdout().flush();
}
