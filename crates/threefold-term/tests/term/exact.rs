//! Terms of integers give exactly what a naive evaluator with big integers gives.
//!
//! Every property tries 256 random terms, or as many as `PROPTEST_CASES` says; a long run tries 100,000.

use std::collections::HashMap;

use num_bigint::BigInt;
use num_traits::{One, Zero};
use proptest::prelude::*;
use threefold_term::{Failure, Reduction, Term, Value};

use crate::oracle::{self, Nothing};
use crate::trees::{Tree, integers, starts, trees};

/// The values of `tree` from `first` on, up to `len` of them; or the first item that has none.
fn expected(tree: &Tree, first: i64, len: usize) -> Result<Vec<BigInt>, (i64, Nothing)> {
    (first..=i64::MAX).take(len).map(|item| oracle::value(tree, item).map_err(|why| (item, why))).collect()
}

fn reduced(reduction: Reduction, values: &[BigInt]) -> String {
    match reduction {
        Reduction::Sum => values.iter().sum::<BigInt>().to_string(),
        Reduction::Product => values.iter().fold(BigInt::one(), |product, value| product * value).to_string(),
        Reduction::Min => values.iter().min().expect("no block is empty").to_string(),
        Reduction::Max => values.iter().max().expect("no block is empty").to_string(),
        Reduction::Count => values.iter().filter(|value| !value.is_zero()).count().to_string(),
    }
}

fn value(term: &Term, reduction: Reduction, first: i64, len: usize) -> Result<Value, Failure> {
    let last = first.saturating_add(len as i64 - 1);
    term.reduce(reduction, first..=last).and_then(|partial| partial.value())
}

fn check(tree: &Tree, first: i64, len: usize, reductions: &[Reduction]) -> Result<(), TestCaseError> {
    let text = tree.to_string();
    let term = Term::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    prop_assert!(term.is_exact(), "{text}");
    match expected(tree, first, len) {
        Err((_, Nothing::Unknown)) => Err(TestCaseError::reject("too large for the oracle")),
        Err((item, Nothing::Undefined)) => {
            for &reduction in reductions {
                let failure = value(&term, reduction, first, len).expect_err("the oracle fails");
                prop_assert_eq!(failure.item(), Some(item), "{} from {}: {}", text, first, failure);
            }
            prop_assert!(term.value(item).is_err());
            Ok(())
        }
        Ok(values) => {
            for &reduction in reductions {
                let found = value(&term, reduction, first, len).map(|value| value.to_string());
                prop_assert_eq!(found, Ok(reduced(reduction, &values)), "{} of {} from {}", reduction, text, first);
            }
            prop_assert_eq!(term.value(first).map(|value| value.to_string()), Ok(values[0].to_string()), "{}", text);
            Ok(())
        }
    }
}

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::default() }
}

