//! Parses the item under `#[task]`. What cannot be a task is refused here, with one sentence for each reason.

pub(crate) mod in_place;

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericParam, Generics, Ident, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, LitStr, Meta,
    Pat, PatType, Path, Result, ReturnType, Signature, Token, Type, TypeReference, parse_quote,
};

/// The most captures of one task: standard traits are implemented for tuples of so many.
const MOST_CAPTURES: usize = 12;

/// A task as it was written.
pub(crate) struct Definition {
    pub(crate) options: Options,
    pub(crate) item: TaskItem,
}

/// `#[task(crate = "path", simd)]`
pub(crate) struct Options {
    /// The path of the crate threefold.
    pub(crate) threefold: Path,
    /// Where `simd` was written, if it was.
    pub(crate) simd: Option<Span>,
}

pub(crate) enum TaskItem {
    Function(Box<Function>),
    Impl(Box<Impl>),
}

/// `fn name(chunk: Chunk, capture: &Capture, ..) -> Output { .. }`
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    pub(crate) chunk: Type,
    /// The type of the items that the task fills: the second parameter is `&mut [Item]`.
    pub(crate) fills: Option<Type>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) output: Type,
}

/// `name: &Type`, after the chunk.
pub(crate) struct Capture {
    /// The parameter's name, where its pattern is one.
    pub(crate) name: Option<Ident>,
    /// The parameter's type.
    pub(crate) reference: TypeReference,
    /// What is stored and sent.
    pub(crate) owned: Type,
    /// What `with` takes, where it converts that into the owned type: `impl Into<..>`.
    pub(crate) converted: Option<Type>,
}

/// `impl Task for Struct { .. }`
pub(crate) struct Impl {
    pub(crate) item: ItemImpl,
    /// The last segment of the type's path, for people.
    pub(crate) name: String,
    /// Whether `map` was written as an `async fn`.
    pub(crate) is_async: bool,
    /// Whether it has a `type State`.
    pub(crate) has_state: bool,
}

pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Definition> {
    let options = parse_options(options)?;
    let item = match syn::parse2::<Item>(item)? {
        Item::Fn(item) => TaskItem::Function(Box::new(parse_function(item, &options)?)),
        Item::Impl(item) => TaskItem::Impl(Box::new(parse_impl(item, &options)?)),
        other => {
            return Err(Error::new_spanned(&other, "`#[task]` is for a function, or for `impl Task for ..`"));
        }
    };
    Ok(Definition { options, item })
}

fn parse_options(written: TokenStream) -> Result<Options> {
    let mut options = Options { threefold: syn::parse_quote!(::threefold), simd: None };
    syn::meta::parser(|meta| {
        if meta.path.is_ident("crate") {
            options.threefold = meta.value()?.parse::<LitStr>()?.parse()?;
        } else if meta.path.is_ident("simd") {
            options.simd = Some(meta.path.span());
        } else {
            return Err(meta.error("unknown option of `#[task]`: there are `crate = \"path\"` and `simd`"));
        }
        Ok(())
    })
    .parse2(written)?;
    Ok(options)
}

