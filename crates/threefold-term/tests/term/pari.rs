//! Terms of integers give what PARI gives, where it is installed.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use threefold_term::{Reduction, Term};

use crate::oracle;
use crate::trees::{Tree, starts, trees};

/// How many random terms PARI is asked about.
const TERMS: usize = 300;

/// How many items each of them is summed over.
const ITEMS: i64 = 20;

/// The term in PARI's language.
fn in_pari(tree: &Tree) -> String {
    let of = |tree: &Tree| in_pari(tree);
    match tree {
        Tree::Item => "i".to_string(),
        Tree::Integer(value) => format!("({value})"),
        Tree::Negate(operand) => format!("(-{})", of(operand)),
        Tree::Absolute(operand) => format!("abs({})", of(operand)),
        Tree::Not(operand) => format!("({} == 0)", of(operand)),
        Tree::Infix(operator, left, right) => {
            let operator = match *operator {
                "//" => "\\",
                "mod" => "%",
                "and" => "&&",
                "or" => "||",
                same => same,
            };
            format!("({} {operator} {})", of(left), of(right))
        }
        Tree::Call(name, left, right) => format!("{name}({}, {})", of(left), of(right)),
        Tree::If(condition, then, otherwise) => format!("if({}, {}, {})", of(condition), of(then), of(otherwise)),
    }
}

#[test]
fn sums_are_those_of_pari() {
    let program = Command::new("gp").args(["-q", "-f"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut program) = program else {
        // Past what the harness captures of a test that passes.
        let _ = writeln!(std::io::stderr(), "NOT RUN: the terms beside PARI: `gp` is not installed (Debian: pari-gp)");
        return;
    };
    let mut runner = TestRunner::deterministic();
    let mut lines = String::new();
    let mut sums = Vec::new();
    while sums.len() < TERMS {
        let tree = trees().new_tree(&mut runner).unwrap().current();
        let first = starts().new_tree(&mut runner).unwrap().current().min(i64::MAX - ITEMS);
        if (first..first + ITEMS).any(|item| oracle::value(&tree, item).is_err()) {
            continue;
        }
        let term = Term::parse(&tree.to_string()).unwrap();
        let sum = term.reduce(Reduction::Sum, first..=first + ITEMS - 1).unwrap().value().unwrap();
        sums.push(format!("{sum} is the sum of {term} from {first}"));
        lines += &format!("print(sum(i = {first}, {}, {}))\n", first + ITEMS - 1, in_pari(&tree));
    }
    // PARI answers while it still reads.
    let mut input = program.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = program.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), TERMS);
    for (answer, sum) in answers.lines().zip(sums) {
        assert_eq!(answer, sum.split(' ').next().unwrap(), "{sum}");
    }
    println!("PARI gave the same {TERMS} sums");
}
