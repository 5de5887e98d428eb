//! `Crew`: the worker processes of one run, and how they are reached: a socket and a status page each.
//!
//! The crew is the first carrier. It does what the dispatcher commands and decides nothing about chunks. It adds what
//! only processes have: a worker is started, gets its handshake, prints, and ends in one of several ways, which are
//! told apart here. The kernel says how the process ended; the status page says what it was doing; the last lines of
//! its standard error, its memory limit and the kernel's counters say whether memory was the reason.
//!
//! A worker that ended is taken out of the crew at once, and its number is free for another. What it printed is passed
//! on before that, so that no line is lost with it.
//!
//! # What a worker's descriptors tell
//!
//! | descriptor | what it tells | what the crew does |
//! |---|---|---|
//! | the pidfd | the process has ended | reports the worker as gone |
//! | the channel, before the start | its process id, or that it never started | watches it, or reports it as gone |
//! | the channel, readable | answers, or its end | reports that the worker was heard |
//! | the channel, writable | there is room | sends the rest, and reports when all is sent |
//! | its standard output and error | what tasks print | passes whole lines on |
//!
//! A mark goes with each of them, since a number may belong to another worker by the time an event is handled. The
//! event of a worker that is gone has a mark that no worker has.
//!
//! # How the end of a worker is explained
//!
//! The first row that applies gives the reason that the error names:
//!
//! | what is known | the reason |
//! |---|---|
//! | it was told to terminate, and the same chunk was still running | its chunk took too long |
//! | its task wanted something of the terminal, which stopped it | that |
//! | the parent found a fault, and the worker was not dying | the fault |
//! | a copy was asked for and not made | that it could not be made |
//! | the host program has waited for it | that its exit status is unknown |
//! | SIGABRT, a memory limit, and last lines about memory | it needed more memory than its limit |
//! | SIGKILL, and the kernel has counted another victim | the kernel killed it, because memory ran out |
//! | any other signal | the signal |
//! | an exit | the exit code |

use std::borrow::Cow;
use std::io;
use std::task::Waker;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::cores::Cores;
use super::starter::Starter;
use super::terminating::Terminating;
use super::watch::{Source, Watch};
use crate::backend::fork::Identity;
use crate::backend::processes::arrays;
use crate::backend::processes::child::Worker;
use crate::backend::processes::mark::Mark;
use crate::backend::processes::memory::OomKills;
use crate::error::Error;
use crate::model::Model;
use crate::remote::carrier::{Carrier, Event, Gone, Telling};
use crate::remote::clock;
use crate::remote::dispatch::Activity;
use crate::remote::wire::{Inbox, Outbox, Running};
use crate::shared::memory::Memory;

mod making;
#[cfg(feature = "mpi")]
mod of_rank;
mod parting;

#[cfg(feature = "mpi")]
pub(in crate::backend) use parting::Departed;

/// So many workers have their memory looked at when all are looked at: that takes some ten microseconds each.
const MEMORY_LOOKS: usize = 64;

/// The number of the fork server among the watched processes. No crew has so many workers.
///
/// The fork server is no member of the crew: it is sent no chunks, and its end loses no chunk. It is watched for what
/// `main` prints in it before `init()`. This output is passed on like that of any worker.
const SERVER: usize = (1 << 30) - 1;

/// The worker processes of one run.
pub(in crate::backend) struct Crew {
    /// The process whose workers they are. A reduction may fork, and return in both processes.
    process: Identity,
    /// The model that errors name.
    model: Model,
    memory_limit: Option<u64>,
    starter: Starter,
    /// The worker that makes copies of itself until its handshake. The handshake is sent before the crew waits for
    /// anything.
    original: Option<usize>,
    /// How many workers are not started yet. While there are any, each is checked for being overdue.
    starting: usize,
    /// `None` until the crew waits for the first time. The count is read then, while the workers wake up: after a pause
    /// this takes longer than a message. A worker that the kernel kills for want of memory lives longer than that.
    oom_kills: Option<OomKills>,
    watch: Watch,
    workers: Vec<Option<Member>>,
    cores: Cores,
    terminating: Terminating,
    limit: u64,
    /// Bytes moved by workers that are gone.
    moved: u64,
    /// Which workers have their memory looked at next.
    look: usize,
}

/// A worker with its mark.
struct Member {
    worker: Worker,
    mark: Mark,
    /// Whether the rest of what was written waits until the channel takes it.
    blocked: bool,
    /// Why it is killed, if it is because its task wants something of the terminal.
    at_terminal: Option<&'static str>,
}

