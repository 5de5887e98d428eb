//! Workers: what happens in a process that was started to run chunks for another.

/// The first line of `main`: a worker process stops here and serves, and does not come back.
///
/// In the program itself it does nothing but allow [`Model::Processes`](crate::Model::Processes): without it, workers
/// would run `main` again. Call it before anything else that has an effect, in `main` or, in a test, as the first line of the
/// `#[test]`.
///
/// ```
/// fn main() -> threefold::Result<()> {
///     threefold::init();
///     // ..
///     Ok(())
/// }
/// ```
pub fn init() {}
