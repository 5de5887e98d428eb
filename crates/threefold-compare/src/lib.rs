//! Measures one fold on every model of [`threefold`], and says which model to use, why, and from what size on.
//!
//! [`Compare`] says what to compare. [`Comparison`] holds what was measured, and a verdict. It can be printed, exported
//! and read back.
//!
//! # First use
//!
//! Write the workload as a `#[task]`, as for an executor, and give it to [`Compare::fold`] in place of
//! [`Executor::fold`](threefold::Executor::fold):
//!
//! ```
//! use std::ops::Range;
//! use std::time::Duration;
//! use threefold::prelude::*;
//! use threefold_compare::Compare;
//!
//! /// How many primes the chunk holds.
//! #[task]
//! fn primes(chunk: Range<u64>) -> usize {
//!     chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
//! }
//!
//! fn main() -> threefold_compare::Result<()> {
//!     threefold::init(); // a worker process stops here and runs chunks
//!     let comparison = Compare::new("primes")
//!         .unit("numbers")
//!         .time_budget(Duration::from_millis(300))
//!         .fold((0..10_000).split_into(16), primes, 0, |sum, part| sum + part)?;
//!
//!     // The table and the verdict, for people.
//!     println!("{comparison}");
//!
//!     // The same as data.
//!     let best = &comparison.rows[comparison.verdict.best];
//!     println!("recommended: {}", best.name());
//!     if let Some(speedup) = best.speedup {
//!         println!("{:.1}x as fast as sequential", speedup.value);
//!     }
//!
//!     // A page with pictures. There are also JSON, CSV, Markdown, an SVG of the race, and a trace for Perfetto.
//!     let page = std::env::temp_dir().join("threefold-compare-primes.html");
//!     comparison.export_html(&page)?;
//!     # std::fs::remove_file(&page).unwrap();
//!     Ok(())
//! }
//! ```
//!
//! Build it in release mode; otherwise you measure debug code. The same `main` is a benchmark if it stands in
//! `benches/NAME.rs`, with `[[bench]]`, `name = "NAME"` and `harness = false` in the manifest. In an ordinary
//! `#[test]`, call `threefold::init()` first as well.
//!
//! # What is measured
//!
//! - *Cold runs* make an executor in the running program and fold once. They give the start-up time. Cold runs of smaller
//!   parts of the workload give the size from which on a contender is faster: [`BreakEven`].
//! - *Rounds* run every contender once, warm, in random order. The time of a contender is the median of its runs, and its
//!   speed-up comes from the ratios to sequential within each round. Both have a 95% interval; see [`stats`].
//! - One more fold of each contender is observed for its [`Profile`]: where the workers' time went.
//!
//! The values of all models must be equal. If a model gives another value than sequential, the comparison returns an
//! [`Error`].
//!
//! # The verdict
//!
//! The reference, which is sequential unless another is chosen, runs twice in each round. The difference between its
//! two runs is the [`Noise`]. A difference between two contenders is reported only if the runs show it, if it is larger
//! than the noise, and if it is worthwhile: [`Difference`]. Of the contenders that are as fast as the fastest, the
//! simplest is recommended: sequential, then threads, async, processes, and mpi.

mod against;
mod compare;
mod comparison;
mod condition;
mod counters;
mod crossing;
mod error;
mod escape;
pub mod export;
mod looks;
mod machine;
mod measure;
mod noise;
mod plan;
mod profile;
mod row;
pub mod scaling;
mod shown;
pub mod stats;
mod table;
mod text;
mod verdict;

pub use against::{Against, AgainstRow, Change, Differs};
pub use compare::Compare;
pub use comparison::{Comparison, SCHEMA};
pub use condition::Condition;
pub use counters::Counters;
pub use error::{Error, Result};
pub use machine::Machine;
pub use noise::Noise;
pub use plan::{Progress, RankBy};
pub use profile::{ChunkSpan, Profile};
pub use row::{Basis, BreakEven, Difference, Judged, Row};
pub use verdict::{Cause, Reason, ReasonKind, Size, Verdict};
