//! Terms of the user's own: one value on every model, and refusals that point to the character.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Answer, every_name, threefold};

/// What the program answers. Only the term may have spaces.
fn answer(model: &str, term: &str, others: &str) -> Answer {
    let arguments = [model, "--term", term].into_iter().chain(others.split_whitespace());
    threefold(arguments).output().map(Answer::from).expect("the program starts")
}

/// The value that the program prints.
fn value(model: &str, term: &str, others: &str) -> String {
    let answer = answer(model, term, others);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{model} {term} {others}: {}", answer.stderr);
    answer.stdout.lines().nth(1).expect("two lines").to_string()
}

/// A term, options, and the value.
const SUMS: [(&str, &str, &str); 10] = [
    ("i", "", "500000500000"),
    ("i", "0..=250000 250000..=500000 500000..=750000 750000..=1000000", "500002000000"),
    ("i^2 mod 7", "1..=1_000_000", "1999999"),
    ("i^20", "1..=100 --chunks 7", "52785619347205807958795562237196787371330"),
    ("i", "1..=30 --reduce product --chunk-size 4", "265252859812191058636308480000000"),
    ("(i - 5)^2", "-10..10 --reduce min", "0"),
    ("-i^2", "-10..10 --reduce max", "0"),
    ("gcd(i, 10) == 1", "1..=1000 --reduce count", "400"),
    ("1./i^2", "1..=1000 --chunks 10", "1.64393456668156"),
    ("if(i == 0, 0, 10 // i)", "-3..=3", "0"),
];

#[test]
fn a_term_has_one_value_on_every_model_and_any_number_of_workers() {
    for (term, options, expected) in SUMS {
        for model in every_name() {
            assert_eq!(value(model, term, options), expected, "{model} {term} {options}");
        }
        assert_eq!(value("threads", term, &format!("-j 3 {options}")), expected, "{term} {options}");
    }
}

#[test]
fn an_object_names_the_reduction_and_the_term() {
    let answer = answer("threads", "i^2 mod 7", "1..=10 --format json");
    let object: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&object["work"], &object["value"]), (&json!("sum of i^2 mod 7"), &json!("21")));
}

#[test]
fn an_item_without_a_value_is_named_on_every_model() {
    for model in every_name() {
        let answer = answer(model, "100 // (i - 17)", "1..=100 --chunks 4 --format json");
        let object: Value = serde_json::from_str(&answer.stdout).unwrap();
        let error = &object["error"];
        assert_eq!((answer.code, &object["value"]), (Some(1), &Value::Null), "{model}");
        assert_eq!((&error["kind"], &error["chunk"], &error["range"]), (&json!("failed"), &json!(0), &json!("1..=25")));
        let message = "sum of 100 // (i - 17): chunk 0 (1..=25) has no value for i = 17: `//` by zero (100 // 0)";
        assert_eq!(error["message"], message, "{model}");
    }
}

#[test]
fn what_cannot_be_computed_is_refused_before_anything_starts() {
    let refusals = [
        ("i^2 mod", ""),
        ("2i + 1", ""),
        ("(i / 2) mod 7", ""),
        ("", ""),
        ("i", "--reduce mean"),
        ("i", "--reduce min 5..=4"),
        ("i", "--workload primes"),
        ("i", "--folder ."),
        ("i", "--chunks 4 1..=2 3..=4"),
        ("i", "--shell"),
        ("i", "--lines nofile"),
        ("i", "--lines nofile -0"),
        ("i", "--tag"),
        ("i", "--bisect"),
    ]
    .map(|(term, others)| {
        let answer = answer("threads", term, others);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{term} {others}: {}", answer.stderr);
        format!("$ threefold threads --term '{term}' {others}\n{}\n", answer.stderr)
    });
    insta::assert_snapshot!(refusals.concat());
}

#[test]
fn options_of_programs_are_refused_without_one() {
    for option in ["--shell", "--lines nofile", "--tag", "--bisect"] {
        for before in ["threads --term i", "compare --term i", "threads --workload sum", "compare --workload sum"] {
            let arguments = before.split(' ').chain(option.split(' '));
            let answer = threefold(arguments).output().map(Answer::from).unwrap();
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{before} {option}");
            let name = option.split(' ').next().unwrap();
            assert_eq!(answer.stderr, format!("threefold: error: {name} is only for --exec\n"), "{before}");
        }
    }
}

#[test]
fn a_reduction_needs_a_term() {
    let answer = threefold(["threads", "--reduce", "sum"]).output().map(Answer::from).unwrap();
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.contains("--term"), "{}", answer.stderr);
}

