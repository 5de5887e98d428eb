//! `Shared`: an array of plain data that worker processes read in place.
//!
//! An ordinary array is copied for each worker process: its items are serialized, sent through a socket and restored. A
//! copy into fresh shared memory would cost many times as much as folding the array in place. So the array must be
//! filled in the memory in which it is then read. [`SharedMut`] is that memory while it is filled, and
//! [`Shared`] is the same memory once it is sealed.
//!
//! The parts: `mapped` is memory that several processes can map, and `plain` is memory of this process alone, for builds
//! without worker processes. `parent` opens memory of the parent in a worker, and `loan` has workers write to memory that
//! is being filled. `fork` says whether this process is a fork, which does not have all of the memory. `length` sets the length of a file in memory. `memory` gives memory a number. `known` finds
//! memory by its number, and `printed` by the fingerprint of its items. `view` reads memory as items. `form` serializes an
//! array: as its number, as its fingerprint, or with all its items.
//!
//! What is left out: items that are no plain data (no pointer means anything in another process), and arrays that grow.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bytemuck::Pod;

use crate::error::{Error, Result};

pub(crate) mod fork;
mod form;
#[cfg(feature = "processes")]
pub(crate) mod known;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod length;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod loan;
#[cfg(not(all(feature = "processes", target_os = "linux")))]
#[path = "shared/no_loan.rs"]
pub(crate) mod loan;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod mapped;
pub(crate) mod memory;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod parent;
#[cfg(not(all(feature = "processes", target_os = "linux")))]
mod plain;
#[cfg(feature = "journal")]
pub(crate) mod printed;
mod view;

use memory::{Draft, Memory};
use view::View;

/// Memory begins at a multiple of this many bytes: the smallest page that Linux has.
const PAGE: usize = 4096;

/// An array of plain data that worker processes read in place: none of its items is copied or sent.
///
/// On the model processes, a `Vec` is serialized and sent through sockets, in each fold anew. A `Shared` lies in memory
/// that every worker process can map. Only the ranges of the chunks are sent. A worker maps the array once, and keeps it
/// for later folds until this process drops it. On sequential, async and threads a `Shared` is an array like any other.
///
/// | model | as a source | as a capture |
/// |---|---|---|
/// | sequential, async, threads | read in place | read in place |
/// | processes | read in place by every worker | read in place by every worker |
/// | mpi, and the worker processes of ranks | each chunk is copied to its worker | copied with the task, as a `Vec` is |
///
/// The items are filled once, by [`filled_by`](Self::filled_by) or through a [`SharedMut`], and never change afterwards.
/// The kernel refuses every later write to the memory, also by other processes. The memory has no name in any file
/// system. It is freed when this process drops the last clone of the array, or when this process ends in any way. A
/// worker that is in the middle of a fold at this moment keeps its mapping until the fold has ended.
///
/// The type of an item is marked as plain data with bytemuck's trait [`Pod`]: any bits are a valid item, and there are
/// no pointers and no padding. All integers and floats are such types, and so are arrays of them. For a struct of your
/// own, add `bytemuck = { version = "1", features = ["derive"] }` to your Cargo.toml, and write `#[repr(C)]` and
/// `#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]` above it. If the array is a source, its items need
/// serde's `Serialize` and `Deserialize` too, as those of a `Vec` do:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
/// use threefold::Shared;
///
/// #[repr(C)]
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable, Serialize, Deserialize)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// #[task]
/// fn farthest(points: Slice<Point>) -> f64 {
///     points.iter().map(|point| point.x.hypot(point.y)).fold(0.0, f64::max)
/// }
///
/// let points = Shared::filled_by(1_000, |points: &mut [Point]| points[7] = Point { x: 3.0, y: 4.0 })?;
/// assert_eq!(Executor::new(Model::Threads)?.fold(points, farthest, 0.0, f64::max)?, 5.0);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// As a source an array is cut into [`Slice`](crate::Slice)s, as a `Vec` is. As a capture it is a `&Shared<T>`, which
/// derefs to `[T]`:
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
/// use threefold::Shared;
///
/// #[task]
/// fn add_up(chunk: Slice<u64>) -> u64 {
///     chunk.iter().sum()
/// }
///
/// #[task]
/// fn count_below(rows: Range<usize>, table: &Shared<u64>, limit: &u64) -> usize {
///     table[rows].iter().filter(|&item| item < limit).count()
/// }
///
/// let table = Shared::filled_by(1_000, |items: &mut [u64]| {
///     for (item, square) in items.iter_mut().zip((0..).map(|i| i * i)) {
///         *item = square;
///     }
/// })?;
/// let on = Executor::new(Model::Threads)?;
/// assert_eq!(on.fold(&table, add_up, 0, |sum, part| sum + part)?, 332_833_500);
/// assert_eq!(on.fold(0..table.len(), count_below.with(table, 10_000), 0, |sum, part| sum + part)?, 100);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// Two arrays are equal if they have the same bits. So an array of floats with a NaN is equal to itself, and `0.0` is
/// not equal to `-0.0`. To compare the items themselves, compare the slices: `array[..] == other[..]`.
///
/// # Memory
///
/// An array counts once, however many workers map it. The kernel counts it as shared memory of the process that filled
/// it, and in a container as memory of the container. A [`memory_limit`](crate::Builder::memory_limit) of workers does
/// not count it, since it limits private memory.
///
/// An array inside of an output, or of a chunk of [`Items`](crate::Items), is serialized with all its items.
///
/// Without the feature `processes`, and on other systems than Linux, a `Shared` is ordinary memory.
pub struct Shared<T> {
    view: View<T>,
}

