//! Terms of f64 have the same bits, however they are evaluated.

use proptest::prelude::*;
use threefold_term::{Reduction, Term, Value};

use crate::exact::config;
use crate::unbounded::Unbounded;

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

/// The sum of finite values in the documented order, for a range of one chunk. `None` if it is too large.
fn sum(values: &[f64]) -> Option<f64> {
    let (mut total, mut error) = (Unbounded::zero(), Unbounded::zero());
    for block in values.chunks(1_024) {
        let mut sums = vec![Unbounded::zero(); 32];
        block.iter().enumerate().for_each(|(at, value)| sums[at % 32] = sums[at % 32].plus(&Unbounded::new(*value)));
        for width in [16, 8, 4, 2, 1] {
            (0..width).for_each(|lane| sums[lane] = sums[lane].plus(&sums[lane + width]));
        }
        let next = total.plus(&sums[0]);
        let added = next.minus(&total);
        error = error.plus(&total.minus(&next.minus(&added)).plus(&sums[0].minus(&added)));
        total = next;
    }
    total.plus(&error).float()
}

/// The product of finite values in their order. `None` if it is too large.
fn product(values: &[f64]) -> Option<f64> {
    values.iter().fold(Unbounded::new(1.0), |product, value| product.times(&Unbounded::new(*value))).float()
}

/// Terms of f64 that are large, small or both, so that their sums and products leave the range of f64 on the way.
fn far_terms() -> impl Strategy<Value = String> {
    let far = proptest::sample::select(
        &[
            "1e308",
            "-1e308",
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "8.98846567431158e307 * (i mod 2)",
            "1e-320 * i",
            "5e-324",
            "-2.5e-310",
            "i / 3",
            "-1. / i",
            "1e-200 * i",
            "1e200 / i",
            "1.3e154",
            "3e-155",
            "2.^i",
            "2.^-i",
            "-1.5e300 * i",
        ][..],
    );
    proptest::collection::vec(far, 1..5).prop_map(|parts| {
        let count = parts.len();
        parts
            .iter()
            .enumerate()
            .fold("1.".to_string(), |rest, (at, part)| format!("if(i mod {count} == {at}, {part}, {rest})"))
    })
}

/// The bits of a value; there is one zero only.
fn bits(value: Value) -> u64 {
    match value {
        Value::Float(float) => (float + 0.0).to_bits(),
        Value::Integer(integer) => panic!("{integer} is not an f64"),
    }
}

proptest! {
    #![proptest_config(config())]

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
                prop_assert_eq!(reduced(Reduction::Product).map(bits).ok(), product(&floats).map(f64::to_bits), "{}", text);
                prop_assert_eq!(reduced(Reduction::Sum).map(bits).ok(), sum(&floats).map(f64::to_bits), "{}", text);
            }
        }
    }

    #[test]
    fn only_the_end_of_a_sum_or_product_has_to_fit(text in far_terms(), first in 1i64..50, len in 1i64..100) {
        let term = Term::parse(&text).unwrap();
        let items = first..=first + len - 1;
        let floats: Vec<f64> = items.clone().map(|item| f64::from_bits(bits(term.value(item).unwrap()))).collect();
        for (reduction, expected) in [(Reduction::Product, product(&floats)), (Reduction::Sum, sum(&floats))] {
            let value = term.reduce(reduction, items.clone()).unwrap().value();
            prop_assert_eq!(value.map(bits).ok(), expected.map(f64::to_bits), "{} of {}", reduction, text);
        }
    }

    #[test]
    fn powers_of_two_scale_a_sum_and_a_product_exactly(text in terms(), shift in -1_000i64..1_000, half in 0i64..10) {
        let len = 2 * half + 1;
        // Of values that have all their bits, also after the scaling.
        let near = |item| Term::parse(&text).unwrap().value(item).is_ok_and(|value| {
            let float = f64::from_bits(bits(value));
            float == 0.0 || (1e-3..1e3).contains(&float.abs())
        });
        prop_assume!((1..=len).all(near));
        let scale = if shift < 0 { format!("(1 / 2.^{})", -shift) } else { format!("2.^{shift}") };
        let of = |text: &str, reduction| Term::parse(text).unwrap().reduce(reduction, 1..=len).unwrap().value().map(bits);
        let scaled = of(&format!("({text}) * {scale}"), Reduction::Sum).map(f64::from_bits);
        let sum = of(&text, Reduction::Sum).map(|sum| f64::from_bits(sum) * 2f64.powi(shift as i32));
        prop_assert_eq!(scaled, sum);
        // Factors whose scales cancel.
        let swung = format!("({text}) * if(i mod 2 == 0 or i == {len}, 1., {scale}) * if(i mod 2 == 0, 1 / {scale}, 1.)");
        prop_assert_eq!(of(&swung, Reduction::Product), of(&text, Reduction::Product), "{}", swung);
    }
}

