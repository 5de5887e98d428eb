//! Waiting for the future of an `async` task where nothing else can run meanwhile: on every model but async.
//!
//! The future finds a runtime of its own on this thread, so that timers and sockets work. The runtime is kept for the
//! next chunk, and goes when the thread leaves the fold.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::thread;

use tokio::runtime::Runtime;

use super::{current, runtime, stack};
use crate::fold::chunk;
use crate::panics;
use crate::task::BoxFuture;

thread_local! {
    /// Not dropped with the thread, which has left its last fold before: a destructor at the end of the thread may fold.
    static RUNTIME: ManuallyDrop<RefCell<Option<Runtime>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

/// Waits for `future` on this thread.
///
/// # Panics
///
/// When `future` does, and when the system refuses a runtime.
pub fn wait<T: Send>(future: BoxFuture<'_, T>) -> T {
    if runtime::may_enter() {
        // Also when the future unwinds, the runtime is kept or ended when this is dropped.
        let lent = Lent(Some(RUNTIME.with(|kept| kept.take()).unwrap_or_else(make)));
        return lent.block_on(future);
    }
    // Inside someone's runtime this thread must not enter another: a thread that lives as long as the call does.
    let (context, number) = (current::get(), chunk::get());
    let waited = thread::scope(|scope| {
        let waiting = stack::spawn(scope, "threefold-wait", stack::same(), || {
            let _here = current::enter(context);
            chunk::set(number);
            panics::catch(|| Lent(Some(make())).block_on(future))
        });
        let waiting = waiting.expect("the system has a thread for an async task inside somebody's runtime");
        waiting.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    });
    waited.unwrap_or_else(|panic| panics::resume(panic))
}

/// A runtime that was taken out while it runs: a nested wait makes one of its own.
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

/// The thread has left its last fold.
fn leave() {
    if let Some(runtime) = RUNTIME.with(|kept| kept.take()) {
        runtime::end(runtime);
    }
}

fn make() -> Runtime {
    runtime::new().expect("the system has descriptors for a runtime")
}
