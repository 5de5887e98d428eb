//! What `#[task]` writes: the type or impl, and its entry in the registry.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, ImplItem, ImplItemFn, Path, Type, parse_quote};

use crate::parse::{Definition, Function, Impl, TaskItem};

pub(crate) fn expand(definition: Definition) -> TokenStream {
    let threefold = definition.threefold;
    match definition.item {
        TaskItem::Function(function) => expand_function(&threefold, *function),
        TaskItem::Impl(item) => expand_impl(&threefold, *item),
    }
}

fn expand_function(threefold: &Path, function: Function) -> TokenStream {
    let Function { mut item, chunk, output } = function;
    let visibility = std::mem::replace(&mut item.vis, syn::Visibility::Inherited);
    let name = item.sig.ident.clone();
    let (docs, attributes): (Vec<Attribute>, _) = item
        .attrs
        .drain(..)
        .partition(|attribute| attribute.path().is_ident("doc") || attribute.path().is_ident("cfg"));
    item.attrs = attributes;
    let plain = format_ident!("__{}", name.unraw());
    item.sig.ident = plain.clone();

    let (pointee, deref, map) = if item.sig.asyncness.is_some() {
        (
            quote!(fn(#chunk) -> #threefold::__private::BoxFuture<'static, #output>),
            quote!(|chunk| ::std::boxed::Box::pin(#plain(chunk))),
            quote! {
                fn map(&self, chunk: #chunk) -> #output {
                    #threefold::__private::wait(::std::boxed::Box::pin(#plain(chunk)))
                }

                fn __future(&self, chunk: #chunk) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, #output>> {
                    ::std::option::Option::Some(::std::boxed::Box::pin(#plain(chunk)))
                }

                const __ASYNC: bool = true;
            },
        )
    } else {
        (
            quote!(fn(#chunk) -> #output),
            quote!(#plain),
            quote! {
                fn map(&self, chunk: #chunk) -> #output {
                    #plain(chunk)
                }
            },
        )
    };
    let (chunk_travels, output_travels) = (travels(threefold, &chunk), travels(threefold, &output));
    let serde = quote!(#threefold::__private::serde).to_string();
    let hidden = hidden_items(threefold, &name.unraw().to_string(), &parse_quote!(#name), &output);
    quote! {
        #(#docs)*
        #[allow(non_camel_case_types)]
        #[derive(::std::clone::Clone, ::std::marker::Copy, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq)]
        #[derive(#threefold::__private::serde::Serialize, #threefold::__private::serde::Deserialize)]
        #[serde(crate = #serde)]
        #visibility struct #name;

        const _: () = {
            #chunk_travels
            #output_travels

            #item

            impl ::std::ops::Deref for #name {
                type Target = #pointee;

                fn deref(&self) -> &Self::Target {
                    static FUNCTION: #pointee = #deref;
                    &FUNCTION
                }
            }

            impl #threefold::Task for #name {
                type Chunk = #chunk;
                type Output = #output;

                #map
                #hidden
            }
        };
    }
}

/// Asks of `ty` what `Task` asks of it anyway: asked by itself, the compiler answers with our sentence first.
fn travels(threefold: &Path, ty: &Type) -> TokenStream {
    quote_spanned! { ty.span() => const _: () = #threefold::__private::travels::<#ty>(); }
}

fn expand_impl(threefold: &Path, Impl { mut item, name, is_async }: Impl) -> TokenStream {
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
    let hidden = hidden_items(threefold, &name, &item.self_ty, &parse_quote!(Self::Output));
    item.items.push(ImplItem::Verbatim(hidden));
    quote!(#item)
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
            fn map(&self, chunk: Self::Chunk) -> Self::Output {
                #threefold::__private::wait(<Self as #threefold::Task>::__future(self, chunk).expect("the task is async"))
            }
        },
        quote! {
            #(#attrs)*
            fn __future(&self, chunk: Self::Chunk) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, Self::Output>> {
                ::std::option::Option::Some(#threefold::__private::boxed::<Self::Output>(async move {
                    let #chunk = chunk;
                    #block
                }))
            }
        },
        quote!(
            const __ASYNC: bool = true;
        ),
    ];
    members.into_iter().map(ImplItem::Verbatim).collect()
}

/// The members of `Task` that people do not write: what needs the concrete types, or a place in the registry.
fn hidden_items(threefold: &Path, name: &str, task: &Type, output: &Type) -> TokenStream {
    let private = quote!(#threefold::__private);
    quote! {
        fn __entry() -> &'static #private::Entry {
            #private::entry!(ENTRY: #task, #name);
            &ENTRY
        }

        fn __is_err(output: &#output) -> bool {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyOutput as _, ResultOutput as _};
            (&#threefold::probe::Probe(output)).is_err()
        }

        fn __eq(&self, other: &Self) -> ::std::option::Option<bool> {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyPair as _, EqPair as _};
            (&#threefold::probe::Pair(self, other)).is_eq()
        }

        fn __output_eq(one: &#output, other: &#output) -> ::std::option::Option<bool> {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyPair as _, EqPair as _};
            (&#threefold::probe::Pair(one, other)).is_eq()
        }

        fn __chunk_eq(one: &Self::Chunk, other: &Self::Chunk) -> ::std::option::Option<bool> {
            #[allow(unused_imports)]
            use #threefold::probe::{AnyPair as _, EqPair as _};
            (&#threefold::probe::Pair(one, other)).is_eq()
        }
    }
}
