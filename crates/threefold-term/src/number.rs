//! `Number`: the value of a step for one item, and what the operations do with numbers.
//!
//! This file defines what terms mean. The columns compute the same faster, and leave to this file what they cannot.

use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::{Abs, BitTest, DivRemEuclid, Gcd, RemEuclid, UnsignedAbs};
use dashu_int::{IBig, UBig};

use crate::syntax::{Binary, Function, Unary};

/// An exact integer or an f64, which is finite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(IBig),
    Float(f64),
}

/// Integers of more bits than this, 32 MiB, are refused: a term that makes them would exhaust the memory. The result of
/// each operation is checked.
pub(crate) const MOST_BITS: usize = 1 << 28;

/// Why an operation has no value. It completes the sentence "i = 17: ..".
pub(crate) type Undefined = String;

impl Number {
    /// Whether it counts as true.
    pub(crate) fn is_nonzero(&self) -> bool {
        match self {
            Self::Integer(integer) => !integer.is_zero(),
            Self::Float(float) => *float != 0.0,
        }
    }

    /// The f64 that is nearest to `integer`, ties to even; infinite if `integer` is too large.
    pub(crate) fn nearest(integer: &IBig) -> f64 {
        match i128::try_from(integer) {
            Ok(small) => small as f64,
            Err(_) => integer.to_f64().value(),
        }
    }

    /// This number as an f64.
    pub(crate) fn to_float(&self) -> Result<Self, Undefined> {
        match self {
            Self::Integer(integer) => finite(Self::nearest(integer), || {
                format!("an integer of {} bits is too large for f64", integer.bit_len())
            }),
            Self::Float(float) => Ok(Self::Float(*float)),
        }
    }

    pub(crate) fn unary(unary: Unary, operand: &Self) -> Result<Self, Undefined> {
        match (unary, operand) {
            (Unary::Negate, Self::Integer(integer)) => Ok(Self::Integer(-integer)),
            (Unary::Absolute, Self::Integer(integer)) => Ok(Self::Integer(integer.clone().abs())),
            (Unary::Negate, Self::Float(float)) => Ok(Self::Float(-float)),
            (Unary::Absolute, Self::Float(float)) => Ok(Self::Float(float.abs())),
            (Unary::Floor, Self::Float(float)) => Ok(Self::Integer(whole(float.floor()))),
            (Unary::Ceil, Self::Float(float)) => Ok(Self::Integer(whole(float.ceil()))),
            (Unary::Function(function), Self::Float(float)) => called(function, *float),
            (_, Self::Integer(_)) => unreachable!("functions are given f64"),
        }
    }

    /// The result of `binary`, whose operands have the same type.
    ///
    /// # Errors
    ///
    /// It has none, or one of more than `most_bits` bits.
    pub(crate) fn binary(binary: Binary, left: &Self, right: &Self, most_bits: usize) -> Result<Self, Undefined> {
        match (left, right) {
            (Self::Integer(left), Self::Integer(right)) => integers(binary, left, right, most_bits).map(Self::Integer),
            (Self::Float(left), Self::Float(right)) => floats(binary, *left, *right),
            _ => unreachable!("both operands have the same type"),
        }
    }

    /// `base ^ exponent mod modulus`, of integers.
    pub(crate) fn power_modulo(base: &Self, exponent: &Self, modulus: &Self) -> Result<Self, Undefined> {
        let (Self::Integer(base), Self::Integer(exponent), Self::Integer(modulus)) = (base, exponent, modulus) else {
            unreachable!("`mod` is given integers");
        };
        if *exponent < IBig::ZERO {
            let power = integers(Binary::Power, base, exponent, MOST_BITS)?;
            return integers(Binary::Modulo, &power, modulus, MOST_BITS).map(Self::Integer);
        }
        if modulus.is_zero() {
            return Err(format!("`mod` by zero ({}^{} mod 0)", in_power(&shortened(base)), shortened(exponent)));
        }
        if modulus.bit_len() == 1 {
            // By 1 and -1 every remainder is 0. The ring has the power 1 for the exponent 0, which is no remainder there.
            return Ok(Self::Integer(IBig::ZERO));
        }
        let ring = ConstDivisor::new(modulus.unsigned_abs());
        let base: UBig = base.rem_euclid(&IBig::from(modulus.unsigned_abs()));
        Ok(Self::Integer(ring.reduce(base).pow(&exponent.unsigned_abs()).residue().into()))
    }

