//! The name of a task that is an `impl Task`: the last segment of its type's path, with its arguments.
//!
//! A journal knows the task by it. So it is made of the tokens, as the spaces in the text of a whole stream depend on the
//! compiler.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::PathSegment;
use syn::ext::IdentExt;

/// `Above`, `Above<u32>`, `Above<[f64; 2], &'static str>`
pub(super) fn of(segment: &PathSegment) -> String {
    let mut name = Name::default();
    name.take(segment.to_token_stream());
    name.text
}

#[derive(Default)]
struct Name {
    text: String,
    /// Whether the last token is a word, which a space parts from another one.
    is_word: bool,
}

impl Name {
    fn take(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        // A type that a macro of the user's was given.
                        Delimiter::None => ("", ""),
                    };
                    self.mark(open);
                    self.take(group.stream());
                    // After the comma of `(u8,)`.
                    self.text.truncate(self.text.trim_end().len());
                    self.mark(close);
                }
                TokenTree::Ident(ident) => self.word(&ident.unraw().to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Punct(punct) => match punct.as_char() {
                    ',' => self.mark(", "),
                    ';' => self.mark("; "),
                    '>' => {
                        // What `cargo fmt` puts at the end of many arguments is no part of the name.
                        self.text.truncate(self.text.trim_end_matches(", ").len());
                        self.mark(">");
                    }
                    '<' => {
                        // `Above::<u32>` is the same type as `Above<u32>`.
                        self.text.truncate(self.text.trim_end_matches("::").len());
                        self.mark("<");
                    }
                    other => self.mark(other.encode_utf8(&mut [0; 4])),
                },
            }
        }
    }

    fn word(&mut self, word: &str) {
        if self.is_word {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.is_word = true;
    }

    fn mark(&mut self, mark: &str) {
        self.text.push_str(mark);
        self.is_word &= mark.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Group, TokenStream};
    use syn::parse_quote;

    use super::{Delimiter, of};

    #[test]
    fn a_name_is_written_as_people_write_it_however_it_is_laid_out() {
        let named = |path: &str| of(&syn::parse_str(path).expect("it is a segment of a path"));
        for name in [
            "Above",
            "Above<u32>",
            "Above<u32, std::string::String>",
            "Above<[u8; 4], (u8,), -1>",
            "Above<&'static str, dyn Send>",
            "Above<Vec<Vec<u8>>, { N }>",
        ] {
            let expected = name.replace("{ N }", "{N}");
            assert_eq!(named(name), expected);
            assert_eq!(named(&name.replace('<', " <\n").replace('>', " >\n")), expected);
        }
        assert_eq!(named("r#type"), "type");
        assert_eq!(named("Above < u32 ,\n  u8,\n>"), "Above<u32, u8>");
    }

    #[test]
    fn a_type_that_a_macro_was_given_is_written_as_it_is() {
        let given: TokenStream = "Vec<u8>".parse().expect("it is Rust");
        let given = Group::new(Delimiter::None, given);
        assert_eq!(of(&parse_quote!(Above<#given, #given>)), "Above<Vec<u8>, Vec<u8>>");
    }
}
