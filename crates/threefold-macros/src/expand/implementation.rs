//! `#[task] impl Task for Struct`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, Path, ReturnType, parse_quote};

use super::{allow_deprecated, array, entry, is_eq, is_err, simd};
use crate::parse::{Impl, Options};

pub(crate) fn expand(options: &Options, Impl { mut item, name, is_async, has_state }: Impl) -> TokenStream {
    let threefold = &options.threefold;
    for member in &mut item.items {
        if let ImplItem::Fn(map) = member
            && map.sig.ident == "map"
        {
            simd::apply(options, &map.sig, &mut map.block);
        }
    }
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
    // As it is written, and not as `Self::Chunk`: then the compiler does not report a type that is no task twice.
    let chunk = item.items.iter().find_map(|member| match member {
        ImplItem::Type(chunk) if chunk.ident == "Chunk" => Some(chunk.ty.clone()),
        _ => None,
    });
    let chunk = chunk.unwrap_or_else(|| parse_quote!(Self::Chunk));
    // Errors about the type are shown at its name, and once.
    let place = item.self_ty.span();
    let hidden = [
        is_err(threefold, "__is_err", &parse_quote!(Self::Output), place),
        is_eq(threefold, "__eq", &parse_quote!(Self), place),
        is_eq(threefold, "__output_eq", &parse_quote!(Self::Output), place),
        is_eq(threefold, "__chunk_eq", &parse_quote!(Self::Chunk), place),
        array(threefold, "__array", &chunk, place),
    ];
    let quiet = allow_deprecated(&item.attrs);
    let stateful = has_state.then(|| split_off_state(threefold, &mut item));
    item.items.extend(hidden.map(ImplItem::Verbatim));
    let task = &item.self_ty;
    let entry = entry(threefold, task, (&name, &name));
    let conditions = item.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #item
        #stateful

        #(#conditions)*
        #quiet
        #[diagnostic::do_not_recommend]
        impl #threefold::__private::Registered for #task {
            fn __entry() -> &'static #threefold::__private::Entry {
                #entry
            }
        }
    }
}

/// Makes what was written an impl of the trait for tasks with a state, and leaves an `impl Task` that uses it.
fn split_off_state(threefold: &Path, item: &mut ItemImpl) -> ItemImpl {
    let mut written = item.clone();
    if let Some((path, _)) = &mut written.trait_ {
        *path = parse_quote!(#threefold::__private::Stateful);
    }
    let made = written.items.iter().find_map(|member| match member {
        ImplItem::Fn(makes) if makes.sig.ident == "state" => match &makes.sig.output {
            ReturnType::Type(_, made) => Some((**made).clone()),
            ReturnType::Default => None,
        },
        _ => None,
    });
    let made = made.unwrap_or_else(|| parse_quote!(()));
    written.items.push(parse_quote!(type Made = #made;));
    // Lints are for what the user has written.
    let quiet = allow_deprecated(&item.attrs).is_some();
    item.attrs.retain(|attribute| attribute.path().is_ident("cfg"));
    if quiet {
        item.attrs.push(parse_quote!(#[allow(deprecated)]));
    }
    let members = [
        quote!(type Chunk = <Self as #threefold::__private::Stateful>::Chunk;),
        quote!(type Output = <Self as #threefold::__private::Stateful>::Output;),
        quote! {
            fn map(&self, __threefold_chunk: Self::Chunk) -> Self::Output {
                #threefold::__private::map_alone(self, __threefold_chunk)
            }
        },
        quote!(
            const __STATEFUL: ::core::primitive::bool = true;
        ),
        quote! {
            fn __state(&self) -> ::std::result::Result<#threefold::__private::State, ::std::string::String> {
                #threefold::__private::make(self)
            }
        },
        quote! {
            fn __map_with(
                &self,
                __threefold_state: &mut #threefold::__private::State,
                __threefold_chunk: Self::Chunk,
            ) -> Self::Output {
                #threefold::__private::map_with(self, __threefold_state, __threefold_chunk)
            }
        },
    ];
    item.items = members.map(ImplItem::Verbatim).into();
    written
}

/// `async fn map` as the two functions that the trait has: one that waits, one that gives the future.
fn async_map(threefold: &Path, map: ImplItemFn) -> Vec<ImplItem> {
    let ImplItemFn { attrs, sig, block, .. } = map;
    // Without its braces: the compiler would call them unnecessary, and point at the user's.
    let body = block.stmts;
    // The user's own `self`: another would not be the one that the body means, inside a macro of the user's.
    let receiver = sig.receiver();
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
                #receiver,
                __threefold_chunk: Self::Chunk,
            ) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, Self::Output>> {
                ::std::option::Option::Some(#threefold::__private::boxed::<Self::Output>(async move {
                    let #chunk = __threefold_chunk;
                    #(#body)*
                }))
            }
        },
        quote!(
            const __ASYNC: ::core::primitive::bool = true;
        ),
    ];
    members.into_iter().map(ImplItem::Verbatim).collect()
}
