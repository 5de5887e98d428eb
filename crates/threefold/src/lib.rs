//! One parallel fold on any model: async tasks, threads, worker processes or MPI ranks, chosen with one word.
//!
//! A fold cuts its input into chunks, runs a task on every chunk, and reduces the outputs in chunk order. The task is
//! written once. The result is the same on every model and with any number of workers, bit for bit, also for floats.
//!
//! ```
//! use std::ops::RangeInclusive;
//! use threefold::prelude::*;
//!
//! /// A task is a plain function of one chunk: you can still call and test it. Do not give a variable the same name.
//! #[task]
//! fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
//!     chunk.map(i128::from).sum()
//! }
//!
//! fn main() -> threefold::Result<()> {
//!     threefold::init(); // a worker process or an MPI rank stops here and runs chunks
//!     for &model in Model::available() {
//!         let on = Executor::new(model)?;
//!         let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
//!         println!("{model:<10} {total}"); // the same line on every model
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A fold has four parts:
//!
//! - A [`Source`] is the input: a range of integers, an array, a list, the lines of a file. It says how the input is cut
//!   into chunks.
//! - A [`Task`] is a function of one chunk, marked with [`#[task]`](macro@task).
//! - A [`Model`] says who runs the chunks.
//! - An [`Executor`] runs folds on one model. Its methods that run a fold are called verbs.
//!
//! Below are [data of your own](#data-of-your-own), [failures](#failures), [streams](#streams), [large
//! data](#large-data) and [tests](#tests). The pages of the repository's folder docs/ have more: short answers with
//! code, ten small programs, and questions of newcomers.
//!
//! # Which verb
//!
//! | you want | verb |
//! |---|---|
//! | one value, reduced from the outputs in chunk order | [`fold`](Executor::fold); [`try_fold`](Executor::try_fold) if the task returns a `Result` |
//! | one value, merged from outputs such as maps or histograms, in parallel on threads | [`combine`](Executor::combine) |
//! | all outputs, in chunk order | [`map`](Executor::map) |
//! | the output or the error of each chunk | [`map_results`](Executor::map_results) |
//! | a buffer of yours that the tasks fill, such as an image | [`map_into`](Executor::map_into) |
//! | only the effects of the task | [`for_each`](Executor::for_each) |
//! | the outputs one by one while later chunks run, also from an iterator without end | [`stream`](Executor::stream), [`stream_unordered`](Executor::stream_unordered) |
//!
//! In async code, await the form of a verb whose name ends in `_async`, such as [`fold_async`](Executor::fold_async).
//! `map_into` has no such form. A stream becomes a `futures_core::Stream` with [`awaited`](Stream::awaited).
//!
//! Other needs that have an answer here:
//!
//! | you have | use |
//! |---|---|
//! | types of your own as chunks, captures or outputs | [serde's derives](#data-of-your-own) |
//! | a task of one line that captures nothing | [`task_fn!`] |
//! | a fold inside a task | [`Executor::current`] |
//! | a large array that worker processes should read without a copy | [`Shared`] |
//! | a file or a text that is to be cut at the ends of lines | [`Lines`] |
//! | a connection, a model or a buffer that each worker makes once for a fold | [a state per worker](Task#state-per-worker) |
//! | a task that needs random numbers | `chunk_rng`, with the feature `rand` |
//! | a chunk that may fail and should be tried again | [`retries`](Builder::retries), [`retry_errors`](Builder::retry_errors), [`backoff`](Builder::backoff) |
//! | a chunk that must not take more than some time or memory | [`timeout`](Builder::timeout), [`memory_limit`](Builder::memory_limit) |
//! | a fold that must be stopped from outside | [`CancelToken`] |
//! | a wish to see progress, or which worker ran which chunk | [`observe`](Executor::observe), [`trace`](Executor::trace) |
//! | a program whose user chooses the model | [`Executor::from_env`] |
//! | a run of hours that may be interrupted, and should continue where it stopped | `Executor::journal`, with the feature `journal` |
//! | a loop that should use all instructions of the CPU at hand | [`#[task(simd)]`](macro@task#loops-for-the-cpu-at-hand), with the feature `simd` |
//! | tasks that log | [`Executor`](Executor#logs-and-traces), with the feature `tracing` |
//!
//! # Which model
//!
//! | | sequential | async | threads | processes | mpi |
//! |---|---|---|---|---|---|
//! | several workers | no | yes | yes | yes | yes |
//! | workers on several hosts | no | no | no | no | yes |
//! | many chunks of an `async` task wait at the same time on one worker | no | yes | no | no | no |
//! | a chunk that takes too long can be stopped ([`timeout`](Builder::timeout)) | no | at an await | no | yes | yes |
//! | a crash, an exit or a lack of memory ends one worker, not the program | no | no | no | yes | if [asked for](Builder::isolate) |
//! | chunks and outputs are serialized and copied | no | no | no | yes | yes |
//! | the stack size can be chosen ([`stack_size`](Builder::stack_size)) | no | yes | yes | no | no |
//! | platforms | all | all | all | Linux | Linux |
//! | feature | | `async` (default) | | `processes` (default) | `mpi` |
//!
//! - If the chunks compute, use threads.
//! - If they wait, for the network or a timer, write the task as an `async fn` and use async.
//! - If they may crash, leak memory, call `exit`, or must be stopped after a time, use processes.
//! - If one machine is not enough, use mpi.
//! - Sequential is the reference for the others, and the simplest to debug.
//!
//! [`Model::capabilities`] gives this table to programs. If a model does not support an option, [`Builder::build`]
//! returns an error that names the models that do support it. The crate `threefold-compare` measures a fold of your own
//! on every model, and says which one to use and why.
//!
//! # What a task may depend on
//!
//! The chunks are a function of the source alone, and outputs are reduced in chunk order. That is why every model gives
//! the same result, and the same error: that of the lowest chunk that fails. This holds for a task that depends only on
//! its chunk and on its captures, and that returns or panics. Captures are values that are the same for all chunks; a
//! task carries them with it (see [`#[task]`](macro@task) and [`Task`]). Global variables, environment variables and
//! the working folder are not sent to worker processes.
//!
//! ```
//! use threefold::prelude::*;
//!
//! #[task]
//! fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
//!     chunk.iter().filter(|&value| value > limit).count()
//! }
//!
//! let on = Executor::new(Model::Threads)?;
//! let count = on.fold(vec![0.5, 1.5, 2.5], count_above.with(1.0), 0, |sum, part| sum + part)?;
//! assert_eq!(count, 2);
//! # Ok::<(), threefold::Error>(())
//! ```
//!
//! A task has a type and a value of the same name, as a unit struct has. Rust reads this name in a pattern as the task,
//! so no variable can have it: `|sum, part| sum + part` beside a task `sum` does not compile. Give the task or the
//! variable another name.
//!
//! ## What debug builds check
//!
//! A field that serde skips or changes would give one result on threads and another one on processes. A build with
//! debug assertions checks for this on every model, once for each task and executor. It serializes the task, the first
//! chunk and the first output, restores them and compares them. If one cannot be serialized, or is not the same
//! afterwards, the fold returns an error ([`Error::is_serialization`]). The task always runs with the original values,
//! so debug builds give the same results as release builds.
//!
//! Only what implements `PartialEq` can be compared, so derive it for captures, chunks and outputs. Values of more than
//! 1 MiB are not compared. Neither is a value that is not equal to itself, such as NaN. On processes the
//! task is compared in release builds too, before it is sent.
//!
//! Some types of the standard library are changed. serde writes only the two ends of a `RangeInclusive`. If the range
//! was iterated to its end, it is empty, but it is restored as a full range. If this can happen, use a `Range` or an
//! `Option<RangeInclusive<_>>`. Of a `SocketAddrV6` serde writes neither the `flowinfo` nor the `scope_id`.
//!
#![doc = include_str!("guide.md")]
//!
//! # Worker processes
//!
//! A worker process is the same program, started once more: it runs `main` up to [`init()`], stops there, and runs
//! chunks. So call [`init()`] as the first line of `main`. Without it, making an executor for processes returns an
//! error. Worker processes run chunks on their main thread, start no workers of their own, and end with the executor,
//! or with the program, however it ends.
//!
//! Chunks and captures are serialized and sent to worker processes. For a large array of plain data, use [`Shared`]:
//! worker processes read it in place. A task that starts threads asks for its [share](Executor::share) of the cores.
//!
//! # MPI ranks
//!
//! With the feature `mpi`, the same program runs on a cluster. An MPI launcher starts it several times:
//! `mpirun -n 8 program`, `mpiexec`, or Slurm's `srun`. Rank 0 runs `main`. The other ranks stop in [`init()`], run
//! chunks for rank 0, and end with it. Rank 0 dispatches the chunks and runs none itself. Without a launcher, and in a
//! job of one rank, the chunks run on threads of this process. [`ranks()`] gives the number of ranks.
//!
//! ```
//! # #[cfg(feature = "mpi")] {
//! use threefold::prelude::*;
//!
//! #[task]
//! fn count_multiples(chunk: std::ops::Range<u64>) -> usize {
//!     chunk.filter(|number| number % 7 == 0).count()
//! }
//!
//! fn main() -> threefold::Result<()> {
//!     threefold::init(); // all ranks but rank 0 stop here and run chunks
//!     let on = Executor::new(Model::Mpi)?;
//!     let count = on.fold(0..1_000_000, count_multiples, 0, |sum, part| sum + part)?;
//!     println!("{count} multiples, counted by {} ranks", threefold::ranks());
//!     Ok(())
//! }
//! # main().unwrap() }
//! ```
//!
//! - [`workers`](Builder::workers) is the number of threads in each of the other ranks, by default 1. With one rank for
//!   each host and as many threads as cores, the threads of a host share the task and its captures.
//! - A fold inside of a task runs in its rank, one chunk after another.
//! - What a task prints comes to the standard output and error of rank 0, in whole lines, before the fold returns.
//! - If a task panics, the fold returns an [`Error`] that names its [rank](Error::rank) and [host](Error::host), and
//!   the next fold works. A rank that is killed ends the whole job. Open MPI leaves rank 0 the time to say which chunks
//!   were lost; MPICH does not. A rank that is stopped, or whose host is gone, is noticed after 10 s, and the fold
//!   returns an error; [`silence`](Builder::silence) and the environment variable `THREEFOLD_RANK_SILENCE` set another
//!   time. The job is then aborted when `main` ends.
//! - All ranks must run the same build of the program: if a rank does not, [`Builder::build`] returns an error. If the
//!   processors of two hosts have different features, a warning is printed, since functions such as `sin` and `exp` may
//!   then give other bits.
//! - A program that a rank starts, or a copy that it forks, is not a rank. If it uses this library too, it has a job of
//!   one rank.
//! - A task that crashes, exits or runs out of memory ends its rank, and with it the whole job. With
//!   [`isolate`](Builder::isolate), or an option that needs it such as [`retries`](Builder::retries), each rank runs the
//!   chunks in worker processes of its own. After a crash the fold returns an error, or retries the chunk, and the job
//!   goes on. These processes do not see the variables of the MPI launcher, so a task must not call MPI.
//!
//! # Async tasks and async runtimes
//!
//! On the model async each worker drives its chunks on an async runtime of its own, or on a runtime of the program if
//! `Builder::runtime` names one. If a task spawns a future on the worker's own runtime and does not await it, the fold
//! does not wait for it, and it runs only while that worker runs chunks. On the other models an `async` task runs to
//! its end on its worker, one chunk after another, on a runtime of the worker's thread.
//!
//! ```
//! use std::time::Duration;
//! use threefold::prelude::*;
//!
//! #[task]
//! async fn wait(milliseconds: u64) -> u64 {
//!     tokio::time::sleep(Duration::from_millis(milliseconds)).await;
//!     milliseconds
//! }
//!
//! // All of them wait at the same time, on one thread.
//! let waited = Executor::new(Model::Async)?.fold(Items(vec![10; 1_000]), wait, 0, |sum, part| sum + part)?;
//! assert_eq!(waited, 10_000);
//! # Ok::<(), threefold::Error>(())
//! ```
//!
//! A plain function runs on async as on threads, outside of any runtime: it cannot use `tokio::spawn`, and it may
//! block.
//!
//! A verb such as [`fold`](Executor::fold) blocks its thread, and with it every other task of an async runtime that the
//! thread runs. In async code, await the [form that gives a future](Executor#awaiting-a-fold). It works on every model
//! and with any runtime, never blocks the thread that polls it, and cancels the fold if it is dropped:
//!
//! ```
//! use threefold::prelude::*;
//!
//! #[task]
//! fn add_up(chunk: std::ops::Range<u64>) -> u64 {
//!     chunk.sum()
//! }
//!
//! async fn total(on: Executor) -> threefold::Result<u64> {
//!     on.fold_async(0..1_000_000, add_up, 0, |sum, part| sum + part).await
//! }
//!
//! let runtime = tokio::runtime::Runtime::new().unwrap();
//! assert_eq!(runtime.block_on(total(Executor::new(Model::Threads)?))?, 499_999_500_000);
//! # Ok::<(), threefold::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | enabled by default | what it adds |
//! |---|---|---|
//! | `async` | yes | the model `async`, on tokio |
//! | `processes` | yes | the model `processes`, on Linux |
//! | `journal` | yes | `Journal` and `Executor::journal`: folds that continue where an earlier run of the program stopped |
//! | `mpi` | no | the model `mpi`, on Linux. The build needs an MPI library and a C compiler; set `MPICC` to the library's compiler, for example `mpicc.openmpi` |
//! | `rand` | no | `chunk_rng`: random numbers tied to the chunk, and two crates: `chacha20` and `rand_core` |
//! | `simd` | no | [`#[task(simd)]`](macro@task#loops-for-the-cpu-at-hand): loops compiled for the CPU at hand, and one crate: `fearless_simd` |
//! | `tracing` | no | spans of folds and chunks, and the [events of tasks](Executor#logs-and-traces) in other processes; the crates `tracing` and `log` |
//!
//! # Memory and stack
//!
//! A fold does not hold all outputs in memory. No worker starts a chunk that is 65,536 or more above the lowest chunk
//! that has not been reduced yet. So at most 65,536 outputs wait, behind a slow chunk or a slow reduction. Besides
//! these a fold needs the source, the chunks that are running, and whatever the reduction collects:
//! [`map`](Executor::map) collects all outputs. On async at most [`in_flight`](Builder::in_flight) chunks run at the
//! same time, and on the other models one for each worker.
//!
//! A [`stream`](Executor::stream) holds at most as many chunks and outputs as its [window](Stream::ahead), 1,024 by
//! default, also if its input is an iterator without end.
//!
//! Threads that an executor starts have as much stack as the main thread: the limit of `ulimit -s`, usually 8 MiB, and
//! 8 MiB if there is no limit. Chunks that the caller runs have the caller's stack, and chunks in worker processes have
//! the stack of a main thread. [`Builder::stack_size`] sets another size.

