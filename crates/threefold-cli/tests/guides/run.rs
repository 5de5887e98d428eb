//! The commands of the pages that need nothing but the program print what the pages show.

use std::env;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::page::{self, pages, root};
use crate::printed::difference;

/// How the pages call the program.
const CALLS: [&str; 2] = ["cargo run -q --release -- ", "threefold "];

/// A folder with the program of this build.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_threefold"), folder.path().join("threefold")).unwrap();
    folder
});

/// The command for this build's program, unless it is for another one, or a comparison.
fn command(shown: &page::Command) -> Option<String> {
    let calls = |line: &str| CALLS.iter().any(|call| line.starts_with(call) || line.contains(&format!("| {call}")));
    let is_comparison = shown.words.contains(" compare");
    let words = shown.words.replace(CALLS[0], CALLS[1]);
    (calls(&shown.words) && !is_comparison && !shown.shown.is_empty()).then_some(words)
}

/// What the shell prints, on stdout and stderr together.
fn printed(words: &str) -> String {
    let path = env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec 2>&1\n{words}")).current_dir(root());
    shell.env("PATH", format!("{}:{path}", FOLDER.path().display())).env_remove("RUST_BACKTRACE");
    let output = shell.stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_of_the_program_prints_what_its_page_shows() {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    let (mut count, mut differences) = (0, Vec::new());
    let pages = pages();
    let shown = pages.iter().flat_map(|page| &page.blocks).flat_map(|block| &block.commands);
    for shown in shown {
        let Some(words) = command(shown) else { continue };
        count += 1;
        if words.contains("python3") && !python {
            // Past what the harness captures of a test that passes.
            let _ = writeln!(std::io::stderr(), "NOT RUN: {}: there is no python3", shown.place);
            continue;
        }
        if let Some(difference) = difference(&shown.shown, &printed(&words)) {
            differences.push(format!("{}: {words}\n{difference}", shown.place));
        }
    }
    assert!(count > 10, "only {count} commands were found");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
