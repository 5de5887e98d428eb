//! Makes a [`Program`] of an [`Expression`]: finds the types, and takes remainders early.
//!
//! `(i^2 + 1) mod 7` needs no squares: the remainder of a sum, a difference or a product depends on the remainders of
//! its operands alone. So where the modulus is a constant, every operand of such a part is marked with a
//! [`Step::Reduce`]. Whether it is worth it depends on how large the operand can be, which is found out for each range.

use dashu_int::IBig;

use super::constants::with_constants;
use super::{Program, Step, Type};
use crate::number::Number;
use crate::syntax::{Binary, Expression, Kind, ParseError, Unary};

/// The program of the term `text`, which was parsed to `expression`.
///
/// # Errors
///
/// An f64 stands where an integer is needed.
pub(crate) fn compile(text: &str, expression: Expression) -> Result<Program, ParseError> {
    let expression = with_constants(expression);
    let mut compiler = Compiler { text, steps: Vec::new(), types: Vec::new() };
    compiler.expression(&expression)?;
    Ok(Program { steps: compiler.steps, types: compiler.types })
}

struct Compiler<'t> {
    text: &'t str,
    steps: Vec<Step>,
    types: Vec<Type>,
}

impl Compiler<'_> {
    /// Appends the steps of `expression`, and returns the number of the last one.
    fn expression(&mut self, expression: &Expression) -> Result<usize, ParseError> {
        Ok(match &expression.kind {
            Kind::Item => self.push(Step::Item, Type::Integer),
            Kind::Integer(integer) => self.push(Step::Integer(integer.clone()), Type::Integer),
            Kind::Float(float) => self.push(Step::Float(*float), Type::Float),
            Kind::Unary(unary, operand) => self.unary(*unary, operand)?,
            Kind::Binary(Binary::Modulo, dividend, divisor) => self.modulo(dividend, divisor)?,
            Kind::Binary(binary, left, right) => self.binary(*binary, left, right)?,
            Kind::If(condition, then, otherwise) => self.choice(condition, then, otherwise)?,
        })
    }

    fn unary(&mut self, unary: Unary, operand: &Expression) -> Result<usize, ParseError> {
        let operand = self.expression(operand)?;
        Ok(match (unary, self.types[operand]) {
            // An integer is its own floor and ceiling.
            (Unary::Floor | Unary::Ceil, Type::Integer) => operand,
            (Unary::Floor | Unary::Ceil, Type::Float) => self.push(Step::Unary(unary, operand), Type::Integer),
            (Unary::Function(_), _) => {
                let operand = self.float(operand);
                self.push(Step::Unary(unary, operand), Type::Float)
            }
            (Unary::Negate | Unary::Absolute, of) => self.push(Step::Unary(unary, operand), of),
        })
    }

    fn binary(&mut self, binary: Binary, left: &Expression, right: &Expression) -> Result<usize, ParseError> {
        let integers_only = matches!(binary, Binary::Quotient | Binary::Modulo | Binary::Gcd);
        let needs_floats = binary == Binary::Divide || self.is_float(left) || self.is_float(right);
        if integers_only {
            for operand in [left, right] {
                self.refuse_float(binary, operand)?;
            }
        }
        let mut operand = |it: &Expression| -> Result<usize, ParseError> {
            let operand = self.expression(it)?;
            Ok(if needs_floats { self.float(operand) } else { operand })
        };
        let (left, right) = (operand(left)?, operand(right)?);
        let of = match binary {
            Binary::Compare(_) => Type::Integer,
            _ => self.types[right],
        };
        Ok(self.push(Step::Binary(binary, left, right), of))
    }

    fn choice(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
    ) -> Result<usize, ParseError> {
        let is_float = self.is_float(then) || self.is_float(otherwise);
        let condition = self.expression(condition)?;
        let branch = self.push(Step::Branch { condition, otherwise: 0 }, Type::Integer);
        let mut operand = |it: &Expression| -> Result<usize, ParseError> {
            let operand = self.expression(it)?;
            Ok(if is_float { self.float(operand) } else { operand })
        };
        let then = operand(then)?;
        let skip = self.push(Step::Skip { to: 0 }, Type::Integer);
        self.steps[branch] = Step::Branch { condition, otherwise: skip + 1 };
        let mut operand = |it: &Expression| -> Result<usize, ParseError> {
            let operand = self.expression(it)?;
            Ok(if is_float { self.float(operand) } else { operand })
        };
        let otherwise = operand(otherwise)?;
        let select = self.push(Step::Select { condition, then, otherwise }, self.types[then]);
        self.steps[skip] = Step::Skip { to: select };
        Ok(select)
    }

    fn modulo(&mut self, dividend: &Expression, divisor: &Expression) -> Result<usize, ParseError> {
        for operand in [dividend, divisor] {
            self.refuse_float(Binary::Modulo, operand)?;
        }
        if let Kind::Binary(Binary::Power, base, exponent) = &dividend.kind {
            return self.power_modulo(base, exponent, divisor);
        }
        let constant = constant(divisor);
        let dividend = match constant {
            Some(modulus) if is_ring(dividend) => self.reduced(dividend, modulus)?,
            _ => self.expression(dividend)?,
        };
        let divisor = self.expression(divisor)?;
        Ok(self.push(Step::Binary(Binary::Modulo, dividend, divisor), Type::Integer))
    }

    fn power_modulo(
        &mut self,
        base: &Expression,
        exponent: &Expression,
        modulus: &Expression,
    ) -> Result<usize, ParseError> {
        let base = match (constant(modulus), is_natural(exponent)) {
            (Some(modulus), true) => self.reduced(base, modulus)?,
            _ => self.expression(base)?,
        };
        let exponent = self.expression(exponent)?;
        let modulus = self.expression(modulus)?;
        Ok(self.push(Step::PowerModulo { base, exponent, modulus }, Type::Integer))
    }

    /// Appends the steps of `expression`, of which only the remainder by `modulus` matters.
    fn reduced(&mut self, expression: &Expression, modulus: i64) -> Result<usize, ParseError> {
        let operand = match &expression.kind {
            Kind::Unary(Unary::Negate, operand) => {
                let operand = self.reduced(operand, modulus)?;
                self.push(Step::Unary(Unary::Negate, operand), Type::Integer)
            }
            Kind::Binary(Binary::Power, base, exponent) => {
                let base = match is_natural(exponent) {
                    true => self.reduced(base, modulus)?,
                    false => self.expression(base)?,
                };
                let exponent = self.expression(exponent)?;
                let modulus = self.push(Step::Integer(modulus.into()), Type::Integer);
                self.push(Step::PowerModulo { base, exponent, modulus }, Type::Integer)
            }
            Kind::Binary(binary, left, right) if is_ring(expression) => {
                let left = self.reduced(left, modulus)?;
                let right = self.reduced(right, modulus)?;
                self.push(Step::Binary(*binary, left, right), Type::Integer)
            }
            _ => self.expression(expression)?,
        };
        Ok(match self.steps[operand] {
            Step::Integer(_) | Step::PowerModulo { .. } => operand,
            _ => self.push(Step::Reduce { operand, modulus }, Type::Integer),
        })
    }

    /// Appends the conversion of `operand` to f64, if it is none.
    fn float(&mut self, operand: usize) -> usize {
        match (self.types[operand], &self.steps[operand]) {
            (Type::Float, _) => operand,
            (Type::Integer, Step::Integer(integer)) if Number::nearest(integer).is_finite() => {
                self.steps[operand] = Step::Float(Number::nearest(integer));
                self.types[operand] = Type::Float;
                operand
            }
            (Type::Integer, _) => self.push(Step::ToFloat(operand), Type::Float),
        }
    }

    fn push(&mut self, step: Step, of: Type) -> usize {
        self.steps.push(step);
        self.types.push(of);
        self.steps.len() - 1
    }

    fn is_float(&self, expression: &Expression) -> bool {
        self.reason_for_float(expression).is_some()
    }

    /// What makes `expression` an f64.
    fn reason_for_float<'e>(&self, expression: &'e Expression) -> Option<&'e Expression> {
        match &expression.kind {
            Kind::Item | Kind::Integer(_) | Kind::Binary(Binary::Compare(_), ..) => None,
            Kind::Unary(Unary::Floor | Unary::Ceil, _) => None,
            Kind::Float(_) | Kind::Unary(Unary::Function(_), _) | Kind::Binary(Binary::Divide, ..) => Some(expression),
            Kind::Unary(Unary::Negate | Unary::Absolute, operand) => self.reason_for_float(operand),
            Kind::Binary(_, left, right) | Kind::If(_, left, right) => {
                self.reason_for_float(left).or_else(|| self.reason_for_float(right))
            }
        }
    }

    fn refuse_float(&self, binary: Binary, operand: &Expression) -> Result<(), ParseError> {
        let Some(reason) = self.reason_for_float(operand) else { return Ok(()) };
        let because = match &reason.kind {
            Kind::Binary(..) => "`/` gives an f64; write `//` for the quotient of integers, or `floor(..)`".to_string(),
            Kind::Unary(unary, _) => {
                format!("`{}` gives an f64; write `floor(..)` to make an integer of it", unary.symbol())
            }
            _ => format!("`{}` is an f64", &self.text[reason.place.clone()]),
        };
        let at = match &reason.kind {
            Kind::Binary(_, left, _) => {
                let rest = &self.text[left.place.end..];
                left.place.end + rest.find('/').unwrap_or_default()
            }
            _ => reason.place.start,
        };
        let operator = binary.symbol();
        Err(ParseError::new(self.text, at, format!("`{operator}` needs integers, and {because}")))
    }
}

/// Whether the remainder of `expression` depends on the remainders of its operands alone.
fn is_ring(expression: &Expression) -> bool {
    matches!(
        expression.kind,
        Kind::Unary(Unary::Negate, _)
            | Kind::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Power, ..)
    )
}

/// The value of a modulus that is a constant of one word, and not 0.
fn constant(expression: &Expression) -> Option<i64> {
    match &expression.kind {
        Kind::Integer(integer) => i64::try_from(integer).ok().filter(|&value| value != 0 && value != i64::MIN),
        _ => None,
    }
}

/// Whether an exponent is a constant that is not negative. A base may be reduced only then: (-1)^-1 is an integer, and
/// 6^-1 is none, although both bases have the same remainder by 7.
fn is_natural(exponent: &Expression) -> bool {
    matches!(&exponent.kind, Kind::Integer(integer) if *integer >= IBig::ZERO)
}
