//! `Model`: the one word that says how a fold is run. The only file that names every backend.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::backend::{self, Backend};
use crate::error::{Error, Result};
use crate::options::Options;

/// How a fold is run: the same work and the same answer on each.
///
/// ```
/// use threefold::Model;
///
/// assert_eq!(Model::Threads.to_string(), "threads");
/// assert_eq!("multiprocess".parse::<Model>()?, Model::Processes);
/// # Ok::<(), threefold::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// One chunk after the other, on the caller's thread.
    Sequential,
    /// Tasks on an async runtime: many chunks wait at once, by default on one thread.
    Async,
    /// A pool of threads in this process; the caller takes part.
    Threads,
    /// Worker processes: a crash takes down one worker, never the caller.
    Processes,
}

impl Model {
    /// Every model there is, compiled in or not.
    pub const ALL: &'static [Model] = &[Model::Sequential, Model::Async, Model::Threads, Model::Processes];

    /// The models that this build can run: all but those whose feature was left out.
    ///
    /// ```
    /// use threefold::Model;
    /// assert!(Model::available().contains(&Model::Sequential));
    /// ```
    pub fn available() -> &'static [Model] {
        &[
            Model::Sequential,
            #[cfg(feature = "async")]
            Model::Async,
            Model::Threads,
            #[cfg(feature = "processes")]
            Model::Processes,
        ]
    }

    /// The word for this model: what `Display` prints, JSON holds and `FromStr` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Model::Sequential => "sequential",
            Model::Async => "async",
            Model::Threads => "threads",
            Model::Processes => "processes",
        }
    }

    pub(crate) fn backend(self, options: &Options) -> Result<Arc<dyn Backend>> {
        match self {
            Model::Sequential => backend::sequential::new(options),
            Model::Threads => backend::threads::new(options),
            #[cfg(feature = "async")]
            Model::Async => backend::tokio::new(options),
            #[cfg(feature = "processes")]
            Model::Processes => backend::processes::new(options),
            #[allow(unreachable_patterns, reason = "reached where a feature was left out")]
            absent => Err(Error::setup(
                Some(absent),
                format!("the model {absent} is not in this build: add threefold's feature `{absent}`"),
            )),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Model {
    type Err = Error;

    /// Takes the name of a model, and the tutorial's words `multithreading` and `multiprocess`.
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "multithreading" => Ok(Model::Threads),
            "multiprocess" => Ok(Model::Processes),
            _ => Model::ALL.iter().copied().find(|model| model.name() == word).ok_or_else(|| {
                let words: Vec<_> = Model::ALL.iter().map(|model| model.name()).collect();
                Error::setup(None, format!("`{word}` is not a model: it is one of {}", words.join(", ")))
            }),
        }
    }
}
