//! Async runtimes that are driven by one thread at a time, and the question whether a thread may enter one.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// How long the end of a runtime waits for what tasks left running on its blocking threads.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// What is said if the system refuses a runtime.
pub(super) const NOT_STARTED: &str = "the async runtime could not be started";

/// A runtime that is driven by the thread that enters it, with timers and sockets.
pub(super) fn new() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Whether this thread may enter a runtime. It may not if it is inside of one already, whoever made that, nor if it ends
/// and what tokio keeps for the thread is gone.
pub(super) fn may_enter() -> bool {
    Handle::try_current().is_err_and(|error| error.is_missing_context())
}

/// Ends a runtime, from any thread.
pub(super) fn end(runtime: Runtime) {
    if may_enter() {
        runtime.shutdown_timeout(SHUTDOWN);
    } else {
        // Nothing may block inside of a runtime. What is left ends by itself.
        runtime.shutdown_background();
    }
}
