//! What a fold costs besides its work, on every model, beside the crates that people use for each.
//!
//! `cargo bench -p threefold-bench --bench overhead` prints the figures of BENCHMARKS.md, in about 90 seconds.
//! `SEED=number` repeats the order of a run. `ONLY=word` runs one contest: `warm`, `idle`, `chunk`, `cold`, `uneven`,
//! `waits`, `list` or `blob`.

mod machine;
mod measure;
mod rivals;

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use measure::{Contest, Dice, Kind, Run, Sample, after_idling, batched, once, timed};
use rivals::spin;
use serde_bytes::ByteBuf;
use threefold::prelude::*;

/// Of threads and processes, whatever the machine has.
const WORKERS: usize = 2;
/// How many steps longer each of the uneven chunks is than the one before: together some 20 ms.
const STEPS: u64 = 20;
const WAIT: Duration = Duration::from_millis(10);

/// A chunk of one integer is that integer.
#[task]
fn first(chunk: Range<u64>) -> u64 {
    black_box(chunk.start)
}

#[task]
fn uneven(chunk: Range<u64>) -> u64 {
    spin(chunk.start * STEPS)
}

#[task]
async fn wait(chunk: Range<u64>) -> u64 {
    tokio::time::sleep(WAIT).await;
    chunk.start
}

