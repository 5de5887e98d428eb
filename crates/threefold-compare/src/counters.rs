//! `Counters`: what the processors' hardware counted while one fold ran.

use serde::{Deserialize, Serialize};

use crate::text;

/// What the processors' hardware counted while one fold ran: events of all threads that take part in it, in user space.
///
/// They are counted only if [`Compare::counters`](crate::Compare::counters) asks for them, and the machine has them.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// let compare = Compare::new("add up").models([threefold::Model::Threads]).counters(true).runs(7);
/// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
/// for row in &comparison.rows {
///     if let Some(counters) = row.profile.counters {
///         println!("{}: {:.1} instructions per cycle", row.name(), counters.instructions_per_cycle());
///     }
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Instructions that were executed.
    pub instructions: u64,
    /// Clock cycles of the cores on which the threads ran.
    pub cycles: u64,
    /// Accesses to memory that no cache could answer.
    pub cache_misses: u64,
    /// Branches that the processor predicted wrongly.
    pub branch_misses: u64,
}

impl Counters {
    /// How many instructions were executed in each cycle: mostly from 0.2, where a program waits for memory, to 4 or more.
    /// 0 if no cycles were counted.
    ///
    /// ```
    /// # let counters = threefold_compare::Counters::default();
    /// assert_eq!(counters.instructions_per_cycle(), 0.0);
    /// ```
    pub fn instructions_per_cycle(&self) -> f64 {
        if self.cycles == 0 { 0.0 } else { self.instructions as f64 / self.cycles as f64 }
    }

    /// How many cache misses there were in 1,000 instructions. 0 if no instructions were counted.
    ///
    /// ```
    /// # let counters = threefold_compare::Counters::default();
    /// assert_eq!(counters.cache_misses_per_thousand(), 0.0);
    /// ```
    pub fn cache_misses_per_thousand(&self) -> f64 {
        if self.instructions == 0 { 0.0 } else { 1000.0 * self.cache_misses as f64 / self.instructions as f64 }
    }

    /// `1.9 instructions per cycle and 3.1 cache misses per 1,000 instructions`.
    pub(crate) fn in_words(&self) -> String {
        let (per_cycle, misses) = (self.instructions_per_cycle(), self.cache_misses_per_thousand());
        format!(
            "{per_cycle:.1} instructions per cycle and {} cache misses per 1,000 instructions",
            text::digits(misses)
        )
    }
}
