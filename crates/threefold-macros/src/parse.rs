//! What `#[task]` stands on, taken apart; what cannot be a task is refused here, with a sentence each.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericParam, Generics, ImplItem, Item, ItemFn, ItemImpl, LitStr, Path, Result, ReturnType, Type,
};

/// A task as it was written.
pub(crate) struct Definition {
    /// The path of the crate threefold.
    pub(crate) threefold: Path,
    pub(crate) item: TaskItem,
}

pub(crate) enum TaskItem {
    Function(Box<Function>),
    Impl(Box<Impl>),
}

/// `fn name(chunk: Chunk) -> Output { .. }`
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    pub(crate) chunk: Type,
    pub(crate) output: Type,
}

/// `impl Task for Struct { .. }`
pub(crate) struct Impl {
    pub(crate) item: ItemImpl,
    /// The last segment of the type's path, for people.
    pub(crate) name: String,
    /// Whether `map` was written as an `async fn`.
    pub(crate) is_async: bool,
}

pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Definition> {
    let threefold = parse_options(options)?;
    let item = match syn::parse2::<Item>(item)? {
        Item::Fn(item) => TaskItem::Function(Box::new(parse_function(item)?)),
        Item::Impl(item) => TaskItem::Impl(Box::new(parse_impl(item)?)),
        other => {
            return Err(Error::new_spanned(
                &other,
                "`#[task]` stands on a function of one chunk, or on `impl Task for ..`",
            ));
        }
    };
    Ok(Definition { threefold, item })
}

fn parse_options(options: TokenStream) -> Result<Path> {
    let mut threefold = None;
    syn::meta::parser(|meta| {
        if meta.path.is_ident("crate") {
            threefold = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            Ok(())
        } else {
            Err(meta.error("unknown option of `#[task]`: there is `crate = \"path\"`"))
        }
    })
    .parse2(options)?;
    Ok(threefold.unwrap_or_else(|| syn::parse_quote!(::threefold)))
}

fn parse_function(item: ItemFn) -> Result<Function> {
    let signature = &item.sig;
    refuse_generics(&signature.generics, "function")?;
    if let syn::Safety::Unsafe(unsafety) = &signature.safety {
        return Err(Error::new(
            unsafety.span(),
            "a task cannot be unsafe: whoever runs it could not keep its promises",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new(variadic.span(), "a task takes exactly one argument: the chunk"));
    }
    let mut arguments = signature.inputs.iter();
    let chunk = match (arguments.next(), arguments.next()) {
        (Some(FnArg::Typed(argument)), None) => (*argument.ty).clone(),
        (Some(FnArg::Receiver(receiver)), _) => {
            return Err(Error::new_spanned(
                receiver,
                "a method cannot be a task: make its type one, with `#[task] impl Task for ..`",
            ));
        }
        (None, _) => {
            return Err(Error::new(signature.paren_token.span.join(), "a task takes exactly one argument: the chunk"));
        }
        (_, Some(second)) => {
            return Err(Error::new_spanned(
                second,
                "a task takes exactly one argument, the chunk: values from outside are captured by a struct with `#[task] impl Task for ..`",
            ));
        }
    };
    refuse_unnameable(&chunk, "chunk")?;
    let output = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    refuse_unnameable(&output, "output")?;
    Ok(Function { chunk, output, item })
}

fn parse_impl(item: ItemImpl) -> Result<Impl> {
    refuse_generics(&item.generics, "impl")?;
    if item.trait_.is_none() {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[task]` stands on `impl Task for ..`: a plain `impl` block says nothing that could be run",
        ));
    }
    let Type::Path(path) = &*item.self_ty else {
        return Err(Error::new_spanned(&item.self_ty, "a task is a named type of this crate"));
    };
    let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let is_async = item
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Fn(f) if f.sig.ident == "map" && f.sig.asyncness.is_some()));
    Ok(Impl { name, is_async, item })
}

fn refuse_generics(generics: &Generics, what: &str) -> Result<()> {
    let generic = generics.params.iter().find(|parameter| !matches!(parameter, GenericParam::Lifetime(_)));
    match generic.or(generics.params.first()) {
        None => Ok(()),
        Some(parameter) => Err(Error::new_spanned(
            parameter,
            format!(
                "a generic {what} cannot be a task: a worker finds a task by its name, and this would be many tasks of one name"
            ),
        )),
    }
}

fn refuse_unnameable(ty: &Type, what: &str) -> Result<()> {
    match ty {
        Type::ImplTrait(_) => Err(Error::new_spanned(
            ty,
            format!("the {what} of a task is a concrete type: `impl Trait` has no name to send it by"),
        )),
        Type::Reference(_) => Err(Error::new_spanned(
            ty,
            format!("the {what} of a task is owned: a reference cannot be sent to a worker"),
        )),
        _ => Ok(()),
    }
}
