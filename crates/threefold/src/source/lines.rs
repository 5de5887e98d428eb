//! `Lines`: bytes that are cut at a delimiter, so that each chunk is whole lines.
//!
//! # Where it is cut
//!
//! The bytes are cut into windows, as an array is: by their number alone. The chunk of a window is all lines that begin
//! in the window. Most of the time the last of them ends behind it. A window in which no line begins gives an empty
//! chunk.
//!
//! So a worker finds the ends of a chunk by itself, from the bytes around them, and nobody reads the whole input first.
//! The chunks depend on the input alone, and each line is in exactly one of them.
//!
//! With the delimiter `/`, eleven bytes in three windows:
//!
//! ```text
//! bytes     a b / c d e f / g h i
//! windows   0 . . . 1 . . . 2 . .
//! chunks    a b / c d e f /           the lines that begin at 0 and 3
//!                                     no line begins in 4..8
//!                           g h i     the line that begins at 8
//! ```
//!
//! # Files
//!
//! A file is not read when the source is made, but chunk by chunk, by whoever runs the chunk. Each reader compares the
//! file with what it was when the source was made: before it reads, and again afterwards. See `file`.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::cut::{Cut, Windows};
use super::grid::DEFAULT_CHUNKS;
use super::{Divisible, Slice, Source, Whole};
use crate::error::{Error, Result};

mod chunk;
mod file;

pub use chunk::LineChunk;
use file::InFile;

/// By default there is one window for each begun block of this many bytes, so that few chunks are empty.
const LEAST: u128 = 4096;

/// Bytes or text, cut at a delimiter into chunks of whole lines: a [`Source`].
///
/// The input is a file ([`of`](Self::of)) or is in memory ([`over`](Self::over)). The delimiter is the end of a line,
/// `\n`, or any other byte ([`delimiter`](Self::delimiter)). A chunk is a [`LineChunk`].
///
/// ```
/// use threefold::prelude::*;
/// use threefold::{LineChunk, Lines};
///
/// #[task]
/// fn total(chunk: LineChunk) -> u64 {
///     let numbers = chunk.lines().filter_map(|line| std::str::from_utf8(line).ok()?.parse::<u64>().ok());
///     numbers.sum()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let lines = Lines::over(b"20\n1\n21\n".to_vec());
/// assert_eq!(on.fold(lines.split_into(2), total, 0, |sum, part| sum + part)?, 42);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # Where it is cut
///
/// The items of this source are its bytes. [`split_into`](Source::split_into) and [`chunks_of`](Source::chunks_of) cut
/// them into windows, and a chunk is all lines that begin in its window. So chunks are about as large as their windows.
/// If a line is longer than a window, the chunks of the windows in which no line begins are empty. By default
/// there are as many windows as the number of bytes divided by 4096, rounded up, and at most 1024.
///
/// # What is sent
///
/// | input | sent to worker processes | sent to MPI ranks |
/// |---|---|---|
/// | a file | ranges only: each worker reads its chunks from the file | ranges only: the file must be there on each host |
/// | a [`Shared<u8>`](crate::Shared) | ranges only | each chunk |
/// | a `Vec<u8>`, `Arc<[u8]>` or `Slice<u8>` | each chunk | each chunk |
#[derive(Clone)]
pub struct Lines {
    input: Input,
    delimiter: u8,
}

#[derive(Clone)]
enum Input {
    Memory(Slice<u8>),
    File(Arc<InFile>),
}

