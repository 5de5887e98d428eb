//! The text of a term: the tree that it stands for, or where and why it is none.

mod callable;
mod expression;
mod grammar;
mod infix;
mod parse_error;

pub(crate) use self::expression::{Binary, Comparison, Expression, Function, Kind, Unary};
pub(crate) use self::grammar::parse;
pub use self::parse_error::ParseError;
