//! Where the values of a step can lie, for all items of a range: [`Whole`] for integers, [`Real`] for f64.
//!
//! The bounds of integers are exact. Those of f64 hold because every IEEE operation rounds monotonically: what is
//! computed at the bounds, with the same rounding, bounds what is computed between them. The functions of `libm` are not
//! proved to be monotonic; their bounds are widened by far more than their error.

use crate::number::{self, float_power};
use crate::syntax::{Binary, Comparison, Function, Unary};

/// All integers from `least` to `greatest`. Where bounds exceed 128 bits, there is no `Whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) least: i128,
    pub(crate) greatest: i128,
}

impl Whole {
    pub(crate) const TRUTH: Self = Self { least: 0, greatest: 1 };

    pub(crate) fn new(least: i128, greatest: i128) -> Self {
        Self { least, greatest }
    }

    pub(crate) fn only(value: i128) -> Self {
        Self { least: value, greatest: value }
    }

    /// Whether all values are from `-bound` to `bound`.
    pub(crate) fn is_within(self, bound: i128) -> bool {
        -bound <= self.least && self.greatest <= bound
    }

    pub(crate) fn contains(self, value: i128) -> bool {
        self.least <= value && value <= self.greatest
    }

    /// The value, if there is only one.
    pub(crate) fn single(self) -> Option<i128> {
        (self.least == self.greatest).then_some(self.least)
    }

