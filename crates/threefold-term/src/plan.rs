//! `Plan`: how a program is evaluated for the items of one range, a column at a time.
//!
//! A plan is made for some hundred thousand items at once. From the bounds of the range it follows where the values of
//! each step can lie, and so in which kind of column they fit, without a check for each item:
//!
//! | [`Lanes`] | a column of | for |
//! |---|---|---|
//! | `Float` | f64 | what is an f64 |
//! | `Small` | f64 | integers up to 2^50, on which all operations are exact; CPUs have more instructions for f64 than for i64 |
//! | `Long` | i64 | integers that surely fit |
//! | `Wide` | i128 | all others; here each operation is checked |
//!
//! What a column cannot hold, an integer of more than 128 bits, an infinity or the remainder by 0, is a
//! [`Trouble`](crate::columns::Trouble): the block of items is then evaluated one by one by the
//! [`machine`](crate::machine).

mod allocation;
mod planner;

use dashu_int::IBig;

use crate::program::Program;
use crate::syntax::{Binary, Unary};

/// The kind of a column. A kind holds all integers of those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lanes {
    Float,
    Small,
    Long,
    Wide,
}

/// Integers in `Small` lanes are from `-SMALL` to `SMALL`.
pub(crate) const SMALL: i128 = 1 << 50;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    pub(crate) lanes: Lanes,
    /// Counted for each of f64, i64 and i128.
    pub(crate) number: usize,
}

/// What is done with columns. Except for `Convert`, the operands have the kind of the result.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    /// The items themselves.
    Items {
        to: Register,
    },
    Convert {
        from: Register,
        to: Register,
    },
    Unary {
        unary: Unary,
        from: Register,
        to: Register,
    },
    Binary {
        binary: Binary,
        left: Register,
        right: Register,
        to: Register,
    },
    /// `mod` by a constant that is not 0.
    ModuloConstant {
        from: Register,
        divisor: i64,
        to: Register,
    },
    /// `//` by a constant that is not 0.
    QuotientConstant {
        from: Register,
        divisor: i64,
        to: Register,
    },
    /// A power by multiplications; the exponent is at least 1.
    PowerConstant {
        from: Register,
        exponent: u32,
        to: Register,
    },
    /// The same, with a remainder after each multiplication.
    PowerModuloConstant {
        from: Register,
        exponent: u64,
        modulus: i64,
        to: Register,
    },
    PowerModulo {
        base: Register,
        exponent: Register,
        modulus: Register,
        to: Register,
    },
    /// Infinities and NaN are a trouble.
    CheckFinite {
        from: Register,
    },
    Choice(Box<Choice>),
}

/// One of two values for each item.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) condition: Register,
    pub(crate) then: Block,
    pub(crate) otherwise: Block,
    pub(crate) to: Register,
    /// Whether a block may be a trouble, so that it must meet only those items that choose it.
    pub(crate) is_lazy: bool,
}

/// Instructions with a value.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) value: Register,
}

/// The value of a constant column.
#[derive(Clone, Debug)]
pub(crate) enum Constant {
    Integer(i128),
    Float(f64),
}

/// How a program is evaluated for the items of one range.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) block: Block,
    /// Columns that are filled once.
    pub(crate) constants: Vec<(Register, Constant)>,
    /// How many columns of f64, i64 and i128 there are.
    pub(crate) columns: [usize; 3],
    /// The largest absolute value of an integer, if it is known.
    pub(crate) magnitude: Option<u128>,
    /// Whether no value is infinite or NaN.
    pub(crate) is_finite: bool,
}

impl Plan {
    /// The plan for the items from `first` to `last`.
    pub(crate) fn new(program: &Program, first: i64, last: i64) -> Self {
        planner::plan(program, first, last)
    }
}

/// An integer constant that fits in a column.
fn narrow(integer: &IBig) -> Option<i128> {
    i128::try_from(integer).ok()
}
