//! `Allocation`: which columns there are, and which of them are free.

use crate::interval::Whole;
use crate::plan::{Constant, Lanes, Register, SMALL};

#[derive(Default)]
pub(super) struct Allocation {
    /// Columns that are filled once.
    pub(super) constants: Vec<(Register, Constant)>,
    /// How many columns of f64, i64 and i128 there are.
    pub(super) columns: [usize; 3],
    /// Columns whose values are not needed any more.
    free: [Vec<usize>; 3],
}

impl Allocation {
    pub(super) fn constant(&mut self, constant: Constant, lanes: Lanes) -> Register {
        // A column of its own: it is filled once, and never free.
        let register = self.fresh(lanes);
        self.constants.push((register, constant));
        register
    }

    pub(super) fn column(&mut self, lanes: Lanes) -> Register {
        match self.free[file(lanes)].pop() {
            Some(number) => Register { lanes, number },
            None => self.fresh(lanes),
        }
    }

    /// A column that nothing has used.
    pub(super) fn fresh(&mut self, lanes: Lanes) -> Register {
        let number = self.columns[file(lanes)];
        self.columns[file(lanes)] += 1;
        Register { lanes, number }
    }

    /// The value of `register` is not needed any more.
    pub(super) fn release(&mut self, register: Register) {
        let is_same = |other: &Register| (file(other.lanes), other.number) == (file(register.lanes), register.number);
        if !self.constants.iter().any(|(constant, _)| is_same(constant)) {
            self.free[file(register.lanes)].push(register.number);
        }
    }
}

/// The narrowest lanes that hold integers of this interval.
pub(super) fn lanes_of(whole: Option<Whole>) -> Lanes {
    match whole {
        Some(it) if it.is_within(SMALL) => Lanes::Small,
        Some(it) if i64::try_from(it.least).is_ok() && i64::try_from(it.greatest).is_ok() => Lanes::Long,
        _ => Lanes::Wide,
    }
}

/// Which of the files of columns holds these lanes.
fn file(lanes: Lanes) -> usize {
    match lanes {
        Lanes::Float | Lanes::Small => 0,
        Lanes::Long => 1,
        Lanes::Wide => 2,
    }
}
