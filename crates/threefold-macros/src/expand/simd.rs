//! `#[task(simd)]`: compiles the body of a task for several CPUs.

use quote::quote_spanned;
use syn::{Block, Signature, parse_quote};

use crate::parse::Options;

/// If the user wrote `simd`, turns the body of a function into a closure that the library calls.
///
/// The library calls it from several functions, one for each instruction set. LLVM compiles the closure for each of
/// them only where it is inlined, which must not be left to chance: hence `#[inline(always)]`.
///
/// The compiler shows errors about this call, for instance that the feature is missing, at the option `simd`.
pub(crate) fn apply(options: &Options, signature: &Signature, body: &mut Block) {
    let Some(place) = options.simd else { return };
    let threefold = &options.threefold;
    let output = &signature.output;
    let vectorized = quote_spanned!(place => #threefold::__private::vectorized);
    *body = parse_quote!({ #vectorized(#[inline(always)] || #output #body) });
}
