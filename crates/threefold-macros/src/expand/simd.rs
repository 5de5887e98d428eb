//! `#[task(simd)]`: the body, compiled for several CPUs.

use quote::quote_spanned;
use syn::{Block, Signature, parse_quote};

use crate::parse::Options;

/// Makes the body of a function a closure that the library calls, if `simd` was asked for.
///
/// The library calls it from several functions, one for each instruction set. LLVM compiles the closure for each of them
/// only where it is inlined, which must not be left to chance: hence `#[inline(always)]`.
///
/// What the compiler says about the call, such as that the feature is missing, is shown at the option.
pub(crate) fn apply(options: &Options, signature: &Signature, body: &mut Block) {
    let Some(place) = options.simd else { return };
    let threefold = &options.threefold;
    let output = &signature.output;
    let vectorized = quote_spanned!(place => #threefold::__private::vectorized);
    *body = parse_quote!({ #vectorized(#[inline(always)] || #output #body) });
}
