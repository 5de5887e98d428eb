//! `Callable`: the functions, and how many arguments they take.

use std::ops::Range;

use super::expression::{Binary, Expression, Function, Kind, Unary};

/// What has arguments.
#[derive(Clone, Copy)]
pub(super) enum Callable {
    If,
    One(Unary),
    /// Of two arguments or more.
    Several(Binary),
}

impl Callable {
    pub(super) fn named(name: &str) -> Option<Self> {
        const FUNCTIONS: [Function; 7] =
            [Function::Sqrt, Function::Exp, Function::Ln, Function::Sin, Function::Cos, Function::Tan, Function::Atan];
        const ONE: [Unary; 3] = [Unary::Absolute, Unary::Floor, Unary::Ceil];
        const SEVERAL: [Binary; 3] = [Binary::Gcd, Binary::Least, Binary::Greatest];
        let function = FUNCTIONS.into_iter().map(Unary::Function);
        let mut one = ONE.into_iter().chain(function);
        match name {
            "if" => Some(Self::If),
            _ => one
                .find(|it| it.symbol() == name)
                .map(Self::One)
                .or_else(|| SEVERAL.into_iter().find(|it| it.symbol() == name).map(Self::Several)),
        }
    }

    pub(super) fn arity(self) -> &'static str {
        match self {
            Self::If => "three arguments: `if(condition, then, otherwise)`",
            Self::One(_) => "one argument",
            Self::Several(_) => "two arguments or more",
        }
    }

    /// The call with these arguments, if it takes so many.
    pub(super) fn applied(self, arguments: Vec<Expression>, place: Range<usize>) -> Option<Expression> {
        let kind = match self {
            Self::If => {
                let [condition, then, otherwise] = <[_; 3]>::try_from(arguments).ok()?.map(Box::new);
                Kind::If(condition, then, otherwise)
            }
            Self::One(unary) => {
                let [argument] = <[_; 1]>::try_from(arguments).ok()?;
                Kind::Unary(unary, Box::new(argument))
            }
            Self::Several(_) if arguments.len() < 2 => return None,
            Self::Several(binary) => {
                let joined = |left, right| {
                    let kind = Kind::Binary(binary, Box::new(left), Box::new(right));
                    Expression { kind, place: place.clone() }
                };
                return arguments.into_iter().reduce(joined);
            }
        };
        Some(Expression { kind, place })
    }
}
