//! What the pages show: each comparison is the text of a recorded one, each command of the program prints what stands below it,
//! and each picture is drawn from what the program prints.
//!
//! With `UPDATE=1` the comparisons and pictures are written instead. `newcomer.rs` runs the commands of the pages as they
//! stand, and can record the comparisons again.
#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod page;
#[cfg(target_os = "linux")]
mod pictures;
mod printed;
#[cfg(target_os = "linux")]
mod run;

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::page::{Page, pages, root};

/// Whether the pages and pictures are to be written.
fn updates() -> bool {
    env::var_os("UPDATE").is_some()
}

/// What `threefold report` says of a recorded comparison.
fn reported(recorded: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut report = Command::new(env!("CARGO_BIN_EXE_threefold"));
    report.arg("report").arg(root().join(recorded)).arg("--export-svg").arg(folder.path().join("race.svg"));
    let output = report.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}: {}", recorded.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_comparison_of_the_pages_is_the_text_of_a_recorded_one() {
    let (mut count, mut differences) = (0, Vec::new());
    for page in pages() {
        let recorded = page.blocks.iter().filter_map(|block| Some((block.recorded.as_ref()?, block.commands.last()?)));
        let recorded: Vec<_> = recorded.collect();
        count += recorded.len();
        if updates() {
            let lines = recorded.iter().map(|(path, command)| (command.lines.clone(), reported(path)));
            write(&page, lines.collect());
            continue;
        }
        for (path, command) in recorded {
            let printed = reported(path);
            if printed != command.shown {
                differences.push(format!("{}: `threefold report {}` prints\n{printed}", command.place, path.display()));
            }
        }
    }
    assert!(count > 8, "only {count} comparisons were found");
    assert!(differences.is_empty(), "{}UPDATE=1 writes them into the pages", differences.join("\n"));
}

/// Writes the page with other texts in the place of lines.
fn write(page: &Page, texts: Vec<(std::ops::Range<usize>, String)>) {
    let path = root().join(&page.name);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    for (range, text) in texts.into_iter().rev() {
        lines.splice(range, text.lines().map(str::to_string));
    }
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// A table that somebody has typed goes stale.
#[test]
fn every_comparison_of_the_pages_names_its_recording() {
    for page in pages() {
        for block in page.blocks.iter().filter(|block| block.recorded.is_none()) {
            for command in block.commands.iter().filter(|command| command.words.contains(" compare")) {
                let is_shown = command.shown.lines().any(|line| line != printed::LEFT_OUT);
                assert!(!is_shown, "{}: no comment above names the recorded comparison", command.place);
            }
        }
    }
}

#[test]
fn every_recorded_comparison_is_shown() {
    let shown: Vec<_> = pages().into_iter().flat_map(|page| page.blocks).filter_map(|block| block.recorded).collect();
    for file in fs::read_dir(root().join("docs/measured")).unwrap() {
        let path = file.unwrap().path();
        assert!(shown.iter().any(|shown| path.ends_with(shown)), "no page shows {}", path.display());
    }
}
