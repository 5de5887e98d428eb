//! The parameters after the chunk: the piece of a buffer that a task fills, and its captures.

use syn::{Error, FnArg, Ident, Pat, PatType, Result, Type, TypeReference, parse_quote};

use super::types::{peeled, refuse_unnameable};
use crate::signature::tight;

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

/// The type of the items that a task fills, where its second parameter is `&mut [Item]`.
pub(super) fn filled_items(argument: &FnArg) -> Option<Type> {
    let FnArg::Typed(PatType { ty, .. }) = argument else { return None };
    match peeled(ty) {
        Type::Reference(TypeReference { mutability: Some(_), lifetime: None, elem, .. }) => match peeled(elem) {
            Type::Slice(slice) => Some((*slice.elem).clone()),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn parse_capture(argument: &FnArg) -> Result<Capture> {
    let FnArg::Typed(PatType { pat, ty, .. }) = argument else {
        return Err(Error::new_spanned(argument, "the first argument of a task is its chunk"));
    };
    let Type::Reference(reference) = peeled(ty) else {
        let example = match &**pat {
            Pat::Ident(name) => name.ident.to_string(),
            _ => "capture".to_string(),
        };
        return Err(Error::new_spanned(
            argument,
            format!("a task takes its chunk, and then its captures by reference: write `{example}: &..`"),
        ));
    };
    refuse_mutable(reference)?;
    if let Some(lifetime) = &reference.lifetime {
        return Err(Error::new_spanned(lifetime, "a capture is borrowed for one call: write `&` without a lifetime"));
    }
    let (converted, owned): (Option<Type>, Type) = match peeled(&reference.elem) {
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
    refuse_unnameable(&reference.elem, "what a capture refers to")?;
    let name = match &**pat {
        Pat::Ident(name) if name.subpat.is_none() => Some(name.ident.clone()),
        _ => None,
    };
    Ok(Capture { name, reference: reference.clone(), owned, converted })
}

/// Refuses `&mut`, and says how a piece of a buffer is written where it looks like one.
fn refuse_mutable(reference: &TypeReference) -> Result<()> {
    let Some(mutable) = &reference.mutability else { return Ok(()) };
    let item = match peeled(&reference.elem) {
        Type::Array(array) => Some(&array.elem),
        Type::Slice(slice) => Some(&slice.elem),
        _ => None,
    };
    match item {
        Some(item) => Err(Error::new_spanned(
            reference,
            format!(
                "a task cannot change its captures: a piece of a buffer is the second parameter, and is written \
                 `&mut [{}]`",
                tight(item)
            ),
        )),
        None => Err(Error::new_spanned(
            mutable,
            "a task cannot change its captures: several workers use them at the same time",
        )),
    }
}
