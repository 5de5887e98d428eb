//! `Unrecorded`: a capture that a journal does not compare.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shared::printed::is_printing;

/// A capture that says how a task does its work, and not what its outputs are: a limit, a folder for temporary files, how
/// much it prints.
///
/// A [`Journal`](crate::Journal) refuses a fold whose captures differ from the recorded ones. It does not compare a value
/// of this type, so a fold is continued also if the value has changed. Workers are sent the value as it is. If outputs
/// depend on it, a continued fold may have another result than one that was never interrupted.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::{Journal, Unrecorded};
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>, verbose: &Unrecorded<bool>) -> u64 {
///     if verbose.0 {
///         eprintln!("{chunk:?}");
///     }
///     chunk.sum()
/// }
///
/// let folder = tempfile::tempdir().unwrap();
/// for verbose in [false, true] {
///     let journal = Journal::open(folder.path().join("sums"))?;
///     let on = Executor::new(Model::Threads)?.journal(&journal);
///     let total = on.fold(0..1_000, add_up.with(Unrecorded(verbose)), 0, |sum, part| sum + part)?;
///     assert_eq!(total, 499_500);
/// }
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded<T>(
    /// The value that workers are sent.
    pub T,
);

/// A journal is given the default of the type in the place of the value.
impl<T: Serialize + Default> Serialize for Unrecorded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if is_printing() { T::default().serialize(serializer) } else { self.0.serialize(serializer) }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unrecorded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Where a journal restores what it was given, every value is equal: it was given none.
impl<T: PartialEq> PartialEq for Unrecorded<T> {
    fn eq(&self, other: &Self) -> bool {
        is_printing() || self.0 == other.0
    }
}
