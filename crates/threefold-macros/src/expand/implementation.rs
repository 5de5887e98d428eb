//! `#[task] impl Task for Struct`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ImplItemFn, Path, parse_quote};

use super::{entry, equal, is_eq, is_err};
use crate::parse::Impl;

pub(crate) fn expand(threefold: &Path, Impl { mut item, name, is_async }: Impl) -> TokenStream {
    if is_async {
        item.items = item
            .items
            .into_iter()
            .flat_map(|member| match member {
                ImplItem::Fn(map) if map.sig.ident == "map" && map.sig.asyncness.is_some() => async_map(threefold, map),
                other => vec![other],
            })
            .collect();
    }
    let is_err = is_err(threefold, &quote!(__threefold_output));
    let task_eq = is_eq(threefold, &quote!(self), &quote!(__threefold_other));
    let output_eq = equal(threefold, "__output_eq", &parse_quote!(Self::Output));
    let chunk_eq = equal(threefold, "__chunk_eq", &parse_quote!(Self::Chunk));
    // Errors about the type are shown at its name, and once.
    item.items.push(ImplItem::Verbatim(quote_spanned! { item.self_ty.span() =>
        fn __is_err(__threefold_output: &Self::Output) -> ::core::primitive::bool {
            #is_err
        }

        fn __eq(&self, __threefold_other: &Self) -> ::std::option::Option<::core::primitive::bool> {
            #task_eq
        }

        #output_eq
        #chunk_eq
    }));
    let task = &item.self_ty;
    let entry = entry(threefold, task, &name);
    let conditions = item.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #item

        #(#conditions)*
        #[diagnostic::do_not_recommend]
        impl #threefold::__private::Registered for #task {
            fn __entry() -> &'static #threefold::__private::Entry {
                #entry
            }
        }
    }
}

/// `async fn map` as the two functions that the trait has: one that waits, one that gives the future.
fn async_map(threefold: &Path, map: ImplItemFn) -> Vec<ImplItem> {
    let ImplItemFn { attrs, sig, block, .. } = map;
    let chunk = sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(chunk) => Some(chunk),
        FnArg::Receiver(_) => None,
    });
    let members = [
        quote! {
            fn map(&self, __threefold_chunk: Self::Chunk) -> Self::Output {
                #threefold::__private::wait(
                    <Self as #threefold::Task>::__future(self, __threefold_chunk).expect("the task is async"),
                )
            }
        },
        quote! {
            #(#attrs)*
            fn __future(
                &self,
                __threefold_chunk: Self::Chunk,
            ) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, Self::Output>> {
                ::std::option::Option::Some(#threefold::__private::boxed::<Self::Output>(async move {
                    let #chunk = __threefold_chunk;
                    #block
                }))
            }
        },
        quote!(
            const __ASYNC: ::core::primitive::bool = true;
        ),
    ];
    members.into_iter().map(ImplItem::Verbatim).collect()
}
