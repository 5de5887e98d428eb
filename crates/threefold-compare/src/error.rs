//! `Error`: why there is no comparison.

use std::path::PathBuf;
use std::{fmt, io};

use threefold::Model;

/// What came instead of a [`Comparison`](crate::Comparison).
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no comparison.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was measured: what was asked for makes no sense.
    Setup(String),
    /// The work failed on a model. Where it went well on others, the error says so.
    Fold {
        /// The model that it failed on.
        model: Model,
        /// How it failed.
        error: Box<threefold::Error>,
        /// The models on which it had gone well.
        went_well_on: Vec<Model>,
    },
    /// A model came to another value than sequential: the work depends on more than its chunks and captures.
    Disagreement {
        /// That model.
        model: Model,
        /// What sequential came to, as `Debug` text.
        expected: String,
        /// What this model came to.
        value: String,
    },
    /// What a model came to is wrong.
    Value {
        /// That model.
        model: Model,
        /// What is wrong with it.
        reason: String,
    },
    /// It was cancelled before there was anything to tell.
    Cancelled,
    /// A file could not be written or read.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A text is not the JSON of a comparison.
    Json(String),
}

impl Error {
    /// Whether nothing was started because what was asked for makes no sense here.
    pub fn is_setup(&self) -> bool {
        matches!(self, Self::Setup(_)) || matches!(self, Self::Fold { error, .. } if error.is_setup())
    }

    /// Whether it was cancelled before there was anything to tell.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(reason) => f.write_str(reason),
            Self::Fold { error, model, .. } if error.is_setup() => write!(f, "{model}: {error}"),
            Self::Fold { error, went_well_on, model } => {
                write!(f, "the comparison ended: on {model} the work failed")?;
                if let [first, others @ ..] = went_well_on.as_slice() {
                    write!(f, ", although it went well on {first}")?;
                    others.iter().try_for_each(|other| write!(f, ", {other}"))?;
                }
                write!(f, ": {error}")
            }
            Self::Disagreement { model, expected, value } => write!(
                f,
                "{model} came to {value}, where sequential came to {expected}: the work depends on more than its chunks \
                 and captures (a global, the environment, the order of events), so the models cannot be compared on it"
            ),
            Self::Value { model, reason } => write!(f, "on {model}: {reason}"),
            Self::Cancelled => f.write_str("the comparison was cancelled before every model had run once"),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Json(reason) => write!(f, "this is not the JSON of a comparison: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fold { error, .. } => Some(error),
            Self::File { error, .. } => Some(error),
            _ => None,
        }
    }
}
