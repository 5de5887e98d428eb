//! The help, as people read it.

use crate::answer;

fn help(words: &str) -> String {
    let answer = answer(words);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{words}");
    answer.stdout
}

#[test]
fn the_help_tells_the_words() {
    insta::assert_snapshot!(help("--help"));
}

#[test]
fn no_words_are_answered_with_the_help() {
    let answer = answer("");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(answer.stderr);
}

#[test]
fn every_word_has_its_help() {
    for word in ["sequential", "async", "multithreading", "multiprocess"] {
        insta::assert_snapshot!(format!("help of {word}"), help(&format!("{word} --help")));
    }
    for (word, alias) in [("multithreading", "threads"), ("multiprocess", "processes")] {
        assert_eq!(help(&format!("{alias} --help")), help(&format!("{word} --help")));
    }
}

#[test]
fn the_short_help_is_a_summary() {
    insta::assert_snapshot!(help("sequential -h"));
}

#[test]
fn the_works_are_a_table() {
    let table = help("works");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn the_version_is_the_one_of_the_crate() {
    assert_eq!(help("--version"), format!("threefold {}\n", env!("CARGO_PKG_VERSION")));
}