/// A sum over thousands of items holds as many values against the oracle as a hundred short ones.
fn fewer() -> ProptestConfig {
    let config = config();
    ProptestConfig { cases: (config.cases / 20).max(256), ..config }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn sums_over_several_blocks_are_exact(tree in trees(), first in starts(), len in 1_000i64..2_100) {
        let term = Term::parse(&tree.to_string()).unwrap();
        let last = first.saturating_add(len - 1);
        // The ends of the blocks. What is large is so at an end, takes long, and shows no more.
        let ends = [0, 1_023, 1_024, 2_047, 2_048, len - 1].into_iter().filter(|&at| at < len);
        for item in ends.filter_map(|at| first.checked_add(at)) {
            match oracle::value(&tree, item) {
                Err(Nothing::Unknown) => return Err(TestCaseError::reject("too large for the oracle")),
                Ok(value) if value.bits() > 1_000 => return Err(TestCaseError::reject("large")),
                Err(Nothing::Undefined) => prop_assert!(term.value(item).is_err(), "{} for {}", term, item),
                Ok(value) => prop_assert_eq!(term.value(item).unwrap().to_string(), value.to_string(), "{} for {}", term, item),
            }
        }
        // Parts of less than a block are held against the oracle by the property above.
        let parts = (first..=last).step_by(300).map(|start| {
            let part = term.reduce(Reduction::Sum, start..=start.saturating_add(299).min(last))?.value()?;
            Ok(part.to_string().parse::<BigInt>().expect("an integer"))
        });
        let sum: Result<BigInt, Failure> = parts.sum();
        let whole = value(&term, Reduction::Sum, first, len as usize).map(|value| value.to_string());
        prop_assert_eq!(whole, sum.map(|sum| sum.to_string()), "{} from {}", term, first);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_reduction_of_a_random_term_is_exact(tree in trees(), first in starts(), len in 1usize..40) {
        check(&tree, first, len, &Reduction::ALL)?;
    }

    #[test]
    fn partial_results_are_joined_to_the_whole(tree in trees(), first in -1_000i64..1_000, cuts in proptest::collection::vec(1i64..16, 1..5)) {
        let term = Term::parse(&tree.to_string()).unwrap();
        let len = cuts.iter().sum::<i64>();
        // Products of larger integers take long, and show no more.
        prop_assume!((first..first + len).all(|item| match oracle::value(&tree, item) {
            Ok(value) => value.bits() < 1_000,
            Err(nothing) => nothing == Nothing::Undefined,
        }));
        for reduction in Reduction::ALL {
            let (mut joined, mut start) = (term.nothing(reduction), first);
            let mut parts = Ok(());
            for len in &cuts {
                match term.reduce(reduction, start..=start + len - 1) {
                    Ok(part) => joined = joined.then(part),
                    Err(failure) => {
                        parts = Err(failure);
                        break;
                    }
                }
                start += len;
            }
            let whole = value(&term, reduction, first, len as usize);
            prop_assert_eq!(parts.and_then(|()| joined.value()), whole);
        }
    }

    #[test]
    fn powers_modulo_are_exact_for_every_modulus(
        base in integers(), exponent in trees(), modulus in trees(), first in starts(), neighbour in any::<bool>()
    ) {
        let power = Tree::Infix("^", Tree::Integer(base).into(), exponent.into());
        let mut tree = Tree::Infix("mod", power.into(), modulus.into());
        if neighbour {
            // It is too large for columns, so that the power is found one by one, too.
            let large = Tree::Infix("*", Tree::Integer(i128::MAX).into(), Tree::Integer(2).into());
            tree = Tree::Infix("+", large.into(), tree.into());
        }
        check(&tree, first, 8, &[Reduction::Sum, Reduction::Max])?;
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,60}") {
        let _ = Term::parse(&text);
    }

    #[test]
    fn no_text_of_words_makes_the_parser_panic(words in proptest::collection::vec(proptest::sample::select(&[
        "i", "1", "2.5", "1e3", "(", ")", ",", "+", "-", "*", "/", "//", "mod", "^", "gcd", "min", "if", "abs", "floor", "sqrt",
        "and", "or", "not", "==", "<", "pi", "%", ".", "_", "\u{3c0}",
    ][..]), 0..14)) {
        if let Err(error) = Term::parse(&words.join(" ")) {
            prop_assert!(error.column() <= words.join(" ").chars().count() + 1);
        }
    }
}

#[test]
fn sums_that_are_known_are_found() {
    let known = HashMap::from([
        (("i", 1, 1_000_000), "500000500000"),
        (("i^2 mod 7", 1, 1_000_000), "1999999"),
        (("i^20", 1, 100), "52785619347205807958795562237196787371330"),
        (("2^i", 0, 200), "3213876088517980551083924184682325205044405987565585670602751"),
        (("if(i mod 3 == 0 or i mod 5 == 0, i, 0)", 1, 999), "233168"),
        (("1_000_000_000 // i", 1, 100_000), "12090096448"),
        (("gcd(i, 30)", 1, 30), "135"),
    ]);
    for ((text, first, last), sum) in known {
        let term = Term::parse(text).unwrap();
        let partial = term.reduce(Reduction::Sum, first..=last).unwrap();
        assert_eq!(partial.value().expect("no block is empty").to_string(), sum, "{text}");
    }
}

#[test]
fn the_whole_range_of_items_has_both_ends() {
    let term = Term::parse("i").unwrap();
    for (first, last, sum) in [
        (i64::MAX - 2, i64::MAX, (i128::from(i64::MAX) - 1) * 3),
        (i64::MIN, i64::MIN + 2, (i128::from(i64::MIN) + 1) * 3),
        (i64::MAX, i64::MAX, i64::MAX.into()),
        (5, 4, 0),
    ] {
        let partial = term.reduce(Reduction::Sum, first..=last).unwrap();
        assert_eq!(partial.value(), Ok(Value::Integer(sum.into())), "{first}..={last}");
    }
}

