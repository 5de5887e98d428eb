//! Parses the closure in `task_fn!`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, ExprClosure, ItemFn, Pat, Path, Result, ReturnType, Token, Type, parse_quote};

use super::types::{refuse_chunk, refuse_output};

/// What to write.
const FORM: &str = "`task_fn!(|chunk: Chunk| -> Output { .. })`";

/// What to write if there are captures.
const CAPTURES: &str =
    "for captures write `#[task] fn name(chunk: Chunk, capture: &Capture)`, or a struct with `#[task] impl Task`";

/// A task in place: `|chunk: Chunk| -> Output { .. }`.
pub(crate) struct InPlace {
    /// The path of the crate threefold.
    pub(crate) threefold: Path,
    /// As it was written, without its attributes.
    pub(crate) closure: ExprClosure,
    /// The same as a function, with the attributes.
    pub(crate) function: ItemFn,
    pub(crate) chunk: Type,
    pub(crate) output: Type,
}

/// The path of the crate, and what the user wrote.
struct Input {
    threefold: Path,
    task: Option<Expr>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let threefold = input.call(Path::parse_mod_style)?;
        input.parse::<Token![;]>()?;
        let task = if input.is_empty() { None } else { Some(input.parse()?) };
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { threefold, task })
    }
}

pub(crate) fn parse(input: TokenStream) -> Result<InPlace> {
    let Input { threefold, task } = Input::parse.parse2(input)?;
    let mut closure = match task {
        Some(Expr::Closure(closure)) => closure,
        Some(other) => {
            return Err(Error::new_spanned(other, format!("a task in place is written like a closure: {FORM}")));
        }
        None => return Err(Error::new(proc_macro2::Span::call_site(), format!("the task is missing: write {FORM}"))),
    };
    if let Some(capture) = &closure.capture {
        return Err(Error::new_spanned(
            capture,
            format!("a task in place captures nothing: remove `move`; {CAPTURES}"),
        ));
    }
    if let Some(asyncness) = &closure.asyncness {
        return Err(Error::new_spanned(asyncness, "a task in place cannot be `async`: write `#[task] async fn`"));
    }
    let mut parameters = closure.inputs.iter();
    let (chunk, more) = (parameters.next(), parameters.next());
    if let Some(more) = more {
        return Err(Error::new_spanned(more, format!("a task in place has one parameter, its chunk; {CAPTURES}")));
    }
    let (pattern, chunk) = match chunk {
        Some(Pat::Type(typed)) => ((*typed.pat).clone(), (*typed.ty).clone()),
        Some(untyped) => return Err(Error::new_spanned(untyped, format!("the chunk needs its type: write {FORM}"))),
        None => return Err(Error::new_spanned(&closure, format!("a task takes a chunk: write {FORM}"))),
    };
    refuse_chunk(&chunk)?;
    let ReturnType::Type(_, output) = &closure.output else {
        let text = format!("the type of the output is missing: write {FORM}, with `-> ()` if there is none");
        return Err(Error::new_spanned(&closure, text));
    };
    let output = (**output).clone();
    refuse_output(&output)?;
    // The function has them: the closure becomes an argument, where attributes are not stable.
    let (attributes, body) = (std::mem::take(&mut closure.attrs), &closure.body);
    let function = parse_quote! {
        #(#attributes)*
        fn __threefold_fn_task(#pattern: #chunk) -> #output #body
    };
    Ok(InPlace { threefold, closure, function, chunk, output })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::parse;

    #[test]
    fn attributes_are_those_of_the_function_alone() {
        let task = parse(quote!(threefold; #[allow(unused_mut)] |mut chunk: u32| -> u32 { chunk })).ok().unwrap();
        assert_eq!((task.closure.attrs.len(), task.function.attrs.len()), (0, 1));
    }
}
