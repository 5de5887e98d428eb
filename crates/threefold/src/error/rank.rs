//! `Rank`: the process of an MPI job in which a failure happened.

use std::fmt;
use std::sync::Arc;

use super::Error;

/// A process of an MPI job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    /// Its number in the job.
    pub(crate) number: usize,
    /// The host that it runs on.
    pub(crate) host: Arc<str>,
    pub(crate) pid: u32,
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} ({}, pid {})", self.number, self.host, self.pid)
    }
}

impl Error {
    /// The number of the MPI rank that ran the chunk, counted from 0; rank 0 runs no chunks if there are others. `None`
    /// on models other than mpi, and in a job of one rank.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let error = Executor::new(Model::Threads)?.map(Items(vec![0]), reciprocal).unwrap_err();
    /// assert_eq!(error.rank(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rank(&self) -> Option<usize> {
        self.0.place.rank.as_ref().map(|rank| rank.number)
    }

    /// The name of the host on which the chunk ran, where the MPI rank that ran it is known.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let error = Executor::new(Model::Threads)?.map(Items(vec![0]), reciprocal).unwrap_err();
    /// assert_eq!(error.host(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn host(&self) -> Option<&str> {
        self.0.place.rank.as_ref().map(|rank| &*rank.host)
    }
}
