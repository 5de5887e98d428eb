//! The arrows between files and between folders: who imports whom. They make no circle, and point down the drawn order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The entries of the library's `src/`, from what users see down to what everything stands on. Each may import those
/// below it only.
const ORDER: &[&str] = &[
    "lib", "executor", "cancel", "backend", "remote", "random", "fold", "trace", "journal", "task", "source", "shared",
    "panics", "error", "model",
];

/// The crates of the workspace, from the program down. Each may depend on those below it only.
const CRATES: &[&str] = &[
    "threefold-axum",
    "threefold-bench",
    "threefold-contest",
    "threefold-loom",
    "threefold-cli",
    "threefold-compare",
    "threefold-term",
    "threefold",
    "threefold-codec",
    "threefold-macros",
];

/// A module by its path in its crate: `["fold", "claims"]`. The crate's root is empty.
type Module = Vec<String>;

/// Who imports whom, of one crate.
struct Graph {
    arrows: BTreeMap<Module, BTreeSet<Module>>,
}

impl Graph {
    fn of(source: &Path) -> Self {
        let files: BTreeMap<Module, PathBuf> = sources(source)
            .into_iter()
            .map(|file| (module_of(source, &file), file))
            .filter(|(module, _)| !is_test(module))
            .collect();
        let known: BTreeSet<&Module> = files.keys().collect();
        let code_of = |file: &PathBuf| code_of(&fs::read_to_string(file).unwrap());
        let root = files.get(&Module::new()).map(code_of).unwrap_or_default();
        let exported = exports(&root);
        let arrows = files
            .iter()
            .map(|(module, file)| {
                let named = imports(module, &code_of(file));
                let targets = named.iter().filter_map(|path| target_of(path, &known, &exported));
                // What a module's own parts are is composition, not an arrow. So are the root's own items.
                let others = targets.filter(|target| !target.is_empty() && !target.starts_with(module));
                (module.clone(), others.collect())
            })
            .collect();
        Self { arrows }
    }

    /// The same graph of the entries of each folder: an arrow between two files is one between the entries, of the
    /// innermost folder that holds both, in which they lie.
    fn of_folders(&self) -> Self {
        let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, to) in self.pairs() {
            let shared = from.iter().zip(to).take_while(|(one, other)| one == other).count();
            if shared < from.len() && shared < to.len() {
                arrows.entry(from[..=shared].to_vec()).or_default().insert(to[..=shared].to_vec());
            }
        }
        Self { arrows }
    }

    fn pairs(&self) -> impl Iterator<Item = (&Module, &Module)> {
        self.arrows.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
    }

    /// A circle, as the modules along it.
    fn circle(&self) -> Option<Vec<String>> {
        let mut done = BTreeSet::new();
        self.arrows.keys().find_map(|start| self.circle_from(start, &mut Vec::new(), &mut done))
    }

    fn circle_from(&self, at: &Module, way: &mut Vec<Module>, done: &mut BTreeSet<Module>) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|before| before == at) {
            return Some(way[start..].iter().chain([at]).map(|module| module.join("::")).collect());
        }
        if !done.insert(at.clone()) {
            return None;
        }
        way.push(at.clone());
        let targets = self.arrows.get(at).into_iter().flatten();
        let circle = targets.into_iter().find_map(|next| self.circle_from(next, way, done));
        way.pop();
        circle
    }
}

#[test]
fn no_files_and_no_folders_of_any_crate_import_each_other_in_a_circle() {
    // A crate without `src` has benchmarks or tests only.
    for (name, source) in crates().into_iter().filter(|(_, source)| source.exists()) {
        let graph = Graph::of(&source);
        assert_eq!(graph.circle(), None, "files of {name}");
        assert_eq!(graph.of_folders().circle(), None, "folders of {name}");
    }
}

#[test]
fn arrows_of_the_library_point_down_the_drawn_order() {
    let place = |module: &Module| {
        let entry = &module[0];
        ORDER.iter().position(|name| name == entry).unwrap_or_else(|| panic!("{entry} is not in the drawn order"))
    };
    let graph = Graph::of(&manifest_folder().join("src")).of_folders();
    let upwards: Vec<_> =
        graph.pairs().filter(|(from, _)| from.len() == 1).filter(|(from, to)| place(from) >= place(to)).collect();
    assert!(upwards.is_empty(), "{upwards:?}");
}