impl Lines {
    /// The lines of a file. It is read while the fold runs, chunk by chunk, by the workers.
    ///
    /// If the file has changed since this call, the fold ends with an error of the chunk that was being read
    /// ([`is_setup`](Error::is_setup)). A change is noticed if the length or the modification time of the file differs, or
    /// if the path names another file. Some systems note the modification time only to a few milliseconds, so a change
    /// right after this call that keeps the length may go unnoticed.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// use threefold::{LineChunk, Lines};
    ///
    /// #[task]
    /// fn count(chunk: LineChunk) -> usize {
    ///     chunk.lines().count()
    /// }
    ///
    /// # let path = std::env::temp_dir().join(format!("threefold-lines-{}", std::process::id()));
    /// std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
    /// let on = Executor::new(Model::Threads)?;
    /// assert_eq!(on.fold(Lines::of(&path)?, count, 0, |sum, part| sum + part)?, 3);
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`] if the file cannot be opened, or is not an ordinary file. Most files of `/proc` and `/sys`
    /// are refused, too, since they cannot be read in pieces. Read such a file into memory, and use
    /// [`over`](Self::over).
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = InFile::open(path).map_err(|reason| Error::setup(None, format!("{}: {reason}", path.display())))?;
        Ok(Self::new(Input::File(Arc::new(file))))
    }

    /// The lines in some bytes: a `Vec<u8>`, an `Arc<[u8]>`, a [`Shared<u8>`](crate::Shared) or a `Slice<u8>`. For a
    /// `String` use `into_bytes`.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// use threefold::{Lines, Shared};
    ///
    /// let text = Shared::copy_of(b"one\ntwo\nthree")?;
    /// let chunks: Vec<_> = Lines::over(text).split_into(2).all_chunks().map(|chunk| chunk.to_vec()).collect();
    /// assert_eq!(chunks, [&b"one\ntwo\n"[..], b"three"]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn over(bytes: impl Into<Slice<u8>>) -> Self {
        Self::new(Input::Memory(bytes.into()))
    }

    fn new(input: Input) -> Self {
        Self { input, delimiter: b'\n' }
    }

    /// The same input with `delimiter` at the end of each line instead of `\n`.
    ///
    /// ```
    /// use threefold::Lines;
    /// use threefold::prelude::*;
    ///
    /// let records = Lines::over(b"a\nb;c;".to_vec()).delimiter(b';');
    /// let chunk = records.split_into(1).all_chunks().next().unwrap();
    /// assert_eq!(chunk.lines().collect::<Vec<_>>(), [&b"a\nb"[..], b"c"]);
    /// ```
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    fn len(&self) -> u64 {
        match &self.input {
            Input::Memory(bytes) => bytes.len() as u64,
            Input::File(file) => file.len(),
        }
    }

    /// The lines that begin in these bytes.
    fn lines_in(&self, window: Range<u64>) -> std::result::Result<LineChunk, String> {
        let (bytes, offset) = match &self.input {
            Input::File(file) => file.lines_in(&window, self.delimiter)?,
            Input::Memory(bytes) => {
                let Range { start, end } = window;
                let lines = lines_in(bytes, start as usize..end as usize, self.delimiter);
                (bytes.window(lines.start as u128..lines.end as u128), lines.start as u64)
            }
        };
        Ok(LineChunk::new(bytes, self.delimiter, offset))
    }
}

/// Where the lines are that begin in the bytes `window`, which are not empty.
fn lines_in(bytes: &[u8], window: Range<usize>, delimiter: u8) -> Range<usize> {
    let Range { start, end } = window;
    let Some(first) = first_line(&bytes[start.saturating_sub(1)..end], start == 0, delimiter) else {
        return start..start;
    };
    // A line begins behind each delimiter. The first one at or after `end` is where the last of these lines ends.
    let rest = bytes[end - 1..].iter().position(|&byte| byte == delimiter);
    start.saturating_sub(1) + first..rest.map_or(bytes.len(), |length| end + length)
}

/// Where the first line begins in `bytes`, at which the input begins if `is_start`, and otherwise the byte before the
/// first that counts. `None` if no line does.
fn first_line(bytes: &[u8], is_start: bool, delimiter: u8) -> Option<usize> {
    if is_start {
        return Some(0);
    }
    // A delimiter at the end ends a line here, and begins one behind these bytes.
    let (_, before) = bytes.split_last()?;
    before.iter().position(|&byte| byte == delimiter).map(|length| length + 1)
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Lines");
        if let Input::File(file) = &self.input {
            debug.field("path", &file.path());
        }
        debug.field("len", &self.len()).field("delimiter", &char::from(self.delimiter)).finish()
    }
}

#[diagnostic::do_not_recommend]
impl Source for Lines {
    type Chunk = LineChunk;
    type Pieces = Windows<Lines>;

    fn into_pieces(self) -> Self::Pieces {
        let windows = self.chunk_count().max(1);
        Windows::new(self, Cut::Into(windows))
    }

    fn item_count(&self) -> u128 {
        u128::from(self.len())
    }

    fn chunk_count(&self) -> u128 {
        self.item_count().div_ceil(LEAST).min(DEFAULT_CHUNKS)
    }
}

#[diagnostic::do_not_recommend]
impl Divisible for Lines {
    type Whole = Self;

    fn into_whole(self) -> Self {
        self
    }
}

impl Whole for Lines {
    const MAY_FAIL: bool = true;

    type Chunk = LineChunk;

    fn items(&self) -> Option<u128> {
        Some(self.item_count())
    }

