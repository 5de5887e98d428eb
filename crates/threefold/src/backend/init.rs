//! `init`: the line of `main` at which a worker process or an MPI rank stops and serves; `ranks`: how many there are.

/// Makes worker processes and MPI ranks possible. It must be the first line of `main`.
///
/// A worker process is this same program, started once more. When it comes to `init`, it stops there, serves its
/// parent, and never returns, so that the rest of `main` runs in the parent alone. In the parent itself `init` only
/// notes that it was called and returns at once. Without that note, making an executor for
/// [`Model::Processes`](crate::Model::Processes) returns an error, because its workers would run `main` again.
///
/// If a worker has no other threads when it reaches `init`, further workers may be made as copies of it. Then what
/// `main` does before `init` happens once for several workers: they share the offsets of files that `main` has opened,
/// and the random numbers that it has drawn.
///
/// Call it before everything that has an effect: before output, files, threads, and the reading of arguments. In a
/// program whose `main` has called it, every thread may make executors. Without the features `processes` and `mpi`, and
/// on systems other than Linux, it does nothing.
///
/// In an MPI job the same holds for the ranks: rank 0 goes on with `main`, and the others stop here, serve rank 0, and
/// exit when it ends. A process is in a job if an MPI launcher has started it. `init` finds this out from the
/// launcher's environment variables. In any other process `init` does not call MPI.
///
/// In a test, make it the first line of the `#[test]` function; workers then stop before the test harness runs. There
/// the call counts for the thread that makes it, so that no test depends on which others ran before. A thread that the
/// test starts, and that makes an executor itself, calls it too.
///
/// A worker serves only the program that started it, for the same user. A worker is recognized by its first argument
/// (`--threefold-worker`) and by a socket as its standard input. If both are there but the parent or the user is
/// another one, the process prints the reason to standard error and exits with code 1. If the standard input is not
/// such a socket, `init` ignores the argument, and the program may use it.
///
/// ```
/// fn main() -> threefold::Result<()> {
///     threefold::init();
///     // ..
///     Ok(())
/// }
/// ```
pub fn init() {
    #[cfg(all(feature = "processes", target_os = "linux"))]
    super::processes::worker::entrance::enter();
    // A worker process of a rank inherits the launcher's variables, so it looks for its own mark first.
    #[cfg(all(feature = "mpi", target_os = "linux"))]
    super::mpi::enter();
}

/// The number of ranks of the MPI job that this process belongs to, itself included.
///
/// It is 1 if the program was not started by an MPI launcher, has not called [`init()`], or is built without the feature
/// `mpi`. With 1 rank, an executor for [`Model::Mpi`](crate::Model::Mpi) runs chunks on threads of this process. With
/// more, rank 0 runs `main` and no chunks.
///
/// ```
/// threefold::init();
/// if threefold::ranks() == 1 {
///     eprintln!("note: only this process takes part; start the program with mpirun to use more");
/// }
/// ```
pub fn ranks() -> usize {
    #[cfg(all(feature = "mpi", target_os = "linux"))]
    return super::mpi::count();
    #[cfg(not(all(feature = "mpi", target_os = "linux")))]
    return 1;
}
