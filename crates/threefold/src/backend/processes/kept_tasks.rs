//! `KeptTasks`: the tasks that a worker process keeps with their captures, as its parent knows them.
//!
//! A worker keeps the tasks that it was told last, so that captures are sent once per worker and not once per fold, also
//! if folds of several tasks alternate. The parent alone decides what is kept: it gives each task a slot, and tells the
//! worker which slot to use, to fill or to empty. The task that was used longest ago goes first.
//!
//! What is kept has bounds, since captures take memory in every worker: at most [`MOST`] tasks, and besides the last one
//! at most [`MOST_BYTES`] of serialized captures. Under a memory limit a worker keeps the last task alone. A task with an
//! array of this process in its captures is kept as long as the array is.
//!
//! A task is kept also if the user's code has panicked while the worker read it. The panic is then that of every chunk of
//! the task in this worker. The worker does not read the same bytes again, since they would most likely end in the same
//! panic.

use crate::remote::carrier::{Fingerprint, Telling};
use crate::remote::wire::{SLOTS, ToWorker};

/// So many tasks are kept.
const MOST: usize = SLOTS;

/// So many bytes of captures are kept, besides those of the last task.
const MOST_BYTES: usize = 256 << 20;

/// The tasks that a worker keeps.
#[derive(Debug)]
pub(super) struct KeptTasks {
    most: usize,
    most_bytes: usize,
    /// From the one that was used longest ago to the one that was told last.
    tasks: Vec<Kept>,
    /// The slot that the worker uses, unless its task was dropped.
    current: Option<u64>,
}

#[derive(Debug)]
struct Kept {
    slot: u64,
    fingerprint: Fingerprint,
    /// The length of its captures.
    bytes: usize,
    /// The numbers of the arrays in its captures.
    arrays: Vec<u64>,
}

impl KeptTasks {
    /// Those of a new worker.
    pub(super) fn none() -> Self {
        Self { most: MOST, most_bytes: MOST_BYTES, tasks: Vec::new(), current: None }
    }

    /// The memory of the worker, which was told one task at most, is limited.
    pub(super) fn keep_the_last_alone(&mut self) {
        self.most = 1;
    }

    /// Appends what makes this the task of the worker.
    pub(super) fn tell(&mut self, task: &Telling<'_>, out: &mut Vec<u8>) {
        let known = self.tasks.iter().position(|kept| kept.fingerprint == task.fingerprint);
        if let Some(place) = known {
            let kept = self.tasks.remove(place);
            let slot = kept.slot;
            self.tasks.push(kept);
            if self.current.replace(slot) != Some(slot) {
                ToWorker::Again { slot }.write(out);
                self.make_room(self.most, out);
            }
            return;
        }
        // The new task gets the slot of one that goes, or a free one.
        self.make_room(self.most - 1, out);
        let is_free = |slot: &u64| self.tasks.iter().all(|kept| kept.slot != *slot);
        let slot = (0..self.most as u64).find(is_free).expect("there is room for one more");
        ToWorker::Task { slot, address: task.address, captures: task.captures }.write(out);
        self.current = Some(slot);
        let arrays = task.memory.iter().map(|memory| memory.number()).collect();
        self.tasks.push(Kept { slot, fingerprint: task.fingerprint, bytes: task.captures.len(), arrays });
    }

    /// Has the worker drop the tasks with this array, which is freed.
    pub(super) fn forget_array(&mut self, number: u64, out: &mut Vec<u8>) {
        for kept in self.tasks.extract_if(.., |kept| kept.arrays.contains(&number)) {
            // The worker then uses an empty slot, until it is told of another task.
            self.current = self.current.filter(|&slot| slot != kept.slot);
            ToWorker::Drop { slot: kept.slot }.write(out);
        }
    }

