//! The operations on whole columns.

use crate::columns::kernels::{checked_map, map, update, zip};
use crate::columns::word::Word;
use crate::number;
use crate::syntax::{Binary, Comparison, Function, Unary};

/// A sign is changed or removed; whether a value does not fit.
pub(super) fn sign<W: Word>(unary: Unary, to: &mut [W], from: &[W]) -> bool {
    match unary {
        Unary::Negate => checked_map(to, from, W::negate),
        Unary::Absolute => checked_map(to, from, W::absolute),
        Unary::Floor | Unary::Ceil | Unary::Function(_) => unreachable!("of an f64"),
    }
}

/// Of f64. What is not finite is found later.
pub(super) fn float(unary: Unary, to: &mut [f64], from: &[f64]) {
    match unary {
        Unary::Negate => map(
            to,
            from,
            #[inline(always)]
            |it: f64| -it,
        ),
        Unary::Absolute => map(to, from, f64::abs),
        Unary::Floor => map(to, from, f64::floor),
        Unary::Ceil => map(to, from, f64::ceil),
        Unary::Function(Function::Sqrt) => map(to, from, f64::sqrt),
        Unary::Function(function) => {
            let call = number::float_function(function);
            to.iter_mut().zip(from).for_each(|(to, from)| *to = call(*from));
        }
    }
}

/// Of integers; whether a result does not fit or does not exist.
pub(super) fn integers<W: Word>(binary: Binary, to: &mut [W], left: &[W], right: &[W]) -> bool {
    match binary {
        Binary::Add => zip(to, left, right, W::add),
        Binary::Subtract => zip(to, left, right, W::subtract),
        Binary::Multiply => zip(to, left, right, W::multiply),
        Binary::Least => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (if b < a { b } else { a }, false),
        ),
        Binary::Greatest => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (if b > a { b } else { a }, false),
        ),
        Binary::Compare(comparison) => {
            compare(comparison, to, left, right);
            false
        }
        Binary::Quotient => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| {
                let (quotient, _, is_trouble) = a.divide(b);
                (quotient, is_trouble)
            },
        ),
        Binary::Modulo => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| {
                let (_, remainder, is_trouble) = a.divide(b);
                (remainder, is_trouble)
            },
        ),
        Binary::Gcd => zip(to, left, right, W::gcd),
        Binary::Power => zip(to, left, right, W::power),
        Binary::Divide => unreachable!("of f64"),
    }
}

/// Of f64. What is not finite is found later.
pub(super) fn floats(binary: Binary, to: &mut [f64], left: &[f64], right: &[f64]) {
    let _ = match binary {
        Binary::Add => zip(to, left, right, f64::add),
        Binary::Subtract => zip(to, left, right, f64::subtract),
        Binary::Multiply => zip(to, left, right, f64::multiply),
        Binary::Divide => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (a / b, false),
        ),
        Binary::Least => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (number::least(a, b), false),
        ),
        Binary::Greatest => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (number::greatest(a, b), false),
        ),
        Binary::Power => {
            let operands = left.iter().zip(right);
            to.iter_mut().zip(operands).for_each(|(to, (base, exponent))| *to = number::float_power(*base, *exponent));
            false
        }
        Binary::Compare(comparison) => {
            compare(comparison, to, left, right);
            false
        }
        Binary::Quotient | Binary::Modulo | Binary::Gcd => unreachable!("of integers"),
    };
}

/// Each comparison has a loop of its own.
fn compare<W: Word>(comparison: Comparison, to: &mut [W], left: &[W], right: &[W]) {
    let _ = match comparison {
        Comparison::Equal => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a == b), false),
        ),
        Comparison::Different => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a != b), false),
        ),
        Comparison::Less => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a < b), false),
        ),
        Comparison::AtMost => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a <= b), false),
        ),
        Comparison::Greater => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a > b), false),
        ),
        Comparison::AtLeast => zip(
            to,
            left,
            right,
            #[inline(always)]
            |a, b| (W::truth(a >= b), false),
        ),
    };
}

/// Powers by multiplications, from the highest bit of the exponent down, so that nothing is larger than the result.
/// The first four are the multiplications of [`number::float_power`], and have the same bits.
pub(super) fn power<W: Word>(exponent: u32, to: &mut [W], from: &[W]) -> bool {
    match exponent {
        2 => checked_map(
            to,
            from,
            #[inline(always)]
            |it| it.multiply(it),
        ),
        3 => checked_map(
            to,
            from,
            #[inline(always)]
            |it| {
                let (square, first) = it.multiply(it);
                let (cube, second) = square.multiply(it);
                (cube, first | second)
            },
        ),
        4 => checked_map(
            to,
            from,
            #[inline(always)]
            |it| {
                let (square, first) = it.multiply(it);
                let (power, second) = square.multiply(square);
                (power, first | second)
            },
        ),
        _ => {
            let from = &from[..to.len()];
            to.copy_from_slice(from);
            let mut trouble = false;
            for bit in (0..exponent.ilog2()).rev() {
                trouble |= square(to);
                if exponent >> bit & 1 == 1 {
                    trouble |= update(to, from, W::multiply);
                }
            }
            trouble
        }
    }
}

/// Remainders of powers. The products of two bases or remainders fit in the lanes, so that no base is reduced first.
pub(super) fn power_modulo<W: Word>(exponent: u64, modulus: i64, to: &mut [W], from: &[W]) {
    let divisor = W::divisor(modulus);
    match exponent {
        1 => map(
            to,
            from,
            #[inline(always)]
            |it| it.divide_by(&divisor).1,
        ),
        2 => map(
            to,
            from,
            #[inline(always)]
            |it| it.multiply(it).0.divide_by(&divisor).1,
        ),
        _ => {
            let from = &from[..to.len()];
            to.copy_from_slice(from);
            for bit in (0..exponent.ilog2()).rev() {
                let copy = to.to_vec();
                map(
                    to,
                    &copy,
                    #[inline(always)]
                    |it| it.multiply(it).0.divide_by(&divisor).1,
                );
                if exponent >> bit & 1 == 1 {
                    update(
                        to,
                        from,
                        #[inline(always)]
                        |a, b| (a.multiply(b).0.divide_by(&divisor).1, false),
                    );
                }
            }
        }
    }
}

fn square<W: Word>(column: &mut [W]) -> bool {
    let copy = column.to_vec();
    checked_map(
        column,
        &copy,
        #[inline(always)]
        |it| it.multiply(it),
    )
}
