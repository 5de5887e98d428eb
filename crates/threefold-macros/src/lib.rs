//! The attribute `#[task]` of the crate threefold, which documents and re-exports it.

mod expand;
mod parse;
mod signature;

use proc_macro::TokenStream;

/// Makes a function, or an `impl Task for ..`, a task that runs on every model.
///
/// On a function of one argument it leaves a unit value of the same name, which is callable like the function was and
/// derefs to the plain function pointer:
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
/// ```
///
/// An `async fn` is a task too: it waits at once with others on the model async, and is waited for elsewhere. On
/// `impl Task for Struct` it registers the struct, whose fields are the captures. A crate that re-exports threefold
/// names the path: `#[task(crate = "other::threefold")]`.
///
/// The task being a value, its name cannot be bound again where it is in scope: next to `#[task] fn sum`, the `sum` of
/// `|sum, part| ..` or of `let sum = ..` is a pattern. Name one of the two otherwise.
///
/// Refused, each with a sentence of its own: generic functions and impls, which have no single name to be found by;
/// functions with no or several arguments; methods.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    parse::parse(options.into(), item.into())
        .map(expand::expand)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
