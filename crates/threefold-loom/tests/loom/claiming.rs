//! Claiming: each chunk once, none above a failing one, none that the window holds back for ever.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;

use crate::claims::{Claim, Claims};
use crate::gate::Gate;
use crate::model;

/// A fold of `N` chunks: each chunk counts how often it was run, in an atomic that orders nothing by itself.
struct Fold<const N: usize> {
    claims: Claims,
    gate: std::sync::Arc<Gate>,
    runs: [AtomicU64; N],
}

impl<const N: usize> Fold<N> {
    fn new() -> Arc<Self> {
        let runs = std::array::from_fn(|_| AtomicU64::new(0));
        Arc::new(Self { claims: Claims::new(N as u64, u64::MAX), gate: Gate::new(), runs })
    }

    /// What a worker does: in, chunks, out.
    fn help(&self, size: u64) {
        let _inside = self.gate.enter();
        self.work(size);
    }

    /// What a worker does inside, and the caller without entering.
    fn work(&self, size: u64) {
        while let Claim::Block(block) = self.claims.claim(|_| size) {
            for chunk in block {
                if self.claims.may_start(chunk) {
                    let runs = &self.runs[chunk as usize];
                    // Two operations, so that a chunk that is run twice at once is seen as well.
                    runs.store(runs.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                }
            }
        }
    }

    /// What the caller does after its own part; it may rely on all that `is_idle` promises.
    fn wait(&self) -> [u64; N] {
        while !self.gate.is_idle() {
            thread::yield_now();
        }
        std::array::from_fn(|chunk| self.runs[chunk].load(Ordering::Relaxed))
    }
}

#[test]
fn every_chunk_is_claimed_once_and_seen_by_the_caller() {
    model(3, || {
        let fold = Fold::<3>::new();
        let helper = Arc::clone(&fold);
        let helper = thread::spawn(move || helper.help(2));
        fold.work(1);
        assert_eq!(fold.wait(), [1, 1, 1]);
        helper.join().unwrap();
        assert_eq!(fold.wait(), [1, 1, 1], "a worker that comes late finds nothing");
    });
}

#[test]
fn two_helpers_and_the_caller_share_the_chunks() {
    model(2, || {
        let fold = Fold::<2>::new();
        let helpers: Vec<_> = (0..2)
            .map(|_| {
                let fold = Arc::clone(&fold);
                thread::spawn(move || fold.help(1))
            })
            .collect();
        fold.work(1);
        assert_eq!(fold.wait(), [1, 1]);
        for helper in helpers {
            helper.join().unwrap();
        }
    });
}

#[test]
fn chunks_below_a_failing_one_are_run_and_nothing_runs_after_the_caller_has_seen_the_end() {
    model(3, || {
        let fold = Fold::<3>::new();
        let helper = Arc::clone(&fold);
        let helper = thread::spawn(move || {
            let inside = helper.gate.enter();
            if let Claim::Block(block) = helper.claims.claim(|_| 1) {
                // This chunk fails.
                helper.claims.stop_at(block.start);
            }
            drop(inside);
            helper.help(1);
        });
        fold.work(1);
        let seen = fold.wait();
        let limit = fold.claims.limit();
        for (chunk, runs) in seen.iter().enumerate().take(limit as usize) {
            assert_eq!(*runs, 1, "chunk {chunk} lies below the limit {limit}");
        }
        helper.join().unwrap();
        let after = std::array::from_fn::<_, 3, _>(|chunk| fold.runs[chunk].load(Ordering::Relaxed));
        assert_eq!(after, seen, "nothing starts after the end");
    });
}

#[test]
fn a_cancel_from_a_third_thread_stops_what_has_not_begun() {
    model(2, || {
        let fold = Fold::<1>::new();
        let (helper, canceller) = (Arc::clone(&fold), Arc::clone(&fold));
        let helper = thread::spawn(move || helper.help(1));
        let canceller = thread::spawn(move || canceller.claims.stop_at(0));
        fold.work(1);
        let seen = fold.wait();
        let ended = fold.claims.limit() == 0;
        canceller.join().unwrap();
        helper.join().unwrap();
        if ended || seen == [1] {
            let after: [u64; 1] = std::array::from_fn(|chunk| fold.runs[chunk].load(Ordering::Relaxed));
            assert_eq!(after, seen, "nothing starts after the end");
        }
        assert!(seen.iter().all(|&runs| runs <= 1));
    });
}

/// A helper that only looks sleeps likewise: it comes from another fold, while others are still busy with what they claimed.
#[test]
fn a_worker_that_saw_a_closed_window_is_told_when_it_opens() {
    model(3, || {
        let claims = Arc::new(Claims::new(2, 1));
        let told = Arc::new(AtomicBool::new(false));
        assert_eq!(claims.claim(|_| 1), Claim::Block(0..1));
        let (helper, flag) = (Arc::clone(&claims), Arc::clone(&told));
        let helper = thread::spawn(move || {
            if !helper.is_open() {
                while !flag.load(Ordering::Acquire) {
                    thread::yield_now();
                }
            }
            assert_eq!(helper.claim(|_| 1), Claim::Block(1..2));
        });
        if claims.take(1) {
            told.store(true, Ordering::Release);
        }
        helper.join().unwrap();
    });
}

/// A helper that is turned away by the window sleeps until it is told; the caller takes one chunk and tells if it must.
#[test]
fn a_worker_that_the_window_turned_away_is_told_when_it_opens() {
    model(3, || {
        let claims = Arc::new(Claims::new(2, 1));
        let told = Arc::new(AtomicBool::new(false));
        assert_eq!(claims.claim(|_| 1), Claim::Block(0..1));
        let (helper, flag) = (Arc::clone(&claims), Arc::clone(&told));
        let helper = thread::spawn(move || match helper.claim(|_| 1) {
            Claim::Block(block) => assert_eq!(block, 1..2),
            Claim::Later => {
                while !flag.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                assert_eq!(helper.claim(|_| 1), Claim::Block(1..2));
            }
            Claim::Never => unreachable!("a chunk is left"),
        });
        if claims.take(1) {
            told.store(true, Ordering::Release);
        }
        helper.join().unwrap();
    });
}
