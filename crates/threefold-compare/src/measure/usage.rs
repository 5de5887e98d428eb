//! `Usage`: processor time and memory of this process, its worker processes, and the other ranks of its MPI job, while one
//! fold runs.

use std::collections::BTreeSet;

use threefold::{Error, Model};

use super::process::{Scheduled, all_but, children, forget_peak, own_peak, own_s, peaks, scheduled};
use super::ranks::Ranks;
use crate::profile::{Used, UsedTime};

/// What had been used when observing began.
#[derive(Debug)]
pub(crate) struct Usage<'a> {
    model: Model,
    own_s: f64,
    /// The threads that were there before the executor, and run no chunk.
    bystanders: Option<&'a BTreeSet<i32>>,
    /// What the other threads of this process had used.
    own: Option<Scheduled>,
    workers: Option<Scheduled>,
    ranks: Ranks,
}

impl<'a> Usage<'a> {
    /// Begins to observe folds on `model`, in which the threads of this process take part that are not among `bystanders`,
    /// and the calling one. The peak of this process's memory is counted from here on.
    pub(crate) fn observe(model: Model, bystanders: Option<&'a BTreeSet<i32>>) -> Result<Self, Error> {
        let ranks = Ranks::observe(model)?;
        forget_peak();
        let workers = children().and_then(|workers| scheduled(&workers));
        // These come last because the other lines use processor time themselves.
        let own = bystanders.and_then(all_but);
        Ok(Self { model, own_s: own_s(), bystanders, own, workers, ranks })
    }

    /// What was used since observing began.
    pub(crate) fn since(&self) -> Result<Used, Error> {
        // These come first for the same reason.
        let own_s = own_s() - self.own_s;
        let own = self.bystanders.and_then(all_but);
        let workers = children();
        let now = workers.as_deref().and_then(scheduled);
        let here = workers.as_deref().and_then(peaks).zip(own_peak());
        let elsewhere = self.ranks.since()?;
        let peak_memory_bytes = here.zip(elsewhere).map(|((workers, own), (_, ranks))| workers + own + ranks);
        let before = self.own.zip(self.workers);
        let (Some((own, now)), Some((own_before, before)), Some((ranks, _))) = (own.zip(now), before, elsewhere) else {
            return Ok(Used { time: None, peak_memory_bytes });
        };
        let (own, now) = (own.since(own_before), now.since(before));
        // The caller of worker processes runs no chunk, and on mpi it runs some.
        let own_chunks_s = if self.model == Model::Processes { 0.0 } else { own.ran_s };
        let time = UsedTime {
            cpu_s: own_s + now.ran_s + ranks.ran_s.max(0.0),
            queued_s: own.queued_s + now.queued_s + ranks.queued_s.max(0.0),
            chunks_cpu_s: own_chunks_s + now.ran_s + ranks.ran_s.max(0.0),
            bystanders_cpu_s: (own_s - own.ran_s).max(0.0),
        };
        Ok(Used { time: Some(time), peak_memory_bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::super::process::threads;
    use super::*;

    #[test]
    fn a_server_thread_of_the_program_is_a_bystander() {
        let (ask, asked) = mpsc::channel::<u64>();
        let (answer, answered) = mpsc::channel();
        let server = thread::spawn(move || {
            for n in asked {
                answer.send((0..n).fold(1u64, |all, i| std::hint::black_box(all.wrapping_mul(i | 1)))).unwrap();
            }
        });
        ask.send(1).unwrap();
        answered.recv().unwrap();
        let bystanders = threads().unwrap();
        let usage = Usage::observe(Model::Sequential, Some(&bystanders)).unwrap();
        ask.send(50_000_000).unwrap();
        answered.recv().unwrap();
        let used = usage.since().unwrap().time.unwrap();
        drop(ask);
        server.join().unwrap();
        assert!(used.bystanders_cpu_s > 2.0 * used.chunks_cpu_s, "{used:?}");
        assert!(used.cpu_s >= used.bystanders_cpu_s, "{used:?}");
    }

    #[test]
    fn processor_time_and_peak_memory_are_measured() {
        let bystanders = threads().unwrap();
        let usage = Usage::observe(Model::Sequential, Some(&bystanders)).unwrap();
        let touched = vec![1u8; 64 << 20];
        let sum: u64 = std::hint::black_box(&touched).iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(sum, 64 << 20);
        let used = usage.since().unwrap();
        assert!(used.time.unwrap().cpu_s > 0.0 && used.peak_memory_bytes.unwrap() >= 64 << 20, "{used:?}");
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let usage = Usage::observe(Model::Threads, None).unwrap();
        assert_eq!(usage.since().unwrap().time, None);
    }
}