/// The value over `1..=last`, in parts of `size` items.
fn in_parts(text: &str, reduction: Reduction, last: i64, size: i64) -> String {
    let term = Term::parse(text).expect("a term");
    let parts = (1..=last).step_by(size as usize);
    let partial = parts.fold(term.nothing(reduction), |so_far, first| {
        so_far.then(term.reduce(reduction, first..=(first + size - 1).min(last)).expect("each item has a value"))
    });
    partial.value().map_or_else(|failure| failure.to_string(), |value| value.to_string())
}

#[test]
fn no_cut_makes_a_product_too_small_or_too_large() {
    for (text, last, product) in [
        ("if(i == 1, 1., if(i < 4, 1e-200, 1e200))", 5, 1.0),
        ("if(i == 1, 1., if(i < 4, 1e200, 1e-200))", 5, 1.0),
        // 2700! / 1000^2700
        ("i / 1000", 2_700, 1.591649037246422e-6),
        ("if(i mod 2 == 0, (i / 2) / 1000, (2701 - (i + 1) / 2) / 1000)", 2_700, 1.591649037246422e-6),
        ("if(i == 1, 5e-324, if(i < 500, 3e-300, 1e300 / 3))", 998, 1.6468854861375975e-24),
    ] {
        for size in [1, 2, 3, 700, last] {
            let found: f64 = in_parts(text, Reduction::Product, last, size).parse().unwrap();
            assert!((found / product - 1.0).abs() < 1e-12, "{text} in parts of {size}: {found}");
        }
    }
    for size in [1, 3, 2_000] {
        assert_eq!(in_parts("if(i == 1_999, 0., i / 7)", Reduction::Product, 2_000, size), "0.0");
        assert_eq!(in_parts("0.1", Reduction::Product, 2_000, size), "0.0");
        assert_eq!(in_parts("10.", Reduction::Product, 2_000, size), "the product is too large for f64");
    }
}

#[test]
fn no_cut_makes_a_sum_too_large() {
    for (text, last, sum) in [
        ("if(i == 2, -1.5e308, 1.5e308)", 3, "1.5e308"),
        ("if(i < 3, -1.5e308, 1.5e308)", 4, "0.0"),
        ("if(i < 3_073, 2.^1023, if(i < 6_145, -2.^1023, 7.))", 6_145, "7.0"),
        ("if(i < 3_073, -2.^1023, if(i < 6_145, 2.^1023, 5e-324))", 6_145, "5e-324"),
        ("1e308", 3, "the sum is too large for f64"),
    ] {
        for size in [1, 2, 3, 1_024, 2_048, last] {
            assert_eq!(in_parts(text, Reduction::Sum, last, size), sum, "{text} in parts of {size}");
        }
    }
}

#[test]
fn a_sum_over_many_blocks_has_the_documented_order() {
    for text in ["1. / i^2", "sin(i)", "i / 3", "sqrt(i) * 1e-3"] {
        let term = Term::parse(text).unwrap();
        let values: Vec<f64> = (1..=300_000).map(|item| f64::from_bits(bits(term.value(item).unwrap()))).collect();
        let total = term.reduce(Reduction::Sum, 1..=300_000).unwrap().value().unwrap();
        assert_eq!(Some(bits(total)), sum(&values).map(f64::to_bits), "{text}");
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