    /// The remainder by a constant that is not 0.
    pub(crate) fn reduced(&self, modulus: i64) -> Self {
        match self {
            Self::Integer(integer) => Self::Integer(integer.rem_euclid(&IBig::from(modulus)).into()),
            Self::Float(_) => unreachable!("`mod` is given integers"),
        }
    }
}

fn integers(binary: Binary, left: &IBig, right: &IBig, most_bits: usize) -> Result<IBig, Undefined> {
    let too_large = |noun: &str| {
        Err(format!("a {noun} of integers of {} and {} bits is too large", left.bit_len(), right.bit_len()))
    };
    let value = match binary {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        // It has at least so many bits, and is not made.
        Binary::Multiply if left.bit_len() + right.bit_len() > most_bits + 1 => return too_large("product"),
        Binary::Multiply => left * right,
        Binary::Quotient | Binary::Modulo if right.is_zero() => {
            return Err(format!("`{}` by zero ({} {0} 0)", binary.symbol(), shortened(left)));
        }
        Binary::Quotient => left.div_rem_euclid(right).0,
        Binary::Modulo => left.rem_euclid(right).into(),
        Binary::Gcd if left.is_zero() && right.is_zero() => IBig::ZERO,
        Binary::Gcd => left.gcd(right).into(),
        Binary::Least => left.min(right).clone(),
        Binary::Greatest => left.max(right).clone(),
        Binary::Compare(comparison) => IBig::from(u8::from(comparison.holds(left, right))),
        Binary::Power => power(left, right, most_bits)?,
        Binary::Divide => unreachable!("`/` is given f64"),
    };
    match binary {
        Binary::Add if value.bit_len() > most_bits => too_large("sum"),
        Binary::Subtract if value.bit_len() > most_bits => too_large("difference"),
        Binary::Multiply if value.bit_len() > most_bits => too_large("product"),
        _ => Ok(value),
    }
}

fn power(base: &IBig, exponent: &IBig, most_bits: usize) -> Result<IBig, Undefined> {
    let is_one = *base == IBig::ONE;
    if is_one || *base == IBig::NEG_ONE {
        let is_odd = exponent.bit(0);
        return Ok(if is_one || !is_odd { IBig::ONE } else { IBig::NEG_ONE });
    }
    if *exponent < IBig::ZERO {
        let (base, exponent) = (in_power(&shortened(base)), shortened(exponent));
        return Err(match base.as_str() {
            "0" => format!("division by zero (0^{exponent})"),
            _ => format!("{base}^{exponent} is not an integer; for an f64, write `1. / a^b`"),
        });
    }
    if base.is_zero() {
        return Ok(if exponent.is_zero() { IBig::ONE } else { IBig::ZERO });
    }
    let too_large = || format!("{}^{} has more than {most_bits} bits", in_power(&shortened(base)), shortened(exponent));
    let exponent = usize::try_from(exponent).map_err(|_| too_large())?;
    // A power that is surely too large is not made: |base| >= 2^(bits - 1), and the logarithm is off by less than 1 bit.
    let least_bits = (base.bit_len() - 1).saturating_mul(exponent).saturating_add(1);
    if least_bits > most_bits || logarithm(base) * exponent as f64 > most_bits as f64 + 1.0 {
        return Err(too_large());
    }
    let power = base.pow(exponent);
    if power.bit_len() > most_bits { Err(too_large()) } else { Ok(power) }
}

