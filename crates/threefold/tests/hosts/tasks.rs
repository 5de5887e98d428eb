//! Tasks that several hosts run.

use std::process;

use threefold::prelude::*;

#[task]
pub(crate) fn echo(chunk: u64) -> u64 {
    chunk
}

#[task]
pub(crate) fn process_of(_chunk: u64) -> u32 {
    process::id()
}

/// Ends its worker.
#[task]
pub(crate) fn abort(chunk: u64) -> u64 {
    if chunk == 3 {
        process::abort();
    }
    chunk
}

/// Leaves a file named for its worker, and never ends.
#[task]
pub(crate) fn stay(folder: String) {
    std::fs::write(format!("{folder}/{}", process::id()), "").unwrap();
    loop {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

/// Folds twice on the executor, and once with a loss in between.
pub(crate) fn folds_and_losses(on: &Executor) {
    let chunks = || Items((0..50).collect::<Vec<u64>>());
    let sum = || on.fold(chunks(), echo, 0, |sum, part| sum + part);
    for _ in 0..3 {
        assert_eq!(sum().unwrap(), 49 * 25);
        let error = on.for_each(chunks(), abort).unwrap_err();
        assert!(error.is_worker_lost(), "{error}");
        assert_eq!(error.chunk(), Some(3), "{error}");
    }
    assert_eq!(sum().unwrap(), 49 * 25);
}
