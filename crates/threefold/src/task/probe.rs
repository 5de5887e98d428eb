//! What `#[task]` finds out about concrete types: whether an output is a `Result`, whether values can be compared,
//! whether chunks are slices of plain data.
//!
//! A method call looks at `&self` candidates by value before it adds a reference, so the impl for the special type is
//! found first and the one for any type where that does not apply. This works where the types are known, in the code
//! that the macro writes, and asks for no bound.

use std::marker::PhantomData;

use bytemuck::Pod;

use super::Array;
use crate::source::Slice;
use crate::source::placed::Placed;

/// An output.
pub struct Probe<'a, T>(pub &'a T);

/// Outputs that are a `Result`.
pub trait ResultOutput {
    fn is_err(&self) -> bool;
}

impl<T, E> ResultOutput for Probe<'_, Result<T, E>> {
    fn is_err(&self) -> bool {
        self.0.is_err()
    }
}

/// All others.
pub trait AnyOutput {
    fn is_err(&self) -> bool;
}

impl<T> AnyOutput for &Probe<'_, T> {
    fn is_err(&self) -> bool {
        false
    }
}

/// Two values to compare.
pub struct Pair<'a, T>(pub &'a T, pub &'a T);

/// Values that can be compared.
pub trait EqPair {
    fn is_eq(&self) -> Option<bool>;
}

impl<T: PartialEq> EqPair for Pair<'_, T> {
    fn is_eq(&self) -> Option<bool> {
        // A value that differs from itself, a NaN inside, says nothing by differing from its copy.
        #[expect(clippy::eq_op, reason = "a test for reflexivity")]
        let reflexive = self.0 == self.0;
        reflexive.then(|| self.0 == self.1)
    }
}

/// All others.
pub trait AnyPair {
    fn is_eq(&self) -> Option<bool>;
}

impl<T> AnyPair for &Pair<'_, T> {
    fn is_eq(&self) -> Option<bool> {
        None
    }
}

/// A type of chunks. The compiler looks for `array` in the traits below from the first to the last, since they are
/// implemented for `&Chunks`, for `&&Chunks` and for `Chunks`, and it is called on a `&&Chunks`.
pub struct Chunks<C>(pub PhantomData<C>);

/// Slices of plain data, which an array has, with or without pieces of a buffer.
pub trait PlainSlices<C> {
    fn array(&self, bytes: &[u8]) -> Option<Array<C>>;
}

impl<T: Pod + Send + Sync> PlainSlices<Slice<T>> for &Chunks<Slice<T>> {
    #[cfg(feature = "processes")]
    fn array(&self, bytes: &[u8]) -> Option<Array<Slice<T>>> {
        crate::source::sent::restore_array(bytes)
    }

    #[cfg(not(feature = "processes"))]
    fn array(&self, _bytes: &[u8]) -> Option<Array<Slice<T>>> {
        None
    }
}

impl<T: Pod + Send + Sync, I: Pod + Send + Sync> PlainSlices<Placed<Slice<T>, I>> for &Chunks<Placed<Slice<T>, I>> {
    #[cfg(feature = "processes")]
    fn array(&self, bytes: &[u8]) -> Option<Array<Placed<Slice<T>, I>>> {
        crate::source::placed::elsewhere::restore(bytes, crate::source::sent::restore_array)
    }

    #[cfg(not(feature = "processes"))]
    fn array(&self, _bytes: &[u8]) -> Option<Array<Placed<Slice<T>, I>>> {
        None
    }
}

/// Other chunks with pieces of a buffer.
pub trait PlacedChunks<C> {
    fn array(&self, bytes: &[u8]) -> Option<Array<C>>;
}

impl<C: Send + 'static, I: Pod + Send + Sync> PlacedChunks<Placed<C, I>> for &&Chunks<Placed<C, I>> {
    #[cfg(feature = "processes")]
    fn array(&self, bytes: &[u8]) -> Option<Array<Placed<C, I>>> {
        crate::source::placed::elsewhere::restore(bytes, crate::source::sent::restore)
    }

    #[cfg(not(feature = "processes"))]
    fn array(&self, _bytes: &[u8]) -> Option<Array<Placed<C, I>>> {
        None
    }
}

/// All others.
pub trait AnyChunks<C> {
    fn array(&self, bytes: &[u8]) -> Option<Array<C>>;
}

impl<C> AnyChunks<C> for Chunks<C> {
    fn array(&self, _bytes: &[u8]) -> Option<Array<C>> {
        None
    }
}
