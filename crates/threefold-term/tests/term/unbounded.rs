//! f64 without a largest and a smallest exponent, written down as plainly as possible with big integers.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

/// `mantissa * 2^exponent`, with a mantissa of at most 53 bits.
#[derive(Clone, Debug)]
pub(crate) struct Unbounded {
    mantissa: BigInt,
    exponent: i64,
}

impl Unbounded {
    pub(crate) fn zero() -> Self {
        Self { mantissa: BigInt::zero(), exponent: 0 }
    }

    /// A finite f64.
    pub(crate) fn new(float: f64) -> Self {
        let (field, fraction) = ((float.to_bits() >> 52 & 0x7ff) as i64, float.to_bits() & ((1 << 52) - 1));
        let size = if field == 0 { fraction } else { fraction | 1 << 52 };
        let mantissa = BigInt::from(size) * if float.is_sign_negative() { -1 } else { 1 };
        Self { mantissa, exponent: field.max(1) - 1075 }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let whole = |it: &Self| &it.mantissa << (it.exponent - exponent);
        Self::rounded(whole(self) + whole(other), exponent, 53)
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { mantissa: -&other.mantissa, exponent: other.exponent })
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self::rounded(&self.mantissa * &other.mantissa, self.exponent + other.exponent, 53)
    }

    /// The nearest f64, or `None` if that is infinite.
    pub(crate) fn float(&self) -> Option<f64> {
        // An f64 has no bits below 2^-1074.
        let bits = self.mantissa.bits() as i64;
        let kept = (bits + self.exponent + 1074).clamp(0, 53);
        let Self { mantissa, exponent } = Self::rounded(self.mantissa.clone(), self.exponent, kept);
        if !mantissa.is_zero() && mantissa.bits() as i64 + exponent > 1024 {
            return None;
        }
        let mut float = mantissa.to_f64().expect("at most 53 bits");
        // Each step is exact: no f64 on the way has bits below 2^-1074.
        for _ in 0..if float == 0.0 { 0 } else { exponent.abs() } {
            float = if exponent < 0 { float / 2.0 } else { float * 2.0 };
        }
        Some(float + 0.0)
    }

    /// The nearest of at most `kept` bits, ties to even.
    fn rounded(mantissa: BigInt, exponent: i64, kept: i64) -> Self {
        let excess = mantissa.bits() as i64 - kept;
        if excess <= 0 {
            return Self { mantissa, exponent };
        }
        let size = mantissa.abs();
        let (mut quotient, half) = (&size >> excess, BigInt::from(1) << (excess - 1));
        let rest = size - (&quotient << excess);
        if rest > half || rest == half && quotient.bit(0) {
            quotient += 1;
        }
        Self { mantissa: quotient * mantissa.signum(), exponent: exponent + excess }
    }
}
