//! `Reason`: one line below the verdict, as data and as text.

use std::fmt;

use serde::{Deserialize, Serialize};
use threefold::Model;

use super::cause::Cause;
use crate::condition::Condition;
use crate::counters::Counters;
use crate::plan::RankBy;
use crate::row::BreakEven;
use crate::stats::{Estimate, Interval};

/// One line below the verdict: how another model compares, what to change, from which size on a model is faster, or how
/// certain all of this is.
///
/// Its [`kind`](Self::kind) holds the figures, so that a program need not read the text. `Display` gives label and text.
/// In JSON the figures, `row`, `model` and `text` are the fields of one object, whose `kind` is the name of the kind.
///
/// ```
#[doc = include_str!("../doc/measured.md")]
/// for reason in &comparison.verdict.reasons {
///     println!("{:<12}{}", reason.label(), reason.text());
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// What it says, as data.
    #[serde(flatten)]
    pub kind: ReasonKind,
    /// The index in [`Comparison::rows`](crate::Comparison::rows) of the contender that it speaks of, if it is one.
    pub row: Option<usize>,
    /// The model that it speaks of, if it is one.
    pub model: Option<Model>,
    text: String,
}

/// What a [`Reason`] says, with its figures. Durations are in seconds and shares from 0 to 1.
///
/// ```
/// use threefold_compare::ReasonKind;
///
#[doc = include_str!("../doc/measured.md")]
/// let is_slower = |kind: &ReasonKind| matches!(kind, ReasonKind::Slower { .. });
/// let slower = comparison.verdict.reasons.iter().filter(|reason| is_slower(&reason.kind));
/// println!("{} models are slower than sequential", slower.count());
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReasonKind {
    /// The recommended model gains much less than the cores could give.
    FallsShort {
        /// How many times as fast as the reference it is.
        times: f64,
        /// How many times as fast it could be at most: one for each of its workers that has a core.
        possible: f64,
        /// Why it is not.
        cause: Cause,
    },
    /// The model is as fast as the recommended one, as far as these rounds show.
    AsFast {
        /// Its start-up time in seconds.
        startup_s: f64,
    },
    /// The model is faster than the reference, but slower than the recommended one.
    Faster {
        /// How many times as fast as the reference it is.
        times: f64,
        /// Why it is not faster still, if that is known.
        cause: Option<Cause>,
    },
    /// The model is not faster than the reference by a worthwhile difference.
    NoFaster {
        /// Why, if that is known.
        cause: Option<Cause>,
    },
    /// These rounds do not show whether the model is faster than the reference.
    NotShown {
        /// How many times as fast as the reference it may be: the 95% interval.
        interval: Interval,
        /// Why it may not be faster, if that is known.
        cause: Option<Cause>,
    },
    /// The model is slower than the reference.
    Slower {
        /// How many times as fast as the reference it is: less than 1.
        times: f64,
        /// Why, if that is known.
        cause: Option<Cause>,
    },
    /// There are too few rounds to tell. Only the medians are compared.
    About {
        /// How many times as fast as the reference its median is.
        times: f64,
        /// Why it is not faster, if that is known and it is not.
        cause: Option<Cause>,
    },
    /// The processor time or the memory of a model, where models are ranked by that.
    Uses {
        /// What the models are ranked by.
        rank_by: RankBy,
        /// Processor seconds or bytes of one fold.
        amount: f64,
        /// How many times as much that is as the recommended model uses.
        times: f64,
    },
    /// A formula gives the value without a fold.
    Formula {
        /// The formula, as the author of the workload wrote it.
        formula: String,
    },
    /// The source is empty.
    SourceIsEmpty,
    /// There are fewer chunks than workers.
    ChunksTooFew {
        /// How many chunks there are.
        chunks: u64,
        /// How many workers there are.
        workers: usize,
        /// Whether the source can be cut into more chunks: a chunk has more than one item.
        can_be_cut: bool,
    },
    /// To dispatch a chunk takes more than a tenth of the time that a worker needs to run it.
    ChunksTooSmall {
        /// So many items or more in each chunk would be enough.
        items: f64,
        /// How long a worker runs a chunk, in seconds.
        chunk_s: f64,
        /// How long dispatching a chunk takes, in seconds.
        dispatch_s: f64,
    },
    /// Workers are idle while the longest chunk runs.
    ChunksTooUneven {
        /// The share of the fold that the longest chunk takes.
        share: f64,
        /// Whether the source can be cut into more chunks: a chunk has more than one item.
        can_be_cut: bool,
    },
    /// The chunks wait. On async one worker waits for many of them, if the task is an `async fn`.
    ChunksWait {
        /// The share of the chunks' time that they wait.
        share: f64,
        /// Whether the task is an `async fn`.
        awaits: bool,
    },
    /// The model was measured on several numbers of workers.
    WorkersEnough {
        /// The smallest number that is as fast as any, as far as these rounds show.
        workers: usize,
        /// All numbers that were measured, in ascending order.
        measured: Vec<usize>,
    },
    /// A model has more workers than there are cores, and its chunks compute.
    WorkersExceedCores {
        /// How many workers it has.
        workers: usize,
        /// How many cores there are.
        cores: usize,
    },
    /// A share of the workload does not become faster with more workers, by Amdahl's law.
    Serial {
        /// That share.
        share: Estimate,
    },
    /// What the task captures, and a source that is sent as a whole, go to the workers before their first chunk.
    SentFirst {
        /// The bytes, all workers together.
        bytes: u64,
        /// The start-up time, of which sending them is part, in seconds.
        startup_s: f64,
    },
    /// From which size on models are faster than the reference, from a cold start.
    BreakEven {
        /// One for each model of which that is known.
        sizes: Vec<Size>,
    },
    /// The recommended model is faster once it has started, but one fold of this size from a cold start is not.
    SlowerCold {
        /// How many items the source would need, if that is known.
        items: Option<f64>,
    },
    /// Models were to be ranked by processor time or memory, which could not be measured, or was not because the comparison
    /// was cancelled.
    RankedByTime {
        /// What they were to be ranked by.
        rank_by: RankBy,
    },
    /// A contender has a longer median than another one that it is compared with, but a speed-up above 1, or the other way
    /// round. A speed-up compares runs of the same round.
    SpeedupsArePaired,
    /// How certain the verdict is.
    Certainty {
        /// How many rounds there were.
        rounds: usize,
        /// The smallest difference that they can show.
        smallest: f64,
    },
    /// There are too few rounds to know how certain anything is.
    TooFewRounds {
        /// How many rounds there were.
        rounds: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Something disturbed the runs.
    Disturbed {
        /// What was seen.
        conditions: Vec<Condition>,
        /// The contenders whose first run was slow, as indices of rows.
        slow_first_runs: Vec<usize>,
    },
    /// What the processors' hardware counted while a contender ran.
    Counted {
        /// The counts of one fold.
        counters: Counters,
    },
    /// Hardware counters were asked for, and there are none.
    NotCounted,
    /// Processor time could not be measured, so that it is not known whether chunks wait.
    ProcessorTimeUnknown,
    /// The clock of the processors may change while they run.
    ClockVaries {
        /// What was found: the governor, and whether the clock may be boosted.
        conditions: Vec<Condition>,
    },
}

/// From which size on a contender is faster than the reference.
///
/// ```
/// use threefold_compare::ReasonKind;
///
#[doc = include_str!("../doc/measured.md")]
/// for reason in &comparison.verdict.reasons {
///     if let ReasonKind::BreakEven { sizes } = &reason.kind {
///         let names: Vec<String> = sizes.iter().map(|size| comparison.rows[size.row].name()).collect();
///         println!("the break-even size of {} is known", names.join(" and "));
///     }
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Size {
    /// The index of its row.
    pub row: usize,
    /// The size: the same as that row's [`break_even`](crate::Row::break_even).
    pub break_even: BreakEven,
}

impl Reason {
    /// A reason that speaks of one contender.
    pub(super) fn of_row(kind: ReasonKind, row: usize, model: Model, text: impl Into<String>) -> Self {
        Self { kind, row: Some(row), model: Some(model), text: text.into() }
    }

    /// A reason that speaks of all contenders of one model.
    pub(super) fn of_model(kind: ReasonKind, model: Model, text: impl Into<String>) -> Self {
        Self { kind, row: None, model: Some(model), text: text.into() }
    }

    /// A reason that speaks of the workload, the machine or the rounds.
    pub(super) fn of_all(kind: ReasonKind, text: impl Into<String>) -> Self {
        Self { kind, row: None, model: None, text: text.into() }
    }

    /// What it says, as text without its label.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// let reasons = &comparison.verdict.reasons;
    /// assert!(reasons.iter().all(|reason| !reason.text().is_empty()));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The word before its text: the model if it compares one, otherwise what it is about, for instance `chunks` or
    /// `certainty`.
    ///
    /// ```
    #[doc = include_str!("../doc/measured.md")]
    /// let labels: Vec<&str> = comparison.verdict.reasons.iter().map(|reason| reason.label()).collect();
    /// println!("{}", labels.join(", ")); // for instance: threads, break-even, certainty
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn label(&self) -> &'static str {
        use ReasonKind::*;
        match &self.kind {
            FallsShort { .. }
            | AsFast { .. }
            | Faster { .. }
            | NoFaster { .. }
            | NotShown { .. }
            | Slower { .. }
            | About { .. }
            | Uses { .. } => self.model.map_or("model", Model::name),
            Formula { .. } => "formula",
            SourceIsEmpty | ChunksTooFew { .. } | ChunksTooSmall { .. } | ChunksTooUneven { .. } => "chunks",
            ChunksWait { .. } => "waiting",
            WorkersEnough { .. } | WorkersExceedCores { .. } | Serial { .. } => "workers",
            SentFirst { .. } => "start-up",
            BreakEven { .. } | SlowerCold { .. } => "break-even",
            Certainty { .. } | TooFewRounds { .. } => "certainty",
            Disturbed { .. } => "disturbed",
            RankedByTime { .. } => "ranking",
            SpeedupsArePaired => "speed-up",
            Counted { .. } | NotCounted => "counters",
            ProcessorTimeUnknown => "profile",
            ClockVaries { .. } => "machine",
        }
    }
}

/// The label and the text: `async: no faster: the chunks compute and never wait`.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label(), self.text)
    }
}
