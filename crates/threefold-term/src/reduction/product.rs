//! `Product`: a product of very many integers.
//!
//! To multiply a large integer by one factor after the other takes quadratic time. So factors wait until another of
//! about their size comes, as the digits of a binary counter do: then most multiplications are of integers of one size,
//! for which there are fast methods.

use dashu_int::IBig;
use dashu_int::ops::{BitTest, UnsignedAbs};

use crate::value::Integer;

#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Product {
    /// The largest first. Each is of at least twice the bits of the next.
    factors: Vec<Integer>,
}

impl Product {
    pub(super) fn multiply(&mut self, mut factor: IBig) {
        let bits = |it: &IBig| it.unsigned_abs().bit_len();
        while let Some(Integer(last)) = self.factors.pop_if(|last| bits(&last.0) < 2 * bits(&factor).max(1)) {
            factor *= last;
        }
        self.factors.push(Integer(factor));
    }

    pub(super) fn then(&mut self, next: Self) {
        next.factors.into_iter().for_each(|Integer(factor)| self.multiply(factor));
    }

    pub(super) fn value(&self) -> IBig {
        self.factors.iter().rev().fold(IBig::ONE, |product, Integer(factor)| product * factor)
    }
}
