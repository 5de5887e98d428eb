//! How much is documented: every public item of the published crates has an example that runs, and so many lines of the
//! library are documentation.
//!
//! Read from the source text. What is public are items with `pub` (the compiler warns of those that cannot be reached),
//! and the functions and constants of public traits. Struct fields, enum variants, associated types and what implements a
//! trait need no example of their own: that of the type or the trait shows them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arrows::{manifest_folder, sources};

/// The share of the library's lines that is documentation, at least.
const SHARE: f64 = 0.3;

/// The words that an item begins with, after `pub` and what may stand before.
const KINDS: [&str; 9] = ["fn", "struct", "enum", "trait", "type", "const", "static", "mod", "macro_rules!"];

/// A public item and what its documentation has.
#[derive(Debug, PartialEq)]
struct Item {
    /// `fn map`, of a file and a line.
    name: String,
    line: usize,
    examples: usize,
}

/// Who can see what is in a block.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// Its public items are public.
    Public,
    /// Its functions and constants are public, as they are in a public trait.
    Trait,
    /// None of it is.
    No,
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let (mut all, mut without) = (0, Vec::new());
    for source in published() {
        let hidden = hidden_names(&fs::read_to_string(source.join("lib.rs")).unwrap());
        for file in sources(&source) {
            let path = file.strip_prefix(manifest_folder().parent().unwrap()).unwrap().display().to_string();
            if is_hidden_file(&source, &file) {
                continue;
            }
            for item in items(&fs::read_to_string(&file).unwrap(), &hidden) {
                all += 1;
                if item.examples == 0 {
                    without.push(format!("{path}:{}: {}", item.line, item.name));
                }
            }
        }
    }
    assert!(all > 100, "only {all} public items were found");
    assert!(without.is_empty(), "{} of {all} have no example:\n{}", without.len(), without.join("\n"));
}

#[test]
fn a_good_part_of_the_library_is_documentation() {
    let (mut documentation, mut all) = (0, 0);
    let is_name_of_tests = |name: &str| {
        name.starts_with("simulator") || name.starts_with("cluster") || ["tests", "tests.rs"].contains(&name)
    };
    let is_test = |file: &PathBuf| file.iter().any(|name| name.to_str().is_some_and(is_name_of_tests));
    for file in sources(&manifest_folder().join("src")).into_iter().filter(|file| !is_test(file)) {
        let text = fs::read_to_string(file).unwrap();
        let lines = before_tests(&text).lines().map(str::trim_start);
        let is_documentation = |line: &&str| line.starts_with("///") || line.starts_with("//!");
        documentation += lines.clone().filter(is_documentation).count();
        all += lines.filter(|line| !line.is_empty()).count();
    }
    let share = f64::from(documentation as u32) / f64::from(all as u32);
    assert!(share >= SHARE, "{documentation} of {all} lines are documentation: {:.1} %", share * 100.0);
}

#[test]
fn public_items_and_their_examples_are_found() {
    let text = r#"
/// Has none.
pub struct Plain {
    /// A field.
    pub field: u64,
}

impl Plain {
    /// Has one.
    ///
    /// ```
    /// run();
    /// ```
    #[must_use]
    pub const fn with(self) -> Self {}

    /// Does not run it.
    ///
    /// ```no_run
    /// run();
    /// ```
    pub fn without(self) -> Self {}

    pub(crate) fn inner() {}
    fn private() {}
}

impl<T> Plain<T>
where
    T: Copy,
{
    /// Breaks its line.
    pub fn broken<A, B>(
        first: A,
    ) -> B
    where
        A: Into<B>,
    {
        if true {
            pub_is_no_keyword_here();
        }
    }
}

impl Iterator for Plain {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {}
}

/// ```text
/// A drawing.
/// ```
/// ```should_panic
/// panic!();
/// ```
pub trait Seen: Sized {
    /// Of a public trait.
    fn method(&self);
    #[doc(hidden)]
    fn hidden(&self);
}

/// ```
/// run();
/// ```
#[diagnostic::on_unimplemented(
    message = "it has an attribute of several lines",
)]
pub trait Broken
where
    Self: Sized,
{
    /// An associated type.
    type Item: Copy;
}

#[doc(hidden)]
pub trait Unseen {
    fn method(&self);
}

mod sealed {
    pub trait Sealed {}
}

/// Only the macro's code has it.
pub fn private_name() {}
"#;
    let hidden = hidden_names(
        "#[doc(hidden)]\npub mod __private {\n    pub use crate::task::{private_name, other};\n    pub use serde;\n}\n",
    );
    let found: Vec<_> = items(text, &hidden).into_iter().map(|item| (item.name, item.examples)).collect();
    let expected = [
        ("struct Plain", 0),
        ("fn with", 1),
        ("fn without", 0),
        ("fn broken", 0),
        ("trait Seen", 1),
        ("fn method", 0),
        ("trait Broken", 1),
    ];
    assert_eq!(found, expected.map(|(name, examples)| (name.to_string(), examples)));
}

