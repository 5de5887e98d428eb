//! Every error that a text can have, as people read it.

use threefold_term::{Reduction, Term};

#[test]
fn texts_that_are_no_terms_are_refused_with_the_place() {
    let texts = [
        "",
        "   ",
        "i +",
        "i^2 mod",
        "* i",
        "i i",
        "2i",
        "2 3",
        "(i + 1",
        "((i)",
        "i)",
        "()",
        "i + )",
        "min(i)",
        "min(i 2)",
        "min(i, 2",
        "min i",
        "if(i, 1)",
        "if(i, 1, 2, 3)",
        "sqrt(1, 2)",
        "x + 1",
        "foo(i)",
        "log(i)",
        "e^i",
        "i % 7",
        "i ** 2",
        "i \\ 2",
        "i = 3",
        "i === 3",
        "i && 1",
        "i | 1",
        "!i",
        "i ? 1 : 2",
        "i\u{b2}",
        "i \u{2264} 3",
        "\u{221a}i",
        "[i]",
        "1 < i < 5",
        "1 == i != 2",
        "mod 3",
        "i mod mod 3",
        "not",
        "1..5",
        "1.2.3",
        "1e999",
        ".",
        "i.",
        "i @ 2",
        "i + \u{7}",
        "i\n+\n%",
        "(i / 2) mod 7",
        "sqrt(i) mod 2",
        "gcd(i, 2.5)",
        "i // pi",
        "(-abs(i * 1.5)) // 2",
        "1_000.5 mod 3",
        "i ^ ^ 2",
        "\u{e9}\u{e9} + i",
        "7 mod(3, 4)",
        "2 and(3, 4)",
        "gcd (2 3",
        "gcd (2 3)",
        "i += 1",
        "i -= 1",
        "i ^= 1",
        "i /= 1",
        "i *= 1",
        "i >== 1",
        "i => 1",
        "i =< 1",
        "i !== 1",
        "\"i\"",
        "i + 'a'",
        "mod(i, 3)",
        "1 + or (i, 3)",
        "1_",
        "1__000",
        "1_.5",
        "1._5",
        "1e_5",
    ];
    let refusals: String = texts
        .iter()
        .map(|text| match Term::parse(text) {
            Ok(_) => panic!("{text} is a term"),
            Err(error) => format!("{error}\n\n"),
        })
        .collect();
    insta::assert_snapshot!(refusals);
}

#[test]
fn a_low_line_between_digits_means_nothing() {
    for (text, value) in [
        ("1_000", "1000"),
        ("1_0_0 + 0_1", "101"),
        ("1_0.2_5", "10.25"),
        ("1_5e-0_1", "1.5"),
        ("2e1_0", "20000000000.0"),
    ] {
        assert_eq!(Term::parse(text).unwrap().value(0).unwrap().to_string(), value, "{text}");
    }
}

#[test]
fn texts_that_are_too_large_are_refused() {
    let texts = [
        "(".repeat(200),
        "-".repeat(200) + "i",
        "2^".repeat(200) + "i",
        "not ".repeat(200) + "i",
        "i + ".repeat(900) + "i",
        "i".repeat(5_000),
        "i + ".repeat(40) + "% 2" + &" + i".repeat(60),
    ];
    let refusals: String = texts.iter().map(|text| format!("{}\n\n", Term::parse(text).unwrap_err())).collect();
    insta::assert_snapshot!(refusals);
}

#[test]
fn items_without_a_value_are_named_with_the_reason() {
    let texts = [
        "100 // (i - 17)",
        "100 mod (i - 17)",
        "2^i mod (i - 17)",
        "1 / (i - 17)",
        "(i - 17)^-1",
        "(i - 17.)^-1",
        "2^(3 - i)",
        "2^(3 - i) mod 5",
        "(3. - i)^0.5",
        "sqrt(3 - i)",
        "ln(i - 17)",
        "exp(i * 100)",
        "10.^(i * 100)",
        "1e300 * 10.^i",
        "(10^i)^20 + 0.5",
        "2^(2^(i * 20))",
        "i * 2 * 2^(2^27) * 2^(2^27)",
        "10^(10^(i * 9))",
        "if(i == 17, 1 // 0, 1)",
        "2^(2^28)",
        "3^(2^28)",
        "-3^170_000_000",
        "2^(2^28 - 1) + 2^(2^28 - 1)",
        "-2^(2^28 - 1) - 2^(2^28 - 1)",
        "2^(2^28 - 1) * 2",
        "10^-(10^40 + i)",
    ];
    let failures: String = texts
        .iter()
        .map(|text| {
            let failure = Term::parse(text).unwrap().reduce(Reduction::Max, 1..=17);
            format!("{text}\n  {}\n", failure.map(|it| it.value()).unwrap_err())
        })
        .collect();
    insta::assert_snapshot!(failures);
}

#[test]
fn reductions_without_a_value_say_why() {
    let failures: String = [
        ("1e308", Reduction::Sum, 2_000),
        ("1e30", Reduction::Product, 2_000),
        ("i", Reduction::Min, 0),
        ("i", Reduction::Max, 0),
        ("2^(2^28 - 1)", Reduction::Sum, 2),
        ("2^(2^28 - 1)", Reduction::Product, 5),
    ]
    .map(|(text, reduction, last)| {
        let partial = Term::parse(text).unwrap().reduce(reduction, 1..=last).unwrap();
        format!("{reduction} of {text}: {}\n", partial.value().unwrap_err())
    })
    .concat();
    insta::assert_snapshot!(failures);
}

#[test]
fn integers_of_the_most_bits_that_are_allowed_are_computed() {
    for (text, reduction, value) in [
        ("2^(2^28 - 1)", Reduction::Count, "1"),
        ("2^(2^28 - 2) + 2^(2^28 - 2)", Reduction::Count, "1"),
        ("2^(2^28 - 2) * 2", Reduction::Count, "1"),
        ("-2^(2^28 - 1)", Reduction::Count, "1"),
        ("2^(2^28 - 1) mod 1_000_000_007", Reduction::Sum, "537632579"),
    ] {
        let partial = Term::parse(text).unwrap().reduce(reduction, 1..=1).unwrap();
        assert_eq!(partial.value().unwrap().to_string(), value, "{text}");
    }
}

#[test]
fn a_product_is_too_large_only_if_no_factor_is_zero() {
    for zero in [1, 3, 6] {
        let term = Term::parse(&format!("if(i == {zero}, 0, 2^(2^28 - 1))")).unwrap();
        for size in [1, 2, 6] {
            let parts =
                (1..=6).step_by(size).map(|first| term.reduce(Reduction::Product, first..=first + size as i64 - 1));
            let product = parts.fold(term.nothing(Reduction::Product), |so_far, part| so_far.then(part.unwrap()));
            assert_eq!(product.value().unwrap().to_string(), "0", "the item {zero} is 0, in parts of {size}");
        }
    }
}
