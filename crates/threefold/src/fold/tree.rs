//! `Tree`: merges the outputs of a fold in the shape of a balanced binary tree over the chunk numbers.
//!
//! The shape depends on the number of chunks alone. A node covers a range of chunks. A range of more than one chunk is
//! split at the largest power of two below its length, and the outputs of its two parts are merged:
//!
//! | chunks | tree |
//! |---|---|
//! | 2 | `(0 1)` |
//! | 3 | `((0 1) 2)` |
//! | 5 | `(((0 1) (2 3)) 4)` |
//! | 6 | `(((0 1) (2 3)) (4 5))` |
//! | 7 | `(((0 1) (2 3)) ((4 5) 6))` |
//!
//! So a node has a level and an index, as in a heap: it covers the chunks from `index << level` to
//! `(index + 1) << level`, as far as the fold has them. A node whose sibling would cover no chunk stands for its parent
//! too. That is how the ends of trees come about whose number of chunks is no power of two.
//!
//! # Who merges
//!
//! A worker merges the outputs of its own block as they come, in a [`Run`], which holds at most two nodes of each
//! level. At the end of the block it gives these nodes to the tree. If the sibling of a node waits there, the worker
//! takes it out and merges the two, and goes on with the parent. Otherwise the node waits for its sibling. A node is
//! put in, or its sibling taken out, under one lock: so one of two siblings always finds the other, and only one of
//! them. No lock is held while the user's closure runs.
//!
//! # Which failure counts
//!
//! A sequential fold merges a node right after it has run the last chunk of the node, and no chunk follows if the
//! closure panics. The same panic must be found on every model. So a panic counts as a failure right after the last
//! chunk of its node: the limit falls to the chunk after it, lower chunks are finished, and the lowest failure ends the
//! fold, whether it is one of a chunk or one of the closure. A node whose last chunk is above the limit is not merged:
//! nobody needs it, and a task that was told to end early may have returned anything.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Fold, chunk};
use crate::panics::{self, Payload};

/// The user's closure.
type Combine<O> = Box<dyn Fn(O, O) -> O + Send + Sync>;

/// The outputs of one fold that wait for their siblings, and what merges them.
pub(crate) struct Tree<O> {
    combine: Combine<O>,
    chunks: u64,
    waiting: Mutex<BTreeMap<Place, O>>,
    /// The panic of the closure that counts, with the number of the chunk after its node.
    broken: Mutex<Option<(u64, Payload)>>,
}

/// Where a node is. It covers the chunks from `index << level` on, `1 << level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    level: u32,
    index: u64,
}

impl Place {
    fn of(chunk: u64) -> Self {
        Self { level: 0, index: chunk }
    }

    fn parent(self) -> Self {
        Self { level: self.level + 1, index: self.index / 2 }
    }

    fn sibling(self) -> Self {
        Self { index: self.index ^ 1, ..self }
    }

    fn is_left(self) -> bool {
        self.index.is_multiple_of(2)
    }

    /// The first chunk. The top of the largest tree ends at 2^64.
    fn start(self) -> u128 {
        u128::from(self.index) << self.level
    }

    /// One past the last chunk, of a fold of so many chunks.
    fn end(self, chunks: u64) -> u64 {
        let end = (u128::from(self.index) + 1) << self.level;
        end.min(u128::from(chunks)) as u64
    }
}

impl<O> Tree<O> {
    /// The tree of a fold of so many chunks.
    pub(crate) fn new(chunks: u64, combine: impl Fn(O, O) -> O + Send + Sync + 'static) -> Self {
        Self { combine: Box::new(combine), chunks, waiting: Mutex::default(), broken: Mutex::default() }
    }

    /// A run without nodes.
    pub(crate) fn run(&self) -> Run<&Self, O> {
        Run::new(self)
    }

    /// Merges what waits with the nodes of `run`, after every chunk has been run. `None` if there was no chunk, or if
    /// the closure has panicked.
    pub(crate) fn root(&self, run: Run<impl Deref<Target = Self>, O>) -> Option<O> {
        run.join(None);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_first().map(|(_, root)| root)
    }

    /// Whether the closure panicked at a node that ends at `chunk` or before.
    pub(crate) fn is_broken_below(&self, chunk: u64) -> bool {
        self.broken().as_ref().is_some_and(|&(end, _)| end <= chunk)
    }

