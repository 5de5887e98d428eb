//! `Counting`: the hardware's counters of the threads that take part in a fold, while it runs.
//!
//! Each thread has counters of its own, since the workers have started long before they are counted. A thread that starts
//! later is counted with the one that started it. The kernel lets counters take turns when the hardware has too few. What was
//! counted is then scaled to the whole time.

use std::collections::BTreeSet;
use std::io;

use perf_event::events::{Event, Hardware};
use perf_event::{Builder, Counter};
use rustix::io::Errno;

use super::process::{children, participants};
use crate::counters::Counters;

/// What is counted, in the order of the fields of [`Counters`].
const EVENTS: [Hardware; 4] =
    [Hardware::INSTRUCTIONS, Hardware::CPU_CYCLES, Hardware::CACHE_MISSES, Hardware::BRANCH_MISSES];

/// Counters that run.
pub(super) struct Counting {
    /// Those of each event.
    events: Vec<Vec<Counter>>,
}

impl Counting {
    /// Counts from here on what the caller does, the threads of this process that are not among `bystanders`, and its worker
    /// processes.
    pub(super) fn begin(bystanders: Option<&BTreeSet<i32>>) -> io::Result<Self> {
        let bystanders = bystanders.ok_or_else(unknown)?;
        Self::of(&EVENTS.map(Event::from), bystanders)
    }

    fn of(events: &[Event], bystanders: &BTreeSet<i32>) -> io::Result<Self> {
        let workers = children().ok_or_else(unknown)?;
        let workers = workers.into_iter().filter_map(|worker| worker.tasks().ok()).flatten().flatten();
        let own = participants(bystanders).ok_or_else(unknown)?;
        let threads: Vec<i32> = own.into_iter().chain(workers.map(|task| task.tid)).collect();
        let of_each = |event: &Event| threads.iter().filter_map(|&thread| counter(event, thread).transpose()).collect();
        Ok(Self { events: events.iter().map(of_each).collect::<io::Result<_>>()? })
    }

    /// What was counted until now.
    pub(super) fn end(self) -> io::Result<Counters> {
        let [instructions, cycles, cache_misses, branch_misses] =
            self.counts()?.try_into().expect("there is one count for each event");
        Ok(Counters { instructions, cycles, cache_misses, branch_misses })
    }

    /// The count of each event.
    fn counts(self) -> io::Result<Vec<u64>> {
        let of_each = |counters: Vec<Counter>| counters.into_iter().map(count).sum();
        self.events.into_iter().map(of_each).collect()
    }
}

/// Which threads there are could not be read.
fn unknown() -> io::Error {
    io::Error::other("the threads are not known, since /proc cannot be read")
}

/// A counter of one event of a thread, which has begun to count. `None` if the thread is gone.
fn counter(event: &Event, thread: i32) -> io::Result<Option<Counter>> {
    let mut builder = Builder::new().kind(event.clone()).observe_pid(thread);
    builder.inherit(true).enabled(true);
    match builder.build() {
        Ok(counter) => Ok(Some(counter)),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::SRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a counter has counted, scaled to the whole time in which its thread ran.
fn count(mut counter: Counter) -> io::Result<u64> {
    let counted = counter.read_count_and_time()?;
    Ok(match counted.time_running {
        0 => 0,
        running => (counted.count as f64 * (counted.time_enabled as f64 / running as f64)).round() as u64,
    })
}

/// Why there are no counters, in words.
pub(super) fn reason(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM) => {
            "the kernel does not allow them (/proc/sys/kernel/perf_event_paranoid)".to_string()
        }
        Some(Errno::NOENT | Errno::NODEV | Errno::OPNOTSUPP | Errno::NOSYS) => {
            "this machine has none, like most virtual machines".to_string()
        }
        _ => format!("they cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::io::Write;
    use std::thread;

    use perf_event::events::Software;

    use super::super::process::threads;
    use super::*;

    /// The processor time of some threads, counted in the way in which the hardware's events are: a machine without any has
    /// this one. `None` where the kernel allows no counters.
    fn counted(bystanders: &BTreeSet<i32>, fold: impl FnOnce()) -> Option<u64> {
        let counting = match Counting::of(&[Software::TASK_CLOCK.into()], bystanders) {
            Ok(counting) => counting,
            Err(error) => {
                // Past what the harness captures of a test that passes.
                let _ = writeln!(io::stderr(), "NOT RUN: the test of counters: {}", reason(&error));
                return None;
            }
        };
        fold();
        Some(counting.counts().unwrap()[0])
    }

    fn work() {
        black_box((0..3_000_000u64).fold(0, |all, n| black_box(all ^ n)));
    }

    /// What a thread and its caller count, and what a caller counts that waits for a bystander.
    fn counted_with_others() -> (u64, u64) {
        let both = counted(&threads().unwrap(), || {
            thread::spawn(work).join().unwrap();
            work();
        });
        let (start, started) = std::sync::mpsc::channel::<()>();
        let bystander = thread::spawn(move || {
            started.recv().unwrap();
            work();
        });
        let beside = counted(&threads().unwrap(), || {
            start.send(()).unwrap();
            bystander.join().unwrap();
        });
        (both.unwrap(), beside.unwrap())
    }

    #[test]
    fn threads_are_counted_that_start_later_and_bystanders_are_not() {
        let Some(first) = counted(&threads().unwrap(), work) else { return };
        // The harness may start a thread for another test at any moment, which is then counted, too.
        let mut all = Vec::new();
        let differs = (0..20).any(|_| {
            let (alone, (both, beside)) = (counted(&threads().unwrap(), work).unwrap(), counted_with_others());
            all.push((alone, both, beside));
            both as f64 > 1.3 * alone as f64 && beside < alone / 2
        });
        assert!(first > 0 && differs, "ns alone, with another thread, and beside a bystander: {all:?}");
    }

    #[test]
    fn a_machine_without_counters_says_so_in_words() {
        let reason = |errno: Errno| reason(&errno.into());
        assert_eq!(reason(Errno::NOENT), "this machine has none, like most virtual machines");
        assert!(reason(Errno::ACCESS).contains("perf_event_paranoid"));
        assert!(reason(Errno::MFILE).starts_with("they cannot be read: "));
    }
}
