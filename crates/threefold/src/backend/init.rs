//! `init`: the line at the top of `main` where worker processes stop and serve.

/// The first line of `main`: a worker process stops here and serves, and does not come back.
///
/// In the program itself it does nothing but allow [`Model::Processes`](crate::Model::Processes): without it workers
/// would run `main` again, so asking for them is an error. Call it before anything that has an effect; in a test, as
/// the first line of the `#[test]` (a worker then stops before the test harness runs).
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
