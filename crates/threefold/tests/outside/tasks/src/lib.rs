//! Tasks in a crate of their own, which allows no unsafe code and no warnings.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;

/// Adds up numbers of many magnitudes: any other order of additions gives other bits.
#[task]
pub fn irregular(chunk: Range<u64>) -> f64 {
    chunk.map(|i| (i as f64).sin() / (1.0 + (i % 97) as f64)).sum()
}

/// Scales and shifts a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// The factor.
    pub factor: f64,
    /// The summand.
    pub offset: f64,
}

#[task]
impl Task for Affine {
    type Chunk = Slice<f64>;
    type Output = Vec<f64>;

    fn map(&self, values: Slice<f64>) -> Vec<f64> {
        values.iter().map(|value| value.mul_add(self.factor, self.offset)).collect()
    }
}

/// The values above a limit, with a text before each.
#[task]
pub fn listed(chunk: Slice<f64>, limit: &f64, prefix: &str) -> Vec<String> {
    chunk.iter().filter(|&value| value > limit).map(|value| format!("{prefix}{value}")).collect()
}

/// Waits so many times, then answers.
#[task]
pub async fn naps(milliseconds: u64, times: &u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(milliseconds * times)).await;
    milliseconds
}

/// Waits, then answers.
#[task]
pub async fn nap(milliseconds: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    milliseconds
}