#[task]
fn list(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[task]
fn blob(bytes: ByteBuf) -> ByteBuf {
    bytes
}

fn main() {
    threefold::init();
    procspawn::init();
    // `cargo test --benches` runs this too, and needs no figures.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(1, |elapsed| elapsed.as_nanos() as u64);
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(nanos) | 1;
    println!("{}\n\nSeed {seed}.", machine::describe());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build_global();
    pool.expect("nobody else made the pool");

    let mut dice = Dice(seed);
    let only = std::env::var("ONLY").unwrap_or_default();
    type Make = fn() -> Contest;
    let contests: [(&str, Make); 8] = [
        ("warm", || small("4 empty chunks, warm, one fold after another", 101, batched)),
        ("idle", || small("4 empty chunks, after 1 ms of idleness", 301, after_idling)),
        ("chunk", per_chunk),
        ("cold", cold),
        ("uneven", unevenly),
        ("waits", waiting),
        ("list", || large("64 MiB to a worker process and back, as `Vec<u8>`", list, <[u8]>::to_vec)),
        ("blob", || {
            large("64 MiB to a worker process and back, as `serde_bytes::ByteBuf`", blob, |bytes| ByteBuf::from(bytes))
        }),
    ];
    let chosen: Vec<Make> =
        contests.into_iter().filter(|(word, _)| only.is_empty() || *word == only).map(|(_, contest)| contest).collect();
    assert!(!chosen.is_empty(), "ONLY={only}: expected one of {}", contests.map(|(word, _)| word).join(", "));
    for contest in chosen {
        contest().run(&mut dice, Duration::from_secs(12));
    }
}

/// The models of this build that run chunks of a plain function, each with an executor.
fn executors(workers: usize) -> impl Iterator<Item = (Kind, Model, Executor)> {
    Model::available().iter().filter_map(move |&model| Some((kind(model)?, model, executor(model, workers))))
}

fn kind(model: Model) -> Option<Kind> {
    match model {
        Model::Sequential => Some(Kind::Sequential),
        Model::Async => Some(Kind::Async),
        Model::Threads => Some(Kind::Threads),
        Model::Processes => Some(Kind::Processes),
        _ => None,
    }
}

fn executor(model: Model, workers: usize) -> Executor {
    let workers = if model == Model::Sequential { 1 } else { workers };
    Executor::builder(model).workers(workers).build().expect("the executor can be made")
}

fn name(model: Model) -> String {
    format!("threefold {model}")
}

/// `task` on each of `0..chunks`, on `on`.
fn fold<T: Task<Chunk = Range<u64>, Output = u64>>(on: &Executor, task: T, chunks: u64) -> u64 {
    on.fold((0..chunks).split_into(chunks as usize), task, 0, u64::wrapping_add).expect("no chunk fails")
}

/// What it must give where a chunk's output is its number.
#[track_caller]
fn check(chunks: u64, value: u64) {
    assert_eq!(value, chunks * (chunks - 1) / 2);
}

fn boxed(run: impl FnMut() + Send + 'static) -> Run {
    Box::new(run)
}

/// A warm fold of 4 empty chunks, each sample as `sample` takes it.
fn small(title: &'static str, rounds: usize, sample: fn(Run) -> Sample) -> Contest {
    const CHUNKS: u64 = 4;
    let mut contest = Contest::new(title, rounds);
    for (kind, model, on) in executors(WORKERS) {
        contest.ours(kind, name(model), sample(boxed(move || check(CHUNKS, fold(&on, first, CHUNKS)))));
    }
    let a_loop = || check(CHUNKS, rivals::a_loop(CHUNKS, black_box));
    contest.rival(Kind::Sequential, "a loop", sample(boxed(a_loop)));
    let (one, two) = (rivals::current_thread(), rivals::multi_thread());
    contest.rival(Kind::Async, "tokio, current thread", sample(boxed(move || tokio(&one, CHUNKS))));
    contest.rival(Kind::Async, "tokio, 2 threads", sample(boxed(move || tokio(&two, CHUNKS))));
    let rayon = || check(CHUNKS, rivals::rayon(CHUNKS, black_box));
    contest.rival(Kind::Threads, "rayon, from outside", sample(boxed(rayon)));
    let mut inside = sample(boxed(rayon));
    let inside = move || {
        let mut seconds = 0.0;
        rayon::scope(|_| seconds = inside());
        seconds
    };
    contest.rival(Kind::Threads, "rayon, from inside its pool", Box::new(inside));
    let scope = || check(CHUNKS, rivals::scope(CHUNKS, black_box));
    contest.rival(Kind::Threads, "thread::scope", sample(boxed(scope)));
    let pool = rivals::pool(WORKERS);
    let pooled = move || check(CHUNKS, rivals::in_pool(&pool, CHUNKS, black_box));
    contest.rival(Kind::Processes, "procspawn, pool", sample(boxed(pooled)));
    contest
}

fn tokio(on: &tokio::runtime::Runtime, chunks: u64) {
    check(chunks, on.block_on(rivals::spawned(chunks, black_box)));
}

/// What one chunk more costs, from 10,000 of them.
fn per_chunk() -> Contest {
    const CHUNKS: u64 = 10_000;
    /// Enough where one takes 45 us.
    const FEW: u64 = 500;
    fn each(chunks: u64, run: impl FnMut() + Send + 'static) -> Sample {
        let mut all = once(boxed(run));
        Box::new(move || all() / chunks as f64)
    }
    let mut contest = Contest::new("One chunk of nothing, from 10,000 in order", 51);
    for (kind, model, on) in executors(WORKERS) {
        contest.ours(kind, name(model), each(CHUNKS, move || check(CHUNKS, fold(&on, first, CHUNKS))));
    }
    contest.rival(Kind::Sequential, "a loop", each(CHUNKS, || check(CHUNKS, rivals::a_loop(CHUNKS, black_box))));
    let (one, two) = (rivals::current_thread(), rivals::multi_thread());
    contest.rival(Kind::Async, "tokio, current thread", each(CHUNKS, move || tokio(&one, CHUNKS)));
    contest.rival(Kind::Async, "tokio, 2 threads", each(CHUNKS, move || tokio(&two, CHUNKS)));
    contest.rival(Kind::Threads, "rayon", each(CHUNKS, || check(CHUNKS, rivals::rayon(CHUNKS, black_box))));
    let scope = || check(CHUNKS, rivals::scope(CHUNKS, black_box));
    contest.rival(Kind::Threads, "thread::scope and a counter", each(CHUNKS, scope));
    let pool = rivals::pool(WORKERS);
    let pooled = move || check(FEW, rivals::in_pool(&pool, FEW, black_box));
    contest.rival(Kind::Processes, "procspawn, pool (from 500)", each(FEW, pooled));
    contest
}

/// From nothing to nothing: make the executor, fold 4 empty chunks, drop it.
fn cold() -> Contest {
    const CHUNKS: u64 = 4;
    let mut contest = Contest::new("Cold: make it, fold 4 empty chunks, drop it", 101);
    for (kind, model, on) in executors(WORKERS) {
        drop(on);
        let run = move || check(CHUNKS, fold(&executor(model, WORKERS), first, CHUNKS));
        contest.ours(kind, name(model), once(boxed(run)));
    }
    contest.rival(Kind::Async, "tokio, current thread", once(boxed(|| tokio(&rivals::current_thread(), CHUNKS))));
    contest.rival(Kind::Async, "tokio, 2 threads", once(boxed(|| tokio(&rivals::multi_thread(), CHUNKS))));
    let rayon = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build().expect("a pool can be made");
        check(CHUNKS, pool.install(|| rivals::rayon(CHUNKS, black_box)));
    };
    contest.rival(Kind::Threads, "rayon, a pool of its own", once(boxed(rayon)));
    let scope = || check(CHUNKS, rivals::scope(CHUNKS, black_box));
    contest.rival(Kind::Threads, "thread::scope", once(boxed(scope)));
    let pool = || {
        let pool = rivals::pool(WORKERS);
        check(CHUNKS, rivals::in_pool(&pool, CHUNKS, black_box));
        pool.shutdown();
    };
    contest.rival(Kind::Processes, "procspawn, pool", once(boxed(pool)));
    let one_off = || check(CHUNKS, rivals::one_off(CHUNKS, black_box));
    contest.rival(Kind::Processes, "procspawn, a process for each", once(boxed(one_off)));
    contest
}

