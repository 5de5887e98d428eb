//! Serving: what a worker does with the messages of its fold's caller, wherever the worker is.
//!
//! A worker takes one message after another, in the order in which they come. It looks its task up, learns of a fold,
//! runs blocks of chunks ([`told`]), and writes the answers. Two things depend on how the worker is reached, and a
//! [`Reporter`] does them: it notes what the worker is doing, and it sends the answers. A worker process notes its
//! progress on a page that outlives it, and answers through a socket. A thread of an MPI rank notes its progress in
//! the memory of the rank, and answers in a message of MPI.
//!
//! The order of the messages is checked, and nothing else about them: a fold needs a task before it, and chunks need a
//! fold. A worker that is told something else, or something that it cannot read, reports an error and does not go on.
//! What a task does, a panic included, is never such an error.

use std::io;
use std::ops::ControlFlow;

use super::wire::{Build, FromWorker, Place, Running, SLOTS, ToWorker};
use crate::model::Model;
use crate::panics::{self, Panic};
use crate::shared::known;
use crate::task::received::Received;
use crate::task::registry;
#[cfg(feature = "tracing")]
use crate::trace::capture::EventCollector;
#[cfg(not(feature = "tracing"))]
use crate::trace::unheard::EventCollector;

#[cfg(feature = "mpi")]
pub(crate) mod limit;
mod stopwatch;
mod told;

use told::Told;

/// Notes what a worker is doing, and sends its answers.
pub(crate) trait Reporter {
    /// Makes the worker ready for a caller of that build, whose folds are of that model. The error of the inner result
    /// says why the worker cannot serve it.
    fn prepare(&mut self, build: Build, memory_limit: u64, model: Model) -> io::Result<Result<(), String>>;

    /// The worker does this from now on.
    fn note_aside(&mut self, aside: Aside);

    /// The worker has read a task, or cannot read it. Others may use it.
    fn note_found(&mut self, _task: Option<&Found>) {}

    /// Whether the worker is the only one of its process.
    fn is_alone(&self) -> bool {
        false
    }

    /// Maps memory of the parent.
    fn map(&mut self, _place: Place) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "only worker processes map memory"))
    }

    /// The worker is about to run a block.
    fn begin_block(&mut self) -> io::Result<()>;

    /// One past the last chunk that may start, as far as the caller has told.
    fn limit(&self) -> u64;

    /// Whether another message has arrived, so that there may be another block to go on with.
    fn has_more(&self) -> bool;

    /// The worker starts a chunk.
    fn note_start(&mut self, running: Running);

    /// The chunk with this serial number is done.
    fn note_done(&mut self, serial: u64);

    /// Answers that are not sent yet.
    fn unsent(&mut self) -> &mut Vec<u8>;

    /// The unsent answers from byte `start` on are about to be written again.
    fn rewrite(&mut self, start: usize);

    /// Keeps the new part of the unsent answers where it outlives the worker, if there is such a place. Returns whether
    /// they may wait there; if not, they are sent soon.
    fn hold(&mut self) -> bool;

    /// Sends the unsent answers.
    fn send(&mut self) -> io::Result<()>;
}

/// What a worker does outside of chunks. It takes as long as the code of the user's does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// Nothing of the kind.
    Nothing,
    /// It reads a task or a source, or makes its state.
    Makes,
    /// It drops what is left of the fold before: its task, its source or its state.
    Drops,
}

/// A task that was read, or the panic of the user's code that read it.
pub(crate) type Found = Result<Box<dyn Received>, Panic>;

/// A worker, from its handshake to its end.
#[derive(Default)]
pub(crate) struct Server {
    /// The tasks that it keeps, by their slots.
    tasks: [Option<Told>; SLOTS],
    /// The slot of the task that chunks are for.
    slot: usize,
    /// What it hears of its tasks.
    collector: EventCollector,
    /// Chunks that it was sent so far.
    chunks: u64,
    /// When the chunk of the oldest answer that is held back began.
    held_since: u64,
}

impl Server {
    /// When the chunk of the oldest answer that is held back began.
    pub(crate) fn held_since(&self) -> u64 {
        self.held_since
    }

    /// Has the worker use a task that another one has read.
    #[cfg(feature = "mpi")]
    pub(crate) fn adopt(&mut self, task: Found) {
        (self.tasks[0], self.slot) = (Some(Told::new(task)), 0);
    }

