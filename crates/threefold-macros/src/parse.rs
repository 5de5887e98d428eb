//! Parses the item under `#[task]`. What cannot be a task is refused here, with one sentence for each reason.

mod capture;
pub(crate) mod in_place;
mod name;
mod refusals;
mod types;

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Error, FnArg, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, LitStr, Path, Result, ReturnType, Type};

pub(crate) use self::capture::Capture;
use self::capture::{filled_items, parse_capture};
use self::refusals::{
    refuse_conditional_parameters, refuse_generics, refuse_other_functions, refuse_simd, refuse_target_features,
    refuse_to_fill,
};
use self::types::{peeled, refuse_chunk, refuse_output, refuse_unnameable};

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

/// `impl Task for Struct { .. }`
pub(crate) struct Impl {
    pub(crate) item: ItemImpl,
    /// The last segment of the type's path with its arguments: `Above<u32>`.
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
    refuse_other_functions(signature)?;
    refuse_conditional_parameters(signature)?;
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
    refuse_chunk(&chunk)?;
    let fills = signature.inputs.iter().nth(1).and_then(filled_items);
    if let Some(item) = &fills {
        arguments.next();
        refuse_to_fill(signature)?;
        refuse_unnameable(item, "an item of a piece")?;
    }
    let output = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    refuse_output(&output)?;
    let captures = arguments.map(parse_capture).collect::<Result<Vec<_>>>()?;
    if let Some(surplus) = signature.inputs.iter().nth(1 + usize::from(fills.is_some()) + MOST_CAPTURES) {
        return Err(Error::new_spanned(
            surplus,
            format!("a task has at most {MOST_CAPTURES} captures: put several into a struct"),
        ));
    }
    Ok(Function { chunk, fills, captures, output, item })
}

fn parse_impl(item: ItemImpl, options: &Options) -> Result<Impl> {
    refuse_generics(&item.generics, "impl")?;
    if item.trait_.is_none() {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[task]` is for `impl Task for ..`, not for an `impl` without a trait",
        ));
    }
    let Type::Path(path) = peeled(&item.self_ty) else {
        return Err(Error::new_spanned(&item.self_ty, "a task is a named type of this crate"));
    };
    refuse_unnameable(&item.self_ty, "the type of a task")?;
    let name = path.path.segments.last().map(name::of).unwrap_or_default();
    for member in &item.items {
        match member {
            ImplItem::Type(chunk) if chunk.ident == "Chunk" => refuse_chunk(&chunk.ty)?,
            ImplItem::Type(output) if output.ident == "Output" => refuse_output(&output.ty)?,
            _ => {}
        }
    }
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
