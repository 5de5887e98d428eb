//! Replaces the parts of a term that do not depend on the item by their values.

use crate::number::{Number, Undefined};
use crate::syntax::{Binary, Expression, Kind, Unary};

/// The largest constant that is computed beforehand, in bits.
const MOST_BITS: usize = 4_096;

/// `expression` with constants in place of what is constant. What has no value is kept, and fails at the first item that
/// needs it.
pub(super) fn with_constants(expression: Expression) -> Expression {
    let Expression { kind, place } = expression;
    let part = |it: Box<Expression>| Box::new(with_constants(*it));
    let kind = match kind {
        Kind::Item | Kind::Integer(_) | Kind::Float(_) => kind,
        Kind::Unary(unary, operand) => {
            let operand = part(operand);
            unary_value(unary, &operand).unwrap_or(Kind::Unary(unary, operand))
        }
        Kind::Binary(binary, left, right) => {
            let (left, right) = (part(left), part(right));
            binary_value(binary, &left, &right).unwrap_or(Kind::Binary(binary, left, right))
        }
        Kind::If(condition, then, otherwise) => Kind::If(part(condition), part(then), part(otherwise)),
    };
    Expression { kind, place }
}

fn unary_value(unary: Unary, operand: &Expression) -> Option<Kind> {
    let operand = number(operand)?;
    let value = match (unary, &operand) {
        (Unary::Floor | Unary::Ceil, Number::Integer(_)) => Ok(operand),
        (Unary::Function(_), _) => operand.to_float().and_then(|operand| Number::unary(unary, &operand)),
        _ => Number::unary(unary, &operand),
    };
    kind(value)
}

fn binary_value(binary: Binary, left: &Expression, right: &Expression) -> Option<Kind> {
    let (left, right) = (number(left)?, number(right)?);
    let are_integers = matches!((&left, &right), (Number::Integer(_), Number::Integer(_)));
    let value = match binary {
        // The compiler refuses these.
        Binary::Quotient | Binary::Modulo | Binary::Gcd if !are_integers => return None,
        Binary::Divide => floats(binary, &left, &right),
        _ if are_integers => Number::binary(binary, &left, &right, MOST_BITS),
        _ => floats(binary, &left, &right),
    };
    kind(value)
}

fn floats(binary: Binary, left: &Number, right: &Number) -> Result<Number, Undefined> {
    Number::binary(binary, &left.to_float()?, &right.to_float()?, MOST_BITS)
}

fn number(expression: &Expression) -> Option<Number> {
    match &expression.kind {
        Kind::Integer(integer) => Some(Number::Integer(integer.clone())),
        Kind::Float(float) => Some(Number::Float(*float)),
        _ => None,
    }
}

fn kind(value: Result<Number, Undefined>) -> Option<Kind> {
    Some(match value.ok()? {
        Number::Integer(integer) => Kind::Integer(integer),
        Number::Float(float) => Kind::Float(float),
    })
}
