//! Memory of this process alone, for builds without worker processes: with the same interface as memory that worker
//! processes can map. One of the few files with unsafe code: two promises about a type, each with its proof.

#![allow(unsafe_code)]

use std::io;

use bytemuck::allocation::try_zeroed_vec;
use bytemuck::{Pod, Zeroable};

use super::PAGE;

/// What memory is made of, so that it is aligned as mapped memory is.
#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

// SAFETY: all zeroes is an array of bytes.
unsafe impl Zeroable for Page {}

// SAFETY: any bits are valid, since they are bytes. The size is the alignment, so there is no padding. It has no
// pointers and nothing that changes behind a shared reference.
unsafe impl Pod for Page {}

/// Memory that is being filled.
pub(crate) struct Draft {
    pages: Vec<Page>,
    length: usize,
}

impl Draft {
    /// `length` bytes of zero.
    pub(crate) fn zeroed(length: usize) -> io::Result<Self> {
        let pages = try_zeroed_vec(length.div_ceil(PAGE)).map_err(|()| io::ErrorKind::OutOfMemory)?;
        Ok(Self { pages, length })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.pages)[..self.length]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.pages)[..self.length]
    }

    /// From here on nobody can write to it.
    pub(crate) fn seal(self) -> io::Result<Sealed> {
        Ok(Sealed(self))
    }
}

/// Memory that nobody can change.
pub(crate) struct Sealed(Draft);

impl Sealed {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}
