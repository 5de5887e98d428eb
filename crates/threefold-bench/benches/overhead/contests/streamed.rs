//! Outputs as they come: a stream over an iterator, beside rayon's `par_bridge`, which has no order, and beside futures'
//! `buffered`, which has.

use std::time::Duration;

use ::rayon::iter::{ParallelBridge, ParallelIterator};
use threefold::prelude::*;
use threefold_contest::{Contest, Sample, once};

use crate::field::executor;
use crate::rivals::{rayon, tokio};
use crate::work::{Job, Work};

/// How many chunks may have begun and wait to be taken.
const AHEAD: usize = 64;

const WAITS: u64 = 1_000;
const WAIT: Duration = Duration::from_millis(1);

/// The number of a chunk, and what the chunk costs.
type Numbered = (u64, Work);

#[task]
fn work((chunk, work): Numbered) -> u64 {
    work.run(chunk)
}

#[task]
async fn wait(chunk: u64) -> u64 {
    ::tokio::time::sleep(WAIT).await;
    chunk
}

pub(crate) fn computing(name: &str) -> Contest {
    let title = "a stream of 10,000 chunks of 10 us from an iterator, taken by the caller";
    let mut contest = Contest::new(name, title).rounds(31);
    let job = Job::even(10_000, 10e-6);
    contest.ours("threads", "stream", stream(job, false));
    contest.ours("threads", "stream_unordered", stream(job, true));
    contest.rival("threads", "rayon, par_bridge, no order", par_bridge(job));
    contest.target("stream", 1.1, "rayon, par_bridge, no order");
    contest
}

fn stream(job: Job, in_any_order: bool) -> Sample {
    let (on, check) = (executor(Model::Threads, 2), job.check());
    once(move || {
        let chunks = threefold::from_iter((0..job.chunks).map(move |chunk| (chunk, job.work)));
        let add = |sum: u64, output: u64| sum.wrapping_add(output);
        check(if in_any_order {
            let outputs = on.stream_unordered(chunks, work).ahead(AHEAD);
            outputs.map(|output| output.expect("no chunk fails").1).fold(0, add)
        } else {
            on.stream(chunks, work).ahead(AHEAD).map(|output| output.expect("no chunk fails")).fold(0, add)
        });
    })
}

/// A channel brings the outputs to the caller.
fn par_bridge(job: Job) -> Sample {
    let (pool, check) = (rayon::pool(2), job.check());
    once(move || {
        let (sender, outputs) = std::sync::mpsc::sync_channel(AHEAD);
        let sum = std::thread::scope(|scope| {
            let pool = &pool;
            scope.spawn(move || {
                let run = |sender: &mut std::sync::mpsc::SyncSender<u64>, chunk| {
                    sender.send(job.work.run(chunk)).expect("the caller takes all");
                };
                pool.install(|| (0..job.chunks).par_bridge().for_each_with(sender, run));
            });
            outputs.into_iter().fold(0, u64::wrapping_add)
        });
        check(sum);
    })
}

pub(crate) fn waiting(name: &str) -> Contest {
    let title = "a stream of 1,000 waits of 1 ms from an iterator, 64 at a time, in order";
    let mut contest = Contest::new(name, title).rounds(31);
    let sum = WAITS * (WAITS - 1) / 2;
    let on = executor(Model::Async, 1);
    let ours = move || {
        let outputs = on.stream(threefold::from_iter(0..WAITS), wait).ahead(AHEAD);
        assert_eq!(outputs.map(|output| output.expect("no wait fails")).sum::<u64>(), sum);
    };
    contest.ours("async", "stream", once(ours));
    contest.rival("async", "futures, buffered", once(buffered(sum)));
    contest.target("stream", 1.1, "futures, buffered");
    contest
}

fn buffered(sum: u64) -> impl FnMut() + Send + 'static {
    // Its methods have the names of an iterator's.
    use futures_util::StreamExt;

    let runtime = tokio::current_thread();
    move || {
        let waits = futures_util::stream::iter(0..WAITS).map(|chunk| async move {
            ::tokio::time::sleep(WAIT).await;
            chunk
        });
        let all = waits.buffered(AHEAD).fold(0, |sum, chunk| async move { sum + chunk });
        assert_eq!(runtime.block_on(all), sum);
    }
}
