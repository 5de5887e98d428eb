//! Handles the answers of workers.
//!
//! Outputs arrive in batches, usually those of one block. They are restored into one `Vec` and kept as one run of
//! consecutive chunks. So a cheap chunk costs the caller no allocation and no lock of its own. If an output cannot be
//! restored, the outputs before it are kept, its chunk fails, and the outputs behind it are handled next.
//!
//! An answer counts only if it is due. Each worker answers its chunks in the order in which they were sent, and the
//! dispatcher knows the next one. If an answer comes twice, or for another chunk, the worker is terminated and the
//! answer is never counted. An answer that is due has one of five effects:
//!
//! - Outputs are restored and kept. If a chunk ran past its deadline, its output is refused, as for a chunk that was
//!   stopped.
//! - An output that is an `Err` may have its chunk run again. Then it is dropped.
//! - A panic is the failure of its chunk. If panics are retried, the chunk runs again instead.
//! - A chunk or output that cannot be serialized is the failure of its chunk. The same would happen on every worker.
//! - Chunks that were not started are pending again. They were above the limit that the worker knew, and this may have
//!   been the limit of an earlier moment.

use std::time::Duration;

use super::Run;
use crate::error::Cause;
use crate::panics::Panic;
use crate::remote::carrier::Carrier;
use crate::remote::dispatch::{Progress, Sent};
use crate::remote::fold_port::{Refused, Spot};
use crate::remote::wire::{FromWorker, List, Ran};
use crate::task::received::Part;
use crate::trace::Span;

