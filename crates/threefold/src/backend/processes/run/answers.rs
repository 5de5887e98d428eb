//! What workers answer, taken in.

use std::time::Duration;

use super::Run;
use crate::backend::processes::clock;
use crate::error::{Cause, Error, Place};
use crate::model::Model;
use crate::panics::Panic;
use crate::remote::wire::{FromWorker, Ran};
use crate::task::received::Part;
use crate::trace::Span;

impl Run<'_> {
    /// Takes what has come through the channel of worker `index`: all there will ever be where it is dead.
    pub(super) fn take_answers(&mut self, index: usize, dead: bool) -> Result<(), &'static str> {
        loop {
            let more = self.workers[index].receive();
            let mut inbox = std::mem::take(&mut self.workers[index].inbox);
            while let Some(frame) = inbox.next()? {
                self.take_answer(index, frame)?;
            }
            self.workers[index].inbox = inbox;
            if !(dead && more) {
                return Ok(());
            }
        }
    }

    fn take_answer(&mut self, index: usize, frame: &[u8]) -> Result<(), &'static str> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let worker = &mut self.workers[index];
        match FromWorker::read(frame).ok_or("it sent an invalid message")? {
            FromWorker::Hello { build } if build == self.build && !worker.greeted => {
                worker.greeted = true;
                worker.entrance.confirm();
            }
            FromWorker::Hello { .. } => return Err("it sent a second handshake, or was started from another build"),
            FromWorker::Refused { reason } => {
                let reason = format!("a worker process could not serve: {}", text(reason));
                self.fold.abort(Error::setup(Some(Model::Processes), reason));
            }
            _ if !worker.greeted => return Err("its first message was not a handshake"),
            FromWorker::Skipped { chunk } => {
                let attempt = self.due(index, chunk)?;
                self.returned.insert(chunk, attempt);
            }
            FromWorker::Done { ran, output } => {
                let attempt = self.due(index, ran.chunk)?;
                match self.fold.job.decode(ran.chunk, output, self.fold) {
                    Ok(()) => self.done(index, ran, attempt),
                    Err(cause) => self.unsent(index, ran.chunk, cause),
                }
            }
            FromWorker::Panicked { ran, at, message } => {
                let attempt = self.due(index, ran.chunk)?;
                let panic = Panic { message: text(message), at: (!at.is_empty()).then(|| text(at)) };
                let worker = &self.workers[index];
                let at = Place { worker: Some(worker.number), pid: Some(worker.pid()), ..Place::default() };
                if self.fold.retries_panic(attempt) {
                    self.fold.retried(|| self.fold.panic(ran.chunk, attempt, at, panic));
                    self.returned.insert(ran.chunk, attempt + 1);
                } else {
                    self.fold.panicked(ran.chunk, attempt, at, panic);
                }
            }
            FromWorker::Unportable { ran, what, reason } => {
                self.due(index, ran.chunk)?;
                let what = match what {
                    Part::Chunk => "the chunk",
                    Part::Output => "the output",
                };
                self.unsent(index, ran.chunk, Cause::Unportable { what, reason: text(reason) });
            }
        }
        Ok(())
    }

    /// The answer to `chunk` has come, in its turn: which attempt it was.
    fn due(&mut self, index: usize, chunk: u64) -> Result<u32, &'static str> {
        self.workers[index].answered(chunk).ok_or("it answered for a chunk that it was not running")
    }

    fn done(&mut self, index: usize, ran: Ran, attempt: u32) {
        // A moving average: chunks may grow costlier as the fold goes on.
        self.pace = Some(self.pace.map_or(ran.duration, |pace| pace - pace / 8 + ran.duration / 8));
        self.fold.record(|| Span {
            chunk: ran.chunk,
            worker: self.workers[index].number,
            started: clock::instant(ran.started),
            duration: Duration::from_nanos(ran.duration),
            attempt,
        });
    }

    fn unsent(&self, index: usize, chunk: u64, cause: Cause) {
        let worker = &self.workers[index];
        let place = Place { worker: Some(worker.number), pid: Some(worker.pid()), ..self.fold.place(chunk) };
        self.fold.fail(chunk, Error::new(cause, place));
    }
}