fn parse_function(item: ItemFn, options: &Options) -> Result<Function> {
    let signature = &item.sig;
    refuse_generics(&signature.generics, "function")?;
    refuse_target_features(&item.attrs)?;
    if options.simd.is_some() {
        refuse_simd(signature)?;
    }
    if let syn::Safety::Unsafe(unsafety) = &signature.safety {
        return Err(Error::new(
            unsafety.span(),
            "a task cannot be unsafe: the executor that calls it cannot uphold its safety conditions",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new(variadic.span(), "a task cannot be variadic"));
    }
    let mut arguments = signature.inputs.iter();
    let chunk = match arguments.next() {
        Some(FnArg::Typed(argument)) => (*argument.ty).clone(),
        Some(FnArg::Receiver(receiver)) => {
            return Err(Error::new_spanned(
                receiver,
                "a method cannot be a task: write `#[task] impl Task for ..` for its type",
            ));
        }
        None => {
            return Err(Error::new(signature.paren_token.span.join(), "a task takes at least one argument: the chunk"));
        }
    };
    refuse_unnameable(&chunk, "chunk")?;
    let fills = signature.inputs.iter().nth(1).and_then(filled_items);
    if fills.is_some() {
        arguments.next();
        refuse_to_fill(signature)?;
    }
    let output = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    refuse_unnameable(&output, "output")?;
    let captures = arguments.map(parse_capture).collect::<Result<Vec<_>>>()?;
    if let Some(surplus) = signature.inputs.iter().nth(1 + usize::from(fills.is_some()) + MOST_CAPTURES) {
        return Err(Error::new_spanned(
            surplus,
            format!("a task has at most {MOST_CAPTURES} captures: put several into a struct"),
        ));
    }
    Ok(Function { chunk, fills, captures, output, item })
}

/// The type of the items that a task fills, where its second parameter is `&mut [Item]`.
fn filled_items(argument: &FnArg) -> Option<Type> {
    let FnArg::Typed(PatType { ty, .. }) = argument else { return None };
    match &**ty {
        Type::Reference(TypeReference { mutability: Some(_), lifetime: None, elem, .. }) => match &**elem {
            Type::Slice(slice) => Some((*slice.elem).clone()),
            _ => None,
        },
        _ => None,
    }
}

/// What a task cannot be that fills a piece of a buffer.
fn refuse_to_fill(signature: &Signature) -> Result<()> {
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new(
            asyncness.span(),
            "a task that fills a piece of a buffer cannot be `async`: it would hold a borrow of the buffer while it waits",
        ));
    }
    match &signature.output {
        ReturnType::Default => Ok(()),
        ReturnType::Type(_, output) => Err(Error::new_spanned(
            output,
            "a task that fills a piece of a buffer cannot return a value: the piece is its output",
        )),
    }
}

fn parse_capture(argument: &FnArg) -> Result<Capture> {
    let FnArg::Typed(PatType { pat, ty, .. }) = argument else {
        return Err(Error::new_spanned(argument, "the first argument of a task is its chunk"));
    };
    let Type::Reference(reference) = &**ty else {
        let example = match &**pat {
            Pat::Ident(name) => name.ident.to_string(),
            _ => "capture".to_string(),
        };
        return Err(Error::new_spanned(
            argument,
            format!("a task takes its chunk, and then its captures by reference: write `{example}: &..`"),
        ));
    };
    if let Some(mutable) = &reference.mutability {
        return Err(Error::new_spanned(
            mutable,
            "a task cannot change its captures: several workers use them at the same time",
        ));
    }
    if let Some(lifetime) = &reference.lifetime {
        return Err(Error::new_spanned(lifetime, "a capture is borrowed for one call: write `&` without a lifetime"));
    }
    let (converted, owned): (Option<Type>, Type) = match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => {
            (Some(parse_quote!(impl ::std::convert::Into<::std::string::String>)), parse_quote!(::std::string::String))
        }
        Type::Slice(slice) => {
            let item = &slice.elem;
            (
                Some(parse_quote!(impl ::std::convert::Into<::std::vec::Vec<#item>>)),
                parse_quote!(::std::vec::Vec<#item>),
            )
        }
        unnameable @ (Type::ImplTrait(_) | Type::TraitObject(_) | Type::Reference(_) | Type::Infer(_)) => {
            return Err(Error::new_spanned(
                unnameable,
                "a capture is a reference to a concrete, owned type, to `str` or to a slice",
            ));
        }
        owned => (None, owned.clone()),
    };
    let name = match &**pat {
        Pat::Ident(name) if name.subpat.is_none() => Some(name.ident.clone()),
        _ => None,
    };
    Ok(Capture { name, reference: reference.clone(), owned, converted })
}

fn parse_impl(item: ItemImpl, options: &Options) -> Result<Impl> {
    refuse_generics(&item.generics, "impl")?;
    if item.trait_.is_none() {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[task]` is for `impl Task for ..`, not for an `impl` without a trait",
        ));
    }
    let Type::Path(path) = &*item.self_ty else {
        return Err(Error::new_spanned(&item.self_ty, "a task is a named type of this crate"));
    };
    let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let map = item.items.iter().find_map(as_map);
    if let Some(map) = map {
        refuse_target_features(&map.attrs)?;
    }
    if let Some(simd) = options.simd {
        let map = map.ok_or_else(|| {
            Error::new(simd, "`#[task(simd)]` compiles the body of `fn map`, which must be written in this impl")
        })?;
        refuse_simd(&map.sig)?;
    }
    let is_async = map.is_some_and(|map| map.sig.asyncness.is_some());
    let has_state = parse_state(&item, map)?;
    Ok(Impl { name, is_async, has_state, item })
}

