//! `Word`: what is done with one lane of a column.
//!
//! An operation also says whether it is a trouble. In lanes of f64 and i64 the plan has proved that results fit, and the
//! compiler removes the flag; in lanes of i128 it is the overflow.

use crate::columns::small::{corrected, long};

/// One lane. An f64 here is an integer from -2^50 to 2^50.
pub(super) trait Word: Copy + PartialOrd + Default + 'static {
    /// A constant divisor, with what makes it fast to divide by.
    type Divisor: Copy;

    fn truth(holds: bool) -> Self;
    fn negate(self) -> (Self, bool);
    fn absolute(self) -> (Self, bool);
    fn add(self, other: Self) -> (Self, bool);
    fn subtract(self, other: Self) -> (Self, bool);
    fn multiply(self, other: Self) -> (Self, bool);

    /// The divisor, which is neither 0 nor -1.
    fn divisor(divisor: i64) -> Self::Divisor;

    /// The quotient and the remainder, which is not negative.
    fn divide_by(self, divisor: &Self::Divisor) -> (Self, Self);

    /// The same; by 0 it is a trouble.
    fn divide(self, divisor: Self) -> (Self, Self, bool);

    fn gcd(self, other: Self) -> (Self, bool);
    fn power(self, exponent: Self) -> (Self, bool);
    fn power_modulo(self, exponent: Self, modulus: Self) -> (Self, bool);
}

impl Word for f64 {
    /// The divisor and its inverse.
    type Divisor = (f64, f64);

