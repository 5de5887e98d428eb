//! Async runtimes for one thread at a time, and where a thread may enter one.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// How long the end of a runtime waits for what tasks left on its blocking threads.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// A runtime that the thread which enters it drives by itself, with timers and sockets.
pub(super) fn new() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Whether this thread may enter a runtime: it must not be inside of one, ours or anybody's.
pub(super) fn may_enter() -> bool {
    Handle::try_current().is_err()
}

/// Ends a runtime, wherever this thread is.
pub(super) fn end(runtime: Runtime) {
    if may_enter() {
        runtime.shutdown_timeout(SHUTDOWN);
    } else {
        // Inside a runtime nothing may block; what is left ends by itself.
        runtime.shutdown_background();
    }
}
