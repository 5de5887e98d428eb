//! `Infix`: the operators between operands, and how expressions are put together.

use std::ops::Range;

use dashu_int::IBig;

use super::expression::{Binary, Comparison, Expression, Kind, Unary};

const COMPARISON: u8 = 4;
pub(super) const POWER: u8 = 8;

/// What follows an operand.
#[derive(Clone, Copy)]
pub(super) enum Infix {
    Or,
    And,
    Binary(Binary),
}

impl Infix {
    pub(super) fn level(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Binary(Binary::Compare(_)) => COMPARISON,
            Self::Binary(Binary::Add | Binary::Subtract) => 5,
            Self::Binary(Binary::Power) => POWER,
            Self::Binary(_) => 6,
        }
    }
}

pub(super) fn joined(infix: Infix, left: Expression, right: Expression) -> Expression {
    let place = left.place.start..right.place.end;
    let boxed = |kind, place: &Range<usize>| Box::new(Expression { kind, place: place.clone() });
    let truth = |it: Expression| {
        let place = it.place.clone();
        Box::new(comparison(Comparison::Different, it, Kind::Integer(IBig::ZERO), place))
    };
    let kind = match infix {
        Infix::Binary(binary) => Kind::Binary(binary, Box::new(left), Box::new(right)),
        // The right side is evaluated only where the left one does not decide.
        Infix::And => Kind::If(Box::new(left), truth(right), boxed(Kind::Integer(IBig::ZERO), &place)),
        Infix::Or => Kind::If(Box::new(left), boxed(Kind::Integer(IBig::ONE), &place), truth(right)),
    };
    Expression { kind, place }
}

pub(super) fn comparison(comparison: Comparison, left: Expression, right: Kind, place: Range<usize>) -> Expression {
    let right = Expression { kind: right, place: left.place.clone() };
    Expression { kind: Kind::Binary(Binary::Compare(comparison), Box::new(left), Box::new(right)), place }
}

/// `-operand`, where the minus stands at `start`.
pub(super) fn negated(operand: Expression, start: usize) -> Expression {
    let place = start..operand.place.end;
    let kind = match operand.kind {
        Kind::Integer(integer) => Kind::Integer(-integer),
        Kind::Float(float) => Kind::Float(-float),
        _ => Kind::Unary(Unary::Negate, Box::new(operand)),
    };
    Expression { kind, place }
}
