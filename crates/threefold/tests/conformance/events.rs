//! What observers are told of starts and of progress: once, in order, and never before it is true.

use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Error, Event, Items, Model, Progress, Span, Start, from_iter};

use crate::fixtures::folder;
use crate::tasks::{Death, DiesOn, Leaves, PanicsOn, files, wait_until};
use crate::{executor, is_isolated, isolated, ranked};

crate::rows! {
    every:
        each_start_is_told_once_before_the_end_of_its_attempt,
        the_progress_counts_every_chunk,
        the_progress_of_an_iterator_has_no_total_until_its_end,
        a_fold_without_chunks_tells_nothing,
        a_cancelled_fold_tells_of_no_start,
        a_panic_of_an_observer_of_starts_unwinds_to_the_caller;
    telling_starts: a_start_is_told_while_the_chunk_runs;
    isolating: the_start_is_told_of_the_chunk_that_ended_its_worker;
}

/// An event that can be kept.
#[derive(Clone, Debug)]
enum Told {
    Started(Start),
    Finished(Span),
    Failed(Error),
    Retried(Error),
    Progress(Progress),
}

/// What was told, in order.
type Log = Arc<Mutex<Vec<Told>>>;

/// An executor that writes what it tells to a log.
fn logging(on: &Executor) -> (Executor, Log) {
    let log = Log::default();
    let writes = Arc::clone(&log);
    let on = on.observe(move |event| {
        writes.lock().unwrap().push(match *event {
            Event::Started(start) => Told::Started(start.clone()),
            Event::Finished(span) => Told::Finished(span.clone()),
            Event::Failed(error) => Told::Failed(error.clone()),
            Event::Retried(error) => Told::Retried(error.clone()),
            Event::Progress(progress) => Told::Progress(progress),
            _ => panic!("{event:?}"),
        });
    });
    (on, log)
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

/// The attempt that an error is about.
fn attempt_of(error: &Error) -> (u64, u32) {
    (error.chunk().expect("it names its chunk"), error.attempt().expect("and the attempt"))
}

fn each_start_is_told_once_before_the_end_of_its_attempt(model: Model) {
    let builder = Executor::builder(model).retries(2).retry_panics(true);
    let builder = if crate::with_workers(model) { builder.workers(2) } else { builder };
    let (on, log) = logging(&builder.isolate(is_isolated(model)).build().unwrap());
    let (before, failing) = (Instant::now(), [3, 17]);
    let results = on.map_results(numbers(40), PanicsOn(failing.to_vec())).unwrap();
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), failing.len());
    let mut open = HashMap::new();
    let (mut starts, mut finished, mut failed, mut retried) = (0, 0, 0, 0);
    for told in &*log.lock().unwrap() {
        match told {
            Told::Started(start) => {
                starts += 1;
                // The clocks of two hosts are compared by messages, so they agree to some microseconds.
                let is_now = ranked(model) || (before..Instant::now()).contains(&start.started);
                assert!(start.worker < on.workers() && is_now, "{start:?}");
                let other = open.insert((start.chunk, start.attempt), start.clone());
                assert!(other.is_none(), "told twice: {start:?}");
            }
            Told::Finished(span) => {
                finished += 1;
                let start = open.remove(&(span.chunk, span.attempt)).expect("its start was told before");
                assert_eq!((start.worker, start.started), (span.worker, span.started));
            }
            Told::Failed(error) => {
                failed += 1;
                open.remove(&attempt_of(error)).expect("its start was told before");
            }
            Told::Retried(error) => {
                retried += 1;
                open.remove(&attempt_of(error)).expect("its start was told before");
            }
            Told::Progress(_) => {}
        }
    }
    assert_eq!((starts, finished, failed, retried), (38 + 2 * 3, 38, 2, 2 * 2));
    assert!(open.is_empty(), "{open:?}");
}

/// The progress that was told.
fn progress(log: &Log) -> Vec<Progress> {
    let log = log.lock().unwrap();
    let progress =
        log.iter().filter_map(|told| if let Told::Progress(progress) = told { Some(*progress) } else { None });
    progress.collect()
}

