//! The attribute `#[task]` and the macro `task_fn!` of the crate threefold, which documents and re-exports them.

mod expand;
mod parse;
mod signature;

use proc_macro::TokenStream;

/// Makes a function, or an `impl Task for ..`, a task: the work of a fold, which runs on every model.
///
/// # On a function
///
/// The first parameter is the chunk. The function can still be called, and `*name` is its plain function pointer:
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn double(chunk: u64) -> u64 {
///     2 * chunk
/// }
///
/// assert_eq!(double(21), 42);
/// let pointer: fn(u64) -> u64 = *double;
/// assert_eq!([1, 2].map(pointer), [2, 4]);
///
/// let on = Executor::new(Model::Threads)?;
/// assert_eq!(on.map(Items(vec![1, 2]), double)?, [2, 4]);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # Captures
///
/// The parameters after the chunk are captures: values that are the same for all chunks and are sent along with the
/// task. The function takes each by reference, and the method `with` takes them owned. It gives a `With`, which is the
/// task for the fold:
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
///     chunk.iter().filter(|&value| value > limit).count()
/// }
///
/// assert_eq!(count_above(Slice::from(vec![0.5, 1.5]), &1.0), 1);
///
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], count_above.with(1.0), 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// A capture of type `&T` is given as a `T`, which must be owned, have serde's `Serialize` and `Deserialize`, and be
/// `Send` and `Sync`. Two types of references are captured as what they borrow from: `&str` as a `String`, and `&[T]`
/// as a `Vec<T>`. For these `with` takes whatever converts into it, such as a literal. A task has at most 12 captures.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn dot(chunk: Slice<f64>, weights: &[f64], unit: &str) -> String {
///     let sum: f64 = chunk.iter().zip(weights).map(|(value, weight)| value * weight).sum();
///     format!("{sum} {unit}")
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let sums = on.map(vec![1.0, 2.0, 3.0, 4.0].chunks_of(2), dot.with([10.0, 1.0], "kg"))?;
/// assert_eq!(sums, ["12 kg", "34 kg"]);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # Filling a buffer
///
/// If the second parameter is `&mut [T]`, the task fills a piece of a buffer and returns nothing. Such a task is for the
/// verb `Executor::map_into`, which cuts the buffer into one piece for each chunk. The piece is zero when the task gets
/// it. Captures follow after it.
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
///
/// #[task]
/// fn squares(chunk: Range<u64>, piece: &mut [u64], factor: &u64) {
///     for (item, i) in piece.iter_mut().zip(chunk) {
///         *item = factor * i * i;
///     }
/// }
///
/// let mut table = [0; 100];
/// Executor::new(Model::Threads)?.map_into(&mut table, 0..100u64, squares.with(2))?;
/// assert_eq!(table[7], 98);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # On an `async` function
///
/// On the model `async` many chunks of such a task wait at the same time. The other models wait for one chunk after
/// another on each worker.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// async fn next(chunk: u64) -> u64 {
///     std::future::ready(chunk + 1).await
/// }
///
/// let on = Executor::new(Model::Async)?;
/// assert_eq!(on.map(Items(vec![1, 2]), next)?, [2, 3]);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # On `impl Task for ..`
///
/// A struct of your own is a task, with its fields as the captures. Its `map` may be an `async fn`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
///
/// #[derive(PartialEq, Serialize, Deserialize)]
/// struct CountAbove {
///     limit: f64,
/// }
///
/// #[task]
/// impl Task for CountAbove {
///     type Chunk = Slice<f64>;
///     type Output = usize;
///
///     fn map(&self, chunk: Slice<f64>) -> usize {
///         chunk.iter().filter(|&&value| value > self.limit).count()
///     }
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], CountAbove { limit: 1.0 }, 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// If the struct is generic, an impl is for one type, such as `CountAbove<u32>`, and there may be one for each of several.
/// Errors and journals call the task by this name.
///
/// # State per worker
///
/// With a `type State` and a `fn state`, each worker makes a value once for a fold, and `map` gets it as `&mut` before the
/// chunk. The documentation of `Task` says when the value is made and dropped.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
///
/// #[derive(PartialEq, Serialize, Deserialize)]
/// struct Checksum;
///
/// #[task]
/// impl Task for Checksum {
///     type Chunk = u64;
///     type Output = u64;
///     type State = Vec<u8>;
///
///     /// A buffer that each worker allocates once. It may also be a `Result<Vec<u8>, _>`.
///     fn state(&self) -> Vec<u8> {
///         Vec::with_capacity(1 << 16)
///     }
///
///     fn map(&self, buffer: &mut Vec<u8>, seed: u64) -> u64 {
///         buffer.clear();
///         buffer.extend((0..1000).map(|i| (seed * i) as u8));
///         buffer.iter().map(|&byte| u64::from(byte)).sum()
///     }
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// assert_eq!(on.map(Items(vec![0, 256]), Checksum)?, [0, 0]);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # The name of a task
///
/// A task is a value of a type with the same name, as a unit struct is. In its scope no variable can have this name:
/// Rust reads the name in a pattern as the task. Beside a task `sum`, neither `let sum = ..` nor `|sum, part| ..`
/// compiles. Give the task or the variable another name. (A parameter of the task itself may have its name.)
///
/// # Options
///
/// `#[task(crate = "path")]` says where the crate threefold is, for a crate that re-exports it:
///
/// ```
/// mod other {
///     pub use threefold;
/// }
///
/// #[other::threefold::task(crate = "crate::other::threefold")]
/// fn double(chunk: u64) -> u64 {
///     2 * chunk
/// }
/// # fn main() {}
/// ```
///
/// # Loops for the CPU at hand
///
/// A default build uses only instructions that every CPU of the target has. On x86-64 this is SSE2, of the year 2003.
/// `#[task(simd)]` compiles the task for later CPUs as well: on x86-64 once each for SSE2, SSE4.2, AVX2 and AVX-512.
/// Each process runs the version for its own CPU. On targets where CPUs are not distinguished, such as 64-bit ARM with
/// NEON, there is one version. The option needs threefold's feature `simd`.
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
///
/// #[task(simd)]
/// fn mixed(chunk: Range<u64>, key: &u64) -> u64 {
///     chunk.fold(0, |total, i| total.wrapping_add(i ^ key))
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// assert_eq!(on.fold(0..1_000_000, mixed.with(63), 0, |sum, part| sum + part)?, 499_999_500_000);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// - **What becomes faster** is a plain loop whose iterations do not wait for each other: sums of integers, the same
///   arithmetic on each element of an array. `mul_add`, `floor`, `ceil` and `trunc` become single instructions. A sum
///   of floats in one variable stays as it is, since Rust adds in the order that is written: keep several sums, for
///   instance in an array. Functions of the mathematical library, such as `sin`, `exp` and `powf`, are called as
///   before. Divisions may gain nothing: some CPUs divide no faster in wider vectors.
/// - **What the body calls** is compiled along with it where the compiler inlines it. Mark helpers as
///   `#[inline(always)]`.
/// - **The result is the same on every CPU, bit for bit.** Rust neither reorders floats nor fuses a multiplication with
///   an addition. Only the bits of a NaN are left open, as they are in Rust everywhere.
/// - **The cost**: the CPU is examined once per process, and each call of the task takes about 1.4 ns longer (measured:
///   the contest `simd-chunk` of BENCHMARKS.md). The program has several copies of the task.
///
/// It works on functions and on `impl Task for ..`. An `async` task cannot have it: put the loop into a function with
/// `#[task(simd)]` of its own, and call that.
///
/// # Errors
///
/// These do not compile: a generic function or impl, since a worker process looks up one function, and one with a lifetime
/// parameter; a method or an associated function; an unsafe, `extern` or variadic function; a function with
/// `#[target_feature]`; a parameter with `#[cfg]`; a chunk or an output that is or contains a reference or `impl Trait`; an
/// output of type `!`; a capture that is not a shared reference; an `async` or `const` function with `simd`.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    parse::parse(options.into(), item.into())
        .map(expand::expand)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Threefold's macro `task_fn!`, which documents it, begins with the path of the crate threefold and calls this.
#[doc(hidden)]
#[proc_macro]
pub fn task_fn(input: TokenStream) -> TokenStream {
    parse::in_place::parse(input.into())
        .map(expand::in_place::expand)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