impl<T: Pod> Shared<T> {
    /// An array of `count` items, which `fill` sets in place. They are zero when `fill` gets them.
    ///
    /// To fill an array from something that may fail, such as a file, use a [`SharedMut`].
    ///
    /// ```
    /// use threefold::Shared;
    ///
    /// let halves = Shared::filled_by(3, |items| items.fill(0.5))?;
    /// assert_eq!(halves[..], [0.5, 0.5, 0.5]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the system refuses the memory: too much was asked for, or the
    /// limit on open files or on the size of files (`ulimit -f`) is reached.
    pub fn filled_by(count: usize, fill: impl FnOnce(&mut [T])) -> Result<Self> {
        let mut items = SharedMut::zeroed(count)?;
        fill(&mut items);
        items.seal()
    }

    /// A copy of `items`.
    ///
    /// Copying the items into fresh memory takes several times as long as reading them. If you can, fill the array in
    /// place with [`filled_by`](Self::filled_by).
    ///
    /// ```
    /// use threefold::Shared;
    /// assert_eq!(Shared::copy_of(&[1, 2, 3])?[1..], [2, 3]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the system refuses the memory: too much was asked for, or the
    /// limit on open files or on the size of files (`ulimit -f`) is reached.
    pub fn copy_of(items: &[T]) -> Result<Self> {
        Self::filled_by(items.len(), |copy| copy.copy_from_slice(items))
    }

    /// The array in the memory that this process knows by that number, if the memory has that length in bytes and holds
    /// a whole number of items.
    #[cfg(feature = "processes")]
    pub(crate) fn numbered(number: u64, length: u64) -> Option<Self> {
        let array = Self::of(known::find(number)?)?;
        (array.bytes().len() as u64 == length).then_some(array)
    }

    /// The array that was serialized as this fingerprint, while a journal compares captures.
    #[cfg(feature = "journal")]
    fn printed(print: u64, length: u64) -> Option<Self> {
        Self::of(printed::find(print, length)?)
    }

    /// The items in `memory`, if it holds a whole number of them.
    fn of(memory: Arc<Memory>) -> Option<Self> {
        View::new(memory).map(|view| Self { view })
    }