    fn window(&self, items: Range<u128>) -> LineChunk {
        match self.try_window(items) {
            Ok(chunk) => chunk,
            Err(reason) => panic!("{reason}"),
        }
    }

    fn try_window(&self, items: Range<u128>) -> std::result::Result<LineChunk, String> {
        self.lines_in(items.start as u64..items.end as u64)
    }

    fn describe(&self, items: Range<u128>) -> String {
        let Range { start, end } = items;
        match &self.input {
            Input::Memory(_) => format!("the lines that begin in bytes {start}..{end}"),
            Input::File(file) => format!("the lines that begin in bytes {start}..{end} of {}", file.path().display()),
        }
    }

    fn first(&self, _items: u128) -> Self {
        // The last line may end behind these bytes, and a file is compared with what it was.
        self.clone()
    }

    fn as_bytes(&self) -> Option<Vec<u8>> {
        let (kind, input) = match &self.input {
            Input::Memory(bytes) => (0, bytes.as_bytes()?),
            Input::File(file) => (1, file.as_bytes()),
        };
        Some([&[kind, self.delimiter][..], &input].concat())
    }
}

/// Restores lines from their bytes. `None` if they are of no lines.
#[cfg(feature = "processes")]
pub(super) fn restore(bytes: &[u8]) -> Option<Windows<Lines>> {
    let (bytes, cut) = bytes.split_last_chunk::<{ Cut::BYTES }>()?;
    let ([kind, delimiter], input) = bytes.split_first_chunk()?;
    let input = match kind {
        0 => Input::Memory(Slice::restore(input)?),
        1 => Input::File(Arc::new(InFile::restore(input)?)),
        _ => return None,
    };
    Some(Windows::new(Lines { input, delimiter: *delimiter }, Cut::read(cut)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunks of `text`, cut into windows of `size` bytes.
    fn chunks(text: &str, size: usize) -> Vec<String> {
        let chunks = Lines::over(text.as_bytes().to_vec()).delimiter(b'/').chunks_of(size).all_chunks();
        chunks.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_chunk_is_the_lines_that_begin_in_its_window() {
        assert_eq!(chunks("ab/cdef/ghi", 4), ["ab/cdef/", "", "ghi"]);
        assert_eq!(chunks("abc/def/", 4), ["abc/", "def/"]);
        assert_eq!(chunks("a//b", 1), ["a/", "", "/", "b"]);
        assert_eq!(chunks("", 4), [""; 0]);
    }

    /// Every text of up to 7 bytes, cut in every way: in memory and in a file.
    #[test]
    fn each_line_is_in_exactly_one_chunk() {
        let path = std::env::temp_dir().join(format!("threefold-lines-{}", std::process::id()));
        for length in 1..if cfg!(miri) { 3 } else { 8 } {
            for bits in 0..1 << length {
                let text: String = (0..length).map(|i| if bits >> i & 1 == 1 { '/' } else { 'x' }).collect();
                std::fs::write(&path, &text).unwrap();
                let file = Lines::of(&path).unwrap().delimiter(b'/');
                for size in 1..=length {
                    let chunks = chunks(&text, size);
                    assert_eq!(chunks.concat(), text, "{text} {size}");
                    for (i, chunk) in chunks.iter().enumerate() {
                        let is_whole = chunk.is_empty() || chunk.ends_with('/') || chunks[i + 1..].concat().is_empty();
                        assert!(is_whole, "{text} {size} {chunks:?}");
                    }
                    let read: Vec<_> = file.clone().chunks_of(size).all_chunks().map(|chunk| chunk.to_vec()).collect();
                    assert_eq!(read, chunks.iter().map(|chunk| chunk.clone().into_bytes()).collect::<Vec<_>>());
                }
            }
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn windows_are_not_small_unless_that_is_asked_for() {
        let lines = |bytes: usize| Lines::over(vec![b'\n'; bytes]);
        let counts = [0, 1, 4096, 4097, 5 << 20].map(|bytes| lines(bytes).chunk_count());
        assert_eq!(counts, [0, 1, 1, 2, 1024]);
        assert_eq!(lines(4097).all_chunks().count(), 2);
        assert_eq!(lines(0).all_chunks().count(), 0);
    }

    /// In every build: a journal without the model processes must not read the whole file to know it again.
    #[test]
    fn lines_of_a_file_are_a_few_bytes_which_change_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let bytes = || Whole::as_bytes(&Lines::of(&path).unwrap()).expect("it has some");
        let before = bytes();
        assert_eq!(bytes(), before);
        assert!(before.len() < 100 + path.as_os_str().len());
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_ne!(bytes(), before);
    }
}
