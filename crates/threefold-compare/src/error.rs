//! `Error`: why there is no comparison, or why it could not be written or read.

use std::path::PathBuf;
use std::{fmt, io};

use threefold::Model;

use crate::escape::escaped;

/// The result of comparing, exporting or reading; its error is [`Error`] unless another is named.
///
/// ```
/// use threefold_compare::{Comparison, Result};
///
/// fn recommended(json: &str) -> Result<String> {
///     let comparison = Comparison::from_json(json)?;
///     Ok(comparison.rows[comparison.verdict.best].name())
/// }
/// assert!(recommended("[]").is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no comparison, or why it could not be written or read.
///
/// `Display` is one line with control characters escaped. `Debug` is the same line, so that a `main` that returns this error
/// prints it readably.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// let error = Compare::new("add up").runs(0).fold(0..10u64, add_up, 0, |sum, part| sum + part).unwrap_err();
/// assert_eq!(error.to_string(), "runs must be at least 1");
/// assert_eq!(format!("{error:?}"), "runs must be at least 1");
/// ```
#[non_exhaustive]
pub enum Error {
    /// What was asked for is not possible, and nothing was measured.
    Setup(String),
    /// A fold failed on a model.
    Fold {
        /// The model on which it failed.
        model: Model,
        /// The error of the fold.
        error: Box<threefold::Error>,
        /// The models on which the same fold had succeeded before.
        succeeded_on: Vec<Model>,
    },
    /// A model gave another value than sequential. So the workload depends on more than its chunks and captures.
    Disagreement {
        /// The model.
        model: Model,
        /// The value on sequential as text, shortened.
        expected: String,
        /// The value on this model as text, shortened.
        value: String,
    },
    /// The value is not equal to itself, as NaN is not. So the models' values cannot be compared.
    Incomparable {
        /// The value as text, shortened.
        value: String,
    },
    /// The check that was given to [`fold_and_check`](crate::Compare::fold_and_check) rejected a value.
    Value {
        /// The model that gave the value.
        model: Model,
        /// What the check said.
        reason: String,
    },
    /// The comparison was cancelled before every model had run once.
    Cancelled,
    /// A file could not be written or read.
    File {
        /// The path of the file.
        path: PathBuf,
        /// Why it could not be written or read.
        error: io::Error,
    },
    /// A text is not the JSON of a comparison.
    Json(String),
}

impl Error {
    /// Whether nothing was started because what was asked for is not possible.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let error = Compare::new("add up").models([]).fold(0..10u64, add_up, 0, |sum, part| sum + part).unwrap_err();
    /// assert!(error.is_setup());
    /// ```
    pub fn is_setup(&self) -> bool {
        match self {
            Self::Setup(_) => true,
            Self::Fold { error, .. } => error.is_setup(),
            _ => false,
        }
    }

    /// Whether the comparison was cancelled before every model had run once.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let token = threefold::CancelToken::new();
    /// token.cancel();
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).cancel(&token);
    /// let error = compare.fold(0..10u64, add_up, 0, |sum, part| sum + part).unwrap_err();
    /// assert!(error.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(reason) => f.write_str(&escaped(reason)),
            Self::Fold { error, model, .. } if error.is_setup() => {
                write!(f, "{model}: {}", escaped(&error.to_string()))
            }
            Self::Fold { error, succeeded_on, .. } => {
                f.write_str(&escaped(&error.to_string()))?;
                if let [first, others @ ..] = succeeded_on.as_slice() {
                    write!(f, " (the same fold succeeded on {first}")?;
                    others.iter().try_for_each(|other| write!(f, ", {other}"))?;
                    f.write_str(")")?;
                }
                Ok(())
            }
            Self::Disagreement { model, expected, value } => write!(
                f,
                "{model} gave {}, but sequential gave {}: the workload depends on more than its chunks and captures, for \
                 instance on a global or on the order of events; the models cannot be compared on it",
                escaped(value),
                escaped(expected)
            ),
            Self::Incomparable { value } => write!(
                f,
                "the value {} is not equal to itself, as NaN is not, so that the models' values cannot be compared: give a \
                 key to compare by with `fold_by`, for instance the bits of a float",
                escaped(value)
            ),
            Self::Value { model, reason } => write!(f, "the value on {model} is wrong: {}", escaped(reason)),
            Self::Cancelled => f.write_str("the comparison was cancelled before every model had run once"),
            Self::File { path, error } => {
                write!(f, "{}: {}", escaped(&path.to_string_lossy()), escaped(&error.to_string()))
            }
            Self::Json(reason) => write!(f, "this is not the JSON of a comparison: {}", escaped(reason)),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A `main` that returns an error prints its `Debug` text: people read this as well.
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fold { error, .. } => Some(error),
            Self::File { error, .. } => Some(error),
            Self::Setup(_)
            | Self::Disagreement { .. }
            | Self::Incomparable { .. }
            | Self::Value { .. }
            | Self::Cancelled
            | Self::Json(_) => None,
        }
    }
}
