//! The signatures and attributes that a task cannot have, with one sentence for each reason.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, GenericParam, Generics, Meta, Result, ReturnType, Safety, Signature, Token};

pub(super) fn refuse_generics(generics: &Generics, what: &str) -> Result<()> {
    let generic = generics.params.iter().find(|parameter| !matches!(parameter, GenericParam::Lifetime(_)));
    match (generic, generics.params.first()) {
        (None, None) => Ok(()),
        (Some(parameter), _) => Err(Error::new_spanned(
            parameter,
            format!("a generic {what} cannot be a task: a worker process looks up one function, and this is many"),
        )),
        (None, Some(lifetime)) => Err(Error::new_spanned(
            lifetime,
            "a task has no lifetime parameter: what is sent to a worker process is owned, and a capture is written `&` \
             without a lifetime",
        )),
    }
}

/// Refuses a function that an executor cannot call as what it is.
pub(super) fn refuse_other_functions(signature: &Signature) -> Result<()> {
    if let Safety::Unsafe(unsafety) = &signature.safety {
        return Err(Error::new(
            unsafety.span(),
            "a task cannot be unsafe: the executor that calls it cannot uphold its safety conditions",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new(variadic.span(), "a task cannot be variadic"));
    }
    match &signature.abi {
        Some(abi) if abi.name.as_ref().is_none_or(|name| name.value() != "Rust") => Err(Error::new_spanned(
            abi,
            "a task cannot be `extern`, since the executor calls Rust functions: write one that calls this function",
        )),
        _ => Ok(()),
    }
}

/// Refuses a parameter that is there on a condition. Which are there is decided after the macro has run, so it cannot
/// write the call.
pub(super) fn refuse_conditional_parameters(signature: &Signature) -> Result<()> {
    let attributes = signature.inputs.iter().flat_map(|input| match input {
        FnArg::Typed(argument) => &argument.attrs,
        FnArg::Receiver(receiver) => &receiver.attrs,
    });
    match attributes.into_iter().find(|attribute| is_or_adds(&attribute.meta, "cfg")) {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "a parameter of a task cannot have `#[cfg(..)]`: write a task for each case, with `#[cfg(..)]` on the task",
        )),
    }
}

/// What a task cannot be that fills a piece of a buffer.
pub(super) fn refuse_to_fill(signature: &Signature) -> Result<()> {
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

/// Refuses a signature that cannot be compiled for several CPUs.
pub(super) fn refuse_simd(signature: &Signature) -> Result<()> {
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
pub(super) fn refuse_target_features(attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|attribute| is_or_adds(&attribute.meta, "target_feature")) {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "a task cannot have `#[target_feature]`, since it must run on every CPU: `#[task(simd)]` compiles it for \
             several, and chooses at run time",
        )),
    }
}

/// `name` or `name(..)`, also as what a `cfg_attr(condition, ..)` adds.
fn is_or_adds(meta: &Meta, name: &str) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            list.parse_args_with(added).is_ok_and(|parts| parts.iter().any(|part| is_or_adds(part, name)))
        }
        other => other.path().is_ident(name),
    }
}

/// What follows the condition of a `cfg_attr`, which may be `true`.
fn added(input: ParseStream<'_>) -> Result<Punctuated<Meta, Token![,]>> {
    while !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Token![,]>()?;
    Punctuated::parse_terminated(input)
}
