//! `#[task] fn name(chunk, captures ..)`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, Lifetime, PatIdent, Path, Type, TypeReference, Visibility, parse_quote};

use super::{allow_deprecated, array, entry, is_eq, is_err, simd};
use crate::parse::{Capture, Function, Options};
use crate::signature;

pub(crate) fn expand(options: &Options, function: Function) -> TokenStream {
    let threefold = &options.threefold;
    let Function { mut item, chunk, fills, captures, output } = function;
    let visibility = std::mem::replace(&mut item.vis, Visibility::Inherited);
    let name = item.sig.ident.clone();
    let docs = docs(&item, &visibility);
    let conditions: Vec<_> = item.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
    let deprecations: Vec<_> =
        item.attrs.iter().filter(|attribute| attribute.path().is_ident("deprecated")).cloned().collect();
    let quiet = allow_deprecated(&item.attrs);
    let moved = ["doc", "cfg", "deprecated"];
    item.attrs.retain(|attribute| !moved.iter().any(|name| attribute.path().is_ident(name)));
    if !deprecations.is_empty() {
        // It may call itself.
        item.attrs.push(parse_quote!(#[allow(deprecated)]));
    }
    let shadow = shadow(&item, &name);
    let plain = format_ident!("__threefold_fn_{}", name.unraw(), span = name.span());
    item.sig.ident = plain.clone();
    simd::apply(options, &item.sig, &mut item.block);
    if !captures.is_empty() {
        // Captures are always references, to owned types.
        item.attrs.push(parse_quote!(#[allow(clippy::trivially_copy_pass_by_ref, clippy::ptr_arg)]));
    }

    let called = name.unraw().to_string();
    let called = quote!(#called);
    let written = Written {
        threefold,
        name: &name,
        called: &called,
        known: &called,
        plain: &plain,
        chunk: &chunk,
        fills: fills.as_ref(),
        captures: &captures,
        output: &output,
        quiet: quiet.as_ref(),
    };
    let pointer = written.pointer(item.sig.asyncness.is_some());
    let task = if captures.is_empty() {
        written.task(item.sig.asyncness.is_some())
    } else {
        written.task_with_captures(item.sig.asyncness.is_some(), &visibility)
    };
    // With captures it is not the task itself, so it is not sent.
    let portable = captures.is_empty().then(|| {
        let serde = quote!(#threefold::__private::serde).to_string();
        quote! {
            #[derive(#threefold::__private::serde::Serialize, #threefold::__private::serde::Deserialize)]
            #[serde(crate = #serde)]
        }
    });
    // The compiler shows where the value is declared: at the user's function.
    let value = quote_spanned!(name.span() => #visibility struct #name;);
    quote! {
        #docs
        #(#conditions)*
        #(#deprecations)*
        #[allow(non_camel_case_types)]
        #[derive(::std::clone::Clone, ::std::marker::Copy, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq)]
        #portable
        #value

        #(#conditions)*
        const _: () = {
            #shadow
            #item
            #pointer
            #task
        };
    }
}

/// The function's own documentation, and its signature where that does not silence the lint for missing documentation.
fn docs(item: &ItemFn, visibility: &Visibility) -> TokenStream {
    let docs: Vec<&Attribute> = item.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect();
    let signature = (!docs.is_empty() || matches!(visibility, Visibility::Inherited)).then(|| {
        let text = format!(" Signature: `{}`", signature::text_of(&item.sig));
        quote!(#[doc = ""] #[doc = #text])
    });
    quote!(#(#docs)* #signature)
}

/// A function that hides the task's name from the user's function, where that binds a variable of the name: functions
/// do not stand in the way of variables, as unit structs do. The user's function then cannot name the task anyway.
fn shadow(item: &ItemFn, name: &Ident) -> Option<TokenStream> {
    let mut binds = Binds { name, found: false };
    item.sig.inputs.iter().for_each(|input| binds.visit_fn_arg(input));
    binds.found.then(|| quote!(#[allow(dead_code, non_snake_case)] fn #name() {}))
}

/// Looks for a pattern that binds `name`.
struct Binds<'a> {
    name: &'a Ident,
    found: bool,
}

impl Visit<'_> for Binds<'_> {
    fn visit_pat_ident(&mut self, pattern: &PatIdent) {
        self.found |= pattern.ident == *self.name;
        visit::visit_pat_ident(self, pattern);
    }
}

/// What the code for one function is made of.
pub(super) struct Written<'a> {
    pub(super) threefold: &'a Path,
    pub(super) name: &'a Ident,
    /// What errors call the task: a literal, or a macro that gives one.
    pub(super) called: &'a TokenStream,
    /// What it is called where it must not change when the file is edited.
    pub(super) known: &'a TokenStream,
    /// The user's function, under another name.
    pub(super) plain: &'a Ident,
    pub(super) chunk: &'a Type,
    /// The items that the function fills.
    pub(super) fills: Option<&'a Type>,
    pub(super) captures: &'a [Capture],
    pub(super) output: &'a Type,
    /// `#[allow(deprecated)]`, where it is due.
    pub(super) quiet: Option<&'a TokenStream>,
}

impl Written<'_> {
    /// The function pointer that the task derefs to, so that it can be called.
    fn pointer(&self, is_async: bool) -> TokenStream {
        let Self { threefold, name, plain, chunk, output, quiet, .. } = self;
        let references = self.captures.iter().map(|capture| &capture.reference);
        let (target, boxed, function) = if is_async {
            let references = references.map(|reference| TypeReference {
                lifetime: Some(Lifetime::new("'__threefold", plain.span())),
                ..reference.clone()
            });
            let references: Vec<_> = references.collect();
            let lifetime = if references.is_empty() { quote!('static) } else { quote!('__threefold) };
            let generics = (!references.is_empty()).then(|| quote!(<'__threefold>));
            let arguments: Vec<_> = self.arguments().collect();
            let future = quote!(#threefold::__private::BoxFuture<#lifetime, #output>);
            // The one place where the user's future becomes `Send`: an error about that is told once, at its name.
            let boxed = quote_spanned! { plain.span() =>
                #quiet
                #[allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)]
                fn __threefold_boxed #generics(
                    __threefold_chunk: #chunk,
                    #(#arguments: #references),*
                ) -> #future {
                    ::std::boxed::Box::pin(#plain(__threefold_chunk, #(#arguments),*))
                }
            };
            let higher = generics.map(|generics| quote!(for #generics));
            (quote!(#higher fn(#chunk, #(#references),*) -> #future), Some(boxed), quote!(__threefold_boxed))
        } else {
            let piece = self.fills.map(|item| quote!(&mut [#item],));
            (quote!(fn(#chunk, #piece #(#references),*) -> #output), None, quote!(#plain))
        };
        quote! {
            #boxed

            #quiet
            impl ::std::ops::Deref for #name {
                type Target = #target;

                fn deref(&self) -> &Self::Target {
                    static __THREEFOLD_FUNCTION: #target = #function;
                    &__THREEFOLD_FUNCTION
                }
            }
        }
    }

    /// The chunk and the output of the task. A task that fills a piece is given the piece with its chunk.
    fn types(&self) -> (Type, Type) {
        let Self { threefold, chunk, output, .. } = self;
        match self.fills {
            Some(item) => (
                parse_quote!(#threefold::__private::Placed<#chunk, #item>),
                parse_quote!(#threefold::__private::Filled<#item>),
            ),
            None => ((*chunk).clone(), (*output).clone()),
        }
    }

    /// The call of the user's function.
    fn call(&self) -> TokenStream {
        let plain = self.plain;
        let arguments: Vec<_> = self.arguments().collect();
        match self.fills {
            Some(_) => quote! {
                __threefold_chunk.fill(|__threefold_chunk, __threefold_piece| {
                    #plain(__threefold_chunk, __threefold_piece, #(#arguments),*)
                })
            },
            None => quote!(#plain(__threefold_chunk, #(#arguments),*)),
        }
    }

    /// The impl of `Task` for a function without captures.
    fn task(&self, is_async: bool) -> TokenStream {
        let Self { threefold, name, quiet, .. } = self;
        let (chunk, output) = &self.types();
        let call = self.call();
        let entry = entry(threefold, &parse_quote!(#name), (self.called, self.known));
        let is_err = is_err(threefold, "__is_err", output, name.span());
        let output_eq = is_eq(threefold, "__output_eq", output, name.span());
        let chunk_eq = is_eq(threefold, "__chunk_eq", chunk, name.span());
        let array = array(threefold, "__array", chunk, name.span());
        let map = if is_async {
            quote! {
                fn map(&self, __threefold_chunk: #chunk) -> #output {
                    #threefold::__private::wait(__threefold_boxed(__threefold_chunk))
                }

                fn __future(
                    &self,
                    __threefold_chunk: #chunk,
                ) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, #output>> {
                    ::std::option::Option::Some(__threefold_boxed(__threefold_chunk))
                }

                const __ASYNC: ::core::primitive::bool = true;
            }
        } else {
            quote! {
                fn map(&self, __threefold_chunk: #chunk) -> #output {
                    #call
                }
            }
        };
        quote! {
            #quiet
            #[diagnostic::do_not_recommend]
            impl #threefold::__private::Registered for #name {
                fn __entry() -> &'static #threefold::__private::Entry {
                    #entry
                }
            }

            #quiet
            #[diagnostic::do_not_recommend]
            impl #threefold::Task for #name {
                type Chunk = #chunk;
                type Output = #output;

                #map

                #is_err

                fn __eq(_: &Self, _: &Self) -> ::std::option::Option<::core::primitive::bool> {
                    ::std::option::Option::Some(true)
                }

                #output_eq
                #chunk_eq
                #array
            }
        }
    }

    /// The method `with`, and what makes its value a task.
    fn task_with_captures(&self, is_async: bool, visibility: &Visibility) -> TokenStream {
        let Self { threefold, name, quiet, .. } = self;
        let given: Vec<_> =
            self.captures.iter().map(|capture| capture.converted.as_ref().unwrap_or(&capture.owned)).collect();
        let parameters: Vec<_> = self
            .captures
            .iter()
            .zip(self.arguments())
            .map(|(capture, argument)| capture.name.clone().unwrap_or(argument))
            .collect();
        let values = self.captures.iter().zip(&parameters).map(|(capture, parameter)| {
            if capture.converted.is_some() {
                quote!(::std::convert::Into::into(#parameter))
            } else {
                quote!(#parameter)
            }
        });
        let doc = format!(" The task `{}` with these captures.", name.unraw());
        let captures = self.captures(is_async);
        quote! {
            #quiet
            impl #name {
                #[doc = #doc]
                #[must_use]
                #visibility fn with(self, #(#parameters: #given),*) -> #threefold::With<#name> {
                    #threefold::With::__new((#(#values,)*))
                }
            }

            #captures
        }
    }

    /// The impl of `Captures`, with which a `With` is a task.
    pub(super) fn captures(&self, is_async: bool) -> TokenStream {
        let Self { threefold, name, quiet, .. } = self;
        let (chunk, output) = &self.types();
        let entry = entry(threefold, &parse_quote!(#threefold::With<#name>), (self.called, self.known));
        let is_err = is_err(threefold, "is_err", output, name.span());
        let eq = is_eq(threefold, "eq", &parse_quote!(Self::Captures), name.span());
        let output_eq = is_eq(threefold, "output_eq", output, name.span());
        let chunk_eq = is_eq(threefold, "chunk_eq", chunk, name.span());
        let array = array(threefold, "array", chunk, name.span());
        let owned: Vec<_> = self.captures.iter().map(|capture| &capture.owned).collect();
        // An error about the captures is shown at the one it must be, or at the function.
        let place = match self.captures {
            [capture] => capture.reference.elem.span(),
            _ => name.span(),
        };
        let captures = quote_spanned!(place => (#(#owned,)*));
        let arguments: Vec<_> = self.arguments().collect();
        let (map, future) = if is_async {
            let future = quote!(__threefold_boxed(__threefold_chunk, #(#arguments),*));
            (quote!(#threefold::__private::wait(#future)), quote!(::std::option::Option::Some(#future)))
        } else {
            (self.call(), quote!(::std::option::Option::None))
        };
        // A plain function does not use what a future is made from.
        let allow = (!is_async).then(|| quote!(#[allow(unused_variables)]));
        quote! {
            #quiet
            #[diagnostic::do_not_recommend]
            impl #threefold::__private::Captures for #name {
                type Captures = #captures;
                type Chunk = #chunk;
                type Output = #output;

                const ASYNC: ::core::primitive::bool = #is_async;

                fn map((#(#arguments,)*): &Self::Captures, __threefold_chunk: #chunk) -> #output {
                    #map
                }

                #allow
                fn future(
                    (#(#arguments,)*): &Self::Captures,
                    __threefold_chunk: #chunk,
                ) -> ::std::option::Option<#threefold::__private::BoxFuture<'_, #output>> {
                    #future
                }

                fn entry() -> &'static #threefold::__private::Entry {
                    #entry
                }

                #is_err

                #eq
                #output_eq
                #chunk_eq
                #array
            }
        }
    }

    /// Names for the captures, which are not the user's.
    fn arguments(&self) -> impl Iterator<Item = Ident> + '_ {
        (0..self.captures.len()).map(|index| format_ident!("__threefold_capture_{index}"))
    }
}
