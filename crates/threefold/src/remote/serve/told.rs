//! `Told`: a task that a worker was sent, and how it runs a block of chunks.
//!
//! Answers are written into the buffer that they are sent from. The outputs of consecutive chunks share one frame. The
//! frame is closed when another kind of answer follows, or when it is sent. A send wakes the parent, which then takes a
//! core that a worker may need. So the answers of a block are sent at its end, and before that only if they were [`HELD`]
//! back for long, or if the block ends [`SOON`]. Until then they also lie on the status page, so that the answer of a
//! finished chunk is not lost with a later chunk.
//!
//! Before each chunk the worker looks up to where it may go. The parent may have lowered this limit, because a chunk has
//! failed, or to recall chunks for another worker. Then the worker says at once which chunks at the end of its block it
//! does not start, and goes on with the others. Chunks are counted in the order in which they were sent, and those that
//! are not started count at this moment. The message is sent before the next chunk is noted as started. So the parent
//! and the worker agree on the number of a running chunk, whenever the worker dies.
//!
//! The following list gives what happens to a chunk, in order, and what the parent knows if the worker dies in between:
//!
//! 1. The chunk is noted as started. From here on it does not run again unless retries are asked for.
//! 2. The task runs, and its output is appended to the frame. If the worker dies here, the error names this chunk.
//! 3. The new part of the frame is copied to the status page. From here on the answer outlives this process.
//! 4. The chunk is noted as done. Between steps 3 and 4 the parent finds one answer more than finished chunks, and
//!    takes it.
//! 5. The next chunk is noted as started, at the time at which this one ended.
//!
//! To close a frame, its head is written. The head lies before what was copied already, so the whole frame is copied
//! again. If the worker is killed from outside within that microsecond, the frame has a wrong checksum. Then its chunks
//! count as finished and lost, as if they had never been copied. The fold ends with an error, and never with a wrong
//! answer.
//!
//! If somebody wants to know what the task tells `tracing` and `log`, the worker looks for it between steps 2 and 3. If
//! there is anything, the frame of the outputs before this chunk is closed, what the task has told follows in a frame of
//! its own, and the output begins a new frame. So the parent learns of it before it learns that the chunk is done, and it
//! lies on the status page if the answer does.
//!
//! Two rules of a fold change this. If each answer must be sent before the next chunk starts, no answer is held back.
//! If the time of each chunk is wanted, each output has its own frame, since a frame holds only one time.
//!
//! # An example
//!
//! A worker is sent its first block, chunks 20 to 23. While chunk 20 runs, the parent recalls the chunks from 22 on.
//!
//! | moment | serial number | what the worker writes or notes |
//! |---|---|---|
//! | chunk 20 starts | 1 | chunk 20 is running, with serial number 1 |
//! | chunk 20 ends | | its output is appended to a frame, and serial number 1 is done |
//! | before chunk 21 | 2 and 3 | the limit is 22: the frame is closed; chunks 22 and 23 are not started |
//! | | | all this is sent at once, since another worker may be waiting |
//! | chunk 21 starts | 4 | chunk 21 is running, with serial number 4 |
//! | chunk 21 ends | | its output is appended to a new frame, and serial number 4 is done |
//! | the block ends | | the frame is closed and sent |
//!
//! Suppose the worker dies in chunk 21. The parent has sent four chunks and has answers about three of them. The note
//! says that the chunk with serial number 4 was running. So this is the one without an answer, chunk 21, and nothing
//! else is lost. If the chunks that were not started did not count, the note would say 2. The parent would not believe
//! it, since it has the answer of that chunk, and nothing would be known of the worker's progress.
//!
//! # When answers are sent
//!
//! | rule of the fold, or moment | what is sent |
//! |---|---|
//! | each answer is to be sent | each answer, before the next chunk starts |
//! | the page has no room for the answers | all answers so far |
//! | the oldest answer has waited for an eighth of the fold's time, within 4 and 20 ms | all answers so far |
//! | the block has one chunk or 0.1 ms left, has run for 0.05 ms, and no other has come | all, once in a block |
//! | a part of the block is not started | all answers so far, and which chunks these are |
//! | the block ends | all answers, if the reporter does not hold them |
//!
//! The third and the fourth rule need the time. The clock is not read after each chunk, if chunks are cheap. Then these
//! rules are asked at the next reading.

use std::io;
use std::ops::RangeInclusive;

use super::stopwatch::Stopwatch;
use super::{Aside, Reporter};
use crate::fold::chunk;
use crate::panics::Panic;
use crate::remote::clock;
use crate::remote::wire::{Chunks, FromWorker, OpenDone, Ran, Rules, Run, Running};
use crate::shared::loan;
use crate::task::received::{self, Chunk, Received};
#[cfg(feature = "tracing")]
use crate::trace::capture::EventCollector;
use crate::trace::levels::Levels;
#[cfg(not(feature = "tracing"))]
use crate::trace::unheard::EventCollector;

