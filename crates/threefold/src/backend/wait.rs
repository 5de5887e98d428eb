//! How the future of an `async` task is waited for where nothing else can run on the thread meanwhile: on the models
//! sequential, threads and processes, and when `Task::map` is called directly.
//!
//! The future gets a runtime on this thread, so that timers and sockets work. The runtime is kept for the next chunk,
//! and ended when the thread leaves the fold.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::thread;

use tokio::runtime::Runtime;

use super::{current, runtime, stack};
use crate::fold::chunk;
use crate::panics::{self, Refused};
use crate::task::BoxFuture;
use crate::trace::scope::Here;

/// What is said if the system refuses a thread.
const NO_THREAD: &str = "a thread for an async task could not be started";

thread_local! {
    /// Not dropped with the thread, which has left its last fold before: a destructor at the end of the thread may fold.
    static RUNTIME: ManuallyDrop<RefCell<Option<Runtime>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

/// Waits for `future` on this thread.
///
/// # Panics
///
/// If `future` panics, or if the system refuses a runtime or a thread. A fold on a local model makes an error of the
/// latter.
pub fn wait<T: Send>(future: BoxFuture<'_, T>) -> T {
    if runtime::may_enter() {
        return Lent(Some(RUNTIME.with(|kept| kept.take()).unwrap_or_else(make))).block_on(future);
    }
    // This thread is inside a runtime and must not enter another. A thread that lives as long as this call does it.
    let (context, number, listening) = (current::get(), chunk::get(), Here::now());
    let waited = thread::scope(|scope| {
        let waiting = stack::spawn(scope, "threefold-wait", stack::same(), || {
            let _here = current::enter(context);
            chunk::set(number);
            let _entered = listening.as_ref().map(Here::enter);
            panics::catch(|| Lent(Some(make())).block_on(future))
        });
        let refused = |error| panics::refuse(Refused { what: NO_THREAD, error });
        waiting.unwrap_or_else(refused).join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    });
    waited.unwrap_or_else(|panic| panics::resume(panic))
}

/// A runtime that was taken out while it runs: a wait that is nested in this one makes a runtime of its own. Also when
/// the future panics, it is kept for the next chunk or ended when this is dropped.
struct Lent(Option<Runtime>);

impl Lent {
    fn block_on<T>(&self, future: BoxFuture<'_, T>) -> T {
        self.0.as_ref().expect("it is there until it is dropped").block_on(future)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(runtime) = self.0.take() else { return };
        if current::is_inside() {
            RUNTIME.with(|kept| kept.replace(Some(runtime))).into_iter().for_each(runtime::end);
            current::on_leave(leave);
        } else {
            runtime::end(runtime);
        }
    }
}

/// Ends the runtime, after the thread has left its last fold.
fn leave() {
    if let Some(runtime) = RUNTIME.with(|kept| kept.take()) {
        runtime::end(runtime);
    }
}

fn make() -> Runtime {
    runtime::new().unwrap_or_else(|error| panics::refuse(Refused { what: runtime::NOT_STARTED, error }))
}
