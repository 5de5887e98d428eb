//! The share of the cores that each task has.

use super::Executor;

impl Executor {
    /// How many threads a task should use itself, at least 1: the cores that this process may use, divided by the
    /// workers that share them.
    ///
    /// A task may call code that has threads of its own: rayon, OpenMP, a library for matrices. If each of n workers did
    /// so on all n cores, there would be n times n threads. A task asks [`Executor::current`](Self::current) for its
    /// share:
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn sum(chunk: Slice<u64>) -> u64 {
    ///     let threads = Executor::current().share();
    ///     std::thread::scope(|scope| {
    ///         let parts = chunk.chunks(chunk.len().div_ceil(threads));
    ///         let sums: Vec<_> = parts.map(|part| scope.spawn(|| part.iter().sum::<u64>())).collect();
    ///         sums.into_iter().map(|sum| sum.join().unwrap()).sum()
    ///     })
    /// }
    ///
    /// let on = Executor::builder(Model::Threads).workers(2).build()?;
    /// let cores = std::thread::available_parallelism().unwrap().get();
    /// assert_eq!(on.share(), (cores / 2).max(1));
    /// assert_eq!(on.fold(vec![1; 1000], sum, 0, |sum, part| sum + part)?, 1000);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// - CPU affinity and the quota of a container (cgroup) reduce the cores of a process. They are counted once for an
    ///   executor.
    /// - All workers count, also if a fold has fewer chunks than workers. To have more threads in each task, ask for
    ///   fewer [`workers`](Builder::workers).
    /// - An executor that is made inside of a task divides the share of this task.
    /// - In worker processes, also those of MPI ranks, libraries are told the share by the usual variables of the
    ///   environment, so that the task need not do anything. They are set before `main` of the worker begins, unless the
    ///   user has set them: `OMP_NUM_THREADS`, `OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS`, `BLIS_NUM_THREADS`,
    ///   `RAYON_NUM_THREADS`, `POLARS_MAX_THREADS`, `NUMBA_NUM_THREADS` and `NUMEXPR_NUM_THREADS`. If the user has set
    ///   `OMP_NUM_THREADS`, those that stand for it are left out too.
    /// - On the local models the program has one environment, so it is up to the task. All its tasks share rayon's global
    ///   pool, which has a thread for each core. OpenMP has a team of threads for each worker: call
    ///   `omp_set_num_threads`.
    /// - On mpi a task in a rank has the cores of its rank, divided by the threads of the rank. If the launcher has not
    ///   bound the ranks to cores, the ranks of a host share its cores. Rank 0 gives the share as it would be with its own
    ///   cores.
    /// - A rank takes itself for bound if it may use fewer cores than its host has. In a container, or in an allocation that
    ///   is a part of a host, this is so for every rank. If the launcher has not bound the ranks there, each of them counts
    ///   the same cores, and together they use too many threads. So have the launcher bind the ranks.
    pub fn share(&self) -> usize {
        self.home.share()
    }
}
