//! `Condition`: what disturbed a comparison, or may have done so.

use serde::{Deserialize, Serialize};

/// Something of the machine that disturbed a comparison, or that may have done so. Shares are from 0 to 1.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// use threefold_compare::Condition;
///
/// for condition in &comparison.conditions {
///     if let Condition::UnusualRuns { share } = condition {
///         println!("{:.0}% of the runs were unusually long or short", share * 100.0);
///     }
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// The processor's speed is governed by this policy of the kernel, which is not `performance`: it may rise while
    /// something runs.
    Governor {
        /// The policy's name as the kernel reports it, for instance `powersave`.
        name: String,
    },
    /// The processor runs faster while few of its cores are busy, so that one worker alone is faster than one of several.
    BoostOn,
    /// The control group had used up its processor time.
    Throttled {
        /// The share of the comparison's duration in which threads were stopped for that reason.
        share: f64,
    },
    /// The host of this virtual machine gave processor time to others.
    Stolen {
        /// The share of all cores' time.
        share: f64,
    },
    /// Other programs used the processors.
    OtherPrograms {
        /// The share of all cores' time.
        share: f64,
    },
    /// The machine was busier than it has cores when measuring began, by the load average of the last minute.
    Loaded {
        /// The load average: how many threads ran, were ready to run, or waited for a disk.
        average: f64,
        /// How many cores the machine has.
        cores: usize,
    },
    /// Some runs took far longer or shorter than the others of the same model.
    UnusualRuns {
        /// The share of all runs.
        share: f64,
    },
    /// Hardware counters were asked for, and there are none.
    CountersAbsent {
        /// Why, in words.
        reason: String,
    },
}

impl Condition {
    /// Its share, if it has one.
    pub(crate) fn share(&self) -> Option<f64> {
        match *self {
            Self::Throttled { share }
            | Self::Stolen { share }
            | Self::OtherPrograms { share }
            | Self::UnusualRuns { share } => Some(share),
            Self::Governor { .. } | Self::BoostOn | Self::Loaded { .. } | Self::CountersAbsent { .. } => None,
        }
    }
}
