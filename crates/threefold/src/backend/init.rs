//! `init`: the line at the top of `main` where worker processes stop and serve.

/// The first line of `main`: a worker process stops here and serves, and does not come back.
///
/// In the program itself it does nothing but allow [`Model::Processes`](crate::Model::Processes): without it workers
/// would run `main` again, so asking for them is an error. Call it before anything that has an effect.
///
/// In a test, call it in the first line of the `#[test]`: a worker then stops before the test harness runs. There the
/// call counts for the thread that makes it, so that no test depends on which others ran before. A thread that the test
/// starts, and that makes an executor itself, calls it too. In a program whose `main` has called it, every thread may
/// make executors.
///
/// A worker serves nobody but the program that started it, for the same user. Where that is not so, it prints the reason
/// to standard error and exits with code 1. The same arguments without a channel in the standard input are the
/// program's own, and nothing happens.
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
