//! How a crew parts with its workers: one that is gone or must go, and those that are busy when a run ends.
//!
//! What is known of a worker that is gone comes from four places, and each must be read before it goes away:
//!
//! - The pipes hold the last that it printed, and its last lines on the standard error may say why it ended.
//! - The status page says which chunk was running and since when. It is memory of this process, too, and outlives the
//!   worker.
//! - The kernel says by which signal or with which code the process ended, once, to whoever waits for it.
//! - The kernel's counters say whether it has killed for want of memory since the fold began.
//!
//! How far the worker had come with the chunks that it was sent follows from the status page and from what its caller
//! knows: how many chunks that were, and how many have no answer. The caller may be on another host. So the two are put
//! together last ([`Departed::after`]).

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Crew, Member};
use crate::backend::processes::child::{LastState, Notes, Worker};
use crate::backend::processes::memory::OomKills;
use crate::backend::processes::run::starter::Starter;
use crate::backend::processes::run::watch::Watch;
use crate::backend::processes::stderr_tail::StderrTail;
use crate::error::{End, MemoryLimit, SIGABRT, SIGKILL};
use crate::remote::carrier::Gone;
use crate::remote::dispatch::Progress;

/// All that is known of a worker that is gone, wherever its caller is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Departed {
    end: End,
    /// `None` if nothing is known of its progress.
    notes: Option<Notes>,
    another_way: bool,
    ran_for: Option<Duration>,
    pub(in crate::backend) pid: Option<u32>,
    memory: Option<u64>,
    stderr_tail: Vec<String>,
}

impl Departed {
    /// A worker that had nothing to do, and could not go on.
    #[cfg(feature = "mpi")]
    pub(in crate::backend) fn idle() -> Self {
        let end = End::Protocol("it could not take part in another fold".into());
        Self { notes: Some(Notes::default()), ..Self::unknown(end, None) }
    }

    /// A worker of which only this is known.
    #[cfg(feature = "mpi")]
    pub(in crate::backend) fn unknown(end: End, pid: Option<u32>) -> Self {
        Self { end, notes: None, another_way: false, ran_for: None, pid, memory: None, stderr_tail: Vec::new() }
    }

    /// Whether it exceeded a deadline. What it started may still be terminating.
    #[cfg(feature = "mpi")]
    pub(in crate::backend) fn was_late(&self) -> bool {
        matches!(self.end, End::Deadline(_))
    }

    /// The same for a caller that had sent the worker so many chunks, of which `unanswered` are not answered.
    pub(in crate::backend) fn after(self, sent: u64, unanswered: u64) -> Gone {
        let Self { end, notes, another_way, ran_for, pid, memory, stderr_tail } = self;
        let progress = notes.map_or(Progress::Unknown, |notes| notes.progress(sent, unanswered));
        Gone { end, progress, another_way, ran_for, pid, memory, stderr_tail }
    }
}

impl Member {
    /// Kills the worker if it waits for the terminal, which it never gets.
    pub(super) fn look_for_terminal(&mut self) {
        if self.at_terminal.is_none() {
            self.at_terminal = self.worker.wants_terminal().inspect(|_| self.worker.kill());
        }
    }
}

