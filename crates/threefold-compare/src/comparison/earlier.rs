//! A comparison beside an earlier one of the same workload.

use super::Comparison;
use crate::against::{Against, Side};
use crate::error::{Error, Result};
use crate::text;

impl Comparison {
    /// Compares this comparison with an earlier one of the same workload: it sets [`against`](Self::against).
    ///
    /// The two were measured at different times. To see a small difference, measure both builds one after the other on an
    /// idle machine, with many rounds.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// let earlier = comparison.clone(); // or `Comparison::from_json(&text)?`
    /// let mut comparison = comparison;
    /// comparison.set_against(&earlier)?;
    /// assert_eq!(comparison.against.expect("it was set").rows.len(), comparison.rows.len());
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the earlier comparison is of another workload, of other items or of other chunks. `against` is
    /// unchanged then.
    pub fn set_against(&mut self, earlier: &Self) -> Result<()> {
        earlier.check_workload(&self.workload, self.items, self.chunks.into())?;
        self.against = Some(Against::of(&earlier.side(), &self.side()));
        Ok(())
    }

    /// Checks that this comparison is one of this workload, with so many items in so many chunks.
    ///
    /// A program asks this of an earlier comparison before it measures anew.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// assert!(comparison.check_workload("add up", 1000, 1000).is_ok());
    /// let error = comparison.check_workload("add up", 2000, 1000).unwrap_err();
    /// assert_eq!(error.to_string(), "the earlier comparison folds 1,000 items, but this one folds 2,000: measure both on the same range");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if it is of another workload, of other items or of other chunks.
    pub fn check_workload(&self, workload: &str, items: u128, chunks: u128) -> Result<()> {
        let reason = if self.workload != workload {
            format!(
                "the earlier comparison is of the workload {}, but this one is of {workload}: name a comparison of {workload}",
                self.workload
            )
        } else if self.items != items {
            format!(
                "the earlier comparison folds {}, but this one folds {}: measure both on the same range",
                text::items(self.items, &self.unit),
                text::thousands(items)
            )
        } else if u128::from(self.chunks) != chunks {
            let earlier = text::count(self.chunks, "chunk");
            format!(
                "the earlier comparison has {earlier}, but this one has {}: cut both in the same way",
                text::thousands(chunks)
            )
        } else {
            return Ok(());
        };
        Err(Error::Setup(reason))
    }

    fn side(&self) -> Side<'_> {
        Side {
            version: &self.version,
            value: &self.value,
            machine: &self.machine,
            rounds: self.rounds,
            rows: &self.rows,
            smallest: self.noise.as_ref().map_or(0.0, |noise| noise.smallest).max(self.least_worthwhile),
        }
    }
}
