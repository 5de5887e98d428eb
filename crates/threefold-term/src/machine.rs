//! Evaluates a program for one item, in exact arithmetic.
//!
//! This is the slow and complete way. It is taken for the blocks of items that the columns cannot evaluate: because an
//! integer needs more than 128 bits, or because an item has no value, which this way names.

use dashu_int::IBig;

use crate::number::{MOST_BITS, Number, Undefined};
use crate::program::{Program, Step};

/// The values of the steps, which are kept from item to item so that no memory is asked for again.
pub(crate) struct Machine<'p> {
    program: &'p Program,
    values: Vec<Number>,
}

impl<'p> Machine<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        Self { program, values: vec![Number::Integer(IBig::ZERO); program.steps.len()] }
    }

    /// The value of the term for `item`.
    ///
    /// # Errors
    ///
    /// Why it has none.
    pub(crate) fn value(&mut self, item: i64) -> Result<Number, Undefined> {
        let Self { program: Program { steps, .. }, values } = self;
        let mut at = 0;
        while at < steps.len() {
            let value = match &steps[at] {
                Step::Item => Number::Integer(item.into()),
                Step::Integer(integer) => Number::Integer(integer.clone()),
                Step::Float(float) => Number::Float(*float),
                Step::ToFloat(operand) => values[*operand].to_float()?,
                Step::Unary(unary, operand) => Number::unary(*unary, &values[*operand])?,
                Step::Binary(binary, left, right) => {
                    Number::binary(*binary, &values[*left], &values[*right], MOST_BITS)?
                }
                Step::Reduce { operand, modulus } => values[*operand].reduced(*modulus),
                Step::PowerModulo { base, exponent, modulus } => {
                    Number::power_modulo(&values[*base], &values[*exponent], &values[*modulus])?
                }
                Step::Branch { condition, otherwise } => {
                    at = if values[*condition].is_nonzero() { at + 1 } else { *otherwise };
                    continue;
                }
                Step::Skip { to } => {
                    at = *to;
                    continue;
                }
                Step::Select { condition, then, otherwise } => {
                    let chosen = if values[*condition].is_nonzero() { then } else { otherwise };
                    values[*chosen].clone()
                }
            };
            values[at] = value;
            at += 1;
        }
        Ok(values.last().cloned().expect("a term has a step"))
    }
}
