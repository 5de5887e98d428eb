//! Runs one piece of work on every model, and says which is best, why, and from what size on.
//!
//! [`Compare`] is what to compare, [`Comparison`] what came of it: a value that can be printed, exported and read back.
//!
//! ```
//! use std::ops::Range;
//! use std::time::Duration;
//! use threefold::prelude::*;
//! use threefold_compare::Compare;
//!
//! #[task]
//! fn add_up(chunk: Range<u64>) -> u64 {
//!     chunk.sum()
//! }
//!
//! fn main() -> threefold_compare::Result<()> {
//!     threefold::init();
//!     let comparison = Compare::new("add up")
//!         .time_budget(Duration::from_millis(300))
//!         .fold((0..1000).split_into(8), add_up, 0, |sum, part| sum + part)?;
//!     println!("{comparison}");
//!     Ok(())
//! }
//! ```
//!
//! The same `main` is a benchmark, as `benches/NAME.rs` with `[[bench]] name = "NAME"` and `harness = false` in the manifest;
//! in an ordinary `#[test]` the first line is `threefold::init()` as well.

mod compare;
mod comparison;
mod error;
mod export;
mod machine;
mod measure;
mod profile;
pub mod scaling;
pub mod stats;
mod subject;
mod table;
mod text;
mod usage;
mod verdict;

pub use compare::{Compare, Progress};
pub use comparison::{Block, Comparison, Machine, Profile, Row, SCHEMA};
pub use error::{Error, Result};
pub use verdict::Verdict;
