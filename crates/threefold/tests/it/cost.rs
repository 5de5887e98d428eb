//! What a program takes on with this library: how many crates are built for it. docs/promises.md says it, too.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::arrows::manifest_folder;

/// The crates that a program builds which depends on this library with these features, itself included, on Linux.
fn crates(features: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--quiet", "--locked", "--offline", "--package", "threefold", "--edges", "normal,build"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--format", "{p}"]).args(features);
    let output = cargo.current_dir(manifest_folder()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| Some(line.split_once(" v")?.0.to_string())).collect()
}

#[test]
fn the_number_of_crates_is_the_one_that_is_documented() {
    let page = fs::read_to_string(manifest_folder().join("../../docs/promises.md")).unwrap();
    let rows = [("default features", vec![]), ("no features", vec!["--no-default-features"])];
    for (name, features) in rows {
        let crates = crates(&features);
        let row = format!("| {name} | {} |", crates.len());
        assert!(page.contains(&row), "docs/promises.md has no row `{row}`: {crates:?}");
    }
}
