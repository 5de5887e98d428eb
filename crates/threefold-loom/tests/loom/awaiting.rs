//! Awaiting: a future that takes the outputs of a fold, and a thread that runs it in the caller's place.
//!
//! The gate, the window and those who are told are the library's own. The order of steps in the future and in its
//! background thread is modelled, as it stands in `executor/awaiting.rs`, `backend/background.rs` and
//! `backend/blocks.rs`.

use std::sync::Arc;
use std::task::Waker;

use loom::sync::Mutex;
use loom::thread;

use crate::claims::Claim;
use crate::model;
use crate::waking::{Fold, Parker};

/// Whether the background thread is done, and whom it wakes.
#[derive(Default)]
struct BackgroundWork {
    is_done: bool,
    future: Option<Waker>,
}

/// What the future leaves out in a scenario, which then must not come to its end.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// It does not look again after it has registered.
    LooksOnlyBefore,
    /// It moves the window, and does not tell the background thread.
    ForgetsTheTurnedAway,
    /// The thread that supplies chunks does not tell the one that runs them.
    ForgetsWhoWaitsForChunks,
}

/// Supplies all chunks, as long as the window has room for them.
fn feed(fold: &Fold, mistake: Mistake) {
    let parker = Arc::new(Parker::default());
    fold.workers.register(Waker::from(Arc::clone(&parker)));
    let mut count = 0;
    while fold.claims.may_start(count) {
        if !fold.claims.has_room(count) {
            if fold.claims.may_start(count) {
                parker.park();
            }
            continue;
        }
        count += 1;
        if fold.claims.supply(count) && mistake != Mistake::ForgetsWhoWaitsForChunks {
            fold.workers.tell();
        }
    }
    fold.workers.forget(&Waker::from(parker));
}

/// Runs what it can claim, and waits for the window.
fn stand_in(fold: &Fold) {
    let parker = Arc::new(Parker::default());
    fold.workers.register(Waker::from(Arc::clone(&parker)));
    loop {
        match fold.claims.claim(|_| 1) {
            Claim::Block(block) => fold.run(block.start),
            Claim::Later => {
                if !fold.claims.is_open() && !fold.claims.is_over() {
                    parker.park();
                }
            }
            Claim::Never => break,
        }
    }
    fold.workers.forget(&Waker::from(parker));
}

/// One fold, from the first poll of its future to the last. It is polled `polls` times at most, and then dropped.
fn await_fold(fold: &Arc<Fold>, mistake: Mistake, polls: usize) {
    let work = Arc::new(Mutex::new(BackgroundWork::default()));
    let (theirs, their_fold) = (Arc::clone(&work), Arc::clone(fold));
    let thread = thread::spawn(move || {
        stand_in(&their_fold);
        drop(their_fold);
        let mut state = theirs.lock().unwrap();
        state.is_done = true;
        let future = state.future.take();
        drop(state);
        future.into_iter().for_each(Waker::wake);
    });

    let their_fold = Arc::clone(fold);
    let feeder = fold.is_supplied().then(|| thread::spawn(move || feed(&their_fold, mistake)));

    let parker = Arc::new(Parker::default());
    let waker = Waker::from(Arc::clone(&parker));
    let take = || fold.take_ready(mistake == Mistake::ForgetsTheTurnedAway);
    let poll = || {
        if mistake != Mistake::LooksOnlyBefore {
            fold.gate.caller.register_future(&waker);
        }
        take();
        if mistake == Mistake::LooksOnlyBefore {
            fold.gate.caller.register_future(&waker);
        }
        let mut state = work.lock().unwrap();
        if !state.is_done {
            state.future = Some(waker.clone());
        }
        state.is_done
    };
    let is_over = (0..polls).any(|polled| {
        if polled > 0 {
            parker.park();
        }
        poll()
    });
    if is_over {
        take();
        assert_eq!(fold.taken() as usize, fold.chunks(), "the future has taken all");
    } else {
        // The future is dropped.
        fold.claims.stop_at(0);
        fold.workers.tell();
        fold.gate.caller.tell();
        fold.gate.caller.forget_future();
    }
    thread.join().unwrap();
    feeder.into_iter().for_each(|feeder| feeder.join().unwrap());
    assert_eq!(Arc::strong_count(fold), 1, "the future alone owns the fold");
}

#[test]
fn a_future_is_woken_for_each_output_and_at_the_end() {
    model(3, || await_fold(&Fold::new(2, 9, None), Mistake::None, usize::MAX));
}

#[test]
fn a_future_that_takes_outputs_opens_the_window() {
    model(3, || await_fold(&Fold::new(2, 1, None), Mistake::None, usize::MAX));
}

#[test]
fn a_fold_whose_future_was_dropped_ends() {
    for polls in [0, 1] {
        model(3, move || await_fold(&Fold::new(2, 1, None), Mistake::None, polls));
    }
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_future_that_does_not_look_again_when_it_has_registered_is_never_woken() {
    model(3, || await_fold(&Fold::new(2, 1, None), Mistake::LooksOnlyBefore, usize::MAX));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_being_told_of_it_a_thread_that_was_turned_away_sleeps_for_ever() {
    model(3, || await_fold(&Fold::new(2, 1, None), Mistake::ForgetsTheTurnedAway, usize::MAX));
}

#[test]
fn chunks_that_are_supplied_while_the_fold_runs_are_all_run() {
    model(2, || await_fold(&Fold::supplied(2, 9), Mistake::None, usize::MAX));
}

#[test]
fn whoever_supplies_chunks_waits_for_the_window() {
    model(2, || await_fold(&Fold::supplied(2, 1), Mistake::None, usize::MAX));
}

#[test]
fn a_fold_that_is_supplied_ends_when_its_future_is_dropped() {
    model(2, || await_fold(&Fold::supplied(2, 1), Mistake::None, 1));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_being_told_of_it_a_thread_waits_for_chunks_for_ever() {
    model(2, || await_fold(&Fold::supplied(1, 9), Mistake::ForgetsWhoWaitsForChunks, usize::MAX));
}
