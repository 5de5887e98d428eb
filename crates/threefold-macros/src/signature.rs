//! A task's signature as text, for its documentation.

use quote::ToTokens;
use syn::{FnArg, ReturnType, Signature};

/// `fn count_above(chunk: Slice<f64>, limit: &f64) -> usize`
pub(crate) fn text_of(signature: &Signature) -> String {
    let asyncness = if signature.asyncness.is_some() { "async " } else { "" };
    let inputs: Vec<_> = signature
        .inputs
        .iter()
        .map(|input| match input {
            FnArg::Typed(argument) => format!("{}: {}", tight(&argument.pat), tight(&argument.ty)),
            FnArg::Receiver(receiver) => tight(receiver),
        })
        .collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, output) => format!(" -> {}", tight(output)),
    };
    format!("{asyncness}fn {}({}){output}", signature.ident, inputs.join(", "))
}

/// Tokens as text, without the spaces that nobody writes.
pub(crate) fn tight(tokens: &impl ToTokens) -> String {
    const SPACES: [(&str, &str); 11] = [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" ;", ";"),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
    ];
    let text = tokens.to_token_stream().to_string();
    SPACES.iter().fold(text, |text, (spaced, tight)| text.replace(spaced, tight))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::text_of;

    #[test]
    fn a_signature_is_written_as_people_write_it() {
        let written = [
            "fn count_above(chunk: Slice<f64>, limit: &f64) -> usize",
            "async fn fetch((page, retries): (u64, u8), from: &str) -> Result<Vec<std::string::String>, [u8; 4]>",
            "fn nothing(_: u8)",
            "fn r#type(mut chunk: RangeInclusive<i64>, weights: &[(f64, f64)]) -> i128",
        ];
        for text in written {
            let item: syn::ItemFn = syn::parse_str(&format!("{text} {{}}")).expect("it is a function");
            assert_eq!(text_of(&item.sig), text);
        }
        let global: syn::ItemFn = parse_quote! { fn f(chunk: ::std::ops::Range<u8>) {} };
        assert_eq!(text_of(&global.sig), "fn f(chunk: ::std::ops::Range<u8>)");
    }
}
