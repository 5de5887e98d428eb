//! The crew of a run: workers started, retired, stopped when their time is up, and buried.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::Run;
use crate::backend::processes::child::{Remains, Sent, Worker};
use crate::backend::processes::clock;
use crate::backend::processes::stderr_tail::StderrTail;
use crate::backend::processes::worker::Entrance;
use crate::error::{Attempt, Cause, End, Error, Lost, MemoryLimit, Place, SIGABRT, SIGKILL};
use crate::model::Model;

/// This many workers more than a fold has may end before they ran anything; then something is wrong with them all.
pub(super) const SPARE_STARTS: usize = 3;

/// Between being told to terminate and being killed.
const NOTICE: Duration = Duration::from_millis(100);

/// A worker that has something to do outside of any task - to come to life, to take a chunk, to send an output - does
/// it in microseconds; after this long it never will.
const PATIENCE: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Starts workers until there are as many as there should be, while there is work for them.
    pub(super) fn recruit(&mut self) {
        while self.workers.len() < self.size && self.has_work() {
            if self.starts_left == 0 {
                // Those that are there may do.
                if self.workers.is_empty() {
                    let count = self.size + SPARE_STARTS;
                    let reason = format!(
                        "{count} worker processes ended before they ran a chunk: look for the cause in their stderr"
                    );
                    self.fold.abort(Error::setup(Some(Model::Processes), reason));
                }
                return;
            }
            self.starts_left -= 1;
            let entrance = Entrance::of_workers();
            match Worker::start(self.free_number(), entrance, self.build, self.memory_limit) {
                Ok(worker) => self.admit(worker),
                Err(error) => return self.fold.abort(cannot_start(&error)),
            }
        }
    }

    pub(super) fn admit(&mut self, mut worker: Worker) {
        if worker.number >= self.size || self.workers.iter().any(|other| other.number == worker.number) {
            worker.number = self.free_number();
        }
        worker.set_limit(self.fold.claims().limit());
        worker.set_task(&self.task.address, &self.task.captures, self.task.rules);
        self.workers.push(worker);
    }

    fn free_number(&self) -> usize {
        let free = (0..self.size).find(|&number| self.workers.iter().all(|worker| worker.number != number));
        free.expect("fewer workers than numbers")
    }

    /// Dismisses workers that have run as many chunks as they may; fresh ones are recruited while there is work.
    pub(super) fn retire(&mut self) {
        let Some(most) = self.chunks_per_worker else { return };
        let mut index = 0;
        while index < self.workers.len() {
            if self.workers[index].ran() >= most && self.workers[index].is_idle() {
                let mut worker = self.workers.remove(index);
                worker.say_goodbye();
                worker.finish();
                self.starts_left += 1;
            } else {
                index += 1;
            }
        }
    }

    /// Stops workers whose chunk has run for too long; returns when to look again.
    pub(super) fn keep_deadlines(&mut self) -> Option<Duration> {
        let timeout = self.fold.policy.timeout?;
        let now = Instant::now();
        self.workers.iter_mut().filter_map(|worker| worker.keep_deadline(timeout, NOTICE, now)).min()
    }

    /// Ends workers that have stopped between two chunks, or before the first.
    pub(super) fn end_stalled(&mut self) {
        let now = Instant::now();
        for index in (0..self.workers.len()).rev() {
            if self.workers[index].has_stalled(PATIENCE, now) {
                self.bury(index, Some("it sent nothing for 10 s, and no chunk was running"));
            }
        }
    }

    /// Worker `index` is dead, or must be, for that fault.
    pub(super) fn bury(&mut self, index: usize, fault: Option<&'static str>) {
        let mut worker = self.workers.remove(index);
        worker.print_rest();
        self.fold.moved(worker.take_moved());
        let (number, pid, greeted, entrance) = (worker.number, worker.pid(), worker.greeted, worker.entrance);
        let (stderr_tail, memory) = (worker.stderr_tail(), worker.memory());
        let (status, remains) = worker.end();
        let end = fault.map_or_else(|| self.explain(status, &remains, &stderr_tail), End::Protocol);
        if !greeted {
            self.returned.extend(remains.waiting.iter().map(|sent| (sent.chunk, sent.attempt)));
            return self.not_started(&end, entrance, stderr_tail);
        }
        if remains.running.is_some() || !remains.done.is_empty() {
            // It did something: another may take its place without counting, since a chunk is not lost for ever.
            self.starts_left += 1;
        }
        self.returned.extend(remains.waiting.iter().map(|sent| (sent.chunk, sent.attempt)));
        let stderr_tail = stderr_tail.into_lines();
        let lost = Lost { ran_for: remains.ran_for(clock::now()), memory, stderr_tail, ..Lost::new(end) };
        let place = Place { worker: Some(number), pid: Some(pid), ..Place::default() };
        self.lose(&remains, &lost, &place);
    }

    /// Chunks were lost: runs them again where that is asked for, and gives them up otherwise.
    fn lose(&mut self, remains: &Remains, lost: &Lost, place: &Place) {
        // Chunks that are not wanted any more may go.
        let wanted = |sent: &&Sent| self.fold.may_start(sent.chunk);
        let chunks: Vec<Sent> = remains.running.iter().chain(&remains.done).filter(wanted).copied().collect();
        let (again, given_up): (Vec<_>, Vec<_>) =
            chunks.into_iter().partition(|sent| sent.attempt < self.fold.policy.attempts());
        let error = |sent: &Sent, also: Vec<u64>| {
            let attempt = Attempt { number: sent.attempt, of: self.fold.policy.attempts() };
            let at =
                Place { worker: place.worker, pid: place.pid, attempt: Some(attempt), ..self.fold.place(sent.chunk) };
            Error::new(Cause::Lost(Box::new(Lost { also, ..lost.clone() })), at)
        };
        for sent in &again {
            self.fold.retried(|| error(sent, Vec::new()));
        }
        if self.fold.policy.keeps_going {
            for sent in &given_up {
                self.fold.fail(sent.chunk, error(sent, Vec::new()));
            }
        } else if let Some((named, also)) = given_up.split_first() {
            // The first is the one that was running, where there is one: it is named, and the others listed. The fold
            // ends at the lowest of them.
            let mut also: Vec<u64> = also.iter().map(|sent| sent.chunk).collect();
            also.sort_unstable();
            let first = also.first().map_or(named.chunk, |&lowest| lowest.min(named.chunk));
            self.fold.fail(first, error(named, also));
        }
        self.returned.extend(again.iter().map(|sent| (sent.chunk, sent.attempt + 1)));
    }

    /// What is behind the way in which a worker ended.
    fn explain(&mut self, status: End, remains: &Remains, stderr_tail: &StderrTail) -> End {
        if let (true, Some(timeout)) = (remains.out_of_time, self.fold.policy.timeout) {
            return End::Deadline(timeout);
        }
        match status {
            End::Signal(SIGABRT) if stderr_tail.tell_of_no_memory() => match self.memory_limit {
                Some(limit) => End::OutOfMemory { signal: SIGABRT, limit: MemoryLimit::Own(limit) },
                None => status,
            },
            End::Signal(SIGKILL) => match self.oom_kills.increased() {
                Some(why) => End::OutOfMemory { signal: SIGKILL, limit: MemoryLimit::Kernel { why } },
                None => status,
            },
            _ => status,
        }
    }

    /// A worker ended before it said hello.
    fn not_started(&mut self, end: &End, entrance: Entrance, stderr_tail: StderrTail) {
        if !self.has_work() {
            return;
        }
        // `main` may be a harness's, that knows nothing of workers and runs its tests on the main thread: it takes their
        // mark for a word that it does not know. A worker that was killed tells nothing of the kind.
        if matches!(end, End::Exit(_)) && entrance.give_up() {
            self.starts_left += 1;
            return;
        }
        let said = stderr_tail.into_lines().pop().map(|words| format!(": {words}")).unwrap_or_default();
        let reason = format!("a worker process could not be started; before it was ready: {end}{said}");
        self.fold.abort(Error::setup(Some(Model::Processes), reason));
    }
}

/// The error of a worker that the system refused, with the limit that it ran into.
pub(super) fn cannot_start(error: &io::Error) -> Error {
    let limit = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::AGAIN) => ": the limit on processes is reached (ulimit -u, or pids.max of the container)",
        Some(Errno::MFILE) => ": the limit on this process's open files is reached (ulimit -n)",
        Some(Errno::NFILE) => ": the limit on the machine's open files is reached (fs.file-max)",
        Some(Errno::NOMEM) => ": there is no memory for another process",
        _ => "",
    };
    Error::setup(Some(Model::Processes), format!("a worker process could not be started: {error}{limit}"))
}