    pub(crate) fn hull(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    /// The largest absolute value.
    fn magnitude(self) -> Option<i128> {
        Some(self.least.checked_abs()?.max(self.greatest.checked_abs()?))
    }

    fn of(values: impl IntoIterator<Item = Option<i128>>) -> Option<Self> {
        let values: Vec<i128> = values.into_iter().collect::<Option<_>>()?;
        Some(Self { least: *values.iter().min()?, greatest: *values.iter().max()? })
    }

    pub(crate) fn unary(unary: Unary, operand: Option<Self>) -> Option<Self> {
        let it = operand?;
        match unary {
            Unary::Negate => Self::of([it.greatest.checked_neg(), it.least.checked_neg()]),
            Unary::Absolute => {
                let least = if it.contains(0) { 0 } else { it.least.checked_abs()?.min(it.greatest.checked_abs()?) };
                Some(Self { least, greatest: it.magnitude()? })
            }
            Unary::Floor | Unary::Ceil | Unary::Function(_) => None,
        }
    }

    pub(crate) fn binary(binary: Binary, left: Option<Self>, right: Option<Self>) -> Option<Self> {
        if let Binary::Compare(comparison) = binary {
            return Some(left.zip(right).and_then(|(l, r)| decided(comparison, &l, &r)).unwrap_or(Self::TRUTH));
        }
        if binary == Binary::Modulo {
            return modulo(left, right?);
        }
        let (left, right) = (left?, right?);
        let corners = |operation: fn(i128, i128) -> Option<i128>| {
            Self::of([
                operation(left.least, right.least),
                operation(left.least, right.greatest),
                operation(left.greatest, right.least),
                operation(left.greatest, right.greatest),
            ])
        };
        match binary {
            Binary::Add => corners(i128::checked_add),
            Binary::Subtract => corners(i128::checked_sub),
            Binary::Multiply => corners(i128::checked_mul),
            Binary::Least => corners(|a, b| Some(a.min(b))),
            Binary::Greatest => corners(|a, b| Some(a.max(b))),
            // A divisor that is close to 0 gives the largest quotients.
            Binary::Quotient if right.contains(0) => {
                let bound = left.magnitude()?;
                Some(Self { least: -bound, greatest: bound })
            }
            Binary::Quotient => corners(i128::checked_div_euclid),
            Binary::Gcd => Some(Self { least: 0, greatest: left.magnitude()?.max(right.magnitude()?) }),
            Binary::Power => power(left, right),
            Binary::Divide | Binary::Modulo | Binary::Compare(_) => None,
        }
    }
}

/// Remainders are from 0 to |divisor| - 1, whatever the dividend is. A dividend that is smaller is its own remainder.
fn modulo(dividend: Option<Whole>, divisor: Whole) -> Option<Whole> {
    let greatest = divisor.magnitude()?.checked_sub(1)?.max(0);
    let smallest_divisor = if divisor.contains(0) { 0 } else { divisor.least.abs().min(divisor.greatest.abs()) };
    match dividend {
        Some(it) if it.least >= 0 && it.greatest < smallest_divisor => Some(it),
        Some(it) if it.least >= 0 => Some(Whole { least: 0, greatest: greatest.min(it.greatest) }),
        _ => Some(Whole { least: 0, greatest }),
    }
}

/// Powers with exponents that are not negative; other powers are 1, -1 or no integers.
fn power(base: Whole, exponent: Whole) -> Option<Whole> {
    let highest = u32::try_from(exponent.greatest.max(0)).ok()?;
    let bound = base.magnitude()?.max(1).checked_pow(highest)?;
    if base.least >= 0 && exponent.least >= 0 {
        let least = base.least.checked_pow(u32::try_from(exponent.least).ok()?)?;
        return Some(Whole { least: if base.least == 0 { 0 } else { least }, greatest: bound });
    }
    let is_even = exponent.single().is_some_and(|exponent| exponent % 2 == 0);
    Some(Whole { least: if is_even { 0 } else { -bound }, greatest: bound })
}

fn decided(comparison: Comparison, left: &Whole, right: &Whole) -> Option<Whole> {
    let (below, above) = (left.greatest < right.least, left.least > right.greatest);
    let equal = left.single().is_some() && left.single() == right.single();
    let holds = match comparison {
        Comparison::Equal if equal => true,
        Comparison::Equal if below || above => false,
        Comparison::Different if equal => false,
        Comparison::Different if below || above => true,
        Comparison::Less if below => true,
        Comparison::Less if left.least >= right.greatest => false,
        Comparison::AtMost if left.greatest <= right.least => true,
        Comparison::AtMost if above => false,
        Comparison::Greater if above => true,
        Comparison::Greater if left.greatest <= right.least => false,
        Comparison::AtLeast if left.least >= right.greatest => true,
        Comparison::AtLeast if below => false,
        _ => return None,
    };
    Some(Whole::only(i128::from(holds)))
}

/// The f64 from `least` to `greatest`, both finite. Unless `is_finite`, a value may also be infinite or NaN: then the
/// term has no value for that item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Real {
    pub(crate) least: f64,
    pub(crate) greatest: f64,
    pub(crate) is_finite: bool,
}

/// The functions of `libm` are off by less than 1e-15 of their value.
const SLACK: f64 = 1e-9;

impl Real {
    const ANY: Self = Self { least: f64::MIN, greatest: f64::MAX, is_finite: false };

    pub(crate) fn only(value: f64) -> Self {
        Self { least: value, greatest: value, is_finite: true }
    }

    /// Between the bounds, which may have overflowed.
    fn between(least: f64, greatest: f64, is_finite: bool) -> Self {
        if least.is_nan() || greatest.is_nan() {
            return Self::ANY;
        }
        let is_finite = is_finite && least.is_finite() && greatest.is_finite();
        Self { least: least.clamp(f64::MIN, f64::MAX), greatest: greatest.clamp(f64::MIN, f64::MAX), is_finite }
    }

    fn of(values: [f64; 4], is_finite: bool) -> Self {
        if values.iter().any(|value| value.is_nan()) {
            return Self::ANY;
        }
        Self::between(
            values.into_iter().fold(f64::INFINITY, f64::min),
            values.into_iter().fold(f64::NEG_INFINITY, f64::max),
            is_finite,
        )
    }

    /// Of integers, each rounded to the nearest f64.
    pub(crate) fn of_whole(whole: Option<Whole>) -> Self {
        whole.map_or(Self::ANY, |it| Self::between(it.least as f64, it.greatest as f64, true))
    }

