//! `task_fn!(|chunk: Chunk| -> Output { .. })`.
//!
//! The body becomes a function, which is registered. It cannot use variables of the function in which the macro stands.
//! If it does nevertheless, the compiler says only that a variable is not a constant. So the closure is also given to a
//! function that takes function pointers. Then the compiler refuses the closure too, shows what it captures, and shows the
//! definition of that function, whose name and comment say what to write. The closure is never called.
//!
//! Errors call the task by its line. A journal cannot: an edit of the program moves the task to another line, and may have
//! another task stand on this one. So a journal knows the task by its file and a hash of its tokens.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Ident;

use super::allow_deprecated;
use super::function::Written;
use crate::parse::in_place::InPlace;

pub(crate) fn expand(task: InPlace) -> TokenStream {
    let InPlace { threefold, closure, function, chunk, output } = task;
    let name = Ident::new("__ThreefoldTask", Span::mixed_site());
    let plain = format_ident!("{}", function.sig.ident);
    let called = quote! {
        ::core::concat!("task at ", ::core::file!(), ":", ::core::line!())
    };
    let hash = format!("{:016x}", hash(closure.to_token_stream()));
    let known = quote! {
        ::core::concat!("task_fn ", #hash, " in ", ::core::file!())
    };
    let quiet = allow_deprecated(&function.attrs);
    let written = Written {
        threefold: &threefold,
        name: &name,
        called: &called,
        known: &known,
        plain: &plain,
        chunk: &chunk,
        fills: None,
        captures: &[],
        output: &output,
        quiet: quiet.as_ref(),
    };
    let captures = written.captures(false);
    quote! {
        {
            enum #name {}

            const _: () = {
                #function
                #captures
            };

            #quiet
            #[allow(clippy::redundant_closure, clippy::redundant_closure_for_method_calls)]
            let _ = || #threefold::__private::a_task_in_place_captures_nothing(#closure);

            #threefold::With::<#name>::__new(())
        }
    }
}

/// A hash of these tokens, which is the same in every build (FNV-1a). Spaces, lines and comments make no difference.
fn hash(tokens: TokenStream) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    each(tokens, &mut |token| {
        // No token has a byte 0, so the end of one is no part of another.
        for &byte in token.as_bytes().iter().chain(&[0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    });
    hash
}

/// Calls `take` with the text of each token. The text of a whole stream would not do: its spaces depend on the compiler.
fn each(tokens: TokenStream, take: &mut impl FnMut(&str)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    // What a macro of the user's was given as one expression or one type.
                    Delimiter::None => ("open", "close"),
                };
                take(open);
                each(group.stream(), take);
                take(close);
            }
            other => take(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::hash;

    fn hash_of(code: &str) -> u64 {
        hash(code.parse().expect("it is Rust"))
    }

    #[test]
    fn the_same_code_has_the_same_hash_in_every_build_however_it_is_laid_out() {
        let laid_out = "|n: u32| -> u32 {\n    // A comment.\n    next( n )+1\n}";
        assert_eq!(hash_of("|n: u32| -> u32 { next(n) + 1 }"), hash_of(laid_out));
        // Whatever changes this refuses the journals that users have.
        assert_eq!(hash_of("|n: u32| -> u32 { next(n) + 1 }"), KNOWN);
    }

    /// From another implementation of FNV-1a.
    const KNOWN: u64 = 0xD4F4_533E_68AA_E48C;

    #[test]
    fn other_code_has_another_hash() {
        let mut all = [
            "|n: u32| -> u32 { n + 1 }",
            "|n: u32| -> u32 { n + 2 }",
            "|n: u32| -> u32 { n - 1 }",
            "|n: u64| -> u32 { n + 1 }",
            "|n: u32| -> u32 { (n) + 1 }",
            "|n: u32| -> u32 { [n] + 1 }",
            "|n: u32| -> u32 { n + 1; }",
            "|n: u32| -> u32 { n } + 1",
            "|n: u32| -> u32 { \"n + 1\" }",
        ]
        .map(hash_of);
        all.sort_unstable();
        assert!(all.is_sorted_by(|one, other| one < other), "{all:?}");
    }
}
