//! `Job`: the work that all competitors of a contest do, whatever language they are written in.

use std::hint::black_box;
use std::ops::Range;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold_contest::timed;

/// Chunks numbered from 0, and what each of them costs.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) chunks: u64,
    pub(crate) work: Work,
}

/// What a chunk costs, in steps of [`spin`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) steps: u64,
    pub(crate) shape: Shape,
}

/// How the cost depends on the number of the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Each chunk costs the same.
    Even,
    /// Chunk k costs k times as much.
    Ascending,
    /// Chunk k of n costs n - 1 - k times as much. It holds n - 1.
    Descending(u64),
}

/// The seconds that one step takes here, from the fastest of many tries.
static STEP: LazyLock<f64> = LazyLock::new(|| {
    const STEPS: u64 = 100_000;
    let tries = (0..50).map(|_| timed(|| spin(1, STEPS)));
    tries.fold(f64::INFINITY, f64::min) / STEPS as f64
});

/// A chain of steps, each of which needs the one before. Of multiplications and additions alone the compiler would make
/// fewer. The rivals in C have the same function.
fn spin(start: u64, steps: u64) -> u64 {
    (0..steps).fold(black_box(start), |x, _| (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

/// How many steps take `seconds` on one core of this machine. The number of steps is then the same for all competitors.
fn steps(seconds: f64) -> u64 {
    (seconds / *STEP).round() as u64
}

impl Work {
    /// What chunk `chunk` gives.
    pub(crate) fn run(self, chunk: u64) -> u64 {
        let times = match self.shape {
            Shape::Even => 1,
            Shape::Ascending => chunk,
            Shape::Descending(last) => last - chunk,
        };
        spin(chunk, self.steps * times)
    }
}

impl Job {
    /// Chunks of nothing.
    pub(crate) fn empty(chunks: u64) -> Self {
        Self { chunks, work: Work { steps: 0, shape: Shape::Even } }
    }

    /// Chunks of `seconds` each.
    pub(crate) fn even(chunks: u64, seconds: f64) -> Self {
        Self { chunks, work: Work { steps: steps(seconds), shape: Shape::Even } }
    }

    /// Chunks that take `seconds` together on one core, of which number k costs k.
    pub(crate) fn ascending(chunks: u64, seconds: f64) -> Self {
        let units = chunks * (chunks - 1) / 2;
        Self { chunks, work: Work { steps: steps(seconds / units as f64), shape: Shape::Ascending } }
    }

    /// The same chunks, the longest first.
    pub(crate) fn descending(chunks: u64, seconds: f64) -> Self {
        let Self { work: Work { steps, .. }, .. } = Self::ascending(chunks, seconds);
        Self { chunks, work: Work { steps, shape: Shape::Descending(chunks - 1) } }
    }

    /// The sum of what the chunks give.
    pub(crate) fn in_a_loop(self) -> u64 {
        (0..self.chunks).fold(0, |sum, chunk| sum.wrapping_add(self.work.run(chunk)))
    }

    /// A check of whatever a competitor says the sum is.
    pub(crate) fn check(self) -> impl Fn(u64) + Copy + Send + Sync + 'static {
        let right = self.in_a_loop();
        move |sum| assert_eq!(sum, right, "every competitor comes to the same sum")
    }

    /// The job as a fold of Threefold's.
    pub(crate) fn fold(self, on: &Executor) -> u64 {
        let source = (0..self.chunks).split_into(self.chunks as usize);
        let sum = match self.work.steps {
            0 => on.fold(source, number, 0, u64::wrapping_add),
            _ => on.fold(source, spun.with(self.work), 0, u64::wrapping_add),
        };
        sum.expect("no chunk fails")
    }

    /// The same, awaited.
    pub(crate) async fn fold_async(self, on: &Executor) -> u64 {
        let source = (0..self.chunks).split_into(self.chunks as usize);
        let sum = match self.work.steps {
            0 => on.fold_async(source, number, 0, u64::wrapping_add).await,
            _ => on.fold_async(source, spun.with(self.work), 0, u64::wrapping_add).await,
        };
        sum.expect("no chunk fails")
    }
}

/// A chunk of one integer is that integer.
#[task]
fn number(chunk: Range<u64>) -> u64 {
    black_box(chunk.start)
}

#[task]
fn spun(chunk: Range<u64>, work: &Work) -> u64 {
    work.run(chunk.start)
}
