//! `Expression`: a term as it is written, a tree.

use std::ops::Range;

use dashu_int::IBig;

/// A part of a term, with its place in the text.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: Kind,
    /// The bytes of the text that it was read from.
    pub(crate) place: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The variable `i`.
    Item,
    Integer(IBig),
    Float(f64),
    Unary(Unary, Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// `if(condition, then, otherwise)`
    If(Box<Expression>, Box<Expression>, Box<Expression>),
}

/// What is done with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    Absolute,
    Floor,
    Ceil,
    Function(Function),
}

/// A function of one f64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Sqrt,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Atan,
}

/// What is done with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    /// `/`
    Divide,
    /// `//`
    Quotient,
    /// `mod`
    Modulo,
    Power,
    Gcd,
    Least,
    Greatest,
    Compare(Comparison),
}

/// What is 1 if it holds and 0 if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Unary {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Absolute => "abs",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Function(function) => function.name(),
        }
    }
}

impl Function {
    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqrt => "sqrt",
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Atan => "atan",
        }
    }
}

impl Binary {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Quotient => "//",
            Self::Modulo => "mod",
            Self::Power => "^",
            Self::Gcd => "gcd",
            Self::Least => "min",
            Self::Greatest => "max",
            Self::Compare(comparison) => comparison.symbol(),
        }
    }
}

impl Comparison {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Different => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it holds.
    #[inline(always)]
    pub(crate) fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Different => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}