#[test]
fn a_sum_that_is_too_large_says_so() {
    let answer = answer("sequential", "1e308", "1..=10");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(answer.stderr);
}

#[test]
fn a_comparison_says_why_a_term_has_no_value() {
    for (term, reason) in [
        ("100 // (i - 7)", "sum of 100 // (i - 7): chunk 0 (1..=10) has no value for i = 7: `//` by zero (100 // 0)"),
        ("1e308", "sum of 1e308: the sum is too large for f64"),
    ] {
        let answer = answer("compare", term, "1..=10 --models sequential,threads --runs 2 --warmup 0");
        let expected = format!("threefold: error: {reason}\n");
        assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr), (Some(1), "", expected));
    }
}

#[test]
fn sums_and_products_are_too_large_only_at_their_end() {
    for model in every_name() {
        for (term, options, expected) in [
            ("if(i == 2, -1.5e308, 1.5e308)", "1..=3", "1.5e308"),
            ("if(i < 3, -1.5e308, 1.5e308)", "1..=4", "0.0"),
            ("if(i == 1, 1., if(i < 4, 2.^-700, 2.^700))", "1..=5 --reduce product", "1.0"),
            ("2^200*i + 2^(i-1) mod i", "1..=3", "9641628265553941653251772554046975615133217962696757011808257"),
        ] {
            for cut in ["", "--chunks 2", "--chunks 3"] {
                assert_eq!(value(model, term, &format!("{options} {cut}")), expected, "{model} {term} {cut}");
            }
        }
        let whole: f64 = value(model, "i/1000", "1..=2700 --reduce product").parse().unwrap();
        let cut: f64 = value(model, "i/1000", "1..=2700 --reduce product --chunks 3").parse().unwrap();
        assert!(
            (whole / 1.591649037246422e-6 - 1.0).abs() < 1e-12 && (cut / whole - 1.0).abs() < 1e-12,
            "{whole} {cut}"
        );
    }
}

#[test]
#[cfg(all(feature = "processes", target_os = "linux"))]
fn a_worker_whose_memory_a_term_exhausts_is_out_of_memory_and_is_run_again() {
    // With a backtrace, which would need memory, too.
    for backtrace in ["0", "1"] {
        let options = "processes 1..=3 --reduce count --memory-limit 30MiB --retries 1 --format json --term 2^(2^28-1)";
        let output = threefold(options.split(' ')).env("RUST_BACKTRACE", backtrace).output();
        let answer = output.map(Answer::from).unwrap();
        let object: Value = serde_json::from_str(&answer.stdout).unwrap();
        let error = &object["error"];
        assert_eq!(
            (answer.code, &error["kind"], &error["attempts"]),
            (Some(1), &json!("memory"), &json!(2)),
            "{error}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("count of 2^(2^28-1): chunk 0 (1..=3) ") && message.contains("30"), "{message}");
    }
}

#[test]
fn a_comparison_of_a_term_names_it() {
    let answer = answer("compare", "i^2 mod 7", "1..=1000 --models sequential,threads --runs 2 --warmup 0");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("sum of i^2 mod 7"), "{}", answer.stdout);
}

#[test]
fn a_journal_of_another_term_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal").into_os_string().into_string().unwrap();
    let with = |term: &str, others: &str| answer("threads", term, &format!("1..=100 {others} --journal {journal}"));
    assert_eq!(with("i", "").code, Some(0));
    for (term, others) in [("i + 1", ""), ("i", "--reduce product")] {
        let refused = with(term, others);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{}", refused.stderr);
        let reason = "records another fold: it records another term, the same term in another spelling, or another \
                      --reduce; use another file";
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    }
    let again = with("i", "");
    assert_eq!((again.code, again.stdout.lines().nth(1)), (Some(0), Some("5050")), "{}", again.stderr);
}

#[test]
#[cfg(all(feature = "processes", target_os = "linux"))]
fn the_memory_does_not_grow_with_the_number_of_large_integers() {
    // 200 integers of 1 MiB each.
    for (reduction, expected) in [("count", "200"), ("min", "1"), ("max", "1")] {
        let term = if reduction == "count" { "2^(2^23)" } else { "2^(2^23) // 2^(2^23)" };
        let options = format!("1..=200 --chunks 1 --reduce {reduction} -j 1 --memory-limit 64MiB");
        assert_eq!(value("processes", term, &options), expected, "{reduction}");
    }
}
