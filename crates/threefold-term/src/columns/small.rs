//! Integers in lanes of f64: their conversions and their division, without instructions that only some CPUs have.

/// Added to an f64 below 2^51 and subtracted again, it rounds to an integer: 1.5 * 2^52 has no bits for fractions. CPUs
/// without an instruction for rounding can do this too.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// The integer in a lane of f64.
#[inline(always)]
pub(super) fn long(small: f64) -> i64 {
    ((small + ROUNDING).to_bits() as i64).wrapping_sub(ROUNDING.to_bits() as i64)
}

/// The lane of f64 for an integer from -2^50 to 2^50.
#[inline(always)]
pub(super) fn small(long: i64) -> f64 {
    f64::from_bits((long.wrapping_add(ROUNDING.to_bits() as i64)) as u64) - ROUNDING
}

/// The quotient and remainder of `dividend`, given a quotient that is off by at most 3/4.
///
/// The dividend is at most 2^50, so that a quotient computed with a relative error of 2^-52 is off by 1/4, and its
/// rounding by 1/2. The remainder then lies between -3/4 and 3/4 of the divisor: one correction is enough. Products and
/// differences are integers below 2^53, and therefore exact.
#[inline(always)]
pub(super) fn corrected(dividend: f64, divisor: f64, quotient: f64) -> (f64, f64) {
    let quotient = (quotient + ROUNDING) - ROUNDING;
    let remainder = dividend - quotient * divisor;
    let is_negative = remainder < 0.0;
    let missing = if is_negative { divisor.abs() } else { 0.0 };
    let excess = if is_negative { 1f64.copysign(divisor) } else { 0.0 };
    (quotient - excess, remainder + missing)
}