#[test]
fn the_tree_alone_tells_the_design() {
    let entries: BTreeSet<String> = sources(&manifest_folder().join("src"))
        .iter()
        .map(|file| first_of(file))
        .filter(|name| name != "lib")
        .collect();
    let drawn: BTreeSet<String> = ORDER.iter().map(ToString::to_string).filter(|name| name != "lib").collect();
    assert_eq!(entries, drawn);
    assert!(entries.len() <= 14, "about a dozen entries at the top: {entries:?}");
}

#[test]
fn a_circle_would_be_found() {
    let module = |name: &str| vec![name.to_string()];
    let arrows = [("a", "b"), ("b", "c"), ("c", "b")].map(|(from, to)| (module(from), BTreeSet::from([module(to)])));
    let circle = Graph { arrows: arrows.into() }.circle().unwrap();
    assert_eq!(circle, ["b", "c", "b"]);
    let nested = |path: &str| path.split("::").map(ToString::to_string).collect::<Module>();
    let arrows = [("a::x", "b"), ("b", "a::y")].map(|(from, to)| (nested(from), BTreeSet::from([nested(to)])));
    let files = Graph { arrows: arrows.into() };
    assert_eq!((files.circle(), files.of_folders().circle().unwrap().len()), (None, 3));
}

#[test]
fn imports_of_every_form_are_seen() {
    let module = vec!["fold".to_string(), "work".to_string()];
    let code = "use crate::task::{Task, registry::Entry as E};\nuse super::claims;\nfn f() { crate::panics::catch(g) }";
    let named: Vec<_> = imports(&module, code).into_iter().map(|path| path.join("::")).collect();
    assert_eq!(named, ["task::Task", "task::registry::Entry", "panics::catch", "fold::claims"]);
}

#[test]
fn a_name_that_the_root_re_exports_is_an_arrow_to_its_file() {
    let module = |path: &str| path.split("::").map(ToString::to_string).collect::<Module>();
    let known = [Module::new(), module("executor"), module("executor::stream"), module("model")];
    let known: BTreeSet<&Module> = known.iter().collect();
    let exported =
        exports("mod executor;\npub use executor::{Executor, stream::Stream};\npub use crate::model::Model;\n");
    let target = |path: &str| target_of(&module(path), &known, &exported).unwrap().join("::");
    let targets = ["Executor::new", "Stream", "Model", "model::Model", "prelude"].map(target);
    assert_eq!(targets, ["executor", "executor::stream", "model", "model", ""]);
}

#[test]
fn crates_depend_downwards_only() {
    for (name, source) in crates() {
        let place = CRATES.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name} is not drawn"));
        let manifest = fs::read_to_string(source.parent().unwrap().join("Cargo.toml")).unwrap();
        for used in dependencies(&manifest) {
            let below = CRATES.iter().position(|known| *known == used).is_none_or(|other| other > place);
            assert!(below, "{name} -> {used}");
        }
    }
}

#[test]
fn dependencies_of_every_form_are_seen() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\n# Why.\nb.workspace = true\nc = \"1\"\n[dependencies.d]\npath = \"d\"\n\
                    [target.'cfg(unix)'.dependencies]\ne = { path = \"e\" }\n[build-dependencies]\nf = \"1\"\n\
                    [target.'cfg(unix)'.dependencies.g]\n[dev-dependencies]\nh = \"1\"\n\
                    [target.'cfg(unix)'.dev-dependencies]\ni = \"1\"\n";
    assert_eq!(dependencies(manifest), ["b", "c", "d", "e", "f", "g"]);
}

