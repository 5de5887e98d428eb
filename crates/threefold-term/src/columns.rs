//! Evaluates a [`Plan`](crate::plan::Plan) for a block of items: one loop over columns for each instruction.
//!
//! [`word`] says what is done with one f64, i64 or i128; [`kernels`] has the loops, which the compiler vectorizes for the
//! instructions of this CPU; [`registers`] holds the columns; [`run`] follows the instructions.

mod convert;
mod kernels;
mod operations;
pub(crate) mod reduce;
mod registers;
mod run;
mod small;
mod word;

pub(crate) use self::registers::{Column, Registers};
pub(crate) use self::run::{Items, run};

/// The items of a block. The columns of a few steps then fit in the fastest cache.
pub(crate) const BLOCK: usize = 1024;

/// An item has no value that a column can hold. Which item, and why, is found by evaluating one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble;
