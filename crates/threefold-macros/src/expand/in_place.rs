//! `task_fn!(|chunk: Chunk| -> Output { .. })`.
//!
//! The body becomes a function, which is registered. It cannot use variables of the function in which the macro stands.
//! If it does nevertheless, the compiler says only that a variable is not a constant. So the closure is also given to a
//! function that takes function pointers. Then the compiler refuses the closure too, shows what it captures, and shows the
//! definition of that function, whose name and comment say what to write. The closure is never called.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

use super::function::Written;
use crate::parse::in_place::InPlace;

pub(crate) fn expand(task: InPlace) -> TokenStream {
    let InPlace { threefold, closure, function, chunk, output } = task;
    let name = Ident::new("__ThreefoldTask", Span::mixed_site());
    let plain = format_ident!("{}", function.sig.ident);
    let called = quote! {
        ::core::concat!("task at ", ::core::file!(), ":", ::core::line!())
    };
    let written = Written {
        threefold: &threefold,
        name: &name,
        called: &called,
        plain: &plain,
        chunk: &chunk,
        fills: None,
        captures: &[],
        output: &output,
    };
    let captures = written.captures(false);
    quote! {
        {
            enum #name {}

            const _: () = {
                #function
                #captures
            };

            #[allow(clippy::redundant_closure, clippy::redundant_closure_for_method_calls)]
            let _ = || #threefold::__private::a_task_in_place_captures_nothing(#closure);

            #threefold::With::<#name>::__new(())
        }
    }
}
