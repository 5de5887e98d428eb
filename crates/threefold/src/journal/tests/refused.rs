//! What is refused, and in which words.

use std::fs;

use super::{fresh, job, record};
use crate::journal::{Job, Journal};

/// Why the journal `path` cannot be opened, with its path left out.
fn why(path: &std::path::Path) -> String {
    let error = Journal::open(path).unwrap_err();
    assert!(error.is_setup());
    error.to_string().replace(path.to_str().unwrap(), "FILE")
}

#[test]
fn what_is_no_journal_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let foreign = "the journal `FILE` is not a journal; use another path";
    for bytes in [&b"a"[..], b"threefold fold\n", b"some text that somebody may want to keep", &[0; 100]] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(why(&path), foreign);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    assert_eq!(why(folder.path()), "the journal `FILE` is a folder, a pipe or a device; use the path of a file");
    let missing = folder.path().join("no such folder/run.journal");
    assert_eq!(why(&missing), "the journal `FILE` cannot be opened: No such file or directory (os error 2)");
    assert_eq!(why(&path.join("inside")), "the journal `FILE` cannot be opened: Not a directory (os error 20)");
}

#[test]
#[cfg(target_os = "linux")]
fn a_pipe_or_a_device_is_refused_at_once() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    for path in [&*pipe, "/dev/null".as_ref(), "/dev/full".as_ref()] {
        assert_eq!(why(path), "the journal `FILE` is a folder, a pipe or a device; use the path of a file");
    }
}

#[test]
fn an_empty_file_becomes_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    fs::write(&path, "").unwrap();
    record(&Journal::open(&path).unwrap(), &job(4), &[1]).unwrap();
    assert_eq!(Journal::open(&path).unwrap().recorded(), 1);
}

#[test]
fn another_version_of_the_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    fs::write(&path, crate::journal::format::preamble_of(2)).unwrap();
    assert_eq!(
        why(&path),
        "the journal `FILE` has version 2 of the format, and this program writes version 1; use another file"
    );
}

#[test]
fn damage_is_named_with_its_place_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    record(&Journal::open(&path).unwrap(), &job(4), &[1, 2]).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut changed = whole.clone();
    changed[5] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert_eq!(
        why(&path),
        "the journal `FILE` is damaged at byte 0: its first bytes are not those of a journal; delete it to start from the \
         beginning"
    );
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&path, &changed).unwrap();
    // The last frame has a body of two bytes.
    let place = whole.len() - (21 + 2 + 5);
    let text = format!(
        "the journal `FILE` is damaged at byte {place}: a frame does not end with its mark; delete it to start from the \
         beginning, or cut it to {place} bytes to keep what is recorded before that byte"
    );
    assert_eq!(why(&path), text);
    // What it says is so.
    fs::write(&path, &changed[..place]).unwrap();
    assert_eq!(Journal::open(&path).unwrap().recorded(), 1);
}

#[test]
fn a_journal_of_another_job_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let job = job(4);
    record(&Journal::open(&path).unwrap(), &job, &[1]).unwrap();
    let before = fs::read(&path).unwrap();
    let others = [
        (Job { task: "count", ..job }, "it records the task `add_up`, and this fold runs the task `count`"),
        (
            Job { output: "f64", ..job },
            "it records outputs of the type `u64`, and this fold has outputs of the type `f64`",
        ),
        (Job { captures: &[1, 2, 4], ..job }, "the task `add_up` has other captures now than when it was recorded"),
        (Job { captures: &[], ..job }, "the task `add_up` has other captures now than when it was recorded"),
        (Job { source: "0..200", ..job }, "it records the source 0..100, and this fold has the source 0..200"),
        (Job { chunks: 5, ..job }, "it records a source of 4 chunks, and the source of this fold has 5"),
        (
            Job { source_print: 8, ..job },
            "the source has other contents now, or is cut in another way, than when it was recorded",
        ),
    ];
    for (other, difference) in others {
        let journal = Journal::open(&path).unwrap();
        let error = journal.begin(&other).unwrap_err();
        assert!(error.is_setup());
        let text = format!(
            "the journal `{}` records another fold: {difference}; use another file, or delete this one to start \
             from the beginning",
            path.display()
        );
        assert_eq!(error.to_string(), text);
        // It is refused before anything is written, and the right one may follow.
        record(&journal, &job, &[]).unwrap();
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn the_fold_that_differs_is_named_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    (0..3).for_each(|fold| record(&journal, &job(fold), &[]).unwrap());
    drop(journal);
    let journal = Journal::open(&path).unwrap();
    (0..2).for_each(|fold| record(&journal, &job(fold), &[]).unwrap());
    let error = journal.begin(&job(7)).unwrap_err().to_string();
    let text = "records another fold: in fold 2, counted from 0, it records a source of 2 chunks, and";
    assert!(error.contains(text), "{error}");
}

#[test]
fn a_file_that_is_open_cannot_be_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    let clone = journal.clone();
    drop(journal);
    assert_eq!(
        why(&path),
        "the journal `FILE` is in use by another process, or by another `Journal` of this one; wait until that has ended, \
         or use another file"
    );
    drop(clone);
    Journal::open(&path).unwrap();
}

#[test]
fn two_folds_at_once_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(fresh(&folder)).unwrap();
    let log = journal.begin(&job(4)).unwrap();
    let error = journal.begin(&job(4)).unwrap_err().to_string();
    let text = "records another fold, which is still running: a journal records one fold at a time";
    assert!(error.ends_with(text), "{error}");
    // A log that is dropped has ended.
    drop(log);
    record(&journal, &job(4), &[]).unwrap();
}
