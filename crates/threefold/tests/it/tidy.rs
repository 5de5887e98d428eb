//! The house's own rules, which a reader would otherwise have to check.

use std::fs;
use std::path::PathBuf;

use crate::arrows::{manifest_folder, sources};

/// The files that may hold unsafe code, each for one reason that it opens with.
const UNSAFE: [&str; 19] = [
    "crates/threefold-cli/src/exec/execute.rs",
    "crates/threefold-cli/src/signals/ignored.rs",
    "crates/threefold/src/backend/mpi/at_exit.rs",
    "crates/threefold/src/backend/mpi/mark.rs",
    "crates/threefold/src/backend/mpi/term.rs",
    "crates/threefold/src/backend/processes/shared_memory.rs",
    "crates/threefold/src/backend/processes/worker/bare_thread.rs",
    "crates/threefold/src/backend/processes/worker/c_library.rs",
    "crates/threefold/src/backend/processes/worker/copy.rs",
    "crates/threefold/src/backend/processes/worker/early.rs",
    "crates/threefold/src/shared/fork/wiped.rs",
    "crates/threefold/src/shared/mapped.rs",
    "crates/threefold/src/shared/plain.rs",
    "crates/threefold/src/shared/view.rs",
    "crates/threefold/src/source/placed.rs",
    "crates/threefold/tests/holdings/interval_timer.rs",
    "crates/threefold/tests/holdings/notice.rs",
    "crates/threefold/tests/hosts/fork.rs",
    "crates/threefold/tests/mpi/copies.rs",
];

/// Past this a noun has moved in that wants a file of its own.
const LONGEST: usize = 400;

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
    let files = files().into_iter().filter(|(name, _)| name.contains("/src/"));
    let lengths = files.map(|(name, text)| (name, text.lines().count()));
    let longer: Vec<_> = lengths.filter(|&(_, lines)| lines > LONGEST).collect();
    assert!(longer.is_empty(), "{longer:?}");
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
fn every_code_block_of_these_pages_is_in_the_file_that_its_marker_names() {
    let readmes = ["README.md", "crates/threefold/README.md", "crates/threefold-compare/README.md"];
    for page in readmes.into_iter().chain(["docs/tutorial.md", "docs/migrate.md"]) {
        // All languages are treated alike.
        let text = fs::read_to_string(root().join(page)).unwrap();
        check_code_blocks(&text.replace("```python\n", "```rust\n").replace("```r\n", "```rust\n"));
    }
}

fn check_code_blocks(page: &str) {
    let mut blocks = page.split("```rust\n");
    let mut before = blocks.next().unwrap();
    let mut count = 0;
    for block in blocks {
        let marker = before.lines().last().unwrap_or_default();
        let file = marker.strip_prefix("<!-- ").and_then(|marker| marker.strip_suffix(" -->"));
        let (code, rest) = block.split_once("```").expect("the block ends");
        let file = file.unwrap_or_else(|| panic!("no marker names the file of this block:\n{code}"));
        let text = fs::read_to_string(root().join(file)).unwrap();
        let is_excerpt = [0, 4, 8].into_iter().any(|spaces| {
            let indented: String = code.lines().map(|line| format!("{:spaces$}{line}\n", "")).collect();
            format!("\n{text}").contains(&format!("\n{indented}"))
        });
        assert!(is_excerpt, "{file} has no such lines:\n{code}");
        before = rest;
        count += 1;
    }
    assert!(count > 0);
}

/// The commands of the `console` blocks of a file in Markdown.
fn commands(markdown: &str) -> impl Iterator<Item = &str> {
    let blocks = markdown.split("```console\n").skip(1).map(|block| block.split_once("```").expect("the block ends").0);
    blocks.flat_map(|block| block.lines().filter_map(|line| line.strip_prefix("$ ")))
}

/// The arguments of the program are read by a test of the program itself.
#[test]
fn every_command_of_the_guides_runs_something_that_exists() {
    let examples: Vec<_> = files().into_iter().filter(|(name, _)| name.contains("/examples/")).collect();
    let mut count = 0;
    for guide in ["README.md", "docs/which-model.md", "docs/tutorial.md", "docs/reliability.md"] {
        for command in commands(&fs::read_to_string(root().join(guide)).unwrap()) {
            let words: Vec<_> = command.split_whitespace().collect();
            match words.as_slice() {
                ["cargo", "run", options @ ..] => {
                    let example = options.iter().skip_while(|&&option| option != "--example").nth(1);
                    let exists = |name: &str| examples.iter().any(|(file, _)| file.ends_with(&format!("/{name}.rs")));
                    assert!(example.is_none_or(|name| exists(name)), "{guide}: {command}");
                }
                ["cargo", "test", ..] => {}
                ["python3", script, ..] => assert!(root().join(script).exists(), "{guide}: {command}"),
                _ => panic!("{guide}: `{command}` is neither cargo nor python3"),
            }
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn each_of_the_ten_programs_is_short() {
    let page = fs::read_to_string(root().join("docs/ten-programs.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let programs: Vec<_> = rows.filter_map(|row| row.split("](../").nth(1)?.split(')').next()).collect();
    assert_eq!(programs.len(), 10);
    for program in programs {
        let lines = fs::read_to_string(root().join(program)).unwrap().lines().count();
        assert!(lines <= 60, "{program} has {lines} lines");
    }
}