    /// The integers that `floor` and `ceil` make of these.
    pub(crate) fn to_whole(self) -> Option<Whole> {
        const MOST: f64 = 1e38;
        let fits = self.least >= -MOST && self.greatest <= MOST;
        fits.then(|| Whole { least: self.least.floor() as i128, greatest: self.greatest.ceil() as i128 })
    }

    fn contains(self, value: f64) -> bool {
        self.least <= value && value <= self.greatest
    }

    pub(crate) fn hull(self, other: Self) -> Self {
        let is_finite = self.is_finite && other.is_finite;
        Self::between(self.least.min(other.least), self.greatest.max(other.greatest), is_finite)
    }

    pub(crate) fn unary(unary: Unary, it: Self) -> Self {
        match unary {
            Unary::Negate => Self { least: -it.greatest, greatest: -it.least, ..it },
            Unary::Absolute => {
                let (low, high) = (it.least.abs().min(it.greatest.abs()), it.least.abs().max(it.greatest.abs()));
                Self { least: if it.contains(0.0) { 0.0 } else { low }, greatest: high, ..it }
            }
            Unary::Function(function) => called(function, it),
            Unary::Floor | Unary::Ceil => Self::ANY,
        }
    }

    pub(crate) fn binary(binary: Binary, left: Self, right: Self) -> Self {
        let is_finite = left.is_finite && right.is_finite;
        let corners = |operation: fn(f64, f64) -> f64, is_finite| {
            let values = [
                operation(left.least, right.least),
                operation(left.least, right.greatest),
                operation(left.greatest, right.least),
                operation(left.greatest, right.greatest),
            ];
            Self::of(values, is_finite)
        };
        match binary {
            Binary::Add => corners(|a, b| a + b, is_finite),
            Binary::Subtract => corners(|a, b| a - b, is_finite),
            Binary::Multiply => corners(|a, b| a * b, is_finite),
            Binary::Divide if right.contains(0.0) => Self::ANY,
            Binary::Divide => corners(|a, b| a / b, is_finite),
            Binary::Least => corners(number::least, is_finite),
            Binary::Greatest => corners(number::greatest, is_finite),
            // For a positive base a power is monotonic in the base, and in the exponent.
            Binary::Power if left.least > 0.0 => {
                let exact = corners(float_power, is_finite);
                Self::between(exact.least * (1.0 - SLACK), exact.greatest * (1.0 + SLACK), exact.is_finite)
            }
            Binary::Power if right.least == right.greatest && right.least >= 0.0 && right.least.fract() == 0.0 => {
                let bound = float_power(left.least.abs().max(left.greatest.abs()), right.least) * (1.0 + SLACK);
                Self::between(if right.least % 2.0 == 0.0 { 0.0 } else { -bound }, bound, is_finite)
            }
            _ => Self::ANY,
        }
    }
}

