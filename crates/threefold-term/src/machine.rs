//! Evaluates a program for one item, in exact arithmetic.
//!
//! This is the slow and complete way. It is taken for the blocks of items that the columns cannot evaluate: because an
//! integer needs more than 128 bits, or because an item has no value, which this way names.

use std::mem;

use dashu_int::IBig;

use crate::number::{MOST_BITS, Number, Undefined};
use crate::program::{Program, Step};

/// In the place of a value that was taken.
const ZERO: Number = Number::Integer(IBig::ZERO);

/// The values of the steps. Each is an operand of one later step, which takes it: large integers are not kept longer than
/// they are needed.
pub(crate) struct Machine<'p> {
    program: &'p Program,
    values: Vec<Number>,
}

impl<'p> Machine<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        Self { program, values: vec![ZERO; program.steps.len()] }
    }

    /// The value of the term for `item`.
    ///
    /// # Errors
    ///
    /// Why it has none.
    pub(crate) fn value(&mut self, item: i64) -> Result<Number, Undefined> {
        let Self { program: Program { steps, .. }, values } = self;
        let take = |values: &mut [Number], operand: usize| mem::replace(&mut values[operand], ZERO);
        let mut at = 0;
        while at < steps.len() {
            let value = match &steps[at] {
                Step::Item => Number::Integer(item.into()),
                Step::Integer(integer) => Number::Integer(integer.clone()),
                Step::Float(float) => Number::Float(*float),
                Step::ToFloat(operand) => take(values, *operand).to_float()?,
                Step::Unary(unary, operand) => Number::unary(*unary, &take(values, *operand))?,
                Step::Binary(binary, left, right) => {
                    let (left, right) = (take(values, *left), take(values, *right));
                    Number::binary(*binary, &left, &right, MOST_BITS)?
                }
                Step::Reduce { operand, modulus } => take(values, *operand).reduced(*modulus),
                Step::PowerModulo { base, exponent, modulus } => {
                    let [base, exponent, modulus] = [*base, *exponent, *modulus].map(|it| take(values, it));
                    Number::power_modulo(&base, &exponent, &modulus)?
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
                    let chosen = if take(values, *condition).is_nonzero() { then } else { otherwise };
                    take(values, *chosen)
                }
            };
            values[at] = value;
            at += 1;
        }
        Ok(take(values, steps.len() - 1))
    }
}
