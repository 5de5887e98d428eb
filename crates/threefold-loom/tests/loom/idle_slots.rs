//! Idle slots: a thread that waits for the next job, those who have jobs, and who closes the slot at the end.
//!
//! The slot is the library's own. The order of steps is modelled as it stands in `backend/spare.rs`, with the channel
//! through which a thread gets its own handle.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::mpsc;
use loom::thread::{self, JoinHandle};

use crate::idle_slot::IdleSlot;
use crate::model;

/// Adds to what was done.
type Job = Arc<AtomicUsize>;

type Place = Arc<IdleSlot<Job, JoinHandle<()>>>;

/// Has a thread do `job`: the one that waits, or a new one.
fn run(place: &Place, job: Job) {
    let Err(job) = place.give(job) else { return };
    let slot = Arc::clone(place);
    let (to_thread, own) = mpsc::channel();
    let handle = thread::spawn(move || {
        job.fetch_add(1, Ordering::Relaxed);
        let mut next = own.recv().ok();
        while let Some((job, own)) = next.take().and_then(|own| slot.wait(own)) {
            job.fetch_add(1, Ordering::Relaxed);
            next = Some(own);
        }
    });
    let _ = to_thread.send(handle);
}

/// Waits for the end of the thread that waited, if there is one. The checker waits for the others, and finds a thread that
/// never ends.
fn close(place: &Place) {
    if let Some(handle) = place.close() {
        handle.join().unwrap();
    }
}

/// Each of `callers` has `jobs` jobs done, one after another. Then the slot is closed. All jobs are done once, and all
/// threads end.
fn jobs_of(callers: usize, jobs: usize) {
    let (place, done) = (Place::new(IdleSlot::new()), Job::default());
    let call = {
        let (place, done) = (Arc::clone(&place), Arc::clone(&done));
        move || (0..jobs).for_each(|_| run(&place, Arc::clone(&done)))
    };
    let others: Vec<_> = (1..callers).map(|_| thread::spawn(call.clone())).collect();
    call();
    others.into_iter().for_each(|other| other.join().unwrap());
    // A job has the executor, which closes the slot when it is dropped. So all jobs are done before.
    while done.load(Ordering::Relaxed) < callers * jobs {
        thread::yield_now();
    }
    close(&place);
    assert!(place.give(Arc::clone(&done)).is_err(), "nobody waits any more");
    assert_eq!(done.load(Ordering::Relaxed), callers * jobs);
}

#[test]
fn every_job_is_done_once_and_every_thread_ends() {
    model(3, || jobs_of(1, 2));
    model(2, || jobs_of(1, 3));
}

#[test]
fn several_callers_share_a_slot() {
    model(2, || jobs_of(2, 1));
}
