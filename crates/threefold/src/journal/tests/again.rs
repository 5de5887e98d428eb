//! Folds that a program runs again in one run, and how the next run finds them in the file.

use std::fs;

use super::{fresh, job, record, recorded};
use crate::journal::{Job, Journal};

fn other() -> Job<'static> {
    Job { task: "other", ..job(3) }
}

#[test]
fn a_fold_that_has_failed_may_be_tried_again_in_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    record(&journal, &job(3), &[2]).unwrap();
    let again = journal.begin(&job(3)).unwrap();
    assert_eq!(recorded(&again), [2]);
    again.append(0, &super::output(0)).unwrap();
    drop(again);
    // Another fold may follow one that has failed.
    record(&journal, &other(), &[0, 1, 2]).unwrap();
    // One that is complete is not taken for the next, which is the same.
    assert_eq!(recorded(&journal.begin(&other()).unwrap()), [0; 0]);
    drop(journal);

    let journal = Journal::open(&path).unwrap();
    assert_eq!(recorded(&journal.begin(&job(3)).unwrap()), [0, 2]);
    assert_eq!(recorded(&journal.begin(&other()).unwrap()), [0, 1, 2]);
    assert_eq!(recorded(&journal.begin(&other()).unwrap()), [0; 0]);
}

#[test]
fn a_second_pass_that_the_first_run_needed_is_continued_by_a_run_whose_first_pass_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    record(&journal, &job(3), &[0, 1]).unwrap();
    record(&journal, &job(3), &[2]).unwrap();
    record(&journal, &other(), &[1]).unwrap();
    drop(journal);

    // The unchanged program makes both passes again, whatever the first one gives.
    for (finished, next) in [(&[1][..], 0), (&[0, 1], 2)] {
        let journal = Journal::open(&path).unwrap();
        for _ in 0..2 {
            assert_eq!(recorded(&journal.begin(&job(3)).unwrap()), [0, 1, 2]);
        }
        let last = journal.begin(&other()).unwrap();
        assert_eq!(recorded(&last), finished);
        last.append(next, &super::output(next)).unwrap();
    }
}

#[test]
fn a_fold_that_was_run_again_after_all_its_outputs_were_recorded_is_passed_over_when_it_is_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    // All outputs are recorded, and yet the fold has failed, twice.
    for _ in 0..3 {
        record(&journal, &job(3), &[0, 1, 2]).unwrap();
    }
    record(&journal, &other(), &[1]).unwrap();
    drop(journal);

    // Now it does not fail.
    let journal = Journal::open(&path).unwrap();
    assert_eq!(recorded(&journal.begin(&job(3)).unwrap()), [0, 1, 2]);
    let last = journal.begin(&other()).unwrap();
    assert_eq!(recorded(&last), [1]);
    last.append(0, &super::output(0)).unwrap();
    drop(last);
    // A third one is refused by its own number.
    record(&journal, &job(4), &[1]).unwrap();
    drop(journal);
    let journal = Journal::open(&path).unwrap();
    record(&journal, &job(3), &[]).unwrap();
    record(&journal, &other(), &[]).unwrap();
    let error = journal.begin(&job(5)).unwrap_err().to_string();
    assert!(error.contains("in fold 4, counted from 0, it records a source of 4 chunks"), "{error}");
}

#[test]
fn a_run_that_adds_nothing_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let run = |chunks: [&[u64]; 3]| {
        let journal = Journal::open(&path).unwrap();
        record(&journal, &job(3), chunks[0]).unwrap();
        record(&journal, &other(), chunks[1]).unwrap();
        record(&journal, &job(4), chunks[2]).unwrap();
        drop(journal);
        fs::read(&path).unwrap()
    };
    let first = run([&[1], &[0, 1, 2], &[]]);
    assert!(run([&[], &[], &[]]) == first, "the file has changed");
    // The header of the first fold, and two outputs.
    let second = run([&[0, 2], &[], &[]]);
    assert!(second.starts_with(&first));
    assert!(run([&[], &[], &[]]) == second, "the file has changed");
    let journal = Journal::open(&path).unwrap();
    assert_eq!(recorded(&journal.begin(&job(3)).unwrap()), [0, 1, 2]);
    assert_eq!(recorded(&journal.begin(&other()).unwrap()), [0, 1, 2]);
}
