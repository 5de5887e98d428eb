//! `FloatProduct`: a product of f64 that nothing on the way makes too large or too small.
//!
//! The product is a mantissa and an exponent of two. Mantissas are multiplied, and exponents are added, which is exact.
//! So each multiplication is rounded as an f64 without a largest and a smallest exponent would be, and the order of
//! large and small factors, or where the items are cut, cannot make an infinity or a 0 of a product that is neither.

/// How many mantissas below 2 are multiplied before the product is split again: 2^513 is far from the largest f64.
const FACTORS: usize = 512;

/// The bits of an f64 that are its exponent.
const EXPONENT: u64 = 0x7ff << 52;

/// The exponent of the smallest f64 that has all its bits.
const LEAST: i128 = -1_022;

/// `mantissa * 2^exponent`
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct FloatProduct {
    /// Its absolute value is from 1 to 2, or 0.
    mantissa: f64,
    exponent: i128,
}

impl FloatProduct {
    /// The product of nothing.
    pub(super) const ONE: Self = Self { mantissa: 1.0, exponent: 0 };

    /// Multiplies by finite factors, in their order.
    pub(super) fn multiply(&mut self, factors: &[f64]) {
        for factors in factors.chunks(FACTORS) {
            let (mut mantissa, mut exponent) = (self.mantissa, 0);
            for &factor in factors {
                let (next, shift) = split(factor);
                mantissa *= next;
                exponent += shift;
            }
            *self = Self::new(mantissa, self.exponent + i128::from(exponent));
        }
    }

    /// Multiplies by the product of the items that follow.
    pub(super) fn then(&mut self, next: Self) {
        *self = Self::new(self.mantissa * next.mantissa, self.exponent + next.exponent);
    }

    /// The nearest f64, or `None` if that is infinite.
    pub(super) fn value(self) -> Option<f64> {
        let power = |exponent: i128| f64::from_bits(((exponent + 1_023) as u64) << 52);
        match self.exponent {
            _ if self.mantissa == 0.0 => Some(0.0),
            1_024.. => None,
            LEAST.. => Some(self.mantissa * power(self.exponent)),
            // Smaller than half of the smallest f64.
            ..-1_080 => Some(0.0),
            // The first multiplication is exact, so that only the second one rounds.
            _ => Some(self.mantissa * power(self.exponent - LEAST) * power(LEAST)),
        }
    }

    fn new(mantissa: f64, exponent: i128) -> Self {
        let (mantissa, shift) = split(mantissa);
        Self { mantissa, exponent: if mantissa == 0.0 { 0 } else { exponent + i128::from(shift) } }
    }
}

/// The mantissa and the exponent of a finite f64. The mantissa of 0 is 0.
#[inline(always)]
fn split(float: f64) -> (f64, i64) {
    let bits = float.to_bits();
    match bits & EXPONENT {
        0 if float == 0.0 => (float, 0),
        // It has less bits than others, and a smaller exponent than its own field can say.
        0 => {
            let (mantissa, exponent) = split_normal(float * (1u64 << 54) as f64);
            (mantissa, exponent - 54)
        }
        _ => split_normal(float),
    }
}

#[inline(always)]
fn split_normal(float: f64) -> (f64, i64) {
    let bits = float.to_bits();
    (f64::from_bits(bits & !EXPONENT | 1.0f64.to_bits()), ((bits & EXPONENT) >> 52) as i64 - 1_023)
}