    #[inline(always)]
    fn truth(holds: bool) -> Self {
        if holds { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn negate(self) -> (Self, bool) {
        (-self, false)
    }

    #[inline(always)]
    fn absolute(self) -> (Self, bool) {
        (self.abs(), false)
    }

    #[inline(always)]
    fn add(self, other: Self) -> (Self, bool) {
        (self + other, false)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> (Self, bool) {
        (self - other, false)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> (Self, bool) {
        (self * other, false)
    }

    fn divisor(divisor: i64) -> Self::Divisor {
        (divisor as f64, 1.0 / divisor as f64)
    }

    #[inline(always)]
    fn divide_by(self, &(divisor, inverse): &Self::Divisor) -> (Self, Self) {
        corrected(self, divisor, self * inverse)
    }

    #[inline(always)]
    fn divide(self, divisor: Self) -> (Self, Self, bool) {
        let (quotient, remainder) = corrected(self, divisor, self / divisor);
        (quotient, remainder, divisor == 0.0)
    }

    #[inline(always)]
    fn gcd(self, other: Self) -> (Self, bool) {
        (gcd(long(self).unsigned_abs(), long(other).unsigned_abs()) as f64, false)
    }

    #[inline(always)]
    fn power(self, exponent: Self) -> (Self, bool) {
        let (power, is_trouble) = long(self).power(long(exponent));
        (power as f64, is_trouble)
    }

    #[inline(always)]
    fn power_modulo(self, exponent: Self, modulus: Self) -> (Self, bool) {
        let (power, is_trouble) = long(self).power_modulo(long(exponent), long(modulus));
        (power as f64, is_trouble)
    }
}

impl Word for i64 {
    /// The divisor, its absolute value, and 2^64 divided by that.
    type Divisor = (i64, u64, u64);

    #[inline(always)]
    fn truth(holds: bool) -> Self {
        holds.into()
    }

    #[inline(always)]
    fn negate(self) -> (Self, bool) {
        (self.wrapping_neg(), false)
    }

    #[inline(always)]
    fn absolute(self) -> (Self, bool) {
        (self.wrapping_abs(), false)
    }

    #[inline(always)]
    fn add(self, other: Self) -> (Self, bool) {
        (self.wrapping_add(other), false)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> (Self, bool) {
        (self.wrapping_sub(other), false)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> (Self, bool) {
        (self.wrapping_mul(other), false)
    }

    fn divisor(divisor: i64) -> Self::Divisor {
        (divisor, divisor.unsigned_abs(), u64::MAX / divisor.unsigned_abs())
    }

    /// With the upper half of a product in place of a division. The quotient is too small by at most 2: by less than 1
    /// since the inverse is rounded down, and by less than 1 since the product is.
    #[inline(always)]
    fn divide_by(self, &(divisor, size, inverse): &Self::Divisor) -> (Self, Self) {
        let dividend = self.unsigned_abs();
        let mut quotient = ((u128::from(dividend) * u128::from(inverse)) >> 64) as u64;
        let mut remainder = dividend.wrapping_sub(quotient.wrapping_mul(size));
        for _ in 0..2 {
            let is_large = remainder >= size;
            remainder = if is_large { remainder - size } else { remainder };
            quotient += u64::from(is_large);
        }
        if self < 0 && remainder > 0 {
            remainder = size - remainder;
            quotient += 1;
        }
        let quotient = if self < 0 { (quotient as i64).wrapping_neg() } else { quotient as i64 };
        (if divisor < 0 { quotient.wrapping_neg() } else { quotient }, remainder as i64)
    }

    #[inline(always)]
    fn divide(self, divisor: Self) -> (Self, Self, bool) {
        if divisor == 0 {
            return (0, 0, true);
        }
        (self.wrapping_div_euclid(divisor), self.wrapping_rem_euclid(divisor), false)
    }

    #[inline(always)]
    fn gcd(self, other: Self) -> (Self, bool) {
        (gcd(self.unsigned_abs(), other.unsigned_abs()) as i64, false)
    }

    #[inline(always)]
    fn power(self, exponent: Self) -> (Self, bool) {
        let power = u32::try_from(exponent).ok().and_then(|exponent| self.checked_pow(exponent));
        (power.unwrap_or_default(), power.is_none())
    }

    fn power_modulo(self, exponent: Self, modulus: Self) -> (Self, bool) {
        if exponent < 0 || modulus == 0 || modulus == i64::MIN {
            return (0, true);
        }
        let base = self.wrapping_rem_euclid(modulus) as u64;
        let size = modulus.unsigned_abs();
        let power = if size <= 1 << 32 {
            power_modulo(base, exponent as u64, |a, b| a * b % size, 1 % size)
        } else {
            power_modulo(base, exponent as u64, |a, b| (u128::from(a) * u128::from(b) % u128::from(size)) as u64, 1)
        };
        (power as i64, false)
    }
}

impl Word for i128 {
    type Divisor = i128;

    #[inline(always)]
    fn truth(holds: bool) -> Self {
        holds.into()
    }

    #[inline(always)]
    fn negate(self) -> (Self, bool) {
        self.overflowing_neg()
    }

    #[inline(always)]
    fn absolute(self) -> (Self, bool) {
        self.overflowing_abs()
    }

    #[inline(always)]
    fn add(self, other: Self) -> (Self, bool) {
        self.overflowing_add(other)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> (Self, bool) {
        self.overflowing_sub(other)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> (Self, bool) {
        self.overflowing_mul(other)
    }

    fn divisor(divisor: i64) -> Self::Divisor {
        divisor.into()
    }

    #[inline(always)]
    fn divide_by(self, &divisor: &Self::Divisor) -> (Self, Self) {
        // No overflow: the plan takes -1 for no constant divisor.
        (self.wrapping_div_euclid(divisor), self.wrapping_rem_euclid(divisor))
    }

    #[inline(always)]
    fn divide(self, divisor: Self) -> (Self, Self, bool) {
        match (self.checked_div_euclid(divisor), self.checked_rem_euclid(divisor)) {
            (Some(quotient), Some(remainder)) => (quotient, remainder, false),
            _ => (0, 0, true),
        }
    }

    #[inline(always)]
    fn gcd(self, other: Self) -> (Self, bool) {
        let (mut a, mut b) = (self.unsigned_abs(), other.unsigned_abs());
        while let (Err(_), _) | (_, Err(_)) = (u64::try_from(a), u64::try_from(b)) {
            if b == 0 {
                return (a as i128, a > i128::MAX as u128);
            }
            (a, b) = (b, a % b);
        }
        (gcd(a as u64, b as u64).into(), false)
    }

    #[inline(always)]
    fn power(self, exponent: Self) -> (Self, bool) {
        let power = u32::try_from(exponent).ok().and_then(|exponent| self.checked_pow(exponent));
        (power.unwrap_or_default(), power.is_none())
    }

    #[inline(always)]
    fn power_modulo(self, exponent: Self, modulus: Self) -> (Self, bool) {
        let (Ok(exponent), Ok(modulus)) = (i64::try_from(exponent), i64::try_from(modulus)) else { return (0, true) };
        if modulus == 0 || modulus == i64::MIN {
            return (0, true);
        }
        let base = self.rem_euclid(modulus.into()) as i64;
        let (power, is_trouble) = base.power_modulo(exponent, modulus);
        // A negative exponent is a trouble whatever the base.
        (power.into(), is_trouble)
    }
}

/// The greatest common divisor, by shifts and differences.
#[inline]
fn gcd(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        (a, b) = (a.min(b), a.abs_diff(b));
    }
    a << twos
}

#[inline(always)]
fn power_modulo(mut base: u64, mut exponent: u64, times: impl Fn(u64, u64) -> u64, one: u64) -> u64 {
    let mut power = one;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = times(power, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::Word;
    use crate::columns::small::{long, small};

    fn dividends() -> impl Strategy<Value = i64> {
        let edge = 1i64 << 50;
        prop_oneof![-100i64..100, -edge..=edge, edge - 100..=edge, -edge..100 - edge]
    }

    fn divisors() -> impl Strategy<Value = i64> {
        dividends().prop_filter("a divisor is not 0", |&divisor| divisor != 0)
    }

    fn agree<W: Word + Debug>(dividend: W, divisor: W, constant: i64, quotient: W, remainder: W) {
        assert_eq!(dividend.divide(divisor), (quotient, remainder, false), "{dividend:?} by {divisor:?}");
        assert_eq!(dividend.divide_by(&W::divisor(constant)), (quotient, remainder), "{dividend:?} by {divisor:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_kind_of_lane_divides_exactly(a in dividends(), multiple in dividends(), near in -2i64..3, b in divisors()) {
            // Close to a multiple of the divisor, where an error of the quotient shows.
            let close = (multiple / b * b + near).clamp(-(1 << 50), 1 << 50);
            for a in [a, close] {
                let (quotient, remainder) = (a.div_euclid(b), a.rem_euclid(b));
                agree(a as f64, b as f64, b, quotient as f64, remainder as f64);
                agree(a, b, b, quotient, remainder);
                agree(i128::from(a), b.into(), b, quotient.into(), remainder.into());
            }
        }

        #[test]
        fn integers_of_64_bits_are_divided_exactly(a: i64, b: i64) {
            prop_assume!(b != 0 && b != i64::MIN && b != -1);
            agree(a, b, b, a.div_euclid(b), a.rem_euclid(b));
        }

        #[test]
        fn small_integers_are_converted_exactly(a in dividends()) {
            prop_assert_eq!((long(a as f64), small(a)), (a, a as f64));
        }

        #[test]
        fn powers_have_the_remainders_of_their_values(base in -20i64..20, exponent in 0i64..20, modulus in divisors()) {
            let expected = i128::from(base).pow(exponent as u32).rem_euclid(modulus.into());
            prop_assert_eq!(base.power_modulo(exponent, modulus), (expected as i64, false));
            prop_assert_eq!(i128::from(base).power_modulo(exponent.into(), modulus.into()), (expected, false));
        }
    }
}
