//! Random terms, as trees that print themselves with as few parentheses as the documented precedences allow.

use std::fmt;

use proptest::prelude::*;

/// A term.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Item,
    Integer(i128),
    Negate(Box<Tree>),
    Absolute(Box<Tree>),
    Infix(&'static str, Box<Tree>, Box<Tree>),
    /// `gcd`, `min`, `max`
    Call(&'static str, Box<Tree>, Box<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    /// How strongly it binds, as documented: 1 for `or`, 8 for `^`, 9 for what needs no parentheses anywhere.
    fn level(&self) -> u8 {
        match self {
            Self::Infix("or", ..) => 1,
            Self::Infix("and", ..) => 2,
            Self::Not(_) => 3,
            Self::Infix("==" | "!=" | "<" | "<=" | ">" | ">=", ..) => 4,
            Self::Infix("+" | "-", ..) => 5,
            Self::Infix("*" | "//" | "mod", ..) => 6,
            Self::Negate(_) => 7,
            Self::Integer(value) if *value < 0 => 7,
            Self::Infix("^", ..) => 8,
            Self::Infix(other, ..) => panic!("{other}"),
            Self::Item | Self::Integer(_) | Self::Absolute(_) | Self::Call(..) | Self::If(..) => 9,
        }
    }

    /// In parentheses if it binds less strongly than `least`.
    fn within(&self, least: u8) -> String {
        if self.level() < least { format!("({self})") } else { self.to_string() }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level();
        match self {
            Self::Item => write!(f, "i"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Negate(operand) => write!(f, "-{}", operand.within(7)),
            Self::Absolute(operand) => write!(f, "abs({operand})"),
            Self::Not(operand) => write!(f, "not {}", operand.within(3)),
            // `^` is grouped from the right, and its exponent may have a sign.
            Self::Infix("^", left, right) => write!(f, "{}^{}", left.within(9), right.within(7)),
            Self::Infix(operator, left, right) => {
                let left_level = if level == 4 { 5 } else { level };
                write!(f, "{} {operator} {}", left.within(left_level), right.within(level + 1))
            }
            Self::Call(name, left, right) => write!(f, "{name}({left}, {right})"),
            Self::If(condition, then, otherwise) => write!(f, "if({condition}, {then}, {otherwise})"),
        }
    }
}

/// Integers of every size, most of them small.
pub(crate) fn integers() -> impl Strategy<Value = i128> {
    prop_oneof![
        6 => -12i128..100,
        2 => -2_000_000i128..2_000_000,
        1 => any::<i64>().prop_map(i128::from),
        1 => any::<i128>(),
        1 => Just(1 << 50),
        1 => Just(1 << 63),
    ]
}

/// Terms of integers.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![3 => Just(Tree::Item), 2 => integers().prop_map(Tree::Integer)];
    leaf.prop_recursive(4, 20, 3, |inner| {
        let infix = |operators: &'static [&'static str]| {
            (proptest::sample::select(operators), inner.clone(), inner.clone())
                .prop_map(|(operator, left, right)| Tree::Infix(operator, left.into(), right.into()))
        };
        let power = (inner.clone(), -1i128..9)
            .prop_map(|(base, exponent)| Tree::Infix("^", base.into(), Tree::Integer(exponent).into()));
        let remainder = (inner.clone(), integers())
            .prop_map(|(left, right)| Tree::Infix("mod", left.into(), Tree::Integer(right).into()));
        prop_oneof![
            6 => infix(&["+", "-", "*"]),
            2 => infix(&["//", "mod"]),
            3 => remainder,
            2 => power,
            1 => infix(&["^"]),
            2 => infix(&["==", "!=", "<", "<=", ">", ">="]),
            1 => infix(&["and", "or"]),
            1 => inner.clone().prop_map(|it| Tree::Negate(it.into())),
            1 => inner.clone().prop_map(|it| Tree::Absolute(it.into())),
            1 => inner.clone().prop_map(|it| Tree::Not(it.into())),
            2 => (proptest::sample::select(&["gcd", "min", "max"][..]), inner.clone(), inner.clone())
                .prop_map(|(name, left, right)| Tree::Call(name, left.into(), right.into())),
            2 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, then, otherwise)| Tree::If(condition.into(), then.into(), otherwise.into())),
        ]
    })
}

/// The first item of a range: near zero, of every size, and at both ends of the integers.
pub(crate) fn starts() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => -30i64..30,
        2 => -2_000_000_000i64..2_000_000_000,
        1 => (1i64 << 50) - 20..(1 << 50) + 1,
        1 => any::<i64>(),
        1 => Just(i64::MIN),
        1 => i64::MAX - 40..=i64::MAX,
    ]
}
