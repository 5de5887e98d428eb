//! The loops over columns. Each is compiled once for every level of instructions, and is dispatched to the level of this
//! CPU. A level changes how fast a loop is, and not what it computes: each operation has one correct result, and
//! additions of f64 keep the order in which they are written.

use fearless_simd::{Level, dispatch};

use crate::columns::word::Word;

/// Runs `body`, a closure that is `#[inline(always)]`, in the copy that is compiled for the level of this CPU.
#[inline(always)]
pub(crate) fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    dispatch!(Level::new(), _ => body())
}

/// `to[k] = f(from[k])`
#[inline(always)]
pub(super) fn map<A: Copy, B>(to: &mut [B], from: &[A], f: impl Fn(A) -> B) {
    vectorized(
        #[inline(always)]
        || {
            for (to, from) in to.iter_mut().zip(from) {
                *to = f(*from);
            }
        },
    );
}

/// `to[k] = f(from[k])`; whether any was a trouble.
#[inline(always)]
pub(super) fn checked_map<A: Copy, B>(to: &mut [B], from: &[A], f: impl Fn(A) -> (B, bool)) -> bool {
    vectorized(
        #[inline(always)]
        || {
            let mut trouble = false;
            for (to, from) in to.iter_mut().zip(from) {
                let (value, is_trouble) = f(*from);
                *to = value;
                trouble |= is_trouble;
            }
            trouble
        },
    )
}

/// `to[k] = f(left[k], right[k])`; whether any was a trouble.
#[inline(always)]
pub(super) fn zip<A: Copy, B>(to: &mut [B], left: &[A], right: &[A], f: impl Fn(A, A) -> (B, bool)) -> bool {
    vectorized(
        #[inline(always)]
        || {
            let mut trouble = false;
            for ((to, left), right) in to.iter_mut().zip(left).zip(right) {
                let (value, is_trouble) = f(*left, *right);
                *to = value;
                trouble |= is_trouble;
            }
            trouble
        },
    )
}

/// `column[k] = f(column[k], other[k])`; whether any was a trouble.
#[inline(always)]
pub(super) fn update<A: Copy>(column: &mut [A], other: &[A], f: impl Fn(A, A) -> (A, bool)) -> bool {
    vectorized(
        #[inline(always)]
        || {
            let mut trouble = false;
            for (value, other) in column.iter_mut().zip(other) {
                let (result, is_trouble) = f(*value, *other);
                *value = result;
                trouble |= is_trouble;
            }
            trouble
        },
    )
}

/// `to[k]` is `then[k]` where `condition[k]` is not 0, and `otherwise[k]` elsewhere.
#[inline(always)]
pub(super) fn select<C: Word, W: Word>(to: &mut [W], condition: &[C], then: &[W], otherwise: &[W]) {
    vectorized(
        #[inline(always)]
        || {
            let zero = C::default();
            for (((to, condition), then), otherwise) in to.iter_mut().zip(condition).zip(then).zip(otherwise) {
                *to = if *condition != zero { *then } else { *otherwise };
            }
        },
    );
}

/// How many values are not 0.
#[inline(always)]
pub(super) fn count<W: Word>(column: &[W]) -> usize {
    vectorized(
        #[inline(always)]
        || {
            let zero = W::default();
            column.iter().map(|value| u64::from(*value != zero)).sum::<u64>() as usize
        },
    )
}

/// Whether a value is infinite or NaN.
pub(crate) fn any_not_finite(column: &[f64]) -> bool {
    vectorized(
        #[inline(always)]
        || {
            const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
            column.iter().fold(0, |found, value| found | u64::from(value.to_bits() & EXPONENT == EXPONENT)) != 0
        },
    )
}

/// Fills a column with consecutive integers.
pub(super) fn fill_small(to: &mut [f64], first: i64) {
    vectorized(
        #[inline(always)]
        || {
            // The offset of a lane has 32 bits, which every CPU converts in vectors.
            for (offset, to) in (0i32..).zip(to.iter_mut()) {
                *to = first as f64 + f64::from(offset);
            }
        },
    );
}

/// Fills a column with consecutive integers.
pub(super) fn fill_long(to: &mut [i64], first: i64) {
    vectorized(
        #[inline(always)]
        || {
            for (offset, to) in (0i64..).zip(to.iter_mut()) {
                *to = first.wrapping_add(offset);
            }
        },
    );
}
