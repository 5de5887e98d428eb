//! The functions that the loader calls before `main`, as the program's own file tells: an array of addresses, which the
//! file's dynamic section names.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::c_library;

/// The bytes of an address.
const WORD: usize = size_of::<usize>();

/// Where the fields of the file's header lie, by the width of an address (ELF-64 or ELF-32): the entry point, the offset
/// of the program headers, and the size and count of those.
const ENTRY: usize = 24;
const HEADERS: usize = 24 + WORD;
const HEADER_SIZE: usize = if WORD == 8 { 54 } else { 42 };
const HEADER_COUNT: usize = HEADER_SIZE + 2;

/// Where the fields of a program header lie: the offset of its part of the file, and its size there.
const PART: usize = WORD;
const PART_SIZE: usize = 4 * WORD;

/// The kind of the program header that tells where the dynamic section is.
const PT_DYNAMIC: u32 = 2;

/// The keys in the dynamic section of the array of functions: its address, and its size in bytes.
const DT_INIT_ARRAY: usize = 25;
const DT_INIT_ARRAYSZ: usize = 27;

/// A file with more program headers than this, or a larger dynamic section, is not read.
const MOST_BYTES: usize = 1 << 20;

/// The addresses of the entries that follow the one at `entry`.
///
/// # Errors
///
/// When the program's file cannot be read, or tells of no such array with that entry in it.
pub(super) fn after(entry: usize) -> io::Result<impl Iterator<Item = usize>> {
    let file = File::open("/proc/self/exe")?;
    let header = read(&file, 0, HEADER_COUNT + 2)?;
    // How far from where the file says the program was put in memory.
    let moved = c_library::entry_point().wrapping_sub(word(&header, ENTRY));
    let array = array(&file, &header)?;
    let (start, end) = (array.start.wrapping_add(moved), array.end.wrapping_add(moved));
    if entry < start || entry >= end || !(entry - start).is_multiple_of(WORD) {
        return Err(io::Error::other(
            "threefold is in a shared library: link it into the program, since other constructors may follow its own",
        ));
    }
    Ok((entry..end).step_by(WORD).skip(1))
}

/// Where the file says the array is.
fn array(file: &File, header: &[u8]) -> io::Result<Range<usize>> {
    let (size, count) = (half(header, HEADER_SIZE), half(header, HEADER_COUNT));
    let headers = read(file, word(header, HEADERS) as u64, size * count)?;
    let dynamic = headers
        .chunks_exact(size.max(PART_SIZE + WORD))
        .find(|header| header.first_chunk().is_some_and(|kind| u32::from_ne_bytes(*kind) == PT_DYNAMIC))
        .ok_or_else(|| io::Error::other("the program's file has no dynamic section that names its constructors"))?;
    let entries = read(file, word(dynamic, PART) as u64, word(dynamic, PART_SIZE))?;
    let value = |key| {
        let mut pairs = entries.chunks_exact(2 * WORD);
        pairs.find(|pair| word(pair, 0) == key).map_or(0, |pair| word(pair, WORD))
    };
    let start = value(DT_INIT_ARRAY);
    Ok(start..start.wrapping_add(value(DT_INIT_ARRAYSZ)))
}

fn read(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    if length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

/// The word at that place; 0 beyond the end.
fn word(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |word| usize::from_ne_bytes(*word))
}

/// The two-byte number at that place; 0 beyond the end.
fn half(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |half| u16::from_ne_bytes(*half).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_in_no_such_array_is_refused() {
        let nowhere = 8usize;
        assert!(after(nowhere).is_err());
    }
}
