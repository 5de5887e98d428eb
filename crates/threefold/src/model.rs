//! `Model`: how a fold is run, as a bare word, and the table of what each model can do. It imports nothing of this
//! crate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a fold is run. The task and the result are the same on each model.
///
/// `Display`, JSON and [`name`](Self::name) use the words `sequential`, `async`, `threads`, `processes` and `mpi`.
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
    /// One chunk after the other, on the caller's thread. It is the reference for the other models.
    Sequential,
    /// Futures on an async runtime: many chunks wait at the same time, by default all on the caller's thread. It needs
    /// the feature `async`.
    Async,
    /// A pool of threads in this process, which the caller takes part in.
    Threads,
    /// Worker processes: a crash ends one worker, and never the caller. It needs the feature `processes`, and Linux.
    Processes,
    /// The other ranks of an MPI job, on one host or on many. It needs the feature `mpi`, Linux, and a launcher such as
    /// `mpirun`; without one the chunks run on threads of this process.
    Mpi,
}

/// What a model can do: see [`Model::capabilities`].
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
    /// The model can have more than one [worker](crate::Builder::workers).
    pub has_plural_workers: bool,
    /// Many chunks of an `async` task wait at the same time on one worker, so that
    /// [`in_flight`](crate::Builder::in_flight) can be set.
    pub waits_at_once: bool,
    /// A chunk that runs too long can be stopped, so that [`timeout`](crate::Builder::timeout) can be set.
    pub stops_chunks: bool,
    /// Workers are separate processes: a crash, an exit or a lack of memory ends a worker and never the caller. On mpi
    /// this is so if it is [asked for](crate::Builder::isolate).
    pub survives_crashes: bool,
    /// Tasks, chunks and outputs are serialized and copied between processes.
    pub copies_data: bool,
    /// Chunks run on threads of this process, whose stack can be [chosen](crate::Builder::stack_size).
    pub has_stack_size: bool,
    /// Workers are in the ranks of an MPI job, which may be on other hosts: [`silence`](crate::Builder::silence) can be
    /// set.
    pub has_ranks: bool,
}

impl Model {
    /// All models, including those that this build cannot run, in the order of tables and help.
    ///
    /// ```
    /// use threefold::Model;
    /// assert!(Model::ALL.starts_with(&[Model::Sequential]));
    /// ```
    pub const ALL: &'static [Model] = &[Model::Sequential, Model::Async, Model::Threads, Model::Processes, Model::Mpi];

    /// The models that this build can run on this platform, in the order of [`ALL`](Self::ALL): sequential and threads
    /// always, async, processes and mpi if their features are enabled, processes and mpi on Linux only.
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
            #[cfg(all(feature = "mpi", target_os = "linux"))]
            Model::Mpi,
        ]
    }

    /// The word for this model, which `Display` writes, `FromStr` takes and JSON holds.
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
            Model::Mpi => "mpi",
        }
    }

    /// What this model can do.
    ///
    /// ```
    /// use threefold::Model;
    ///
    /// let can_stop: Vec<_> = Model::ALL.iter().filter(|model| model.capabilities().stops_chunks).collect();
    /// assert_eq!(can_stop, [&Model::Async, &Model::Processes, &Model::Mpi]);
    /// ```
    pub const fn capabilities(self) -> Capabilities {
        const NONE: Capabilities = Capabilities {
            has_plural_workers: false,
            waits_at_once: false,
            stops_chunks: false,
            survives_crashes: false,
            copies_data: false,
            has_stack_size: false,
            has_ranks: false,
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
            Model::Mpi => Capabilities {
                has_plural_workers: true,
                stops_chunks: true,
                survives_crashes: true,
                copies_data: true,
                has_ranks: true,
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

/// The error for a word that is not the name of a model. Its text lists the names.
///
/// ```
/// use threefold::Model;
///
/// let error = "fork".parse::<Model>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown model `fork`; expected one of sequential, async, threads, processes, mpi");
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

    /// Takes the name of a model. The words `multithreading` and `multiprocess` are accepted too, for threads and
    /// processes.
    ///
    /// # Errors
    ///
    /// [`UnknownModel`] for any other word. Capital letters are not accepted.
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
