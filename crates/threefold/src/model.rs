//! `Model`: the one word that says how a fold is run, and what each model can do. It imports nothing of this crate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    /// A pool of threads in this process. The caller takes part.
    Threads,
    /// Worker processes: a crash ends one worker, never the caller.
    Processes,
}

/// What a model can do: one row of the table that option checks, verdicts and the program read.
///
/// ```
/// use threefold::Model;
///
/// assert!(Model::Processes.capabilities().survives_crashes);
/// assert!(!Model::Sequential.capabilities().has_plural_workers);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// More than one worker can be asked for.
    pub has_plural_workers: bool,
    /// Many chunks of an `async` task wait at once on one worker, so that `in_flight` has a meaning.
    pub waits_at_once: bool,
    /// A chunk that runs too long can be stopped, so that `timeout` has a meaning.
    pub stops_chunks: bool,
    /// Workers are separate processes: a crash, an exit or running out of memory loses a worker and never the caller.
    pub survives_crashes: bool,
    /// Chunks and outputs are serialized and copied between processes.
    pub copies_data: bool,
    /// Chunks run on threads that this process starts, whose stack size can be chosen.
    pub has_stack_size: bool,
}

impl Model {
    /// Every model there is, compiled in or not.
    ///
    /// ```
    /// use threefold::Model;
    /// assert!(Model::ALL.starts_with(&[Model::Sequential]));
    /// ```
    pub const ALL: &'static [Model] = &[Model::Sequential, Model::Async, Model::Threads, Model::Processes];

    /// The models that this build can run: those whose feature was not left out and that this platform has.
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
            #[cfg(all(feature = "processes", target_os = "linux"))]
            Model::Processes,
        ]
    }

    /// The word for this model: what `Display` prints, JSON holds and `FromStr` takes.
    ///
    /// ```
    /// use threefold::Model;
    /// assert_eq!(Model::Async.name(), "async");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Model::Sequential => "sequential",
            Model::Async => "async",
            Model::Threads => "threads",
            Model::Processes => "processes",
        }
    }

    /// What this model can do.
    ///
    /// ```
    /// use threefold::Model;
    ///
    /// let can_stop: Vec<_> = Model::ALL.iter().filter(|model| model.capabilities().stops_chunks).collect();
    /// assert_eq!(can_stop, [&Model::Async, &Model::Processes]);
    /// ```
    pub const fn capabilities(self) -> Capabilities {
        const NONE: Capabilities = Capabilities {
            has_plural_workers: false,
            waits_at_once: false,
            stops_chunks: false,
            survives_crashes: false,
            copies_data: false,
            has_stack_size: false,
        };
        match self {
            Model::Sequential => NONE,
            Model::Async => Capabilities {
                has_plural_workers: true,
                waits_at_once: true,
                stops_chunks: true,
                has_stack_size: true,
                ..NONE
            },
            Model::Threads => Capabilities { has_plural_workers: true, has_stack_size: true, ..NONE },
            Model::Processes => Capabilities {
                has_plural_workers: true,
                stops_chunks: true,
                survives_crashes: true,
                copies_data: true,
                ..NONE
            },
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The error of a word that names no model.
///
/// ```
/// use threefold::Model;
///
/// let error = "fork".parse::<Model>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown model `fork`; expected one of sequential, async, threads, processes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownModel {
    word: String,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Model::ALL.iter().map(|model| model.name()).collect();
        write!(f, "unknown model `{}`; expected one of {}", self.word.escape_debug(), names.join(", "))
    }
}

impl std::error::Error for UnknownModel {}

impl FromStr for Model {
    type Err = UnknownModel;

    /// Takes the name of a model, and the tutorial's words `multithreading` and `multiprocess`.
    fn from_str(word: &str) -> Result<Self, UnknownModel> {
        match word {
            "multithreading" => Ok(Model::Threads),
            "multiprocess" => Ok(Model::Processes),
            _ => Model::ALL
                .iter()
                .copied()
                .find(|model| model.name() == word)
                .ok_or_else(|| UnknownModel { word: word.to_string() }),
        }
    }
}