// docs.rs builds with nightly Rust, which marks what needs a feature.
#![cfg_attr(docsrs, feature(doc_cfg))]
// What only worker processes use builds on every platform. It has no user where they are absent, since they need Linux.
#![cfg_attr(all(feature = "processes", not(target_os = "linux")), allow(dead_code, unused_imports))]

pub use threefold_macros::task;

mod backend;
mod cancel;
mod error;
mod executor;
mod fold;
#[cfg(feature = "journal")]
mod journal;
mod model;
mod panics;
#[cfg(feature = "rand")]
mod random;
#[cfg(feature = "processes")]
#[doc(hidden)]
pub mod remote;
mod shared;
mod source;
mod task;
mod trace;

pub use backend::current::is_cancelled;
pub use backend::init::{init, ranks};
pub use cancel::{CancelToken, DropGuard};
pub use error::{Error, Result, TryError};
pub use executor::{Builder, Executor, Reduced, Stream};
#[cfg(feature = "journal")]
pub use journal::{Journal, Unrecorded};
pub use model::{Capabilities, Model, UnknownModel};
#[cfg(feature = "rand")]
pub use random::{ChunkRng, chunk_rng};
pub use shared::{Shared, SharedMut};
pub use source::{Chunked, Divisible, Feed, FromIter, Integer, Items, LineChunk, Lines, Slice, Source, from_iter};
#[doc(hidden)]
pub use task::probe;
pub use task::{FillOf, Portable, Task, TaskOf, With};
pub use trace::{Event, Progress, Span, Start, Trace};