impl<C: Carrier> Run<'_, C> {
    /// Takes what has come from `worker`: all there will ever be where it is gone.
    pub(super) fn take_answers(&mut self, worker: usize, gone: bool) -> Result<(), &'static str> {
        loop {
            let more = self.carrier.receive(worker);
            self.take_frames(worker)?;
            if !(gone && more) {
                return Ok(());
            }
        }
    }

    /// Handles the frames that have arrived.
    pub(super) fn take_frames(&mut self, worker: usize) -> Result<(), &'static str> {
        let mut inbox = std::mem::take(self.carrier.inbox(worker));
        let mut taken = Ok(());
        while taken.is_ok() {
            taken = match inbox.next() {
                Ok(Some(frame)) => self.take_answer(worker, frame),
                Ok(None) => break,
                Err(fault) => Err(fault),
            };
        }
        *self.carrier.inbox(worker) = inbox;
        taken
    }

    fn take_answer(&mut self, worker: usize, frame: &[u8]) -> Result<(), &'static str> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match FromWorker::read(frame).ok_or("it sent an invalid message")? {
            FromWorker::Hello { build } if build == self.build => {
                if !self.dispatch.ready(worker) {
                    return Err("it sent a second handshake");
                }
                self.carrier.answered_handshake(worker);
            }
            FromWorker::Hello { .. } => return Err("it was started from another build"),
            FromWorker::Refused { reason } => {
                self.carrier.refused(worker);
                // A worker that is ready speaks of the task.
                match self.dispatch.is_ready(worker) {
                    true => self.port.give_up_task(text(reason)),
                    false => self.port.give_up(text(reason)),
                }
            }
            _ if !self.dispatch.is_ready(worker) => return Err("its first message was not a handshake"),
            FromWorker::Skipped { first, count } => {
                if !self.dispatch.skipped(worker, first, count) {
                    return Err("it answered for a chunk that it was not running");
                }
                if first < self.dispatch.limit() {
                    // Its task may have written over what it was told.
                    self.carrier.restate_limit(worker);
                }
            }
            FromWorker::Heard { chunk, records } => {
                if self.task.rules.levels.are_off() {
                    return Err("it sent events that nobody asked for");
                }
                let sent = self.due(worker, chunk)?;
                let heard = self.port.heard(&mut self.replays[worker], sent, worker, records);
                heard.map_err(|()| "it sent events that cannot be read")?;
            }
            FromWorker::Done { ran, outputs } => self.take_outputs(worker, ran, outputs)?,
            FromWorker::Panicked { ran, at, message } => {
                let sent = self.ran(worker, ran)?;
                self.answered(worker, sent, 1);
                let panic = Panic { message: text(message), at: (!at.is_empty()).then(|| text(at)) };
                match self.dispatch.panicked(worker, &|attempt| self.port.not_before(attempt, &|| self.carrier.now())) {
                    true => self.port.retried_after_panic(sent, self.spot(worker), panic),
                    false => self.port.panicked(sent, self.spot(worker), panic),
                }
            }
            FromWorker::Unportable { ran, what, reason } => {
                let sent = self.ran(worker, ran)?;
                self.answered(worker, sent, 1);
                let reason = text(reason);
                let cause = match what {
                    Part::Chunk => Cause::Unportable { what: "the chunk", reason },
                    Part::Output => Cause::Unportable { what: "the output", reason },
                    Part::Source => Cause::unreadable(reason),
                };
                self.unportable(worker, sent, cause);
            }
        }
        Ok(())
    }

    /// Handles the outputs of consecutive chunks.
    fn take_outputs(&mut self, worker: usize, ran: Ran, outputs: List<'_>) -> Result<(), &'static str> {
        let sent = self.ran(worker, ran)?;
        let count = outputs.count();
        if self.dispatch.due_together(worker) < count {
            return Err("it answered for a chunk that it was not running");
        }
        self.answered(worker, sent, count);
        if let Some(timeout) = self.terms.timeout {
            if count > 1 {
                return Err("it did not say how long each chunk took");
            }
            if ran.duration > timeout {
                // It ended before it was stopped. What it gave is refused all the same.
                let ran_for = Duration::from_nanos(ran.duration);
                match self.dispatch.late(worker, &|attempt| self.port.not_before(attempt, &|| self.carrier.now())) {
                    true => self.port.retried_after_deadline(sent, self.spot(worker), ran_for),
                    false => self.port.late(sent, self.spot(worker), ran_for),
                }
                return Ok(());
            }
        }
        let (mut next, mut outputs) = (sent.chunk, outputs.iter());
        let end = sent.chunk + count;
        while next < end {
            let (kept, result) = self.port.decode(next, sent.attempt, &mut outputs);
            if kept > 0 {
                self.dispatch.done(worker, kept, ran.duration / count);
                next += kept;
            }
            if count == 1 && kept == 1 && self.port.counts_results() {
                self.record(worker, sent, ran);
            }
            let refused = Sent { chunk: next, ..sent };
            match result {
                Ok(()) => continue,
                Err(Refused::Unportable(cause)) => self.unportable(worker, refused, cause),
                Err(Refused::Erred) if count > 1 => return Err("it did not answer each chunk alone"),
                Err(Refused::Erred) => {
                    self.dispatch.erred(worker, &|attempt| self.port.not_before(attempt, &|| self.carrier.now()));
                    self.port.erred(refused, self.spot(worker));
                }
            }
            next += 1;
        }
        Ok(())
    }

    /// Closes the spans of `count` chunks from this one on.
    fn answered(&mut self, worker: usize, sent: Sent, count: u64) {
        self.port.answered(&mut self.replays[worker], sent, count, worker);
    }

    /// Opens and closes the span of the chunk that `worker` was running when it was lost. Its task may have written over
    /// what the worker noted, so only a chunk that it was sent is believed.
    pub(super) fn span_of_lost(&mut self, worker: usize, progress: Progress) {
        if let Progress::Known { running: Some(sent), .. } = progress
            && self.dispatch.has_sent(worker, sent)
        {
            self.answered(worker, sent, 1);
        }
    }

    /// The chunk that ran, where it is this one's turn. The observers are told that it had started.
    fn ran(&mut self, worker: usize, ran: Ran) -> Result<Sent, &'static str> {
        let sent = self.due(worker, ran.chunk)?;
        self.start_of_answered(worker, sent, ran.started);
        Ok(sent)
    }

    /// The chunk that a message is about, where it is this one's turn.
    fn due(&self, worker: usize, chunk: u64) -> Result<Sent, &'static str> {
        self.dispatch
            .due_from(worker)
            .filter(|sent| sent.chunk == chunk)
            .ok_or("it answered for a chunk that it was not running")
    }

    /// Tells the observers when the chunk ran.
    fn record(&mut self, worker: usize, sent: Sent, ran: Ran) {
        let carrier = &self.carrier;
        self.port.record(|| Span {
            chunk: sent.chunk,
            worker,
            started: carrier.instant(worker, ran.started),
            duration: Duration::from_nanos(ran.duration),
            attempt: sent.attempt,
        });
    }

    fn unportable(&mut self, worker: usize, sent: Sent, cause: Cause) {
        self.dispatch.failed(worker);
        self.port.unportable(sent.chunk, self.spot(worker), cause);
    }

    fn spot(&self, worker: usize) -> Spot {
        Spot { worker, pid: self.carrier.pid(worker), rank: self.carrier.rank(worker) }
    }
}
