//! How a journal spells the type of the outputs: in the same way for programs of different compilers.
//!
//! [`std::any::type_name`] promises nothing of the kind. Two things have changed between Rust 1.88 and 1.101: lifetimes are
//! named (`Cow<str>` became `Cow<'_, str>`), and the standard library has moved types (`alloc::sync::Arc` became
//! `alloc::rcs::arc::Arc`). So lifetimes are left out, and of a path into the standard library only the last name is kept.
//! The paths of all other types stay whole, so that two types of one name are told apart.

/// Crates whose modules are no interface: their types are used by other paths.
const STANDARD: [&str; 3] = ["core::", "alloc::", "std::"];

/// The name of a type without what differs between compilers.
pub(crate) fn spelled(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("'_").filter(|behind| !behind.starts_with('\'')) {
            rest = behind.strip_prefix(", ").or_else(|| behind.strip_prefix(' ')).unwrap_or(behind);
            continue;
        }
        let is_in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let end = rest.find(|c| !is_in_path(c)).unwrap_or(rest.len());
        let (path, behind) = if end == 0 { rest.split_at(first.len_utf8()) } else { rest.split_at(end) };
        let is_standard = STANDARD.iter().any(|standard| path.starts_with(standard));
        spelled += if is_standard { path.rsplit("::").next().unwrap_or(path) } else { path };
        rest = behind;
    }
    // What is left of a type that has a lifetime and nothing else.
    spelled.replace("<>", "")
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::borrow::Cow;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_compilers_have_spelled_differently_is_spelled_alike() {
        for (old, new, same) in [
            ("alloc::borrow::Cow<str>", "alloc::borrow::Cow<'_, str>", "Cow<str>"),
            ("alloc::sync::Arc<str>", "alloc::rcs::arc::Arc<str>", "Arc<str>"),
            ("fn(&str) -> u8", "fn(&'_ str) -> u8", "fn(&str) -> u8"),
            ("mine::View", "mine::View<'_>", "mine::View"),
        ] {
            assert_eq!([spelled(old), spelled(new)], [same, same]);
        }
        type Nested = Result<BTreeMap<u8, Arc<str>>, Option<Cow<'static, [u64]>>>;
        assert_eq!(spelled(type_name::<Nested>()), "Result<BTreeMap<u8, Arc<str>>, Option<Cow<[u64]>>>");
    }

    #[test]
    fn types_of_other_crates_keep_their_paths() {
        for name in
            ["one::Sum", "two::Sum", "one::alloc::Sum", "[one::Sum; 3]", "(u8, one::Of<'a'>)", "one::Of<'_'>", "u8"]
        {
            assert_eq!(spelled(name), name);
        }
    }
}
