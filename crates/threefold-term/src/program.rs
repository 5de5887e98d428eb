//! `Program`: a term as steps, each after its operands.
//!
//! Steps are numbered; a step names its operands by their numbers. What is evaluated only for some items stands between
//! a [`Step::Branch`] and its [`Step::Select`]:
//!
//! ```text
//! condition .. Branch { otherwise } then .. Skip { to } otherwise .. Select
//! ```
//!
//! so that one pass over the steps, with two kinds of jumps, evaluates a term without recursion. The value of the last
//! step is the value of the term.

mod compile;
mod constants;

use dashu_int::IBig;

pub(crate) use self::compile::compile;
use crate::syntax::{Binary, Unary};

/// Whether a value is an exact integer or an f64. It is known of each step before anything is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Integer,
    Float,
}

/// One step, with the numbers of the steps that are its operands.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The variable `i`.
    Item,
    Integer(IBig),
    Float(f64),
    /// The f64 that is nearest to an integer.
    ToFloat(usize),
    /// The operand has the type of the result, except for `floor` and `ceil`, which make an integer of an f64.
    Unary(Unary, usize),
    /// Both operands have the same type.
    Binary(Binary, usize, usize),
    /// An integer of which only the remainder by `modulus` matters: it may be replaced by that, or kept.
    Reduce {
        operand: usize,
        modulus: i64,
    },
    /// `base ^ exponent mod modulus`, where the power itself may be too large for any memory.
    PowerModulo {
        base: usize,
        exponent: usize,
        modulus: usize,
    },
    /// If `condition` is 0, the steps from `otherwise` on are next.
    Branch {
        condition: usize,
        otherwise: usize,
    },
    /// The step `to` is next.
    Skip {
        to: usize,
    },
    /// The value of `then` or `otherwise`, whichever was evaluated.
    Select {
        condition: usize,
        then: usize,
        otherwise: usize,
    },
}

/// A term as steps.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    /// The type of each step; that of a jump means nothing.
    pub(crate) types: Vec<Type>,
}

impl Program {
    /// The type of the term's value.
    pub(crate) fn value_type(&self) -> Type {
        *self.types.last().expect("a term has a step")
    }
}