fn the_progress_counts_every_chunk(model: Model) {
    let (on, log) = logging(&executor(model, 2));
    on.map(numbers(200), PanicsOn(vec![])).unwrap();
    let told = progress(&log);
    assert!(matches!(log.lock().unwrap()[0], Told::Progress(_)), "the total is told before the first start");
    assert_eq!(told.len(), 201);
    assert!(told.iter().all(|progress| progress.chunks == Some(200) && progress.failed == 0));
    assert_eq!((told[0].finished, told.iter().map(Progress::ended).max()), (0, Some(200)));

    log.lock().unwrap().clear();
    on.map_results(numbers(20), PanicsOn(vec![3, 7])).unwrap();
    let told = progress(&log);
    assert_eq!(told.iter().map(|progress| (progress.finished, progress.failed)).max(), Some((18, 2)));
    assert_eq!((told.len(), told[0].ended()), (21, 0), "each fold counts from 0");
}

fn the_progress_of_an_iterator_has_no_total_until_its_end(model: Model) {
    let (on, log) = logging(&executor(model, 2));
    // The last chunk comes when the iterator has long given the others, and is finished when it has ended.
    let mut stream = on.stream(from_iter(0..50), PanicsOn(vec![])).ahead(10);
    let first = stream.next().unwrap().unwrap();
    assert!(first == 0 && progress(&log).iter().all(|progress| progress.chunks.is_none()));
    assert_eq!(stream.map(Result::unwrap).sum::<u64>(), 49 * 50 / 2);
    let told = progress(&log);
    assert_eq!(told.iter().map(|progress| progress.finished).max(), Some(50));
    assert!(told.iter().all(|progress| progress.chunks.is_none_or(|chunks| chunks == 50)));
}

fn a_fold_without_chunks_tells_nothing(model: Model) {
    let (on, log) = logging(&executor(model, 2));
    on.for_each(numbers(0), PanicsOn(vec![])).unwrap();
    assert!(log.lock().unwrap().is_empty());
}

fn a_cancelled_fold_tells_of_no_start(model: Model) {
    let token = CancelToken::new();
    token.cancel();
    let (on, log) = logging(&executor(model, 2).cancel(&token));
    assert!(on.for_each(numbers(9), PanicsOn(vec![])).unwrap_err().is_cancelled());
    assert!(!log.lock().unwrap().iter().any(|told| matches!(told, Told::Started(_))));
}

fn a_panic_of_an_observer_of_starts_unwinds_to_the_caller(model: Model) {
    let on = executor(model, 1);
    let watched = on.observe(|event| {
        if let Event::Started(start) = event {
            assert_ne!(start.chunk, 5, "the observer has seen enough");
        }
    });
    let folder = folder();
    let task = Leaves { folder: folder.path().into(), panics_on: None };
    assert!(catch_unwind(AssertUnwindSafe(|| watched.for_each(numbers(50_000), task))).is_err());
    // On worker processes it is told when chunk 5 has long begun.
    assert!(files(folder.path()) < 50_000);
    assert_eq!(on.map(numbers(2), PanicsOn(vec![])).unwrap(), [0, 1], "the executor goes on");
}

/// Ends when its start was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Awaits {
    folder: PathBuf,
}

#[task]
impl Task for Awaits {
    type Chunk = u64;
    type Output = ();

    fn map(&self, chunk: u64) {
        wait_until("its start was told", || self.folder.join(chunk.to_string()).exists());
    }
}

fn a_start_is_told_while_the_chunk_runs(model: Model) {
    let folder = folder();
    let path = PathBuf::from(folder.path());
    let on = executor(model, 2).observe(move |event| {
        if let Event::Started(start) = event {
            fs::write(path.join(start.chunk.to_string()), "").unwrap();
        }
    });
    on.for_each(numbers(6), Awaits { folder: folder.path().into() }).unwrap();
    assert_eq!(files(folder.path()), 6);
}

fn the_start_is_told_of_the_chunk_that_ended_its_worker(model: Model) {
    let (on, log) = logging(&isolated(model, 2));
    let error = on.map((0..=9).split_into(10), DiesOn { chunk: 4, death: Death::Abort }).unwrap_err();
    assert!(error.is_worker_lost(), "{error}");
    let log = log.lock().unwrap();
    let place = |is_it: &dyn Fn(&Told) -> bool| log.iter().position(is_it);
    let started = place(&|told| matches!(told, Told::Started(start) if start.chunk == 4));
    let failed = place(&|told| matches!(told, Told::Failed(error) if error.chunk() == Some(4)));
    assert!(started.is_some() && started < failed, "{log:?}");
}
