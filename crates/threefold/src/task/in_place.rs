//! `task_fn!`: a small task in place.

/// Makes a small task where it is used. It is written like a closure, with the types of the chunk and of the output:
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
///
/// # fn main() -> threefold::Result<()> {
/// threefold::init();
/// for &model in Model::available() {
///     let on = Executor::new(model)?;
///     let total = on.fold(0..1_000, task_fn!(|c: Range<u64>| -> u64 { c.sum() }), 0, |sum, part| sum + part)?;
///     assert_eq!(total, 499_500);
/// }
/// # Ok(())
/// # }
/// ```
///
/// The task runs on every model, in worker processes and ranks too. It is registered where it stands, as a function with
/// `#[task]` is. Errors name its place in the source: `task at src/main.rs:7: chunk 3 (6..8) panicked ..`. A
/// journal knows it by its file and its code.
///
/// It captures nothing: a worker process has the program's functions, but not the variables of a function that is
/// running. The body may use functions, constants, statics, types and other tasks. It may stand in a generic function, but
/// cannot use the generic parameters of this function. For captures write a function with
/// [`#[task]`](macro@crate::task) whose parameters after the chunk are the captures, or a struct with
/// [`#[task] impl Task`](crate::Task):
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
///     chunk.iter().filter(|&value| value > limit).count()
/// }
///
/// let limit = 1.0;
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], count_above.with(limit), 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// The value of the macro is a [`With`](crate::With) without captures. The macro is not called `task!`, because Rust lets a
/// module import only one macro of a name, attributes included.
///
/// # Errors
///
/// These do not compile: a task that captures a variable or has `move`; a chunk or an output without a type, or of a type
/// that is a reference or `impl Trait`; more than one parameter; an `async` closure, for which `#[task] async fn` is
/// there. If the body uses a variable, the compiler gives two errors. The first one says that the variable is not a
/// constant. The second one shows what is captured, and says what to write.
#[macro_export]
macro_rules! task_fn {
    ($($task:tt)*) => { $crate::__private::task_fn! { $crate; $($task)* } };
}

/// Takes what [`task_fn!`](crate::task_fn) was given as a function pointer, and drops it. A closure that captures is none.
///
/// The compiler shows the line below when a task in place uses a variable. So the line says what to write.
#[rustfmt::skip]
pub fn a_task_in_place_captures_nothing<C, O>(_: fn(C) -> O) {} // for captures, write a struct with `#[task] impl Task`
