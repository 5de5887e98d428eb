//! `Comparison`: what was measured of one workload on several models, and the verdict.

use serde::{Deserialize, Serialize};

use crate::against::Against;
use crate::condition::Condition;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::noise::Noise;
use crate::plan::RankBy;
use crate::row::Row;
use crate::scaling::Scaling;
use crate::text;
use crate::verdict::Verdict;

mod earlier;
mod valid;

/// The version of the JSON that [`Comparison::to_json`] writes and [`Comparison::from_json`] reads.
///
/// It is raised when a field changes its meaning or is removed. New fields may be added without that.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// assert_eq!(comparison.schema, threefold_compare::SCHEMA);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
pub const SCHEMA: u32 = 2;

/// One workload, measured on several models. [`Compare`](crate::Compare) makes it.
///
/// It is plain data: it can be printed, exported, written as JSON and read back. `Display` gives the table and the verdict.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let best = &comparison.rows[comparison.verdict.best];
/// println!("{comparison}");
/// println!("recommended: {}, {} s for one fold", best.name(), best.median_s);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The version of the JSON: [`SCHEMA`].
    pub schema: u32,
    /// The version of this library that measured it.
    pub version: String,
    /// The name of the workload. JSON calls it `work`.
    #[serde(rename = "work")]
    pub workload: String,
    /// What the items of the source are called, in the plural.
    pub unit: String,
    /// How many items the source has.
    pub items: u128,
    /// How many chunks the source is cut into.
    pub chunks: u64,
    /// The value of every fold as text, shortened to 200 characters.
    pub value: String,
    /// A formula that gives the value without a fold, if the author of the workload named one.
    pub formula: Option<String>,
    /// The machine that it was measured on.
    pub machine: Machine,
    /// The seed of the random order of the runs, and of the resampling of the statistics.
    pub seed: u64,
    /// How many rounds there were, at least 1. In each round every contender ran once, in random order.
    pub rounds: usize,
    /// The share of all cores' time that the host of this virtual machine gave to others during the comparison, from 0 to 1.
    pub stolen_share: f64,
    /// Whether measuring was cancelled before its end.
    pub partial: bool,
    /// Whether the task is an `async fn`, whose chunks can wait at once on one worker.
    pub awaits: bool,
    /// The index of the row that the others are compared with. It is that of sequential unless another was chosen.
    pub reference: usize,
    /// What the reference differs from itself. `None` for fewer rounds than [`FEWEST`](crate::stats::FEWEST).
    pub noise: Option<Noise>,
    /// Smaller differences than this share are no reason to change the model.
    pub least_worthwhile: f64,
    /// What the recommended contender needs the least of.
    pub rank_by: RankBy,
    /// What disturbed the comparison, or may have done so.
    pub conditions: Vec<Condition>,
    /// The contenders in the order in which they were named. The first is sequential.
    pub rows: Vec<Row>,
    /// For each model that ran on several numbers of workers: how its speed depends on that number.
    pub scaling: Vec<Scaling>,
    /// Which model to use, and why.
    pub verdict: Verdict,
    /// This comparison beside an earlier one, if [`set_against`](Self::set_against) was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

impl Comparison {
    /// What was compared, in one line.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let title = comparison.title();
    /// assert!(title.starts_with("add up: 1,000 items in 1,000 chunks; 10 rounds on "), "{title}");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn title(&self) -> String {
        format!(
            "{}: {} in {}; {} on {}{}",
            self.workload,
            text::items(self.items, &self.unit),
            text::count(self.chunks, "chunk"),
            text::count(self.rounds as u64, "round"),
            text::count(self.machine.cores as u64, "core"),
            if self.partial { ", cancelled before its end" } else { "" }
        )
    }

    /// This comparison as JSON: one object, whose fields are those of this type.
    ///
    /// `docs/comparison-json.md` in the repository describes the fields.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let json = comparison.to_json();
    /// assert!(json.starts_with("{\n  \"schema\": 2,"));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("every field has a form in JSON");
        json + "\n"
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Every number, index and count is checked, so a comparison
    /// from an untrusted file can be shown and exported.
    ///
    /// ```
    /// use threefold_compare::Comparison;
    ///
    #[doc = include_str!("doc/measured.md")]
    /// let read = Comparison::from_json(&comparison.to_json())?;
    /// assert_eq!(read, comparison);
    ///
    /// let error = Comparison::from_json("{}").unwrap_err();
    /// assert_eq!(error.to_string(), "this is not the JSON of a comparison: missing field `schema` at line 1 column 2");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Json`] if the text is not JSON, lacks a field, has another [`SCHEMA`], or holds values that no comparison
    /// has, for instance no rows, a negative duration or a recommended row that does not exist.
    pub fn from_json(json: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(expecting = "an object")]
        struct Versioned {
            schema: u32,
        }
        let reason = |error: serde_json::Error| Error::Json(error.to_string());
        let Versioned { schema } = serde_json::from_str(json).map_err(reason)?;
        if schema != SCHEMA {
            let way_out = if schema < SCHEMA { ": measure again" } else { "" };
            let fact = format!("its schema is {schema}, but this version reads schema {SCHEMA}");
            return Err(Error::Json(fact + way_out));
        }
        let comparison: Self = serde_json::from_str(json).map_err(reason)?;
        valid::check(&comparison).map_err(Error::Json)?;
        Ok(comparison)
    }
}
