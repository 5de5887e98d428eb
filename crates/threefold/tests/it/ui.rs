//! What must not compile, and what the compiler then says.

use std::fs;

use crate::arrows::manifest_folder;

/// The most lines of one error: a user reads them at once, without scrolling.
const LONGEST: usize = 25;

#[test]
fn refusals_say_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    if cfg!(not(feature = "simd")) {
        cases.compile_fail("tests/ui/without_the_feature/simd.rs");
    }
}

#[test]
fn no_error_is_longer_than_a_user_reads() {
    let entries = fs::read_dir(manifest_folder().join("tests/ui")).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    let mut errors = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for error in text.split("\n\n").filter(|error| error.starts_with("error")) {
            let lines = error.lines().count();
            assert!(lines <= LONGEST, "{}: {lines} lines", file.display());
            errors += 1;
        }
    }
    assert!(errors > 0);
}