    fn bytes(&self) -> &[u8] {
        self.view.memory().bytes()
    }
}

#[cfg(feature = "processes")]
impl<T> Shared<T> {
    /// Where its items are.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        self.view.memory()
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.view.items()
    }
}

impl<T> Clone for Shared<T> {
    /// Another owner of the same items. It costs no more than the clone of an [`Arc`].
    fn clone(&self) -> Self {
        Self { view: self.view.clone() }
    }
}

impl<T: Pod> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.view.memory(), other.view.memory()) || self.bytes() == other.bytes()
    }
}

impl<T: Pod> Eq for Shared<T> {}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The memory of a [`Shared`] array while it is filled. It derefs to `&mut [T]`, and [`seal`](Self::seal) makes the array
/// of it.
///
/// ```
/// use std::fs::{self, File};
/// use std::io::Read;
/// use threefold::SharedMut;
///
/// # let path = std::env::temp_dir().join(format!("threefold-samples-{}", std::process::id()));
/// fs::write(&path, bytemuck::cast_slice(&[0.5, 1.5, 2.5]))?;
/// let mut file = File::open(&path)?;
/// let mut samples = SharedMut::<f64>::zeroed(file.metadata()?.len() as usize / size_of::<f64>())?;
/// file.read_exact(bytemuck::cast_slice_mut(&mut samples))?;
/// assert_eq!(samples.seal()?[..], [0.5, 1.5, 2.5]);
/// # fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A process that is forked while the array is filled does not have the memory. There, reading or writing an item panics.
pub struct SharedMut<T> {
    draft: Draft,
    items: PhantomData<T>,
}

impl<T: Pod> SharedMut<T> {
    /// Memory for `count` items, which are all zero. The system provides each page of it when the page is first written.
    ///
    /// A type of items whose size is 0, or whose alignment is more than 4096 bytes, does not compile.
    ///
    /// ```
    /// use threefold::SharedMut;
    ///
    /// let mut items = SharedMut::zeroed(3)?;
    /// items[1] = 7;
    /// assert_eq!(items.seal()?[..], [0, 7, 0]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the system refuses the memory: too much was asked for, or the
    /// limit on open files or on the size of files (`ulimit -f`) is reached.
    pub fn zeroed(count: usize) -> Result<Self> {
        const {
            assert!(size_of::<T>() > 0, "the items of an array must have a size above 0");
            assert!(align_of::<T>() <= PAGE, "the items of an array must have an alignment of at most 4096 bytes");
        }
        let length = count.checked_mul(size_of::<T>()).filter(|&length| isize::try_from(length).is_ok());
        let draft = length.ok_or_else(|| std::io::ErrorKind::OutOfMemory.into()).and_then(Draft::zeroed);
        match draft {
            Ok(draft) => Ok(Self { draft, items: PhantomData }),
            Err(error) => {
                let size = size_of::<T>();
                let reason = format!("an array of {count} items of {size} bytes could not be made: {error}");
                Err(Error::setup(None, reason))
            }
        }
    }

    /// Makes the array. From here on nobody can change its items.
    ///
    /// ```
    /// use threefold::SharedMut;
    /// assert_eq!(SharedMut::<u8>::zeroed(2)?.seal()?[..], [0, 0]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the system refuses to seal the memory, for instance because a
    /// device still writes to it, or refuses to map the sealed memory.
    pub fn seal(self) -> Result<Shared<T>> {
        let sealed = self.draft.seal();
        let sealed = sealed.map_err(|error| Error::setup(None, format!("an array could not be sealed: {error}")))?;
        Ok(Shared::of(Arc::new(Memory::new(sealed))).expect("the memory was made for a whole number of items"))
    }
}

impl<T: Pod> Deref for SharedMut<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(self.draft.bytes())
    }
}

impl<T: Pod> DerefMut for SharedMut<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(self.draft.bytes_mut())
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for SharedMut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
