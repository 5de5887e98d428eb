//! When what is recorded is written, and what is left when it cannot be written.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{fresh, job, record, recorded};
use crate::journal::{Job, Journal};

/// Longer than anything takes here, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < LONG, "{what}");
        thread::yield_now();
    }
}

#[test]
fn an_output_is_in_the_file_soon_and_then_no_thread_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    let length = || fs::metadata(&path).unwrap().len();
    let log = journal.begin(&job(6)).unwrap();
    for chunk in 0..2 {
        let before = length();
        log.append(chunk, &[7; 100]).unwrap();
        assert!(journal.0.writer.has_thread());
        until("the output is not written", || length() > before + 100);
        until("the thread does not end", || !journal.0.writer.has_thread());
    }
    log.append(2, &[7; 100]).unwrap();
    let before = length();
    log.end().unwrap();
    assert!(length() > before + 100 && !journal.0.writer.has_thread(), "the end waits for both");
    // What comes too late is not recorded.
    log.append(3, &[7; 100]).unwrap();
    assert!(!journal.0.writer.has_thread());
}

#[test]
fn nothing_is_left_when_the_journal_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    let log = journal.begin(&job(6)).unwrap();
    log.append(1, &[]).unwrap();
    let shared = journal.0.writer.watch();
    drop(journal);
    assert_eq!(shared.strong_count(), 2, "the log and the thread");
    drop(log);
    assert_eq!(shared.strong_count(), 0);
    assert_eq!(Journal::open(&path).unwrap().recorded(), 1);
}

#[test]
fn many_threads_record_small_and_large_outputs() {
    const CHUNKS: u64 = 2000;
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let output = |chunk: u64| vec![chunk as u8; if chunk.is_multiple_of(100) { 200_000 } else { chunk as usize % 50 }];
    for sync in [false, true] {
        let _ = fs::remove_file(&path);
        let journal = Journal::open(&path).unwrap().sync(sync);
        let log = journal.begin(&job(CHUNKS)).unwrap();
        thread::scope(|scope| {
            for worker in 0..4 {
                let log = &log;
                scope.spawn(move || {
                    (worker..CHUNKS).step_by(4).for_each(|chunk| log.append(chunk, &output(chunk)).unwrap());
                });
            }
        });
        log.end().unwrap();
        drop((log, journal));
        let log = Journal::open(&path).unwrap().begin(&job(CHUNKS)).unwrap();
        assert_eq!(log.finished(), std::slice::from_ref(&(0..CHUNKS)));
        for chunk in 0..CHUNKS {
            assert_eq!(log.read(chunk).unwrap(), output(chunk));
        }
    }
}

#[test]
fn an_output_that_comes_when_its_fold_ends_is_not_taken_for_one_of_the_next_fold() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let other = Job { task: "other", ..job(10) };
    // Large, so that they often come at the same time as the end.
    let output = |fold: u8| vec![fold; 50_000];
    for _ in 0..20 {
        let journal = Journal::open(&path).unwrap();
        let log = journal.begin(&job(4000)).unwrap();
        thread::scope(|scope| {
            for worker in 0..4 {
                let (log, output) = (&log, output(1));
                scope.spawn(move || {
                    (worker * 1000..).take(40).for_each(|chunk| log.append(chunk, &output).unwrap());
                });
            }
            until("nothing is recorded", || journal.recorded() > 20);
            log.end().unwrap();
            let next = journal.begin(&other).unwrap();
            (0..10).for_each(|chunk| next.append(chunk, &output(2)).unwrap());
        });
        drop((log, journal));
        let journal = Journal::open(&path).unwrap();
        let logs = [job(4000), other].map(|job| {
            let log = journal.begin(&job).unwrap();
            log.end().unwrap();
            log
        });
        assert!(logs[0].finished().iter().map(|range| range.end - range.start).sum::<u64>() > 20);
        assert_eq!(logs[1].finished(), std::slice::from_ref(&(0..10)));
        drop((logs, journal));
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_fold_that_has_ended_does_not_keep_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let journal = Journal::open(&path).unwrap();
    let log = journal.begin(&job(4)).unwrap();
    log.append(1, &super::output(1)).unwrap();
    log.end().unwrap();
    drop(journal);
    let journal = Journal::open(&path).unwrap();
    // Workers that are still inside the fold have it, and may bring outputs.
    log.append(2, &super::output(2)).unwrap();
    assert_eq!(recorded(&journal.begin(&job(4)).unwrap()), [1]);
}

/// A file that cannot grow once it is sealed, as on a disk that is full.
#[test]
#[cfg(target_os = "linux")]
fn a_write_that_fails_is_an_error_of_everything_that_follows() {
    use std::os::fd::AsRawFd;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let file = memfd_create("journal", MemfdFlags::ALLOW_SEALING).unwrap();
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = Path::new(&path);
    let journal = Journal::open(path).unwrap();
    let log = journal.begin(&job(6)).unwrap();
    log.append(0, &super::output(0)).unwrap();
    drop(log);
    assert!(journal.check().is_ok());

    let log = journal.begin(&job(6)).unwrap();
    fcntl_add_seals(&file, SealFlags::GROW).unwrap();
    log.append(1, &super::output(1)).unwrap();
    assert_eq!(journal.recorded(), 2);
    // The thread meets the error first.
    until("nothing is written", || journal.check().is_err());
    assert_eq!(journal.recorded(), 1, "what could not be written is not counted");
    let expected = format!("the journal `{}` cannot be written: Operation not permitted (os error 1)", path.display());
    let error = log.append(2, &super::output(2)).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(error.is_setup() && std::error::Error::source(&error).is_some());
    assert_eq!(log.end().unwrap_err().to_string(), expected);
    assert_eq!(journal.begin(&job(6)).unwrap_err().to_string(), expected);
    assert!(!journal.0.writer.has_thread());
    assert_eq!(journal.recorded(), 1);
    drop((log, journal));

    // What was written before is there.
    assert_eq!(recorded(&Journal::open(path).unwrap().begin(&job(6)).unwrap()), [0]);
}

#[test]
fn a_file_that_is_changed_while_it_is_open_gives_no_wrong_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    record(&Journal::open(&path).unwrap(), &job(4), &[0, 1, 2, 3]).unwrap();
    let whole = fs::read(&path).unwrap();
    let journal = Journal::open(&path).unwrap();
    let log = journal.begin(&job(4)).unwrap();
    let mut changed = whole.clone();
    // The last frame has a body of three bytes, and five bytes follow it.
    changed[whole.len() - 6] ^= 64;
    fs::write(&path, &changed).unwrap();
    let error = log.read(3).unwrap_err().to_string();
    let place = whole.len() - (21 + 3 + 5);
    assert!(error.contains(&format!("at byte {place}: the output of chunk 3 has changed since")), "{error}");
    assert_eq!(log.read(2).unwrap(), super::output(2));
    fs::write(&path, &whole[..place]).unwrap();
    let error = log.read(3).unwrap_err().to_string();
    assert!(error.contains("was cut off while it was open"), "{error}");
}