/// The sources of the library crates that are published.
fn published() -> Vec<std::path::PathBuf> {
    let crates = fs::read_dir(manifest_folder().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let sources = crates.filter(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        !manifest.lines().any(|line| line == "publish = false")
    });
    sources.map(|folder| folder.join("src")).filter(|source| source.join("lib.rs").exists()).collect()
}

/// Whether `file` is a module, or lies in one, that is declared with `#[doc(hidden)]`.
fn is_hidden_file(source: &Path, file: &Path) -> bool {
    let names: Vec<_> = file.strip_prefix(source).unwrap().with_extension("").iter().map(ToOwned::to_owned).collect();
    (0..names.len()).any(|depth| {
        let parent: std::path::PathBuf = names[..depth].iter().collect();
        let parent = if depth == 0 { source.join("lib.rs") } else { source.join(parent).with_extension("rs") };
        let declared = format!("#[doc(hidden)]\npub mod {};", names[depth].to_str().unwrap());
        fs::read_to_string(parent).is_ok_and(|text| text.contains(&declared))
    })
}

/// What the crate's root re-exports in modules that are hidden, and nowhere else.
fn hidden_names(root: &str) -> BTreeSet<String> {
    let words = |text: &str| -> BTreeSet<String> {
        let uses = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
        let names = uses.flat_map(|path| path.rsplit("::").next().unwrap().split([',', '{', '}', ' ', '\n']));
        names.filter(|name| !name.is_empty()).map(ToString::to_string).collect()
    };
    let mut parts = root.split("#[doc(hidden)]\npub mod ");
    let mut seen = words(parts.next().unwrap_or_default());
    let mut hidden = BTreeSet::new();
    for part in parts {
        let (first, rest) = part.split_once('\n').unwrap_or((part, ""));
        let (inside, outside) =
            if first.ends_with('{') { rest.split_once("\n}\n").unwrap_or((rest, "")) } else { ("", rest) };
        hidden.extend(words(inside));
        seen.extend(words(outside));
    }
    hidden.difference(&seen).cloned().collect()
}

/// The public items of a file.
fn items(text: &str, hidden: &BTreeSet<String>) -> Vec<Item> {
    let mut items = Vec::new();
    // Who sees the blocks that are open here, each with its indentation; and the one whose `{` is still to come.
    let (mut blocks, mut coming): (Vec<(usize, Seen)>, _) = (Vec::new(), None);
    let (mut examples, mut in_code, mut in_attribute, mut is_hidden, mut is_exported) = (0, false, false, false, false);
    for (number, line) in before_tests(text).lines().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if let Some(words) = code.strip_prefix("///") {
            if let Some(language) = words.trim_start().strip_prefix("```") {
                let runs = matches!(language.trim(), "" | "rust" | "should_panic");
                examples += usize::from(!in_code && runs);
                in_code = !in_code;
            }
            continue;
        }
        if code.is_empty() || code.starts_with("//") {
            continue;
        }
        if in_attribute || code.starts_with("#[") {
            in_attribute = !code.ends_with(']');
            is_hidden |= code.starts_with("#[doc(hidden)]");
            is_exported |= code.starts_with("#[macro_export]");
            continue;
        }
        while code.starts_with('}') && blocks.last().is_some_and(|&(outer, _)| indent <= outer) {
            blocks.pop();
        }
        let around = blocks.last().map_or(Seen::Public, |&(_, seen)| seen);
        let item = item_of(code, around == Seen::Trait || is_exported)
            .filter(|(_, name)| around != Seen::No && !is_hidden && !hidden.contains(name))
            .filter(|&(kind, _)| around != Seen::Trait || kind != "type");
        let begins = match &item {
            Some(("trait", _)) => Some(Seen::Trait),
            Some(("mod", _)) => Some(Seen::Public),
            None if code.starts_with("impl") && !code.contains(" for ") => Some(around),
            _ => None,
        };
        if code.ends_with('{') {
            blocks.push((indent, begins.or(coming.take()).unwrap_or(Seen::No)));
        } else if !code.ends_with([';', '}']) {
            coming = begins.or(coming);
        } else {
            coming = None;
        }
        // The documentation of a module in a file of its own is there.
        if let Some((kind, name)) = item.filter(|(kind, _)| *kind != "mod" || !code.ends_with(';')) {
            items.push(Item { name: format!("{kind} {name}"), line: number + 1, examples });
        }
        (examples, in_code, is_hidden, is_exported) = (0, false, false, false);
    }
    items
}

/// The kind and the name of the item that `code` begins.
fn item_of(code: &str, needs_no_pub: bool) -> Option<(&'static str, String)> {
    let rest = code.strip_prefix("pub ").or(needs_no_pub.then_some(code))?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let before = words.iter().take_while(|word| matches!(**word, "async" | "unsafe")).count();
    let is_const_fn = words.get(before) == Some(&"const") && words.get(before + 1) == Some(&"fn");
    let at = before + usize::from(is_const_fn);
    let kind = KINDS.into_iter().find(|kind| words.get(at) == Some(kind))?;
    let name = words.get(at + 1)?.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    Some((kind, name.to_string()))
}

fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}
