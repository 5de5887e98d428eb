//! The house's own rules, which a reader would otherwise have to check.

use std::fs;
use std::path::PathBuf;

use crate::arrows::{manifest_folder, sources};

/// The files that may hold unsafe code, each for one reason that it opens with.
const UNSAFE: [&str; 5] = [
    "crates/threefold/src/backend/processes/shared_memory.rs",
    "crates/threefold/src/backend/processes/worker/c_library.rs",
    "crates/threefold/src/backend/processes/worker/early.rs",
    "crates/threefold/tests/holdings/interval_timer.rs",
    "crates/threefold/tests/hosts/fork.rs",
];

/// Past this a noun has moved in that wants a file of its own.
const LONGEST: usize = 450;

fn root() -> PathBuf {
    manifest_folder().join("../..").canonicalize().unwrap()
}

/// The Rust files of the workspace, by their path from its root, with their text.
fn files() -> Vec<(String, String)> {
    let root = root();
    let all = sources(&root.join("crates"));
    let written = all.into_iter().filter(|file| !file.iter().any(|name| name == "target"));
    written
        .map(|file| {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_string();
            (name, fs::read_to_string(file).unwrap())
        })
        .collect()
}

#[test]
fn every_file_opens_with_its_purpose() {
    for (name, text) in files().iter().filter(|(name, _)| !name.contains("/tests/ui/")) {
        assert!(text.starts_with("//! "), "{name}");
    }
}

#[test]
fn no_file_is_longer_than_one_noun_needs() {
    for (name, text) in files().iter().filter(|(name, _)| name.contains("/src/")) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{name} has {lines} lines");
    }
}

#[test]
fn unsafe_code_is_in_the_files_that_are_named_for_it() {
    let marks = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe(", "allow(unsafe_code)"];
    for (name, text) in files().iter().filter(|(name, _)| !name.ends_with("it/tidy.rs")) {
        let holds = text
            .lines()
            .any(|line| !line.trim_start().starts_with("//") && marks.iter().any(|mark| line.contains(mark)));
        assert_eq!(holds, UNSAFE.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn nothing_is_left_to_do_or_to_debug() {
    let marks = ["dbg!(", "todo!(", "unimplemented!(", "TODO", "FIXME", "XXX"];
    for (name, text) in files().iter().filter(|(name, _)| !name.ends_with("it/tidy.rs")) {
        for mark in marks {
            assert!(!text.contains(mark), "{name}: {mark}");
        }
    }
}

#[test]
fn the_code_of_the_readme_is_that_of_the_files_it_names() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = 0;
    for block in readme.split("<!-- ").skip(1) {
        let (file, rest) = block.split_once(" -->\n```rust\n").expect("a comment names the file of a block of code");
        let (code, _) = rest.split_once("```").expect("the block ends");
        assert_eq!(code, fs::read_to_string(root().join(file)).unwrap(), "{file}");
        blocks += 1;
    }
    assert!(blocks > 0);
}