    /// Has the worker drop tasks until at most `most` are left, and the bytes of all but the last are within the bound.
    fn make_room(&mut self, most: usize, out: &mut Vec<u8>) {
        // A new task comes behind all that are kept, so then the last of them counts, too.
        let counted = if most < self.most { self.tasks.len() } else { self.tasks.len() - 1 };
        let mut bytes: usize = self.tasks[..counted].iter().map(|kept| kept.bytes).sum();
        let mut gone = 0;
        while self.tasks.len() - gone > most || bytes > self.most_bytes && gone < counted {
            bytes = bytes.saturating_sub(self.tasks[gone].bytes);
            gone += 1;
        }
        for kept in self.tasks.drain(..gone) {
            ToWorker::Drop { slot: kept.slot }.write(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::wire::Inbox;

    /// Tells of task `name` with so many bytes of captures. What the worker is told: `new`, `again` and `drop`, with a slot.
    fn tell(kept: &mut KeptTasks, name: u64, bytes: usize) -> Vec<(&'static str, u64)> {
        let mut out = Vec::new();
        let captures = vec![0; bytes];
        let task = Telling { address: b"task", captures: &captures, fingerprint: [name, 0], memory: &[] };
        kept.tell(&task, &mut out);
        let mut inbox = Inbox::default();
        inbox.extend(&out);
        let mut told = Vec::new();
        while let Ok(Some(message)) = inbox.next() {
            told.push(match ToWorker::read(message) {
                Some(ToWorker::Task { slot, .. }) => ("new", slot),
                Some(ToWorker::Again { slot }) => ("again", slot),
                Some(ToWorker::Drop { slot }) => ("drop", slot),
                other => panic!("{other:?}"),
            });
        }
        told
    }

    #[test]
    fn a_task_is_sent_once_while_tasks_alternate() {
        let mut kept = KeptTasks::none();
        assert_eq!(tell(&mut kept, 1, 10), [("new", 0)]);
        assert_eq!(tell(&mut kept, 1, 10), []);
        assert_eq!(tell(&mut kept, 2, 10), [("new", 1)]);
        for _ in 0..3 {
            assert_eq!(tell(&mut kept, 1, 10), [("again", 0)]);
            assert_eq!(tell(&mut kept, 2, 10), [("again", 1)]);
        }
    }

    #[test]
    fn the_task_that_was_used_longest_ago_goes_first() {
        let mut kept = KeptTasks::none();
        for name in 0..MOST as u64 {
            assert_eq!(tell(&mut kept, name, 1), [("new", name)]);
        }
        assert_eq!(tell(&mut kept, 0, 1), [("again", 0)]);
        assert_eq!(tell(&mut kept, 100, 1), [("drop", 1), ("new", 1)]);
        assert_eq!(tell(&mut kept, 0, 1), [("again", 0)]);
    }

    #[test]
    fn large_captures_go_before_the_bound_is_passed_but_never_the_last() {
        let mut kept = KeptTasks { most_bytes: 100, ..KeptTasks::none() };
        assert_eq!(tell(&mut kept, 1, 51), [("new", 0)]);
        assert_eq!(tell(&mut kept, 2, 51), [("new", 1)]);
        assert_eq!(tell(&mut kept, 3, 1), [("drop", 0), ("new", 0)]);
        assert_eq!(tell(&mut kept, 4, 101), [("new", 2)]);
        assert_eq!(tell(&mut kept, 4, 101), []);
        assert_eq!(tell(&mut kept, 3, 1), [("again", 0), ("drop", 1), ("drop", 2)]);
    }

    #[test]
    fn behind_a_task_that_went_with_its_array_the_worker_is_told_which_slot_to_use() {
        let mut kept = KeptTasks::none();
        assert_eq!(tell(&mut kept, 1, 1), [("new", 0)]);
        assert_eq!(tell(&mut kept, 2, 1), [("new", 1)]);
        kept.tasks[1].arrays.push(7);
        let mut out = Vec::new();
        kept.forget_array(7, &mut out);
        assert!(!out.is_empty());
        assert_eq!(tell(&mut kept, 1, 1), [("again", 0)]);
        assert_eq!(tell(&mut kept, 1, 1), []);
        assert_eq!(tell(&mut kept, 2, 1), [("new", 1)]);
    }

    #[test]
    fn with_limited_memory_only_the_last_task_is_kept() {
        let mut kept = KeptTasks::none();
        kept.keep_the_last_alone();
        assert_eq!(tell(&mut kept, 1, 1), [("new", 0)]);
        assert_eq!(tell(&mut kept, 1, 1), []);
        assert_eq!(tell(&mut kept, 2, 1), [("drop", 0), ("new", 0)]);
    }
}