impl Crew {
    /// A crew of at most `size` workers, none of which is there yet. `watch` is that of an earlier fold.
    pub(in crate::backend::processes) fn new(
        model: Model,
        size: usize,
        memory_limit: Option<u64>,
        watch: Option<Watch>,
        mut starter: Starter,
    ) -> Result<Self, Error> {
        let watch = watch.map_or_else(Watch::new, Ok).map_err(|error| cannot_start(model, &error))?;
        starter.begin();
        Ok(Self {
            process: Identity::this(),
            model,
            memory_limit,
            starter,
            original: None,
            starting: 0,
            oom_kills: None,
            watch,
            workers: (0..size).map(|_| None).collect(),
            cores: Cores::of(size),
            terminating: Terminating::default(),
            limit: 0,
            moved: 0,
            look: 0,
        })
    }

    /// Takes `worker` in, by that number.
    pub(super) fn add(&mut self, number: usize, mut worker: Worker) -> io::Result<()> {
        let mark = self.watch.add(&mut worker, number)?;
        worker.number = number;
        // What it wrote in an earlier fold does not explain its end in this one.
        drop(worker.stderr_tail());
        worker.recall(u64::MAX, self.limit);
        self.cores.forget(number);
        self.starting += usize::from(worker.is_starting());
        if !worker.has_handshake() {
            self.original = Some(number);
        }
        self.workers[number] = Some(Member { worker, mark, blocked: false, at_terminal: None });
        Ok(())
    }

    fn member(&mut self, worker: usize) -> &mut Member {
        self.workers[worker].as_mut().expect("only workers that are there are spoken to")
    }

    /// Sends what the channel takes; whether that is everything.
    fn push(&mut self, worker: usize) -> bool {
        if self.original == Some(worker) {
            // The requests for copies must be sent before any other message.
            return false;
        }
        let member = self.workers[worker].as_mut().expect("only workers that are there are spoken to");
        let all = member.worker.send();
        if member.blocked == all {
            member.blocked = !all;
            self.watch.wants_to_write(&member.worker, member.mark, !all);
        }
        all
    }
}

impl Carrier for Crew {
    fn now(&self) -> u64 {
        clock::now()
    }

    fn instant(&self, _worker: usize, then: u64) -> Instant {
        clock::instant(then)
    }

    fn waker(&self) -> Waker {
        self.watch.waker()
    }

    fn start(&mut self, worker: usize) -> Result<(), Error> {
        let model = self.model;
        self.make(worker).map_err(|error| cannot_start(model, &error))
    }

    fn has(&self, worker: usize) -> bool {
        self.workers.get(worker).is_some_and(Option::is_some)
    }

    fn answered_handshake(&mut self, worker: usize) {
        let worker = &self.member(worker).worker;
        worker.note_arrival();
        worker.entrance.confirm();
    }

    fn outbox(&mut self, worker: usize) -> &mut Outbox {
        &mut self.member(worker).worker.outbox
    }

    fn spread(&mut self, worker: usize) {
        if let Some(core) = self.cores.tell(worker) {
            self.member(worker).worker.tell_core(core);
        }
    }

    fn send(&mut self, worker: usize) -> bool {
        self.push(worker)
    }

    fn receive(&mut self, worker: usize) -> bool {
        self.member(worker).worker.receive()
    }

    fn is_closed(&self, worker: usize) -> bool {
        self.workers[worker].as_ref().is_some_and(|member| member.worker.is_closed())
    }

    fn inbox(&mut self, worker: usize) -> &mut Inbox {
        &mut self.member(worker).worker.inbox
    }

    fn recover(&mut self, worker: usize) {
        let worker = &mut self.member(worker).worker;
        // A process closes its channel before it ends.
        if worker.has_ended() {
            worker.recover();
        }
    }

    fn maps_memory(&self) -> bool {
        arrays::can_be_mapped()
    }

    fn map(&mut self, worker: usize, memory: &Memory) {
        self.member(worker).worker.map(memory);
    }

    fn forget_freed(&mut self, worker: usize) {
        self.member(worker).worker.forget_freed();
    }

    fn tell_task(&mut self, worker: usize, task: &Telling<'_>) {
        self.member(worker).worker.tell_task(task);
    }

    fn count_sent(&mut self, worker: usize, count: u64) {
        self.member(worker).worker.sent += count;
    }

    fn pid(&self, worker: usize) -> Option<u32> {
        self.workers[worker].as_ref().and_then(|member| member.worker.pid())
    }