/// The logarithm to base 2 of the size of an integer that is not 0, from its first 53 bits.
fn logarithm(integer: &IBig) -> f64 {
    let rest = integer.bit_len().saturating_sub(53);
    let first: UBig = integer.unsigned_abs() >> rest;
    libm::log2(u64::try_from(&first).expect("53 bits") as f64) + rest as f64
}

fn floats(binary: Binary, left: f64, right: f64) -> Result<Number, Undefined> {
    let value = match binary {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide if right == 0.0 => return Err(format!("division by zero ({left:?} / {right:?})")),
        Binary::Divide => left / right,
        Binary::Least => least(left, right),
        Binary::Greatest => greatest(left, right),
        Binary::Compare(comparison) => {
            return Ok(Number::Integer(IBig::from(u8::from(comparison.holds(&left, &right)))));
        }
        Binary::Power if left == 0.0 && right < 0.0 => return Err(format!("division by zero ({left:?}^{right:?})")),
        Binary::Power if left < 0.0 && right.floor() != right => {
            return Err(format!("({left:?})^{right:?} is not a real number"));
        }
        Binary::Power => float_power(left, right),
        Binary::Quotient | Binary::Modulo | Binary::Gcd => unreachable!("integers only"),
    };
    finite(value, || match binary {
        Binary::Power => format!("{}^{right:?} is too large for f64", in_power(&format!("{left:?}"))),
        _ => format!("{left:?} {} {right:?} is too large for f64", binary.symbol()),
    })
}

fn called(function: Function, operand: f64) -> Result<Number, Undefined> {
    match function {
        Function::Sqrt if operand < 0.0 => Err(format!("sqrt({operand:?}) is not a real number")),
        Function::Ln if operand <= 0.0 => Err(format!("ln({operand:?}) is not a real number")),
        _ => finite(float_function(function)(operand), || {
            format!("{}({operand:?}) is too large for f64", function.name())
        }),
    }
}

fn finite(value: f64, otherwise: impl FnOnce() -> Undefined) -> Result<Number, Undefined> {
    if value.is_finite() { Ok(Number::Float(value)) } else { Err(otherwise()) }
}

/// The smaller one. It is defined by a comparison, since `f64::min` leaves open which zero it returns.
#[inline(always)]
pub(crate) fn least(left: f64, right: f64) -> f64 {
    if right < left { right } else { left }
}

/// The greater one, see [`least`].
#[inline(always)]
pub(crate) fn greatest(left: f64, right: f64) -> f64 {
    if right > left { right } else { left }
}

/// A power. Small integer exponents are multiplications: a square has one rounding then, as exact as it can be.
#[inline(always)]
pub(crate) fn float_power(base: f64, exponent: f64) -> f64 {
    match exponent {
        0.0 => 1.0,
        1.0 => base,
        2.0 => base * base,
        3.0 => base * base * base,
        4.0 => (base * base) * (base * base),
        -1.0 => 1.0 / base,
        -2.0 => 1.0 / (base * base),
        _ => libm::pow(base, exponent),
    }
}

/// The function of plain f64. A root is correctly rounded everywhere; the others are those of the crate `libm`.
pub(crate) fn float_function(function: Function) -> fn(f64) -> f64 {
    match function {
        Function::Sqrt => f64::sqrt,
        Function::Exp => libm::exp,
        Function::Ln => libm::log,
        Function::Sin => libm::sin,
        Function::Cos => libm::cos,
        Function::Tan => libm::tan,
        Function::Atan => libm::atan,
    }
}

/// The integer that the finite `float`, which has no fraction, is.
fn whole(float: f64) -> IBig {
    IBig::try_from(float).expect("a finite float without a fraction is an integer")
}

/// `integer` for an error: all digits, or the first of many.
fn shortened(integer: &IBig) -> String {
    const SHOWN: usize = 40;
    let bits = integer.bit_len();
    if bits > 4 * SHOWN { format!("(an integer of {bits} bits)") } else { integer.to_string() }
}

/// A base, in parentheses if it has a sign.
fn in_power(base: &str) -> String {
    if base.starts_with('-') { format!("({base})") } else { base.to_string() }
}
