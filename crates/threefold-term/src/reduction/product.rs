//! `Product`: a product of very many integers.
//!
//! To multiply a large integer by one factor after the other takes quadratic time. So factors wait until another of
//! about their size comes, as the digits of a binary counter do: then most multiplications are of integers of one size,
//! for which there are fast methods.
//!
//! A product that has too many bits is not made. No factor but 0 can make it smaller again, so that it does not depend on
//! the order of the factors, or on where the items are cut, whether the product is too large.

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use crate::number::MOST_BITS;
use crate::value::Integer;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Product {
    /// The largest first. Each is of at least twice the bits of the next. One that is 0 is alone.
    Of(Vec<Integer>),
    /// It has more than [`MOST_BITS`] bits.
    TooLarge,
}

impl Default for Product {
    fn default() -> Self {
        Self::Of(Vec::new())
    }
}

impl Product {
    pub(super) fn multiply(&mut self, factor: IBig) {
        self.multiply_within(factor, MOST_BITS);
    }

    pub(super) fn then(&mut self, next: Self) {
        match (&*self, next) {
            (_, Self::Of(factors)) => factors.into_iter().for_each(|Integer(factor)| self.multiply(factor)),
            (Self::Of(factors), Self::TooLarge) if factors.first().is_some_and(|Integer(first)| first.is_zero()) => {}
            (_, Self::TooLarge) => *self = Self::TooLarge,
        }
    }

    /// The product, or `None` if it is too large.
    pub(super) fn value(&self) -> Option<IBig> {
        self.value_within(MOST_BITS)
    }

    fn multiply_within(&mut self, mut factor: IBig, most_bits: usize) {
        if factor.is_zero() {
            *self = Self::Of(vec![Integer(factor)]);
            return;
        }
        let Self::Of(factors) = self else { return };
        if factors.first().is_some_and(|Integer(first)| first.is_zero()) {
            return;
        }
        // An integer of n bits is at least 2^(n - 1).
        let least_bits = 1 + factors.iter().map(|Integer(it)| it.bit_len().saturating_sub(1)).sum::<usize>();
        if least_bits + factor.bit_len().saturating_sub(1) > most_bits {
            *self = Self::TooLarge;
            return;
        }
        while let Some(Integer(last)) = factors.pop_if(|last| last.0.bit_len() < 2 * factor.bit_len().max(1)) {
            factor *= last;
        }
        factors.push(Integer(factor));
    }

    fn value_within(&self, most_bits: usize) -> Option<IBig> {
        let Self::Of(factors) = self else { return None };
        let product = factors.iter().rev().fold(IBig::ONE, |product, Integer(factor)| product * factor);
        (product.bit_len() <= most_bits).then_some(product)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{IBig, Product};

    fn product(factors: &[i64], most_bits: usize) -> Product {
        factors.iter().fold(Product::default(), |mut product, &factor| {
            product.multiply_within(factor.into(), most_bits);
            product
        })
    }

    proptest! {
        #[test]
        fn a_product_is_too_large_exactly_if_it_has_too_many_bits(
            factors in proptest::collection::vec(prop_oneof![20 => -9i64..10, 1 => any::<i64>()], 0..12),
            most_bits in 1usize..100,
        ) {
            let whole = factors.iter().fold(IBig::ONE, |product, &factor| product * IBig::from(factor));
            let expected = (dashu_int::ops::BitTest::bit_len(&whole) <= most_bits).then_some(whole);
            prop_assert_eq!(product(&factors, most_bits).value_within(most_bits), expected);
        }
    }

    #[test]
    fn what_is_too_large_takes_no_memory() {
        assert_eq!(product(&[i64::MAX; 3], 128), Product::TooLarge);
        assert_eq!(product(&[i64::MAX; 2], 128).value_within(128), Some(IBig::from(i64::MAX) * i64::MAX));
    }
}