    /// Whether the closure panicked.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken().is_some()
    }

    /// The panic of the closure that counts.
    pub(crate) fn take_panic(&self) -> Option<Payload> {
        self.broken().take().map(|(_, payload)| payload)
    }

    fn broken(&self) -> MutexGuard<'_, Option<(u64, Payload)>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The highest place that `place` stands for. It has a sibling, unless it is the root.
    fn highest(&self, mut place: Place) -> Place {
        while place.end(self.chunks) < self.chunks || place.index > 0 {
            if !place.is_left() || place.sibling().start() < u128::from(self.chunks) {
                return place;
            }
            place = place.parent();
        }
        place
    }

    fn is_root(&self, place: Place) -> bool {
        place.index == 0 && place.end(self.chunks) == self.chunks
    }

    /// Gives a node to the tree, and merges it as long as siblings wait.
    fn join(&self, place: Place, value: O, fold: Option<&Fold>) {
        let mut node = Some((place, value));
        while let Some((place, value)) = node {
            let place = self.highest(place);
            let parent = place.parent();
            let other = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                // Asked under the lock: a worker that has left a node there which it made after the limit had fallen
                // has seen the limit before.
                let other = if self.is_root(place) || !self.is_wanted(parent, fold) {
                    None
                } else {
                    waiting.remove(&place.sibling())
                };
                let Some(other) = other else {
                    waiting.insert(place, value);
                    return;
                };
                other
            };
            let (left, right) = if place.is_left() { (value, other) } else { (other, value) };
            node = self.merge(parent, left, right, fold).map(|value| (parent, value));
        }
    }

    /// Whether a sequential fold would come to this node, as far as is known.
    fn is_wanted(&self, place: Place, fold: Option<&Fold>) -> bool {
        fold.is_none_or(|fold| fold.may_start(place.end(self.chunks) - 1))
    }

    /// Merges the two parts of a node. `None` if the closure panics: then no chunk after the node is needed.
    fn merge(&self, place: Place, left: O, right: O, fold: Option<&Fold>) -> Option<O> {
        let end = place.end(self.chunks);
        if fold.is_some() {
            // Folds that the closure nests are needed as long as the last chunk of the node is.
            chunk::set(end - 1);
        }
        // Unwind-safe: both parts are gone after a panic, and nothing else is touched.
        let combine = || {
            let _entered = fold.map(|fold| fold.scope.enter());
            (self.combine)(left, right)
        };
        match panics::catch_payload(combine) {
            Ok(value) => Some(value),
            Err(payload) => {
                let mut broken = self.broken();
                let unwanted = match &*broken {
                    Some((lowest, _)) if *lowest <= end => Some(payload),
                    _ => broken.replace((end, payload)).map(|(_, payload)| payload),
                };
                drop(broken);
                if let Some(payload) = unwanted {
                    panics::drop_quietly(payload);
                }
                if let Some(fold) = fold {
                    fold.stop_after(end - 1);
                }
                None
            }
        }
    }
}

impl<O> fmt::Debug for Tree<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}

/// Outputs that one thread merges, in ascending order of their chunks.
#[derive(Debug)]
pub(crate) struct Run<R, O> {
    tree: R,
    /// Nodes that wait for a sibling, in ascending order.
    nodes: Vec<(Place, O)>,
}

impl<R: Deref<Target = Tree<O>>, O> Run<R, O> {
    /// A run without nodes.
    pub(crate) fn new(tree: R) -> Self {
        Self { tree, nodes: Vec::new() }
    }

    /// Adds the output of `chunk`, which is above those before. `fold` is the fold that this thread is inside of.
    /// Returns `false` if the closure has panicked.
    pub(crate) fn push(&mut self, chunk: u64, output: O, fold: Option<&Fold>) -> bool {
        let tree: &Tree<O> = &self.tree;
        let (mut place, mut value) = (tree.highest(Place::of(chunk)), output);
        while !place.is_left() && tree.is_wanted(place.parent(), fold) {
            let Some((_, left)) = self.nodes.pop_if(|(other, _)| *other == place.sibling()) else { break };
            place = place.parent();
            let Some(merged) = tree.merge(place, left, value, fold) else { return false };
            value = merged;
            place = tree.highest(place);
        }
        self.nodes.push((place, value));
        true
    }