/// Whether the task has a state for each worker: then `type State`, `fn state` and a parameter of `map` belong together.
fn parse_state(item: &ItemImpl, map: Option<&ImplItemFn>) -> Result<bool> {
    let state = item.items.iter().find_map(|member| match member {
        ImplItem::Type(state) if state.ident == "State" => Some(state),
        _ => None,
    });
    let makes = item.items.iter().find_map(|member| match member {
        ImplItem::Fn(makes) if makes.sig.ident == "state" => Some(makes),
        _ => None,
    });
    match (state, makes) {
        (None, None) => return Ok(false),
        (Some(state), None) => {
            return Err(Error::new_spanned(
                state,
                "a task with a `State` needs a function that makes the state: write `fn state(&self) -> Self::State`",
            ));
        }
        (None, Some(makes)) => {
            return Err(Error::new_spanned(
                &makes.sig,
                "`fn state` makes the state of a worker, but the type of the state is missing: write `type State = ..`",
            ));
        }
        (Some(_), Some(_)) => {}
    }
    if let Some(map) = map {
        if let Some(asyncness) = &map.sig.asyncness {
            return Err(Error::new(
                asyncness.span(),
                "an `async` task cannot have a state: many of its chunks wait at the same time on one worker",
            ));
        }
        if map.sig.inputs.len() != 3 {
            return Err(Error::new_spanned(
                &map.sig.inputs,
                "`map` of a task with a `State` takes the state before the chunk: write `&self, state: &mut Self::State, chunk: ..`",
            ));
        }
    }
    Ok(true)
}

/// The member `fn map` of an `impl Task`, which is the body of the task.
fn as_map(member: &ImplItem) -> Option<&ImplItemFn> {
    match member {
        ImplItem::Fn(function) if function.sig.ident == "map" => Some(function),
        _ => None,
    }
}

/// Refuses a signature that cannot be compiled for several CPUs.
fn refuse_simd(signature: &Signature) -> Result<()> {
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new(
            asyncness.span(),
            "an `async` task cannot be `simd`: put the loop into a `#[task(simd)]` function of its own, and call it",
        ));
    }
    if let Some(constness) = &signature.constness {
        return Err(Error::new(constness.span(), "a `const` task cannot be `simd`: the CPU is known at run time only"));
    }
    Ok(())
}

/// A function with `#[target_feature]` is unsafe to call on other CPUs, so its function pointer has another type than
/// that of a task.
fn refuse_target_features(attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|attribute| is_target_feature(&attribute.meta)) {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "a task cannot have `#[target_feature]`, since it must run on every CPU: `#[task(simd)]` compiles it for \
             several, and chooses at run time",
        )),
    }
}

/// `target_feature(..)`, also as what a `cfg_attr(condition, ..)` adds.
fn is_target_feature(meta: &Meta) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().skip(1).any(is_target_feature)),
        other => other.path().is_ident("target_feature"),
    }
}

fn refuse_generics(generics: &Generics, what: &str) -> Result<()> {
    let generic = generics.params.iter().find(|parameter| !matches!(parameter, GenericParam::Lifetime(_)));
    match generic.or(generics.params.first()) {
        None => Ok(()),
        Some(parameter) => Err(Error::new_spanned(
            parameter,
            format!("a generic {what} cannot be a task: a worker process looks up one function, and this is many"),
        )),
    }
}

fn refuse_unnameable(ty: &Type, what: &str) -> Result<()> {
    match ty {
        Type::ImplTrait(_) => {
            Err(Error::new_spanned(ty, format!("the {what} of a task must be a concrete type, not `impl Trait`")))
        }
        Type::Reference(_) => Err(Error::new_spanned(
            ty,
            format!("the {what} of a task must be owned: a reference cannot be sent to a worker process"),
        )),
        _ => Ok(()),
    }
}