/// The crates that a manifest names in its tables of dependencies, on whatever target, but for those of tests.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_list = false;
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end().trim_end_matches(']');
            let is_of_tests = table.ends_with("dev-dependencies") || table.contains("dev-dependencies.");
            is_list = table.ends_with("dependencies") && !is_of_tests;
            let alone = table.rsplit_once("dependencies.").filter(|_| !is_of_tests);
            found.extend(alone.map(|(_, name)| name));
        } else if is_list && line.starts_with(|c: char| c.is_alphanumeric()) {
            found.extend(line.split(['.', ' ', '=']).next());
        }
    }
    found
}

/// The crates of the workspace with their sources.
fn crates() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(manifest_folder().join("..")).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path().join("src"))).collect()
}

pub(crate) fn manifest_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The Rust files below `folder`.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn first_of(file: &Path) -> String {
    let path = file.strip_prefix(manifest_folder().join("src")).unwrap().with_extension("");
    path.iter().next().unwrap().to_str().unwrap().to_string()
}

/// `src/fold/claims.rs` is the module `fold::claims`; `lib.rs` and `main.rs` are the root.
fn module_of(source: &Path, file: &Path) -> Module {
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let names: Module = path.iter().map(|name| name.to_str().unwrap().to_string()).collect();
    if names == ["lib"] || names == ["main"] { Vec::new() } else { names }
}

/// Whether a module holds tests of its own crate.
fn is_test(module: &Module) -> bool {
    module.iter().any(|name| name == "tests")
}

/// The code without its tests and comments.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The file that a path lies in: the longest beginning of it that is a module.
fn file_of(path: &Module, known: &BTreeSet<&Module>) -> Option<Module> {
    (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|module| known.contains(module))
}

/// The file that a path lies in. A name that the root re-exports lies in the file that has it.
fn target_of(path: &Module, known: &BTreeSet<&Module>, exported: &BTreeMap<String, Module>) -> Option<Module> {
    let target = file_of(path, known)?;
    let origin = path.first().and_then(|name| exported.get(name));
    if target.is_empty()
        && let Some(origin) = origin
    {
        file_of(origin, known)
    } else {
        Some(target)
    }
}

/// The names that the code of a root re-exports, each with the path that it is imported by.
fn exports(root: &str) -> BTreeMap<String, Module> {
    let mut paths = Vec::new();
    for (at, word) in root.match_indices("use ").filter(|(at, _)| root[..*at].ends_with(['\n', ' '])) {
        let rest = &root[at + word.len()..];
        follow(rest.strip_prefix("crate::").unwrap_or(rest), Module::new(), &mut paths);
    }
    paths.into_iter().filter_map(|path| Some((path.last()?.clone(), path))).collect()
}

/// The paths that `code` of `module` names, through `crate::` and `super::`, groups taken apart.
fn imports(module: &Module, code: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    let parent = module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default();
    // A program of its own, such as `src/bin/ranks`, has a root of its own.
    let root = if module.first().is_some_and(|name| name == "bin") { module[..2].to_vec() } else { Vec::new() };
    for (root, base) in [("crate::", root), ("super::", parent)] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|c| c != '$' && c != ':' && !c.is_alphanumeric()) {
                follow(&code[at + root.len()..], base.clone(), &mut paths);
            }
        }
    }
    paths
}

/// Reads a path, or a group of paths, that begins here; returns what follows it.
fn follow<'a>(mut rest: &'a str, mut path: Module, paths: &mut Vec<Module>) -> &'a str {
    loop {
        let word: String = rest.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
        if word.is_empty() && rest.starts_with('{') {
            rest = &rest[1..];
            while !rest.trim_start().starts_with('}') {
                let after = follow(rest.trim_start(), path.clone(), paths);
                let until = after.find([',', '}']).unwrap_or(after.len());
                rest = after[until..].strip_prefix(',').unwrap_or(&after[until..]);
                if rest.is_empty() {
                    return rest;
                }
            }
            return &rest.trim_start()[1..];
        }
        rest = &rest[word.len()..];
        match word.as_str() {
            "self" | "" => {}
            "super" => {
                path.pop();
            }
            _ => path.push(word),
        }
        match rest.strip_prefix("::") {
            Some(after) if !after.starts_with('<') => rest = after,
            _ => break,
        }
    }
    paths.push(path);
    rest
}