    /// Gives the nodes to the tree.
    pub(crate) fn join(self, fold: Option<&Fold>) {
        for (place, value) in self.nodes {
            self.tree.join(place, value, fold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as it is documented: a range is split at the largest power of two below its length.
    fn documented(chunks: std::ops::Range<u64>) -> String {
        match chunks.end - chunks.start {
            1 => chunks.start.to_string(),
            length => {
                let middle = chunks.start + length.next_power_of_two() / 2;
                format!("({} {})", documented(chunks.start..middle), documented(middle..chunks.end))
            }
        }
    }

    fn tree(chunks: u64) -> Tree<String> {
        Tree::new(chunks, |left, right| format!("({left} {right})"))
    }

    #[test]
    fn the_tree_is_the_documented_one_for_every_number_of_chunks() {
        for chunks in 1..if cfg!(miri) { 20 } else { 200 } {
            let tree = tree(chunks);
            let mut run = tree.run();
            (0..chunks).for_each(|chunk| assert!(run.push(chunk, chunk.to_string(), None)));
            assert!(run.nodes.len() <= 1, "one run merges everything");
            assert_eq!(tree.root(run), Some(documented(0..chunks)));
        }
    }

    #[test]
    fn a_run_from_the_middle_holds_two_nodes_of_a_level_at_most() {
        let tree = tree(1 << 20);
        let mut run = tree.run();
        for chunk in 1..1 << if cfg!(miri) { 8 } else { 12 } {
            run.push(chunk, String::new(), None);
            assert!(run.nodes.len() <= 24, "{:?}", run.nodes.len());
        }
    }

    #[test]
    fn blocks_may_join_in_any_order() {
        // Every order of four blocks of several sizes, some of them given by two runs.
        for seed in 0..if cfg!(miri) { 50 } else { 5_000_u64 } {
            let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut next = |below: u64| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random % below
            };
            let chunks = 1 + next(70);
            let mut blocks = Vec::new();
            let mut start = 0;
            while start < chunks {
                let end = (start + 1 + next(20)).min(chunks);
                blocks.push(start..end);
                start = end;
            }
            let tree = tree(chunks);
            while !blocks.is_empty() {
                let block = blocks.swap_remove(next(blocks.len() as u64) as usize);
                let mut run = tree.run();
                block.for_each(|chunk| assert!(run.push(chunk, chunk.to_string(), None)));
                run.join(None);
            }
            assert_eq!(tree.root(tree.run()), Some(documented(0..chunks)), "seed {seed}, {chunks} chunks");
        }
    }

    #[test]
    fn siblings_meet_whatever_threads_bring_them() {
        let (rounds, chunks) = if cfg!(miri) { (1, 60) } else { (20, 1000) };
        for _ in 0..rounds {
            let tree = tree(chunks);
            std::thread::scope(|scope| {
                for worker in 0..4 {
                    let tree = &tree;
                    scope.spawn(move || {
                        for chunk in (worker..chunks).step_by(4) {
                            let mut run = tree.run();
                            run.push(chunk, chunk.to_string(), None);
                            run.join(None);
                        }
                    });
                }
            });
            assert_eq!(tree.root(tree.run()), Some(documented(0..chunks)));
        }
    }

    #[test]
    fn the_lowest_panic_counts() {
        let tree = Tree::new(8, |left: u64, right: u64| {
            assert!(right.is_multiple_of(2), "{right}");
            left + right
        });
        for first in [4, 2, 6] {
            let mut run = tree.run();
            assert!(run.push(first, 0, None));
            assert!(!run.push(first + 1, first + 1, None));
        }
        assert!(!tree.is_broken_below(3) && tree.is_broken_below(4));
        assert_eq!(tree.take_panic().unwrap().downcast_ref::<String>().unwrap(), "3");
    }

    #[test]
    fn the_largest_number_of_chunks_overflows_nothing() {
        let tree = tree(u64::MAX);
        let mut run = tree.run();
        assert!(run.push(u64::MAX - 1, "last".to_string(), None));
        run.join(None);
        let mut run = tree.run();
        assert!(run.push(0, "first".to_string(), None));
        run.join(None);
        assert_eq!(tree.waiting.lock().unwrap().len(), 2);
    }

    #[test]
    fn no_chunks_make_nothing() {
        let tree = tree(0);
        assert_eq!(tree.root(tree.run()), None);
    }
}
