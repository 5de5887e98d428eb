//! Terms of f64 have the same bits, however they are evaluated.

use proptest::prelude::*;
use threefold_term::{Reduction, Term, Value};

/// Terms of f64, as texts.
fn terms() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(
        &["i", "i", "1.5", "2", "0.1", "pi", "1e-3", "(i mod 5)", "i^2", "3.", "-1.", "1e10"][..],
    )
    .prop_map(String::from);
    leaf.prop_recursive(4, 16, 3, |inner| {
        let infix = (proptest::sample::select(&["+", "-", "*", "/"][..]), inner.clone(), inner.clone())
            .prop_map(|(operator, a, b)| format!("({a} {operator} {b})"));
        let power = (inner.clone(), proptest::sample::select(&["2", "3", "4", "-1", "-2", "5", "0.5", "1.5", "0"][..]))
            .prop_map(|(a, exponent)| format!("({a})^{exponent}"));
        let call = (
            proptest::sample::select(
                &["sqrt", "exp", "ln", "sin", "cos", "tan", "atan", "abs", "floor", "ceil", "-"][..],
            ),
            inner.clone(),
        )
            .prop_map(|(name, a)| format!("({name}({a}))"));
        let choice = (inner.clone(), inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(a, b, c, d)| format!("if({a} < {b}, {c}, {d})"));
        let pair = (proptest::sample::select(&["min", "max"][..]), inner.clone(), inner.clone())
            .prop_map(|(name, a, b)| format!("{name}({a}, {b})"));
        prop_oneof![4 => infix, 2 => power, 3 => call, 1 => choice, 1 => pair]
    })
    .prop_map(|text| format!("{text} + 0."))
}

/// The sum of finite values in the documented order, for a range of one chunk.
fn sum(values: &[f64]) -> f64 {
    let (mut total, mut error) = (0.0, 0.0);
    for block in values.chunks(1_024) {
        let mut sums = [0.0f64; 32];
        block.iter().enumerate().for_each(|(at, value)| sums[at % 32] += value);
        for width in [16, 8, 4, 2, 1] {
            (0..width).for_each(|lane| sums[lane] += sums[lane + width]);
        }
        let next = total + sums[0];
        let added = next - total;
        error += (total - (next - added)) + (sums[0] - added);
        total = next;
    }
    total + error
}

/// The bits of a value; there is one zero only.
fn bits(value: Value) -> u64 {
    match value {
        Value::Float(float) => (float + 0.0).to_bits(),
        Value::Integer(integer) => panic!("{integer} is no f64"),
    }
}

proptest! {
    #[test]
    fn columns_give_the_bits_of_one_by_one(text in terms(), first in -50i64..50, len in 1i64..60) {
        let term = Term::parse(&text).unwrap();
        let values: Result<Vec<_>, _> = (first..first + len).map(|item| term.value(item)).collect();
        match values {
            Err(failure) => {
                for reduction in Reduction::ALL {
                    prop_assert_eq!(term.reduce(reduction, first..=first + len - 1), Err(failure.clone()), "{}", text);
                }
            }
            Ok(values) => {
                for (item, value) in (first..).zip(&values) {
                    let single = term.reduce(Reduction::Min, item..=item).unwrap().value().unwrap();
                    prop_assert_eq!(bits(single), bits(value.clone()), "{} for {}", text, item);
                }
                let floats: Vec<f64> = values.into_iter().map(|value| f64::from_bits(bits(value))).collect();
                let reduced = |reduction| term.reduce(reduction, first..=first + len - 1).unwrap().value();
                let least = floats.iter().copied().fold(f64::INFINITY, f64::min);
                prop_assert_eq!(reduced(Reduction::Min).map(bits), Ok((least + 0.0).to_bits()));
                let product: f64 = floats.iter().product();
                prop_assert_eq!(reduced(Reduction::Product).map(bits).ok(), product.is_finite().then(|| (product + 0.0).to_bits()));
                let total = sum(&floats);
                prop_assert_eq!(reduced(Reduction::Sum).map(bits).ok(), total.is_finite().then(|| (total + 0.0).to_bits()), "{}", text);
            }
        }
    }
}

#[test]
fn a_sum_over_many_blocks_has_the_documented_order() {
    for text in ["1. / i^2", "sin(i)", "i / 3", "sqrt(i) * 1e-3"] {
        let term = Term::parse(text).unwrap();
        let values: Vec<f64> = (1..=300_000).map(|item| f64::from_bits(bits(term.value(item).unwrap()))).collect();
        let total = term.reduce(Reduction::Sum, 1..=300_000).unwrap().value().unwrap();
        assert_eq!(bits(total), sum(&values).to_bits(), "{text}");
    }
}

#[test]
fn bits_of_functions_are_those_of_every_machine() {
    let values: String =
        ["exp(i / 7)", "ln(i)", "sin(i)", "cos(i * 1e6)", "tan(i)", "atan(i)", "i^0.3", "sqrt(i)", "i^-2. + pi"]
            .map(|text| {
                let sum = Term::parse(text).unwrap().reduce(Reduction::Sum, 1..=1_000).unwrap().value().unwrap();
                format!("{text}: {sum} {:016x}\n", bits(sum.clone()))
            })
            .concat();
    insta::assert_snapshot!(values);
}

#[test]
fn there_is_one_zero() {
    for text in ["-0.", "0 * -1. * i", "min(-0., 0.)", "ceil(-0.5) / 3 * i"] {
        let term = Term::parse(text).unwrap();
        for reduction in [Reduction::Sum, Reduction::Min, Reduction::Max, Reduction::Product] {
            let value = term.reduce(reduction, 1..=40).unwrap().value().unwrap();
            assert!(["0.0"].contains(&value.to_string().as_str()), "{reduction} of {text}: {value}");
        }
    }
}

#[test]
fn integers_of_any_size_become_the_nearest_floats() {
    for (text, value) in [
        ("2^53 + 1 + 0.", "9007199254740992.0"),
        ("2^64 + 2^11 + 1 + 0.", "1.8446744073709556e19"),
        ("10^300 / 10^299", "10.0"),
        ("(2^200 + 2^147) / 2^200", "1.0"),
        ("(2^200 + 2^147 + 1) / 2^200", "1.0000000000000002"),
        ("floor(1e300) mod 1000", "160"),
    ] {
        assert_eq!(Term::parse(text).unwrap().value(0).unwrap().to_string(), value, "{text}");
    }
}