impl Crew {
    /// Ends `worker`, dead or alive; `ready` says whether its handshake is done. `fault` says why it is ended where it is
    /// alive.
    pub(in crate::backend) fn part(
        &mut self,
        worker: usize,
        ready: bool,
        fault: Option<Cow<'static, str>>,
    ) -> Departed {
        let Some(Member { mut worker, at_terminal, .. }) = self.workers[worker].take() else {
            unreachable!("a worker ends once");
        };
        self.forget_making(&worker);
        // One that has closed its channel because it is dying has the fault that it dies of.
        let fault = fault.filter(|_| !(worker.is_closed() && worker.has_ended()));
        let fault = at_terminal.map(Cow::Borrowed).or(fault);
        worker.print_rest();
        self.moved += worker.take_moved();
        let (entrance, pid, memory, tail) = (worker.entrance, worker.pid(), worker.memory(), worker.stderr_tail());
        let (is_copy, refused) = (pid.is_none(), worker.is_refused());
        let LastState { notes, ran_for, missed } = worker.last_state();
        // Copies of it that are not started yet keep its pidfd open.
        self.watch.forget(&mut worker);
        let status = match worker.promised().filter(|_| missed.is_some()) {
            Some(until) => {
                self.terminating.linger(worker, until);
                None
            }
            None => Some(worker.end()),
        };
        let end = match (missed, fault, status) {
            (Some(timeout), ..) => End::Deadline(timeout),
            (_, Some(fault), _) => End::Protocol(fault),
            (_, _, Some(status)) => self.explain(status, &tail),
            (..) => unreachable!("only a worker that exceeded a deadline lingers"),
        };
        // `main` may be a harness's, that knows nothing of workers and runs its tests on the main thread: it takes their
        // mark for a word that it does not know. A worker that was killed tells nothing of the kind.
        let another_way = !ready && matches!(end, End::Exit(_)) && entrance.give_up();
        if ready {
            self.starter.replaces();
        }
        match (is_copy, refused) {
            (true, true) => self.starter.note_refusal(),
            (true, false) => self.starter.note_failure(),
            (false, _) => {}
        }
        // A copy that never started says nothing about workers that are started from the executable.
        let another_way = is_copy || another_way;
        let notes = Some(notes);
        Departed { end, notes, another_way, ran_for, pid, memory, stderr_tail: tail.into_lines() }
    }

    /// The cause of a worker's end, if its stderr or the kernel's counter shows that memory ran out.
    fn explain(&mut self, end: End, stderr_tail: &StderrTail) -> End {
        match end {
            End::Signal(SIGABRT) if stderr_tail.tell_of_no_memory() => match self.memory_limit {
                Some(limit) => End::OutOfMemory { signal: SIGABRT, limit: MemoryLimit::Own(limit) },
                None => end,
            },
            End::Signal(SIGKILL) => match self.oom_kills.get_or_insert_with(OomKills::now).increased() {
                Some(why) => End::OutOfMemory { signal: SIGKILL, limit: MemoryLimit::Kernel { why: why.into() } },
                None => end,
            },
            _ => end,
        }
    }

    /// Ends the run: passes on what is left of the prints, and ends the workers that are not idle or cannot go on. Those that
    /// were told to terminate have the rest of their time, and so have those that drop values of the user's.
    pub(in crate::backend) fn end_run(&mut self, is_idle: impl Fn(usize) -> bool) {
        let mut unfinished = [false; 2];
        for number in 0..self.workers.len() {
            let Some(Member { worker, .. }) = &mut self.workers[number] else { continue };
            worker.print_rest_after(&mut unfinished);
            if is_idle(number) && worker.is_whole() {
                worker.shrink();
            } else if let Some(Member { mut worker, .. }) = self.workers[number].take() {
                self.forget_making(&worker);
                self.moved += worker.take_moved();
                self.watch.forget(&mut worker);
                if let Some(until) = worker.promised() {
                    self.terminating.linger(worker, until);
                } else if worker.is_dropping() {
                    self.terminating.leave(worker);
                } else {
                    worker.end();
                }
            }
        }
        self.terminating.finish();
        self.starter.end_early();
        if let Some(server) = self.starter.server() {
            server.print_rest_after(&mut unfinished);
        }
    }

    /// Ends the run as [`end_run`](Self::end_run) does, and returns the idle workers, with what watches them and what
    /// makes more.
    pub(in crate::backend::processes) fn dismiss(mut self, idle: &[bool]) -> (Vec<Worker>, Watch, Starter) {
        self.end_run(|worker| idle[worker]);
        (self.workers.into_iter().flatten().map(|member| member.worker).collect(), self.watch, self.starter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::processes::build;
    use crate::model::Model;
    use crate::remote::carrier::Carrier;

    #[test]
    fn a_lost_original_is_watched_no_more_while_its_copies_are_not_started() {
        let starter = Starter::new(Model::Processes, build::own().unwrap(), None, 1);
        let mut crew = Crew::new(Model::Processes, 2, None, None, starter).unwrap();
        (0..2).for_each(|worker| crew.start(worker).unwrap());
        assert!(crew.member(1).worker.is_starting(), "it is a copy of the first, and has its pidfd");
        let mark = crew.member(0).mark;
        crew.kill(0);
        crew.part(0, false, None);
        crew.watch.wait(Duration::from_millis(20)).unwrap();
        assert!(std::iter::from_fn(|| crew.watch.next()).all(|ready| ready.mark != mark));
        crew.part(1, false, None);
    }
}
