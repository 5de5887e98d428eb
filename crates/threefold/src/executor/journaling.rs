//! `Executor::journal`: folds that are recorded, and that go on where an earlier run of the program stopped.
//!
//! The journal takes part in a fold at four places:
//!
//! - Before the fold is made, [`Executor::recording`] describes it to the journal, which refuses it or says which chunks
//!   are finished. Nothing has run by then, and no worker was started.
//! - The claims, or the dispatcher of workers elsewhere, pass those chunks over (`fold/finished.rs`).
//! - Outputs of the other chunks are recorded where they come back (`fold/recording.rs`).
//! - The caller reads the outputs of finished chunks where it takes the others ([`taker`](super::taker),
//!   [`awaiting`](super::awaiting)), and ends the recording when nobody is inside the fold any more.
//!
//! A verb knows nothing of all this. It is given every output in the same order as in a fold without a journal, and so
//! makes the same of them.
//!
//! A future that is dropped cannot wait for its chunks. It ends the recording at once: what had come is written, and what
//! comes later is not recorded. So the journal is free for the next fold, and the file for another process.

use super::Executor;
use crate::error::{Error, Place, Result};
use crate::fold::recording::{Recording, Refusal};
use crate::journal::Journal;
use crate::source::Pieces;
use crate::task::Task;

impl Executor {
    /// An executor with the same workers, whose folds are recorded in `journal`. If an earlier run of the program was
    /// interrupted, the folds continue from what it has recorded: no chunk runs again whose output is in the journal, and
    /// the results are those of a run without an interruption, bit for bit.
    ///
    /// ```
    /// use threefold::Journal;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn simulate(night: u64) -> u64 {
    ///     (0..1_000).fold(night, |state, _| state.wrapping_mul(6364136223846793005).wrapping_add(1))
    /// }
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// # for _ in 0..2 {
    /// // The same lines continue a run that was interrupted.
    /// let journal = Journal::open(&path)?;
    /// let on = Executor::new(Model::Threads)?.journal(&journal);
    /// let total = on.fold(Items((0..100).collect()), simulate, 0u64, |sum, part| sum.wrapping_add(part))?;
    /// # assert_eq!(total, (0..100).map(|night| simulate(night)).fold(0u64, u64::wrapping_add));
    /// # }
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # What is recorded
    ///
    /// The output of each chunk, as soon as the chunk is finished. On processes and mpi the process of the caller writes the
    /// file. An output is in the file at most a second after it came, and when the fold ends, however it ends. If the
    /// program is killed, the chunks whose outputs were not in the file run again.
    ///
    /// A failure is not recorded, and neither is an `Err` that ends a `try_fold`, so these chunks run again. In the other
    /// verbs an `Err` is an output like any other: the next run gets the same `Err`. A chunk that ends after its fold was
    /// cancelled, or after a lower chunk has failed, is not recorded either.
    ///
    /// The state of a worker, what a task has printed, and its other effects are not recorded. So a `for_each` does not
    /// repeat the effects of finished chunks.
    ///
    /// # Which fold is continued
    ///
    /// One journal records all folds of a run of the program. The first fold on the journal is compared with the first one
    /// that is recorded, the second with the second, and so on. Each must have the same task and captures, the same source,
    /// cut in the same way, and the same type of outputs. If it differs, the fold is refused before any of its chunks runs, and
    /// the error says what differs. The model and the number of workers may be others. Nobody can tell whether the *code*
    /// of the task is the same, so delete the journal if you change what the task computes.
    ///
    /// A task is known by its module and name. A [`task_fn!`](crate::task_fn) has no name, and is known by its module, its file
    /// and its own code, in which spaces and comments do not count. Two tasks of the program that have the same name are refused:
    /// functions of one name within two functions of a module, or a `task_fn!` that is written twice in a file.
    ///
    /// Captures and chunks are compared as their bytes, which must be the same in each run. Those of a `HashMap` or a `HashSet`
    /// are not, so the first run is refused: use a `BTreeMap` or a `BTreeSet`. A [`Shared`](crate::Shared) array that is
    /// captured is compared by a fingerprint of its items, and is not copied. An [`Unrecorded`](crate::Unrecorded) capture is
    /// not compared.
    ///
    /// To compare the source, a fold over an array, a list, or lines in memory serializes all of its chunks once. A range and
    /// a file take no time.
    ///
    /// A journal records one fold at a time: a fold that begins while another one on the same journal runs is refused. Folds
    /// that a task begins with [`Executor::current`] are not recorded.
    ///
    /// # What differs from other folds
    ///
    /// - Outputs are serialized and restored on every model. A field that serde skips has its default in every output.
    /// - [`combine`](Self::combine) merges on the caller's thread, in chunk order, on every model.
    /// - [`map_into`](Self::map_into) has each task fill memory of its own on every model, which is then copied to its place.
    /// - A stream over [`from_iter`](crate::from_iter) is refused, since nothing tells whether the iterator gives the same
    ///   chunks in the next run.
    /// - Outputs in the journal are read one by one when the caller takes them.
    /// - A future or a stream uses the file where it is polled. The first poll compares the source, other polls read
    ///   outputs, and the last poll or the drop waits until all outputs are written. In this time it blocks its thread.
    /// - A stream may end without a call that gives `None`, as with `take`. So its last output is given after all outputs
    ///   were written, and is replaced by the error if that has failed.
    /// - [`map_results`](Self::map_results) of a fold that is cancelled gives the outputs of the journal, too.
    /// - Chunks keep their numbers, in errors, [spans](crate::Span) and events. [`Event::Resumed`](crate::Event::Resumed)
    ///   tells observers which chunks the journal has.
    ///
    /// # Errors
    ///
    /// The verbs have these errors besides their own: [`is_setup`](Error::is_setup) if the journal is of other folds, if it
    /// records another fold at this moment, if it cannot be read, if it cannot be written, for instance because the disk is
    /// full, if the file was removed, or if another task has the name of this one;
    /// [`is_serialization`](Error::is_serialization) if the task, a chunk or an output cannot be serialized, or if
    /// serializing the task or chunk 0 twice gives different bytes.
    pub fn journal(&self, journal: &Journal) -> Self {
        let mut on = self.clone();
        on.extras.journal = Some(journal.clone());
        on
    }

    /// Begins to record a fold of so many chunks in `journal`.
    #[cold]
    pub(super) fn record<P, T>(
        &self,
        journal: &Journal,
        pieces: &P,
        task: &T,
        chunks: u64,
    ) -> Result<Option<Box<Recording>>>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        if chunks == 0 {
            return Ok(None);
        }
        match Recording::begin(journal, pieces, task, chunks) {
            Ok(recording) => Ok(Some(Box::new(recording))),
            Err(Refusal::Refused(error)) => Err(error),
            Err(Refusal::Unportable(cause)) => {
                let place = Place { model: Some(self.model), task: Some(T::__entry().name), ..Place::default() };
                Err(Error::new(cause, place))
            }
        }
    }

    /// The same executor for a thread that may outlive the caller. It has no journal, which would keep the file open.
    pub(super) fn without_journal(mut self) -> Self {
        self.extras.journal = None;
        self
    }

    /// Refuses to record a fold whose chunks come from an iterator.
    pub(super) fn refuse_to_record(&self) -> Result<()> {
        if !self.has_journal() {
            return Ok(());
        }
        let reason = "the chunks of an iterator cannot be recorded in a journal, since nothing tells whether it gives the \
                      same ones in the next run: use a source, such as `Items`";
        Err(Error::setup(Some(self.model), reason))
    }
}
