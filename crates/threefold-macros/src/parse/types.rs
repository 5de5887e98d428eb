//! The types of a chunk, an output and a capture: which of them cannot be named where `#[task]` writes them again.

use syn::visit::{self, Visit};
use syn::{Error, Expr, Lifetime, ParenthesizedGenericArguments, Result, Type};

/// The type in parentheses, or in the invisible group that it has as a `$type:ty` of a `macro_rules!`.
pub(super) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        other => other,
    }
}

pub(super) fn refuse_chunk(ty: &Type) -> Result<()> {
    refuse_references(ty, "the chunk of a task")
}

pub(super) fn refuse_output(ty: &Type) -> Result<()> {
    if let Type::Never(_) = peeled(ty) {
        let text = "the output of a task cannot be `!`, since every chunk has an output: write `-> ()`";
        return Err(Error::new_spanned(ty, text));
    }
    refuse_references(ty, "the output of a task")
}

/// Refuses a type that is a reference, of any lifetime, and what [`refuse_unnameable`] refuses.
fn refuse_references(ty: &Type, what: &str) -> Result<()> {
    match peeled(ty) {
        Type::Reference(_) => Err(Error::new_spanned(ty, reference(what))),
        _ => refuse_unnameable(ty, what),
    }
}

/// Refuses a type that has no name, or another one in each call, in any of its parts.
///
/// A `&'static T` within a type is left to the compiler: `PhantomData<&'static T>` can be sent.
pub(super) fn refuse_unnameable(ty: &Type, what: &str) -> Result<()> {
    let mut parts = Parts { what, refused: None };
    parts.visit_type(ty);
    parts.refused.map_or(Ok(()), Err)
}

fn reference(what: &str) -> String {
    format!("{what} must be owned: a reference cannot be sent to a worker process")
}

/// Looks through the parts of a type, up to the first that is refused.
struct Parts<'a> {
    what: &'a str,
    refused: Option<Error>,
}

impl Visit<'_> for Parts<'_> {
    fn visit_type(&mut self, ty: &Type) {
        if self.refused.is_some() {
            return;
        }
        let what = self.what;
        let text = match ty {
            Type::ImplTrait(_) => format!("{what} must be a concrete type, not `impl Trait`"),
            Type::Infer(_) => format!("{what} must be a concrete type, not `_`"),
            Type::Reference(part) if part.lifetime.as_ref().is_none_or(is_elided) => reference(what),
            // What is elided in the type of a function pointer is a parameter of that type.
            Type::FnPtr(_) => return,
            _ => return visit::visit_type(self, ty),
        };
        self.refused = Some(Error::new_spanned(ty, text));
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        if self.refused.is_none() && is_elided(lifetime) {
            let text = format!("{} must be owned: write `'static` for `'_`, or a type without a lifetime", self.what);
            self.refused = Some(Error::new_spanned(lifetime, text));
        }
    }

    /// The same as a function pointer: `dyn Fn(&str) -> &str`.
    fn visit_parenthesized_generic_arguments(&mut self, _: &ParenthesizedGenericArguments) {}

    /// The types in the code of a constant are no parts of this type.
    fn visit_expr(&mut self, _: &Expr) {}
}

fn is_elided(lifetime: &Lifetime) -> bool {
    lifetime.ident == "_"
}

#[cfg(test)]
mod tests {
    use super::refuse_unnameable;

    fn refusal(ty: &str) -> Option<String> {
        let ty = syn::parse_str(ty).expect("it is a type");
        refuse_unnameable(&ty, "it").err().map(|error| error.to_string())
    }

    #[test]
    fn what_can_be_named_is_not_refused() {
        for ty in [
            "Vec<(u8, [Option<String>; 4])>",
            "PhantomData<&'static str>",
            "Cow<'static, str>",
            "PhantomData<fn(&str) -> &str>",
            "PhantomData<dyn Fn(&str) -> &str>",
            "[u8; { let text: &str = \"four\"; text.len() }]",
        ] {
            assert_eq!(refusal(ty), None, "{ty}");
        }
    }

    #[test]
    fn one_part_that_cannot_be_named_is_enough() {
        for ty in ["(u8, &str)", "[&str; 2]", "Vec<&'_ str>", "Cow<'_, str>", "Box<dyn Any + '_>", "<&u8 as Of>::Type"]
        {
            assert!(refusal(ty).is_some_and(|text| text.contains("must be owned")), "{ty}");
        }
        for ty in ["Vec<impl Copy>", "(u8, (impl Copy))", "Vec<_>", "Box<dyn Iterator<Item = impl Copy>>"] {
            assert!(refusal(ty).is_some_and(|text| text.contains("must be a concrete type")), "{ty}");
        }
    }
}
