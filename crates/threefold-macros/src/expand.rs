//! What `#[task]` writes: the value and its traits, and its entry in the table of tasks.
//!
//! The code lands among the user's names. A task is a unit struct, so its name is a pattern that matches only itself:
//! a local variable of this name would not compile. Therefore every name that is written here begins with `__threefold`,
//! and every path is absolute.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Path, Type};

use crate::parse::{Definition, TaskItem};

mod function;
mod implementation;

pub(crate) fn expand(definition: Definition) -> TokenStream {
    let threefold = definition.threefold;
    match definition.item {
        TaskItem::Function(function) => function::expand(&threefold, *function),
        TaskItem::Impl(item) => implementation::expand(&threefold, *item),
    }
}

/// The body of a function that gives the task's entry in the table.
fn entry(threefold: &Path, task: &Type, name: &str) -> TokenStream {
    quote! {
        #threefold::__private::entry!(__THREEFOLD_ENTRY: #task, #name);
        &__THREEFOLD_ENTRY
    }
}

/// An expression: whether the output that is named is a `Result::Err`. Only here is its type known.
fn is_err(threefold: &Path, output: &TokenStream) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use #threefold::probe::{AnyOutput as _, ResultOutput as _};
        (&#threefold::probe::Probe(#output)).is_err()
    }}
}

/// An expression: whether the two values are equal, if they can be compared.
fn is_eq(threefold: &Path, one: &TokenStream, other: &TokenStream) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use #threefold::probe::{AnyPair as _, EqPair as _};
        (&#threefold::probe::Pair(#one, #other)).is_eq()
    }}
}

/// A function that tells whether two values of the type `ty` are equal, if they can be compared.
fn equal(threefold: &Path, function: &str, ty: &Type) -> TokenStream {
    let function = format_ident!("{function}");
    let is_eq = is_eq(threefold, &quote!(__threefold_one), &quote!(__threefold_other));
    quote! {
        fn #function(__threefold_one: &#ty, __threefold_other: &#ty) -> ::std::option::Option<::core::primitive::bool> {
            #is_eq
        }
    }
}