fn called(function: Function, it: Real) -> Real {
    let call = number::float_function(function);
    match function {
        Function::Sqrt => {
            Real::between(it.least.max(0.0).sqrt(), it.greatest.max(0.0).sqrt(), it.is_finite && it.least >= 0.0)
        }
        Function::Exp => Real::between(call(it.least) * (1.0 - SLACK), call(it.greatest) * (1.0 + SLACK), it.is_finite),
        Function::Ln if it.least > 0.0 => {
            let (least, greatest) = (call(it.least), call(it.greatest));
            Real::between(least - SLACK * (1.0 + least.abs()), greatest + SLACK * (1.0 + greatest.abs()), it.is_finite)
        }
        Function::Ln => Real::between(-750.0, 750.0, false),
        Function::Sin | Function::Cos => Real::between(-1.0, 1.0, it.is_finite),
        Function::Atan => Real::between(-2.0, 2.0, it.is_finite),
        Function::Tan => Real::between(f64::MIN, f64::MAX, it.is_finite),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Real, Whole};
    use crate::number::Number;
    use crate::syntax::{Binary, Comparison, Function, Unary};

    const BINARY: [Binary; 13] = [
        Binary::Add,
        Binary::Subtract,
        Binary::Multiply,
        Binary::Quotient,
        Binary::Modulo,
        Binary::Power,
        Binary::Gcd,
        Binary::Least,
        Binary::Greatest,
        Binary::Compare(Comparison::Equal),
        Binary::Compare(Comparison::Different),
        Binary::Compare(Comparison::Less),
        Binary::Compare(Comparison::AtMost),
    ];

    fn bounds() -> impl Strategy<Value = (i64, i64)> {
        let bound = prop_oneof![-9i64..10, -1_000_000i64..1_000_000, any::<i64>()];
        (bound.clone(), bound).prop_map(|(a, b)| (a.min(b), a.max(b)))
    }

    proptest! {
        #[test]
        fn integers_lie_in_their_interval(
            (a, b) in bounds(), (c, d) in bounds(), which in 0..BINARY.len(), s in 0f64..=1.0, t in 0f64..=1.0,
        ) {
            let at = |low: i64, high: i64, place: f64| {
                (i128::from(low) + ((i128::from(high) - i128::from(low)) as f64 * place) as i128).clamp(low.into(), high.into())
            };
            let whole = |low: i64, high: i64| Some(Whole::new(low.into(), high.into()));
            let interval = Whole::binary(BINARY[which], whole(a, b), whole(c, d));
            let number = |value: i128| Number::Integer(value.into());
            let result = Number::binary(BINARY[which], &number(at(a, b, s)), &number(at(c, d, t)), 2_000);
            if let (Some(interval), Ok(Number::Integer(value))) = (interval, result) {
                prop_assert!(value >= interval.least.into() && value <= interval.greatest.into(), "{value} {interval:?}");
            }
        }

        #[test]
        fn floats_lie_in_their_interval(
            a in -1e3f64..1e3, b in -1e3f64..1e3, c in -30f64..30.0, d in -30f64..30.0,
            which in 0usize..7, s in 0f64..=1.0, t in 0f64..=1.0, whole: bool,
        ) {
            const FLOATS: [Binary; 7] = [
                Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Divide, Binary::Power, Binary::Least, Binary::Greatest,
            ];
            let rounded = |x: f64| if whole { x.round() } else { x };
            let (a, b, c, d) = (rounded(a.min(b)), rounded(a.max(b)), rounded(c.min(d)), rounded(c.max(d)));
            let at = |low: f64, high: f64, place: f64| rounded(low + (high - low) * place).clamp(low, high);
            let real = |least, greatest| Real { least, greatest, is_finite: true };
            let interval = Real::binary(FLOATS[which], real(a, b), real(c, d));
            match Number::binary(FLOATS[which], &Number::Float(at(a, b, s)), &Number::Float(at(c, d, t)), 0) {
                Ok(Number::Float(value)) => prop_assert!(interval.contains(value), "{value} {interval:?}"),
                _ => prop_assert!(!interval.is_finite),
            }
        }

        #[test]
        fn functions_lie_in_their_interval(a in -800f64..800.0, b in -800f64..800.0, which in 0usize..7, s in 0f64..=1.0) {
            const FUNCTIONS: [Function; 7] = [
                Function::Sqrt, Function::Exp, Function::Ln, Function::Sin, Function::Cos, Function::Tan, Function::Atan,
            ];
            let (a, b) = (a.min(b), a.max(b));
            let interval = Real::unary(Unary::Function(FUNCTIONS[which]), Real { least: a, greatest: b, is_finite: true });
            match Number::unary(Unary::Function(FUNCTIONS[which]), &Number::Float((a + (b - a) * s).clamp(a, b))) {
                Ok(Number::Float(value)) => prop_assert!(interval.contains(value), "{value} {interval:?}"),
                _ => prop_assert!(!interval.is_finite),
            }
        }
    }
}
