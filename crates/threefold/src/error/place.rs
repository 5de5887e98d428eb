//! `Place`: where a failure happened: the model, the task, the chunk and its range, the worker, the attempt.

use std::fmt;

use super::rank::Rank;
use crate::model::Model;

/// Where a failure happened, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) model: Option<Model>,
    pub(crate) task: Option<&'static str>,
    pub(crate) chunk: Option<u64>,
    pub(crate) range: Option<String>,
    pub(crate) worker: Option<usize>,
    pub(crate) pid: Option<u32>,
    /// The process, where it is a rank of an MPI job.
    pub(crate) rank: Option<Rank>,
    pub(crate) attempt: Option<Attempt>,
}

/// Attempt `number`, counted from 1, of `of` attempts that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    pub(crate) of: u32,
}

impl Place {
    /// The same place, on the worker of `at`.
    pub(crate) fn at(self, at: Self) -> Self {
        Self { worker: at.worker, pid: at.pid, rank: at.rank, ..self }
    }

    pub(super) fn write_chunk(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.task, self.chunk, &self.range) {
            (Some(task), Some(chunk), Some(range)) => write!(f, "{task}: chunk {chunk} ({range}) "),
            (Some(task), ..) => write!(f, "{task}: "),
            _ => Ok(()),
        }
    }

    pub(super) fn write_model(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.map_or(Ok(()), |model| write!(f, " on {model}"))
    }

    pub(super) fn write_worker(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.worker, self.pid, &self.rank) {
            (Some(worker), Some(pid), Some(rank)) if rank.pid != pid => {
                write!(f, "worker {worker} (pid {pid}) of rank {} ({}) ", rank.number, rank.host)
            }
            (_, _, Some(rank)) => write!(f, "{rank} "),
            (Some(worker), Some(pid), None) => write!(f, "worker {worker} (pid {pid}) "),
            (Some(worker), None, None) => write!(f, "worker {worker} "),
            _ => Ok(()),
        }
    }
}
