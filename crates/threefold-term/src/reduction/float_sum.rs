//! `FloatSum`: a sum of f64 that is too large only if the end of it is.
//!
//! As long as all sums on the way are finite, it is made of f64 alone. Otherwise the block, or the sum of blocks, is
//! added once more with [`Tall`] numbers. They are rounded as f64 are, but have a larger exponent. So the sum is that of
//! an f64 without a largest exponent: the bits are the same where nothing on the way is too large, and elsewhere too
//! large numbers may cancel each other.

use std::ops::{Add, AddAssign, Neg, Sub};

use crate::columns::reduce::{sum_floats, sum_in_order};

/// The sum of blocks, and the error that its additions have made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct FloatSum {
    sum: Tall,
    error: Tall,
}

impl FloatSum {
    /// Adds the values of a block, which are finite.
    pub(super) fn add_block(&mut self, values: &[f64]) {
        let sum = sum_floats(values);
        self.add(if sum.is_finite() { sum.into() } else { sum_in_order(values) });
    }

    /// Adds the sum of the items that follow.
    pub(super) fn then(&mut self, next: Self) {
        self.add(next.sum);
        self.error += next.error;
    }

    /// The nearest f64, or `None` if that is infinite.
    pub(super) fn value(self) -> Option<f64> {
        (self.sum + self.error).float()
    }

    /// Adds `value` to the sum, and what the rounding loses to the error (D. E. Knuth, The Art of Computer Programming,
    /// volume 2, section 4.2.2, theorem B).
    fn add(&mut self, value: Tall) {
        let total = self.sum + value;
        let added = total - self.sum;
        self.error += (self.sum - (total - added)) + (value - added);
        self.sum = total;
    }
}

/// 2^128. Sums of 2^64 f64 are far below 2^1024 times this.
const SCALE: f64 = (1u128 << 127) as f64 * 2.0;

/// An f64 with a larger exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Tall {
    value: f64,
    /// Whether it is `value * SCALE`, which no f64 can hold.
    is_scaled: bool,
}

impl Tall {
    /// It as an f64, unless it is too large.
    fn float(self) -> Option<f64> {
        (!self.is_scaled).then_some(self.value)
    }

    /// It divided by [`SCALE`]. A small number loses bits, but it is added to one that is too large for f64, beside which
    /// they do not matter.
    fn scaled(self) -> f64 {
        if self.is_scaled { self.value } else { self.value / SCALE }
    }
}

/// A finite one.
impl From<f64> for Tall {
    fn from(value: f64) -> Self {
        Self { value, is_scaled: false }
    }
}

impl Add for Tall {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let sum = self.value + other.value;
        if !self.is_scaled && !other.is_scaled && sum.is_finite() {
            return sum.into();
        }
        let value = self.scaled() + other.scaled();
        let sum = value * SCALE;
        if sum.is_finite() { sum.into() } else { Self { value, is_scaled: true } }
    }
}

impl AddAssign for Tall {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Tall {
    type Output = Self;

    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl Sub for Tall {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}
