//! What a term means, written down once more and as plainly as possible: a recursive walk with big integers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::trees::Tree;

/// Why a tree has no value.
#[derive(Debug, PartialEq)]
pub(crate) enum Nothing {
    /// A division by zero, or a power that is not an integer.
    Undefined,
    /// The value may be too large for this evaluator.
    Unknown,
}

/// The value of `tree` for `item`.
pub(crate) fn value(tree: &Tree, item: i64) -> Result<BigInt, Nothing> {
    let of = |tree: &Tree| value(tree, item);
    match tree {
        Tree::Item => Ok(item.into()),
        Tree::Integer(value) => Ok((*value).into()),
        Tree::Negate(operand) => Ok(-of(operand)?),
        Tree::Absolute(operand) => Ok(of(operand)?.abs()),
        Tree::Not(operand) => Ok(truth(of(operand)?.is_zero())),
        Tree::Infix("and", left, right) => match of(left)?.is_zero() {
            true => Ok(BigInt::zero()),
            false => Ok(truth(!of(right)?.is_zero())),
        },
        Tree::Infix("or", left, right) => match of(left)?.is_zero() {
            true => Ok(truth(!of(right)?.is_zero())),
            false => Ok(BigInt::one()),
        },
        Tree::If(condition, then, otherwise) => match of(condition)?.is_zero() {
            true => of(otherwise),
            false => of(then),
        },
        // The power itself may be too large for any memory.
        Tree::Infix("mod", left, right) if matches!(**left, Tree::Infix("^", ..)) => {
            let Tree::Infix(_, base, exponent) = &**left else { unreachable!("it is a power") };
            power_modulo(of(base)?, of(exponent)?, of(right)?)
        }
        Tree::Infix(operator, left, right) | Tree::Call(operator, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            match *operator {
                "+" => Ok(left + right),
                "-" => Ok(left - right),
                "*" => Ok(left * right),
                "//" => Ok(divided(left, right)?.0),
                "mod" => Ok(divided(left, right)?.1),
                "^" => power(left, right),
                "gcd" => Ok(left.gcd(&right)),
                "min" => Ok(left.min(right)),
                "max" => Ok(left.max(right)),
                "==" => Ok(truth(left == right)),
                "!=" => Ok(truth(left != right)),
                "<" => Ok(truth(left < right)),
                "<=" => Ok(truth(left <= right)),
                ">" => Ok(truth(left > right)),
                ">=" => Ok(truth(left >= right)),
                other => panic!("{other}"),
            }
        }
    }
}

fn truth(holds: bool) -> BigInt {
    BigInt::from(u8::from(holds))
}

/// The quotient, and the remainder, which is not negative.
fn divided(left: BigInt, right: BigInt) -> Result<(BigInt, BigInt), Nothing> {
    if right.is_zero() {
        return Err(Nothing::Undefined);
    }
    let (quotient, remainder) = (&left / &right, &left % &right);
    match remainder.is_negative() {
        false => Ok((quotient, remainder)),
        true => Ok((quotient - right.signum(), remainder + right.abs())),
    }
}

fn power(base: BigInt, exponent: BigInt) -> Result<BigInt, Nothing> {
    let minus_one = -BigInt::one();
    if base.is_one() || base == minus_one {
        return Ok(if exponent.is_odd() { base } else { BigInt::one() });
    }
    if exponent.is_negative() {
        return Err(Nothing::Undefined);
    }
    if base.is_zero() {
        return Ok(if exponent.is_zero() { BigInt::one() } else { base });
    }
    let bits = base.bits() * exponent.to_u64().ok_or(Nothing::Unknown)?.min(1 << 40);
    if bits > 50_000 {
        return Err(Nothing::Unknown);
    }
    Ok(base.pow(exponent.to_u32().ok_or(Nothing::Unknown)?))
}

/// By one multiplication and one division for each bit of the exponent.
fn power_modulo(base: BigInt, exponent: BigInt, modulus: BigInt) -> Result<BigInt, Nothing> {
    if exponent.is_negative() {
        return divided(power(base, exponent)?, modulus).map(|(_, remainder)| remainder);
    }
    if exponent.bits() * modulus.bits() > 20_000 {
        return Err(Nothing::Unknown);
    }
    let remainder = |value: BigInt| divided(value, modulus.clone()).map(|(_, remainder)| remainder);
    let mut power = remainder(BigInt::one())?;
    for bit in (0..exponent.bits()).rev() {
        power = remainder(&power * &power)?;
        if exponent.bit(bit) {
            power = remainder(power * &base)?;
        }
    }
    Ok(power)
}
