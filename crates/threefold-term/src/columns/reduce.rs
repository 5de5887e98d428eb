//! The reductions of one column.
//!
//! Sums and products of f64 depend on the order. A sum is made of 32 sums abreast, which are then added in pairs: that
//! order is a part of what a term means, and is the same whatever vectors a CPU has.

use std::ops::AddAssign;

use crate::columns::kernels::{self, vectorized};
use crate::columns::registers::Column;
use crate::columns::small::long;
use crate::columns::{BLOCK, kernels::map};
use crate::number;

pub(crate) use crate::columns::kernels::any_not_finite;

/// How many sums of f64 are made abreast. Other numbers give other bits.
const ABREAST: usize = 32;

/// The sum of integers, of which none is larger than `magnitude`. `None` if it does not fit in 128 bits.
pub(crate) fn sum(column: &Column<'_>, magnitude: Option<u128>) -> Option<i128> {
    let of_block = magnitude.and_then(|it| it.checked_mul(BLOCK as u128));
    match column {
        // Sums of f64 are exact up to 2^53, in any order.
        Column::Small(values) if of_block.is_some_and(|it| it <= 1 << 53) => Some(sum_floats(values) as i128),
        Column::Small(values) => {
            let sum = vectorized(
                #[inline(always)]
                || values.iter().fold(0i64, |sum, value| sum.wrapping_add(long(*value))),
            );
            Some(sum.into())
        }
        Column::Long(values) if of_block.is_some_and(|it| it <= i64::MAX as u128) => {
            let sum = vectorized(
                #[inline(always)]
                || values.iter().fold(0i64, |sum, value| sum.wrapping_add(*value)),
            );
            Some(sum.into())
        }
        // The halves of all integers are added apart: neither sum can overflow.
        Column::Long(values) => {
            let (low, high) = vectorized(
                #[inline(always)]
                || {
                    values.iter().fold((0u64, 0i64), |(low, high), value| {
                        (low + (*value as u64 & 0xffff_ffff), high + (*value >> 32))
                    })
                },
            );
            Some((i128::from(high) << 32) + i128::from(low))
        }
        Column::Wide(values) => values.iter().try_fold(0i128, |sum, value| sum.checked_add(*value)),
        Column::Float(_) => unreachable!("the sum of f64 is of another kind"),
    }
}

/// The sum of f64, in the order that this file defines. If a sum on the way is infinite, it is infinite or NaN.
pub(crate) fn sum_floats(values: &[f64]) -> f64 {
    vectorized(
        #[inline(always)]
        || sum_in_order(values),
    )
}

/// The same, added as numbers of another type.
#[inline(always)]
pub(crate) fn sum_in_order<T: Copy + Default + From<f64> + AddAssign>(values: &[f64]) -> T {
    let mut sums = [T::default(); ABREAST];
    let (rows, rest) = values.as_chunks::<ABREAST>();
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += T::from(*value));
    }
    sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += T::from(*value));
    let mut width = ABREAST;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            let other = sums[lane + width];
            sums[lane] += other;
        }
    }
    sums[0]
}

/// The smallest of integers.
pub(crate) fn least(column: &Column<'_>) -> Option<i128> {
    match column {
        Column::Small(values) => least_float(values).map(|it| long(it).into()),
        Column::Long(values) => vectorized(
            #[inline(always)]
            || values.iter().min(),
        )
        .map(|&it| it.into()),
        Column::Wide(values) => values.iter().min().copied(),
        Column::Float(_) => unreachable!("an integer"),
    }
}

/// The greatest of integers.
pub(crate) fn greatest(column: &Column<'_>) -> Option<i128> {
    match column {
        Column::Small(values) => greatest_float(values).map(|it| long(it).into()),
        Column::Long(values) => vectorized(
            #[inline(always)]
            || values.iter().max(),
        )
        .map(|&it| it.into()),
        Column::Wide(values) => values.iter().max().copied(),
        Column::Float(_) => unreachable!("an integer"),
    }
}

/// The smallest of finite f64. There is one zero only: 0.0.
pub(crate) fn least_float(values: &[f64]) -> Option<f64> {
    extreme(values, number::least)
}

/// The greatest of finite f64. There is one zero only: 0.0.
pub(crate) fn greatest_float(values: &[f64]) -> Option<f64> {
    extreme(values, number::greatest)
}

#[inline(always)]
fn extreme(values: &[f64], better: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let first = *values.first()?;
    let extremes = vectorized(
        #[inline(always)]
        || {
            let mut extremes = [first; ABREAST];
            let (rows, rest) = values.as_chunks::<ABREAST>();
            for row in rows {
                extremes.iter_mut().zip(row).for_each(|(extreme, value)| *extreme = better(*extreme, *value));
            }
            extremes.iter_mut().zip(rest).for_each(|(extreme, value)| *extreme = better(*extreme, *value));
            extremes
        },
    );
    Some(extremes.into_iter().fold(first, better) + 0.0)
}

/// How many values are not 0.
pub(crate) fn count(column: &Column<'_>) -> usize {
    match column {
        Column::Float(values) | Column::Small(values) => kernels::count(values),
        Column::Long(values) => kernels::count(values),
        Column::Wide(values) => kernels::count(values),
    }
}

/// Calls `multiply` with factors whose product is that of the column.
pub(crate) fn each(column: &Column<'_>, mut multiply: impl FnMut(dashu_int::IBig)) {
    let mut longs = [0; BLOCK];
    let longs = match column {
        Column::Small(values) => {
            map(&mut longs[..values.len()], values, long);
            &longs[..values.len()]
        }
        Column::Long(values) => values,
        Column::Wide(values) => return values.iter().for_each(|&value| multiply(value.into())),
        Column::Float(_) => unreachable!("an integer"),
    };
    // Factors are multiplied in 128 bits as long as they fit.
    let mut product = 1i128;
    for &value in longs {
        product = product.checked_mul(value.into()).unwrap_or_else(|| {
            multiply(product.into());
            value.into()
        });
    }
    multiply(product.into());
}
