//! Waiting for the future of an `async` task where nothing else can run meanwhile: on every model but async.
//!
//! The future finds a runtime of its own on this thread, so that timers and sockets work. The runtime is kept for the
//! next chunk, and goes when the thread leaves the fold.

use std::cell::RefCell;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::backend::current;
use crate::task::BoxFuture;

thread_local! {
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

/// Waits for `future` on this thread.
///
/// # Panics
///
/// When `future` does, and when the system refuses a runtime.
pub fn wait<T: Send>(future: BoxFuture<'_, T>) -> T {
    if Handle::try_current().is_err() {
        // Taken out while it runs: a nested wait makes one of its own.
        let runtime = RUNTIME.take().unwrap_or_else(runtime);
        let output = runtime.block_on(future);
        if current::is_inside() {
            RUNTIME.set(Some(runtime));
        }
        return output;
    }
    // Inside someone's runtime this thread must not enter another: a thread that lives as long as the call does.
    let context = current::get();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let _here = current::enter(context);
            runtime().block_on(future)
        });
        waiting.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}

/// The thread has left its last fold.
pub(crate) fn leave() {
    drop(RUNTIME.take());
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("the system has descriptors for a runtime")
}
