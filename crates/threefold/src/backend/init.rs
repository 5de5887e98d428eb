//! `init`: the line of `main` at which a worker process stops and serves.

/// Makes worker processes possible. It must be the first line of `main`.
///
/// A worker process is this same program, started once more. When it comes to `init`, it stops there, serves its
/// parent, and never returns, so that the rest of `main` runs in the parent alone. In the parent itself `init` only
/// notes that it was called and returns at once. Without that note an executor for
/// [`Model::Processes`](crate::Model::Processes) is an error, because its workers would run `main` again.
///
/// Call it before everything that has an effect: before output, files, threads, and the reading of arguments. In a
/// test, make it the first line of the `#[test]` function; workers then stop before the test harness runs. Without the
/// feature `processes`, and on systems other than Linux, it does nothing.
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
}