/// Within a block, answers are held back for an eighth of the time that the fold has run, but for no less and no more
/// than this, in nanoseconds. The caller waits for them. But a worker loses some 25 us by each message if the workers
/// need all cores.
const HELD: RangeInclusive<u64> = 4_000_000..=20_000_000;

/// A worker reports when it has about this much left to do, in nanoseconds, and nothing to continue with. Then the next
/// block is there in time.
const SOON: u64 = 100_000;

/// The task that chunks are for.
pub(super) struct Told {
    /// The task, or the panic in which reading it ended: that of every chunk.
    task: Result<Box<dyn Received>, Panic>,
    rules: Rules,
    /// How many chunks the task can cut from the source.
    cut: u64,
    /// Whether the task has a state that must be made before the next chunk.
    lacks_state: bool,
    /// One past the last chunk that may start, as far as this worker knows by itself.
    limit: u64,
    /// When the fold began.
    began: u64,
}

/// What a worker counts while it runs chunks.
pub(super) struct Counts<'a> {
    /// How many chunks the worker was sent so far.
    pub(super) chunks: &'a mut u64,
    /// When the chunk of the oldest answer that is held back began.
    pub(super) held_since: &'a mut u64,
}

/// Whether a block ends soon, of which `done` chunks took `took` nanoseconds, and `left` chunks are left. The end of a
/// block of few expensive chunks is reported before the last chunk, however long that one takes.
fn ends_soon(took: u64, done: u64, left: u64) -> bool {
    let rest = (took / done).saturating_mul(left);
    // The parent learns as fast of a shorter block when the whole block is done.
    took > SOON / 2 && left > 0 && (left == 1 || rest < SOON)
}

impl Told {
    pub(super) fn new(task: Result<Box<dyn Received>, Panic>) -> Self {
        let rules =
            Rules { stop_on_err: true, stop_on_panic: true, answer_each: true, time_each: true, levels: Levels::OFF };
        Self { task, rules, cut: 0, lacks_state: false, limit: u64::MAX, began: 0 }
    }

    /// Keeps nothing of the last fold but the task: neither its source nor the state of this worker.
    pub(super) fn rest(&mut self) {
        self.cut = 0;
        if let Ok(task) = &mut self.task {
            task.forget_source();
            task.forget_state();
        }
    }

    /// A new fold begins.
    pub(super) fn begin(&mut self, rules: Rules, source: &[u8], reporter: &mut impl Reporter) -> io::Result<()> {
        self.rules = rules;
        self.limit = u64::MAX;
        self.began = clock::now();
        reporter.note_aside(Aside::Drops);
        self.lacks_state = self.task.as_ref().is_ok_and(|task| task.forget_state());
        reporter.note_aside(Aside::Makes);
        self.cut = match &mut self.task {
            _ if source.is_empty() => 0,
            Ok(task) => task.cut_from(source).map_err(io::Error::other)?,
            // Each chunk panics, whatever the source holds.
            Err(_) => u64::MAX,
        };
        reporter.note_aside(Aside::Nothing);
        Ok(())
    }

    /// Runs the chunks of `block`, as long as they may start, and answers them.
    pub(super) fn run(
        &mut self,
        block: Run<'_>,
        reporter: &mut impl Reporter,
        collector: &EventCollector,
        counts: Counts<'_>,
    ) -> io::Result<()> {
        let _listening = collector.listen();
        let ran = self.run_block(block, reporter, collector, counts);
        loan::close();
        ran
    }