    fn set_limit(&mut self, limit: u64) {
        if limit != self.limit {
            self.limit = limit;
            self.workers.iter().flatten().for_each(|member| member.worker.set_limit(limit));
        }
    }

    fn recall(&mut self, worker: usize, from: u64) {
        let limit = self.limit;
        self.member(worker).worker.recall(from, limit);
    }

    fn restate_limit(&mut self, worker: usize) {
        let limit = self.limit;
        self.member(worker).worker.recall(u64::MAX, limit);
    }

    fn wait(&mut self, until: u64, events: &mut Vec<Event>) -> Result<(), Error> {
        let model = self.model;
        if until > clock::now() {
            // No more workers are requested for now.
            self.finish_making(events).map_err(|error| cannot_start(model, &error))?;
        }
        self.oom_kills.get_or_insert_with(OomKills::now);
        let until = self.terminating.due().map_or(until, |due| due.min(until));
        let patience = Duration::from_nanos(until.saturating_sub(clock::now()));
        self.watch.wait(patience).map_err(|error| cannot_start(model, &error))?;
        self.terminating.look();
        while let Some(ready) = self.watch.next() {
            let worker = ready.mark.number();
            if worker == SERVER {
                self.hear_server(ready);
                continue;
            }
            // Whoever has the number now may be another than whom something happened to.
            let Some(member) =
                self.workers.get_mut(worker).and_then(Option::as_mut).filter(|member| member.mark == ready.mark)
            else {
                continue;
            };
            match ready.source {
                Source::Death => events.push(Event::Gone { worker }),
                Source::Out => member.worker.print(0),
                Source::Err => member.worker.print(1),
                Source::Channel if member.worker.is_starting() => {
                    self.look_for_birth(worker, events).map_err(|error| cannot_start(model, &error))?;
                }
                Source::Channel => {
                    if ready.readable {
                        events.push(Event::Heard { worker });
                    }
                    if ready.writable && self.push(worker) {
                        events.push(Event::Drained { worker });
                    }
                }
            }
        }
        self.look_for_overdue(events);
        Ok(())
    }

    fn activity(&mut self, worker: usize) -> Activity {
        let groups = self.workers.len().div_ceil(MEMORY_LOOKS);
        if worker == 0 {
            self.look = (self.look + 1) % groups;
        }
        let look = self.look;
        let member = self.member(worker);
        let activity = member.worker.activity();
        if worker % groups == look && activity != Activity::Rests {
            member.worker.look_at_memory();
            member.look_for_terminal();
        }
        activity
    }

    fn running(&mut self, worker: usize) -> Option<Running> {
        self.member(worker).worker.running()
    }

    fn terminate(&mut self, worker: usize, timeout: u64) -> bool {
        let limit = self.limit;
        self.member(worker).worker.terminate(Duration::from_nanos(timeout), limit)
    }

    fn kill(&mut self, worker: usize) {
        self.member(worker).worker.kill();
    }

    fn retire(&mut self, worker: usize) {
        if let Some(Member { mut worker, .. }) = self.workers[worker].take() {
            self.watch.forget(&mut worker);
            self.moved += worker.take_moved();
            self.terminating.leave(worker);
        }
    }

    fn end(&mut self, worker: usize, unanswered: u64, ready: bool, fault: Option<&'static str>) -> Gone {
        let sent = self.member(worker).worker.sent;
        self.part(worker, ready, fault.map(Cow::Borrowed)).after(sent, unanswered)
    }

    fn ends_workers(&self) -> bool {
        true
    }

    fn is_inherited(&self) -> bool {
        !self.process.is_this()
    }

    fn take_moved(&mut self) -> u64 {
        let members = self.workers.iter_mut().flatten();
        std::mem::take(&mut self.moved) + members.map(|member| member.worker.take_moved()).sum::<u64>()
    }
}

/// The error of a worker that the system refused, with the limit that it ran into.
pub(super) fn cannot_start(model: Model, error: &io::Error) -> Error {
    let limit = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::AGAIN) => ": the limit on processes is reached (ulimit -u, or pids.max of the container)",
        Some(Errno::MFILE) => ": the limit on this process's open files is reached (ulimit -n)",
        Some(Errno::NFILE) => ": the limit on the machine's open files is reached (fs.file-max)",
        Some(Errno::NOMEM) => ": there is no memory for another process",
        _ => "",
    };
    Error::setup(Some(model), format!("a worker process could not be started: {error}{limit}"))
}