    /// Obeys one message. Breaks if it is the last one. An error means that the message is invalid, or that an answer
    /// cannot be sent.
    pub(crate) fn obey(&mut self, message: &[u8], reporter: &mut impl Reporter) -> io::Result<ControlFlow<()>> {
        let Self { tasks, slot: current, collector, chunks, held_since } = self;
        let invalid = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        match ToWorker::read(message) {
            Some(ToWorker::Hello { build, memory_limit, model }) => {
                match reporter.prepare(build, memory_limit, model)? {
                    Ok(()) => FromWorker::Hello { build }.write(reporter.unsent()),
                    Err(reason) => return refuse(&reason, reporter),
                }
            }
            Some(ToWorker::Task { slot, address, captures }) => {
                let Some(slot) = slot_of(slot) else { return invalid("the parent named a slot that there is not") };
                reporter.note_aside(Aside::Drops);
                let task = switch(tasks, current, slot);
                // Before the new one is made, so that both are not in memory at once.
                *task = None;
                reporter.note_aside(Aside::Makes);
                let found = find(address, captures);
                reporter.note_aside(Aside::Nothing);
                reporter.note_found(found.as_ref().ok());
                match found {
                    Ok(found) => *task = Some(Told::new(found)),
                    Err(reason) => return refuse(&reason, reporter),
                }
            }
            Some(ToWorker::Again { slot }) => {
                let Some(slot) = slot_of(slot) else { return invalid("the parent named a slot that there is not") };
                reporter.note_aside(Aside::Drops);
                switch(tasks, current, slot);
                reporter.note_aside(Aside::Nothing);
            }
            Some(ToWorker::Drop { slot }) => {
                let Some(slot) = slot_of(slot) else { return invalid("the parent named a slot that there is not") };
                reporter.note_aside(Aside::Drops);
                tasks[slot] = None;
                reporter.note_aside(Aside::Nothing);
            }
            Some(ToWorker::Fold { rules, source }) => {
                let Some(task) = &mut tasks[*current] else { return invalid("the parent sent a fold before its task") };
                collector.begin(rules.levels, reporter.is_alone());
                task.begin(rules, source, reporter)?;
            }
            Some(ToWorker::Run(block)) => {
                let Some(task) = &mut tasks[*current] else {
                    return invalid("the parent sent chunks before their task");
                };
                reporter.begin_block()?;
                task.run(block, reporter, collector, told::Counts { chunks, held_since })?;
            }
            Some(ToWorker::Map(place)) => {
                if let Err(reason) = reporter.map(place) {
                    return refuse(&format!("an array cannot be mapped: {reason}"), reporter);
                }
            }
            Some(ToWorker::Forget { number }) => {
                // The fold that ran last may have it as its source. No task has it: the parent has had them dropped.
                reporter.note_aside(Aside::Drops);
                tasks[*current].iter_mut().for_each(Told::rest);
                known::forget(number);
                reporter.note_aside(Aside::Nothing);
            }
            Some(ToWorker::Bye) => {
                reporter.note_aside(Aside::Drops);
                *tasks = Default::default();
                reporter.note_aside(Aside::Nothing);
                return Ok(ControlFlow::Break(()));
            }
            None => return invalid("the parent sent an invalid message"),
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The slot with this number.
fn slot_of(number: u64) -> Option<usize> {
    usize::try_from(number).ok().filter(|&slot| slot < SLOTS)
}

/// From now on chunks are for the task in `slot`, which is returned. The task before has nothing left of its fold.
fn switch<'a>(tasks: &'a mut [Option<Told>; SLOTS], current: &mut usize, slot: usize) -> &'a mut Option<Told> {
    tasks[*current].iter_mut().for_each(Told::rest);
    *current = slot;
    &mut tasks[slot]
}

/// Tells the caller why this worker does not serve.
fn refuse(reason: &str, reporter: &mut impl Reporter) -> io::Result<ControlFlow<()>> {
    let reason = format!("a worker cannot serve: {reason}");
    FromWorker::Refused { reason: reason.as_bytes() }.write(reporter.unsent());
    reporter.send()?;
    Ok(ControlFlow::Break(()))
}

/// The registered task with that address, with these captures; or the panic of the user's code that read them.
fn find(address: &[u8], captures: &[u8]) -> Result<Found, String> {
    let entry = registry::find(address)?;
    match panics::catch(|| (entry.receive)(captures)) {
        Ok(task) => task.map(Ok).map_err(|reason| format!("the task cannot be read: {reason}")),
        Err(panic) => Ok(Err(panic)),
    }
}
