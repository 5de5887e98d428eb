//! `Told`: the task that a worker was told last, and how it runs a block of chunks.
//!
//! Answers are written where they will be sent from. The outputs of consecutive chunks share one frame, which is closed
//! where something else follows or where it is sent. A send wakes the parent, which then takes a core that a worker may
//! need; so the answers of a block are sent at its end, and in between only after [`LONGEST`]. Until then they lie on the
//! status page too, so that a chunk which has ended is not lost with a later one.
//!
//! What happens to a chunk, in this order, and what is known of it where the worker dies in between:
//!
//! 1. It is noted as started. From here on it is not run again unless retries are asked for.
//! 2. The task runs, and its output is appended to the frame. A death here is the chunk's: the error names it.
//! 3. What is new in the frame is copied to the status page. From here on the answer outlives this process.
//! 4. It is noted as done. Between 3 and 4 the parent finds one answer more than chunks that are done, and takes it.
//! 5. The next chunk is noted as started, at the time at which this one ended.
//!
//! A frame is closed by writing its head, which lies before what was copied already, so the whole frame is copied again. A
//! worker that is killed from outside within that microsecond leaves a frame whose checksum is wrong. Then its chunks count
//! as finished and lost, as if they had never been copied: an error, and never a wrong answer.
//!
//! Two rules of a fold change this. Where each answer must be sent before the next chunk starts, nothing is held back. Where
//! the time of each chunk is wanted, each output has a frame of its own, since a frame tells one time only.

use std::io;

use super::channel::Answers;
use super::stopwatch::Stopwatch;
use crate::backend::processes::status_page::{Running, StatusPage};
use crate::panics::Panic;
use crate::remote::wire::{Chunks, FromWorker, OpenDone, Ran, Rules, Run};
use crate::task::received::{self, Chunk, Received};

/// Within a block answers are held back for this long, in nanoseconds: the caller waits for them.
const LONGEST: u64 = 2_000_000;

/// The task that chunks are for.
pub(super) struct Told {
    /// The task, or the panic in which reading it ended: that of every chunk.
    task: Result<Box<dyn Received>, Panic>,
    rules: Rules,
    /// How many chunks it can cut from the source.
    cut: u64,
    /// One past the last chunk that may start, as far as this worker knows by itself.
    limit: u64,
}

/// What a worker keeps note of while it runs chunks.
pub(super) struct Notes<'a> {
    pub(super) page: &'a StatusPage,
    /// Chunks that it was sent so far.
    pub(super) chunks: &'a mut u64,
    /// When the oldest answer that is held back was begun.
    pub(super) held_since: &'a mut u64,
}

impl Told {
    pub(super) fn new(task: Result<Box<dyn Received>, Panic>) -> Self {
        let rules = Rules { stop_on_err: true, stop_on_panic: true, answer_each: true, time_each: true };
        Self { task, rules, cut: 0, limit: u64::MAX }
    }

    /// A new fold begins.
    pub(super) fn begin(&mut self, rules: Rules, source: &[u8]) -> io::Result<()> {
        self.rules = rules;
        self.limit = u64::MAX;
        self.cut = match &mut self.task {
            _ if source.is_empty() => 0,
            Ok(task) => task.cut_from(source).map_err(io::Error::other)?,
            // Each chunk panics, whatever it is.
            Err(_) => u64::MAX,
        };
        Ok(())
    }

    /// Runs the chunks of `block`, as long as they may start, and answers them.
    pub(super) fn run(&mut self, block: Run<'_>, answers: &mut Answers<'_>, notes: Notes<'_>) -> io::Result<()> {
        let end = block.first + block.count();
        let mut sent = match block.chunks {
            Chunks::Sent(list) => Some(list.iter()),
            Chunks::Cut(_) if end <= self.cut => None,
            Chunks::Cut(_) => return Err(io::Error::other("the parent sent chunks that the source does not have")),
        };
        let mut watch = Stopwatch::start();
        if answers.outgoing.is_empty() {
            *notes.held_since = watch.now();
        }
        let mut open = None;
        for chunk in block.first..end {
            if chunk >= self.limit || !notes.page.may_start(chunk) {
                answers.close(&mut open, watch.read());
                *notes.chunks += end - chunk;
                FromWorker::Skipped { first: chunk, count: end - chunk }.write(answers.outgoing);
                break;
            }
            *notes.chunks += 1;
            let running = Running { serial: *notes.chunks, chunk, attempt: block.attempt, since: watch.now() };
            notes.page.note_start(running);
            let made_from =
                sent.as_mut().map_or(Chunk::Cut(chunk), |sent| Chunk::Sent(sent.next().unwrap_or_default()));
            let read = self.run_chunk(running, made_from, answers, &mut open, &mut watch);
            // Where each answer is sent before the next chunk starts, none is held back.
            let waits = !self.rules.answer_each && answers.hold();
            notes.page.note_done(running.serial);
            if !waits || read && watch.now().saturating_sub(*notes.held_since) > LONGEST {
                answers.close(&mut open, watch.read());
                answers.send()?;
                *notes.held_since = watch.read();
            }
        }
        if open.is_some() {
            answers.close(&mut open, watch.read());
        }
        // Whether they wait for those of the next block is not known here.
        if answers.hold() { Ok(()) } else { answers.send() }
    }

    /// Runs a chunk and writes the answer; whether the clock was read at its end.
    fn run_chunk(
        &mut self,
        running: Running,
        made_from: Chunk<'_>,
        answers: &mut Answers<'_>,
        open: &mut Option<OpenDone>,
        watch: &mut Stopwatch,
    ) -> bool {
        let Running { chunk, since, .. } = running;
        let out = &mut *answers.outgoing;
        let done = *open.get_or_insert_with(|| FromWorker::open_done(out, chunk, since));
        let task = &self.task;
        let run = |out: &mut Vec<u8>| match task {
            Ok(task) => task.run(made_from, out),
            Err(panic) => received::Ran::Panicked(panic.clone()),
        };
        let result = done.output(out, run, |ran| matches!(ran, received::Ran::Done { .. }));
        if let received::Ran::Done { is_err } = result {
            if is_err && self.rules.stop_on_err {
                self.limit = self.limit.min(chunk + 1);
            }
            if !self.rules.time_each {
                return watch.lap();
            }
            answers.close(open, watch.lap_exactly());
            return true;
        }
        // The outputs before it ended when it began, as far as is known.
        answers.close(open, since);
        let out = &mut *answers.outgoing;
        let ran = Ran { chunk, started: since, duration: watch.lap_exactly().saturating_sub(since) };
        match result {
            received::Ran::Panicked(panic) => {
                let at = panic.at.unwrap_or_default();
                FromWorker::Panicked { ran, at: at.as_bytes(), message: panic.message.as_bytes() }.write(out);
            }
            received::Ran::Unportable { what, reason } => {
                FromWorker::Unportable { ran, what, reason: reason.as_bytes() }.write(out);
            }
            received::Ran::Done { .. } => unreachable!("that was answered above"),
        }
        if self.rules.stop_on_panic {
            self.limit = self.limit.min(chunk);
        }
        true
    }
}
