//! Berths: a thread that waits for the next job, those who have jobs, and who closes the berth at the end.
//!
//! The berth is the library's own. The order of steps is modelled as it stands in `backend/spare.rs`.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

use crate::berth::Berth;
use crate::model;

/// Adds to what was done.
type Job = Arc<AtomicUsize>;

/// The handle of a thread has a number here. The thread itself is in `Threads`.
type Place = Arc<Berth<Job, usize>>;

#[derive(Default)]
struct Threads(Mutex<Vec<Option<JoinHandle<()>>>>);

impl Threads {
    /// Has a thread do `job`: the one that waits, or a new one.
    fn run(&self, place: &Place, job: Job) {
        let Err(job) = place.give(job) else { return };
        let place = Arc::clone(place);
        let mut threads = self.0.lock().unwrap();
        let number = threads.len();
        threads.push(Some(thread::spawn(move || {
            job.fetch_add(1, Ordering::Relaxed);
            let mut own = Some(number);
            while let Some((job, number)) = own.take().and_then(|own| place.wait(own)) {
                job.fetch_add(1, Ordering::Relaxed);
                own = Some(number);
            }
        })));
    }

    /// Waits for the end of a thread, or of all.
    fn join(&self, number: Option<usize>) {
        let mut threads = self.0.lock().unwrap();
        let ending: Vec<_> = match number {
            Some(number) => threads[number].take().into_iter().collect(),
            None => threads.iter_mut().filter_map(Option::take).collect(),
        };
        drop(threads);
        ending.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// Each of `callers` has `jobs` jobs done, one after another. Then the berth is closed. All jobs are done once, and all
/// threads end.
fn jobs_of(callers: usize, jobs: usize) {
    let (place, threads, done) = (Place::new(Berth::new()), Arc::new(Threads::default()), Job::default());
    let call = {
        let (place, threads, done) = (Arc::clone(&place), Arc::clone(&threads), Arc::clone(&done));
        move || (0..jobs).for_each(|_| threads.run(&place, Arc::clone(&done)))
    };
    let others: Vec<_> = (1..callers).map(|_| thread::spawn(call.clone())).collect();
    call();
    others.into_iter().for_each(|other| other.join().unwrap());
    // A job has the executor, which closes the berth when it is dropped. So all jobs are done before.
    while done.load(Ordering::Relaxed) < callers * jobs {
        thread::yield_now();
    }
    threads.join(place.close());
    assert!(place.give(Arc::clone(&done)).is_err(), "nobody waits any more");
    threads.join(None);
    assert_eq!(done.load(Ordering::Relaxed), callers * jobs);
}

#[test]
fn every_job_is_done_once_and_every_thread_ends() {
    model(3, || jobs_of(1, 2));
    model(2, || jobs_of(1, 3));
}

#[test]
fn several_callers_share_a_berth() {
    model(2, || jobs_of(2, 1));
}
