//! How the future of an `async` task is waited for where nothing else can run on the thread meanwhile: on the models
//! sequential, threads and processes, and when `Task::map` is called directly.
//!
//! The future gets a runtime on this thread, so that timers and sockets work. The runtime is kept for the next chunk,
//! and ended when the thread leaves the fold.

use std::cell::RefCell;
use std::thread;

use tokio::runtime::Runtime;

use super::{current, runtime, stack};
use crate::panics;
use crate::task::BoxFuture;

thread_local! {
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

/// Waits for `future` on this thread.
///
/// # Panics
///
/// If `future` panics, or if the system refuses a runtime.
pub fn wait<T: Send>(future: BoxFuture<'_, T>) -> T {
    if runtime::may_enter() {
        // Taken out while it runs: a wait that is nested in this one makes a runtime of its own.
        let runtime = RUNTIME.take().unwrap_or_else(make);
        let output = runtime.block_on(future);
        if current::is_inside() {
            RUNTIME.set(Some(runtime));
            current::on_leave(leave);
        } else {
            runtime::end(runtime);
        }
        return output;
    }
    // This thread is inside a runtime and must not enter another. A thread that lives as long as this call does it.
    let context = current::get();
    let waited = thread::scope(|scope| {
        let waiting = thread::Builder::new().name("threefold-wait".to_string()).stack_size(stack::size()).spawn_scoped(
            scope,
            || {
                let _here = current::enter(context);
                panics::catch(|| make().block_on(future))
            },
        );
        let waiting = waiting.expect("the system has a thread for an async task inside somebody's runtime");
        waiting.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    });
    waited.unwrap_or_else(|panic| panics::resume(panic))
}

/// Ends the runtime, after the thread has left its last fold.
fn leave() {
    if let Some(runtime) = RUNTIME.take() {
        runtime::end(runtime);
    }
}

fn make() -> Runtime {
    runtime::new().expect("the system has descriptors for a runtime")
}