    fn run_block(
        &mut self,
        block: Run<'_>,
        reporter: &mut impl Reporter,
        collector: &EventCollector,
        counts: Counts<'_>,
    ) -> io::Result<()> {
        let mut end = block.first + block.count();
        let mut sent = match block.chunks {
            Chunks::Sent(list) => Some(list.iter()),
            Chunks::Cut(_) if end <= self.cut => None,
            Chunks::Cut(_) => return Err(io::Error::other("the parent sent chunks that the source does not have")),
        };
        let mut watch = Stopwatch::start();
        if reporter.unsent().is_empty() {
            *counts.held_since = watch.now();
        }
        let mut open = None;
        let began = watch.now();
        let longest = (began.saturating_sub(self.began) / 8).clamp(*HELD.start(), *HELD.end());
        // Whether it was reported, once, that the block ends soon.
        let mut reported = false;
        let mut next = block.first;
        while next < end {
            let chunk = next;
            let limit = self.limit.min(reporter.limit());
            if limit < end {
                let first = limit.max(chunk);
                close(reporter, &mut open, watch.read());
                FromWorker::Skipped { first, count: end - first }.write(reporter.unsent());
                reporter.hold();
                *counts.chunks += end - first;
                // Another worker may be waiting for these chunks.
                reporter.send()?;
                *counts.held_since = watch.read();
                end = first;
                continue;
            }
            if self.lacks_state {
                let made = self.make_state(reporter);
                // The time that this took is none of the chunk's.
                let now = watch.read();
                if let Err(reason) = made {
                    close(reporter, &mut open, now);
                    tell(chunk, &collector.take(), reporter);
                    FromWorker::Refused { reason: reason.as_bytes() }.write(reporter.unsent());
                    FromWorker::Skipped { first: chunk, count: end - chunk }.write(reporter.unsent());
                    *counts.chunks += end - chunk;
                    reporter.hold();
                    return reporter.send();
                }
            }
            next += 1;
            *counts.chunks += 1;
            let running = Running { serial: *counts.chunks, chunk, attempt: block.attempt, since: watch.now() };
            reporter.note_start(running);
            chunk::set(chunk);
            let made_from =
                sent.as_mut().map_or(Chunk::Cut(chunk), |sent| Chunk::Sent(sent.next().unwrap_or_default()));
            let read = self.run_chunk(running, made_from, reporter, collector, &mut open, &mut watch);
            // If each answer is sent before the next chunk starts, none is held back.
            let waits = !self.rules.answer_each && reporter.hold();
            reporter.note_done(running.serial);
            let soon =
                read && !reported && ends_soon(watch.now().saturating_sub(began), next - block.first, end - next);
            reported |= soon;
            let late = read && watch.now().saturating_sub(*counts.held_since) > longest;
            if !waits || late || soon && !reporter.has_more() {
                close(reporter, &mut open, watch.read());
                reporter.send()?;
                *counts.held_since = watch.read();
            }
        }
        if open.is_some() {
            close(reporter, &mut open, watch.read());
        }
        // It is not known here whether these answers may wait for those of the next block.
        if reporter.hold() { Ok(()) } else { reporter.send() }
    }

    /// Makes the state of this worker. The parent sees that the worker is busy, however long it takes.
    fn make_state(&mut self, reporter: &mut impl Reporter) -> Result<(), String> {
        if let Ok(task) = &self.task {
            reporter.note_aside(Aside::Makes);
            let made = task.make_state();
            reporter.note_aside(Aside::Nothing);
            made?;
        }
        self.lacks_state = false;
        Ok(())
    }

    /// Runs a chunk and writes its answer. Returns whether the clock was read at the end of the chunk.
    fn run_chunk(
        &mut self,
        running: Running,
        made_from: Chunk<'_>,
        reporter: &mut impl Reporter,
        collector: &EventCollector,
        open: &mut Option<OpenDone>,
        watch: &mut Stopwatch,
    ) -> bool {
        let Running { chunk, since, .. } = running;
        let out = reporter.unsent();
        let done = *open.get_or_insert_with(|| FromWorker::open_done(out, chunk, since));
        let task = &self.task;
        let run = |out: &mut Vec<u8>| match task {
            Ok(task) => task.run(made_from, out),
            Err(panic) => received::Ran::Panicked(panic.clone()),
        };
        let start = out.len();
        let result = done.output(out, run, |ran| matches!(ran, received::Ran::Done { .. }));
        let heard = collector.take();
        if !heard.is_empty() {
            // What was heard comes before the answer of its chunk, so the frame of the answers before it ends here.
            let output = out.split_off(start);
            close(reporter, open, since);
            tell(chunk, &heard, reporter);
            let out = reporter.unsent();
            *open = Some(FromWorker::open_done(out, chunk, since));
            out.extend(output);
        }
        if let received::Ran::Done { is_err } = result {
            if is_err && self.rules.stop_on_err {
                self.limit = self.limit.min(chunk + 1);
            }
            if !self.rules.time_each {
                return watch.lap();
            }
            close(reporter, open, watch.lap_exactly());
            return true;
        }
        // As far as is known, the previous chunks ended when this one began.
        close(reporter, open, since);
        let out = reporter.unsent();
        let ran = Ran { chunk, started: since, duration: watch.lap_exactly().saturating_sub(since) };
        match result {
            received::Ran::Panicked(panic) => {
                // The panic may have left the state half changed.
                self.lacks_state = self.task.as_ref().is_ok_and(|task| task.forget_state());
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

/// Writes what was heard of `chunk`, if it is anything.
fn tell(chunk: u64, heard: &[u8], reporter: &mut impl Reporter) {
    if !heard.is_empty() {
        FromWorker::Heard { chunk, records: heard }.write(reporter.unsent());
    }
}

/// Closes the frame of outputs, if one is open. The last of its chunks ended at time `ended`.
fn close(reporter: &mut impl Reporter, open: &mut Option<OpenDone>, ended: u64) {
    if let Some(open) = open.take() {
        reporter.rewrite(open.start());
        open.close(reporter.unsent(), ended);
    }
}