/// 1,000 chunks of which number k costs k: who ends with one worker idle?
fn unevenly() -> Contest {
    const CHUNKS: u64 = 1_000;
    fn work(chunk: u64) -> u64 {
        spin(chunk * STEPS)
    }
    let title = "1,000 chunks, of which number k costs k, on 2 workers; the ideal is half of the loop";
    let mut contest = Contest::new(title, 41).ideal(|a_loop| a_loop / 2.0);
    let right = rivals::a_loop(CHUNKS, work);
    let check = move |value| assert_eq!(value, right);
    contest.rival(Kind::Sequential, "a loop", once(boxed(move || check(rivals::a_loop(CHUNKS, work)))));
    for (kind, model, on) in executors(WORKERS) {
        contest.ours(kind, name(model), once(boxed(move || check(fold(&on, uneven, CHUNKS)))));
    }
    let two = rivals::multi_thread();
    let spawned = move || check(two.block_on(rivals::spawned(CHUNKS, work)));
    contest.rival(Kind::Async, "tokio, 2 threads", once(boxed(spawned)));
    contest.rival(Kind::Threads, "rayon", once(boxed(move || check(rivals::rayon(CHUNKS, work)))));
    let scope = move || check(rivals::scope(CHUNKS, work));
    contest.rival(Kind::Threads, "thread::scope and a counter", once(boxed(scope)));
    let pool = rivals::pool(WORKERS);
    let pooled = move || check(rivals::in_pool(&pool, CHUNKS, work));
    contest.rival(Kind::Processes, "procspawn, pool", once(boxed(pooled)));
    contest
}

/// 10,000 waits of 10 ms at once.
fn waiting() -> Contest {
    const CHUNKS: u64 = 10_000;
    let mut contest = Contest::new("10,000 waits of 10 ms at once, one thread", 51).ideal(|_| WAIT.as_secs_f64());
    let on = executor(Model::Async, 1);
    contest.ours(Kind::Async, name(Model::Async), once(boxed(move || check(CHUNKS, fold(&on, wait, CHUNKS)))));
    let one = rivals::current_thread();
    let spawned = move || check(CHUNKS, one.block_on(rivals::waits(CHUNKS, WAIT)));
    contest.rival(Kind::Async, "tokio, current thread", once(boxed(spawned)));
    contest
}

/// 64 MiB to one worker process and back, `task` being what gives them back.
fn large<T, B>(title: &'static str, task: T, of: fn(&[u8]) -> B) -> Contest
where
    T: Task<Chunk = B, Output = B> + Copy,
    B: threefold::Portable + serde::Serialize + serde::de::DeserializeOwned + Sync + Clone + PartialEq,
{
    let bytes: Vec<u8> = (0..64 << 20).map(|i: u32| (i ^ (i >> 8)) as u8).collect();
    let bytes = of(&bytes);
    // Neither the copy that is given away nor the comparison is part of the time.
    fn sample<B: Clone + PartialEq + Send + 'static>(
        bytes: &B,
        mut run: impl FnMut(B) -> B + Send + 'static,
    ) -> Sample {
        let bytes = bytes.clone();
        Box::new(move || {
            let (copy, mut back) = (bytes.clone(), None);
            let seconds = timed(|| back = Some(run(copy)));
            assert!(back.as_ref() == Some(&bytes), "what comes back is what was sent");
            seconds
        })
    }
    let mut contest = Contest::new(title, 9);
    for (kind, model, on) in executors(1).filter(|(kind, ..)| *kind == Kind::Processes) {
        let run = move |bytes| {
            let mut back = on.map(Items(vec![bytes]), task).expect("nothing fails");
            back.pop().expect("one chunk has one output")
        };
        contest.ours(kind, name(model), sample(&bytes, run));
    }
    let pool = rivals::pool(1);
    let pooled = move |bytes| pool.spawn(bytes, |bytes: B| bytes).join().expect("nothing fails");
    contest.rival(Kind::Processes, "procspawn, pool", sample(&bytes, pooled));
    contest
}