/// What a first program needs: [`Executor`], [`Items`], [`Model`], [`Slice`], [`Source`], [`Task`], the attribute
/// [`#[task]`](macro@task) and the macro [`task_fn!`]. No method here has the name of one of slices, ranges or iterators.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// assert_eq!(Executor::new(Model::Sequential)?.map(Items(vec![1, 2]), double)?, [2, 4]);
/// # Ok::<(), threefold::Error>(())
/// ```
pub mod prelude {
    pub use crate::{Executor, Items, Model, Slice, Source, Task, task, task_fn};
}

/// What the code that `#[task]` writes refers to. It is for nobody else: it changes without notice.
// The tests of documentation compile and run the code of that page, too.
#[cfg_attr(
    all(doctest, feature = "async", feature = "processes", feature = "rand"),
    doc = include_str!("../../../docs/how-do-i.md")
)]
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "async")]
    pub use crate::backend::wait::wait;
    pub use crate::entry;
    pub use crate::source::{Pieces, filled::Filled, part::Of, part::Repeated, placed::Placed};
    pub use crate::task::registry::{Entry, TASKS};
    pub use crate::task::state::{State, Stateful, make, map_alone, map_with};
    #[cfg(feature = "simd")]
    pub use crate::task::vectorized;
    pub use crate::task::{Array, BoxFuture, Captures, Registered, a_task_in_place_captures_nothing, boxed};
    pub use linkme;
    pub use serde;
    pub use threefold_macros::task_fn;

    /// Stands in for the function that waits, so that the compiler reports a missing feature in one sentence.
    #[cfg(not(feature = "async"))]
    pub fn wait<T>(_future: BoxFuture<'_, T>) -> T
    where
        T: NeedsTheFeatureAsync,
    {
        unreachable!("no type has the bound")
    }

    #[cfg(not(feature = "async"))]
    #[diagnostic::on_unimplemented(
        message = "an `async` task needs threefold's feature `async`",
        label = "remove `async`, or add the feature"
    )]
    pub trait NeedsTheFeatureAsync {}

    /// Stands in for the function that runs the body of a `simd` task, for the same reason.
    #[cfg(not(feature = "simd"))]
    pub fn vectorized<R: NeedsTheFeatureSimd>(_body: impl FnOnce() -> R) -> R {
        unreachable!("no type has the bound")
    }

    #[cfg(not(feature = "simd"))]
    #[diagnostic::on_unimplemented(
        message = "`#[task(simd)]` needs threefold's feature `simd`",
        label = "remove `simd`, or write `features = [\"simd\"]` where Cargo.toml names threefold"
    )]
    pub trait NeedsTheFeatureSimd {}
}
