//! `Registers`: the columns of a plan.

use std::mem;

use crate::columns::BLOCK;
use crate::columns::word::Word;
use crate::plan::{Constant, Lanes, Plan, Register};

/// The columns of a plan, of [`BLOCK`] lanes each.
#[derive(Default)]
pub(crate) struct Registers {
    pub(super) floats: Vec<Vec<f64>>,
    pub(super) longs: Vec<Vec<i64>>,
    pub(super) wides: Vec<Vec<i128>>,
}

/// The values of a column.
pub(crate) enum Column<'r> {
    Float(&'r [f64]),
    /// Integers from -2^50 to 2^50.
    Small(&'r [f64]),
    Long(&'r [i64]),
    Wide(&'r [i128]),
}

impl Registers {
    /// Makes the columns of `plan`, and fills the constant ones.
    pub(crate) fn prepare(&mut self, plan: &Plan) {
        let [floats, longs, wides] = plan.columns;
        grow(&mut self.floats, floats);
        grow(&mut self.longs, longs);
        grow(&mut self.wides, wides);
        for (register, constant) in &plan.constants {
            let number = register.number;
            match (register.lanes, constant) {
                (Lanes::Float, Constant::Float(float)) => self.floats[number].fill(*float),
                (Lanes::Float | Lanes::Small, Constant::Integer(integer)) => self.floats[number].fill(*integer as f64),
                (Lanes::Long, Constant::Integer(integer)) => self.longs[number].fill(*integer as i64),
                (Lanes::Wide, Constant::Integer(integer)) => self.wides[number].fill(*integer),
                (_, Constant::Float(_)) => unreachable!("an f64 is in lanes of f64"),
            }
        }
    }

    /// The first `len` values of `register`.
    pub(crate) fn column(&self, register: Register, len: usize) -> Column<'_> {
        let number = register.number;
        match register.lanes {
            Lanes::Float => Column::Float(&self.floats[number][..len]),
            Lanes::Small => Column::Small(&self.floats[number][..len]),
            Lanes::Long => Column::Long(&self.longs[number][..len]),
            Lanes::Wide => Column::Wide(&self.wides[number][..len]),
        }
    }

    /// Takes the column `number` out, to be written while others are read.
    pub(super) fn take<W: Lane>(&mut self, number: usize) -> Vec<W> {
        mem::take(&mut W::columns(self)[number])
    }

    /// Puts a column back that was taken out.
    pub(super) fn put<W: Lane>(&mut self, number: usize, column: Vec<W>) {
        W::columns(self)[number] = column;
    }
}

/// A word that has columns.
pub(super) trait Lane: Word {
    /// The columns of this kind.
    fn columns(registers: &mut Registers) -> &mut Vec<Vec<Self>>;
}

impl Lane for f64 {
    fn columns(registers: &mut Registers) -> &mut Vec<Vec<Self>> {
        &mut registers.floats
    }
}

impl Lane for i64 {
    fn columns(registers: &mut Registers) -> &mut Vec<Vec<Self>> {
        &mut registers.longs
    }
}

impl Lane for i128 {
    fn columns(registers: &mut Registers) -> &mut Vec<Vec<Self>> {
        &mut registers.wides
    }
}

fn grow<W: Word>(columns: &mut Vec<Vec<W>>, count: usize) {
    while columns.len() < count {
        columns.push(vec![W::default(); BLOCK]);
    }
}
