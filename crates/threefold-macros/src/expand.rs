//! What `#[task]` writes: the value and its traits, and its entry in the table of tasks.
//!
//! The code lands among the user's names. A task is a unit struct, so its name is a pattern that matches only itself:
//! a local variable of this name would not compile. Therefore every name that is written here begins with `__threefold`,
//! and every path is absolute.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token, Type};

use crate::parse::{Definition, TaskItem};

mod function;
mod implementation;
pub(crate) mod in_place;
mod simd;

pub(crate) fn expand(definition: Definition) -> TokenStream {
    let options = definition.options;
    match definition.item {
        TaskItem::Function(function) => function::expand(&options, *function),
        TaskItem::Impl(item) => implementation::expand(&options, *item),
    }
}

/// The body of a function that gives the task's entry in the table. It has two names, which are literals or macros that give
/// some: what errors call the task, and what it is called where the name must not change when the file is edited.
fn entry(threefold: &Path, task: &Type, (called, known): (&impl ToTokens, &impl ToTokens)) -> TokenStream {
    quote! {
        #threefold::__private::entry!(__THREEFOLD_ENTRY: #task, #called, #known);
        &__THREEFOLD_ENTRY
    }
}

/// `#[allow(deprecated)]` for what is written beside an item that is deprecated, or that may use what is deprecated.
///
/// Other items go without: where a crate forbids the lint, allowing it does not compile.
fn allow_deprecated(attributes: &[Attribute]) -> Option<TokenStream> {
    let is_due = attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("allow") || list.path.is_ident("expect") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|lints| lints.iter().any(|lint| lint.path().is_ident("deprecated"))),
        other => other.path().is_ident("deprecated"),
    });
    is_due.then(|| quote!(#[allow(deprecated)]))
}

/// A function that tells whether an output of the type `ty` is a `Result::Err`. Only here is the type known.
///
/// What the compiler says about it is shown at `place`. Names and their uses have one span: with several they would be
/// different names inside a macro of the user's.
fn is_err(threefold: &Path, function: &str, ty: &Type, place: Span) -> TokenStream {
    let function = format_ident!("{function}", span = place);
    quote_spanned! { place =>
        fn #function(__threefold_output: &#ty) -> ::core::primitive::bool {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyOutput as _, ResultOutput as _};
            (&#threefold::probe::Probe(__threefold_output)).is_err()
        }
    }
}

/// A function that restores an array from its bytes, if `ty`, the type of the chunks, is a slice of plain data.
fn array(threefold: &Path, function: &str, ty: &Type, place: Span) -> TokenStream {
    let function = format_ident!("{function}", span = place);
    quote_spanned! { place =>
        fn #function(
            __threefold_bytes: &[::core::primitive::u8],
        ) -> ::std::option::Option<#threefold::__private::Array<#ty>> {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyChunks as _, PlacedChunks as _, PlainSlices as _};
            (&&#threefold::probe::Chunks::<#ty>(::core::marker::PhantomData)).array(__threefold_bytes)
        }
    }
}

/// A function that tells whether two values of the type `ty` are equal, if they can be compared.
fn is_eq(threefold: &Path, function: &str, ty: &Type, place: Span) -> TokenStream {
    let function = format_ident!("{function}", span = place);
    quote_spanned! { place =>
        fn #function(__threefold_one: &#ty, __threefold_other: &#ty) -> ::std::option::Option<::core::primitive::bool> {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyPair as _, EqPair as _};
            (&#threefold::probe::Pair(__threefold_one, __threefold_other)).is_eq()
        }
    }
}