#[test]
fn a_power_modulo_is_found_without_the_power() {
    for (text, item, value) in [
        ("2^i mod 7", i64::MAX, "2"),
        ("(3^i + 2^i) mod 1000000007", 1_000_000_000_000, "529554508"),
        ("2^(i - 1) mod i", 1_000_000_007, "1"),
        ("2^(i - 1) mod i", (1 << 61) - 1, "1"),
        ("i^i mod -10", 7, "3"),
        ("2^(i - 1) mod i", 1, "0"),
        ("(10^40)^(i - 1) mod i", 1, "0"),
        ("(10^40 + i)^0 mod 1", 1, "0"),
        ("(10^40 + i)^(i - 1) mod (-i)", 1, "0"),
        ("(10^40 + i)^(i - 5) mod (i - 6)", 5, "0"),
        ("(10^40 + i)^(i - 1) mod (i - 3)", 1, "1"),
        ("(10^40 + i)^(i - 1) mod 10^50", 1, "1"),
    ] {
        let term = Term::parse(text).unwrap();
        let columns = term.reduce(Reduction::Max, item..=item).unwrap().value().unwrap();
        assert_eq!(columns, term.value(item).unwrap(), "{text}");
        assert_eq!(columns.to_string(), value, "{text}");
    }
}

#[test]
fn an_item_that_needs_many_bits_changes_nothing_for_the_others() {
    for (text, last, sum) in [
        ("2^200*i + 2^(i - 1) mod i", 3, "9641628265553941653251772554046975615133217962696757011808257"),
        ("(10^40)^(i - 1) mod i", 10, "7"),
        ("if(i == 10, 2^200, 0)*0 + 2^(i - 1) mod i", 10, "11"),
    ] {
        let term = Term::parse(text).unwrap();
        let whole = term.reduce(Reduction::Sum, 1..=last).unwrap();
        assert_eq!(whole.value().unwrap().to_string(), sum, "{text}");
        let pieces = (1..=last).map(|item| term.reduce(Reduction::Sum, item..=item).unwrap());
        let joined = pieces.fold(term.nothing(Reduction::Sum), |so_far, piece| so_far.then(piece));
        assert_eq!(joined.value(), whole.value(), "{text}");
    }
}

#[test]
fn a_product_has_all_its_digits() {
    let term = Term::parse("i").unwrap();
    let product = term.reduce(Reduction::Product, 1..=2_000).unwrap().value().expect("no block is empty").to_string();
    assert_eq!(product.len(), 5_736);
    assert_eq!(product, (1..=2_000u32).fold(BigInt::one(), |product, i| product * i).to_string());
}

/// How many items are reduced if `goes_on` is asked `times` times before it says no.
fn reduced_until(text: &str, times: u32) -> i128 {
    let (term, mut asked) = (Term::parse(text).expect("a term"), 0);
    let some = term.reduce_while(Reduction::Count, 1..=1_000_000, || {
        asked += 1;
        asked <= times
    });
    match some.and_then(|partial| partial.value()) {
        Ok(Value::Integer(count)) => i128::try_from(&count).expect("at most a million"),
        other => panic!("{other:?} is not a count"),
    }
}

#[test]
fn an_evaluation_asks_after_every_large_item_and_some_blocks_whether_it_goes_on() {
    assert_eq!(reduced_until("2^(i + 1_000)", 0), 0);
    assert!((1..=5).contains(&reduced_until("2^(i + 1_000)", 5)));
    assert!((1..=5 * 16_384).contains(&reduced_until("i", 5)));
    assert_eq!(reduced_until("i", 1_000_000), 1_000_000);
}

#[test]
fn what_is_not_chosen_is_not_evaluated() {
    let sum = |text: &str, last| {
        let partial = Term::parse(text).unwrap().reduce(Reduction::Sum, 0..=last);
        partial.and_then(|partial| partial.value()).expect("no block is empty").to_string()
    };
    assert_eq!(sum("if(i mod 3 == 0, 0, 100 // (i mod 3))", 2_999), "150000");
    assert_eq!(sum("if(i == 0, 0, 10 // i)", 10), "27");
    assert_eq!(sum("i != 0 and 10 // i > 2", 10), "3");
    assert_eq!(sum("i == 0 or 10 // i > 2", 10), "4");
    assert_eq!(sum("if(i > 1000, sqrt(i - 1000), 0)", 1_004), "6.146264369941973");
}
