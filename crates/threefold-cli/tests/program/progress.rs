//! Progress is shown where it is wanted, and nowhere else.

use crate::{answer, every_word};

#[test]
fn short_work_shows_no_progress_on_any_model() {
    for word in every_word() {
        for when in ["auto", "never"] {
            assert_eq!(answer(&format!("{word} --progress {when}")).stderr, "", "{word} {when}");
        }
    }
}

#[test]
fn there_are_no_colours() {
    for words in ["--help", "bogus", "sequential 1..x", "sequential --help", "sequential -j 2"] {
        let answer = answer(words);
        assert!(!answer.stdout.contains('\x1b') && !answer.stderr.contains('\x1b'), "{words}");
    }
}
