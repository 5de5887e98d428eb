//! Makes a [`Plan`]: follows the steps of a program with intervals in place of values.

mod choice;

use std::ops::Range;

use crate::interval::{Real, Whole};
use crate::plan::allocation::{Allocation, lanes_of};
use crate::plan::{Block, Constant, Instruction, Lanes, Plan, Register, narrow};
use crate::program::{Program, Step, Type};
use crate::syntax::{Binary, Unary};

/// Products of remainders up to this are small integers.
const SMALL_MODULUS: i64 = 1 << 25;

/// Products of remainders up to this fit in 64 bits.
const LONG_MODULUS: i64 = 1 << 31;

pub(super) fn plan(program: &Program, first: i64, last: i64) -> Plan {
    let items = Whole::new(first.into(), last.into());
    let values = program.steps.iter().map(|_| None).collect();
    let mut planner = Planner {
        program,
        items,
        values,
        instructions: Vec::new(),
        allocation: Allocation::default(),
        may_fail: false,
    };
    planner.steps(0..program.steps.len());
    let last = program.steps.len() - 1;
    let value = planner.register(last);
    let (magnitude, is_finite) = match planner.interval(last) {
        Interval::Whole(whole) => (whole.map(|it| it.least.unsigned_abs().max(it.greatest.unsigned_abs())), true),
        Interval::Real(real) => (None, real.is_finite),
    };
    let block = Block { instructions: planner.instructions, value };
    Plan { block, constants: planner.allocation.constants, columns: planner.allocation.columns, magnitude, is_finite }
}

/// Where the values of a step lie.
#[derive(Clone, Copy, Debug)]
enum Interval {
    Whole(Option<Whole>),
    Real(Real),
}

/// What is known of a step that was planned.
#[derive(Clone, Copy, Debug)]
struct Planned {
    interval: Interval,
    /// `None` for a constant that is in no column yet.
    register: Option<Register>,
}

struct Planner<'p> {
    program: &'p Program,
    items: Whole,
    values: Vec<Option<Planned>>,
    instructions: Vec<Instruction>,
    allocation: Allocation,
    /// Whether an instruction since this was last cleared may be a trouble.
    may_fail: bool,
}

impl Planner<'_> {
    /// Plans the steps of `range`, whose last one is their value.
    fn steps(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            if let Step::Branch { condition, otherwise } = self.program.steps[at] {
                at = self.choice(at, condition, otherwise);
            } else {
                self.values[at] = Some(self.step(at));
                at += 1;
            }
        }
    }

    fn step(&mut self, at: usize) -> Planned {
        match self.program.steps[at] {
            Step::Item => {
                let to = self.allocation.column(lanes_of(Some(self.items)));
                self.instructions.push(Instruction::Items { to });
                planned(Interval::Whole(Some(self.items)), to)
            }
            Step::Integer(ref integer) => {
                Planned { interval: Interval::Whole(narrow(integer).map(Whole::only)), register: None }
            }
            Step::Float(float) => Planned { interval: Interval::Real(Real::only(float)), register: None },
            Step::ToFloat(operand) => {
                let real = Real::of_whole(self.whole(operand));
                let from = self.register(operand);
                planned(Interval::Real(real), self.converted(from, Lanes::Float))
            }
            Step::Unary(unary @ (Unary::Floor | Unary::Ceil), operand) => self.rounding(unary, operand),
            Step::Unary(unary, operand) => self.unary(unary, operand),
            Step::Binary(binary, left, right) => match self.program.types[left] {
                Type::Integer => self.integers(binary, left, right),
                Type::Float => self.floats(binary, left, right),
            },
            Step::Reduce { operand, modulus } => self.reduce(operand, modulus),
            Step::PowerModulo { base, exponent, modulus } => self.power_modulo(base, exponent, modulus),
            Step::Branch { .. } | Step::Skip { .. } | Step::Select { .. } => unreachable!("planned as a choice"),
        }
    }

    fn unary(&mut self, unary: Unary, operand: usize) -> Planned {
        let (interval, lanes) = match self.interval(operand) {
            Interval::Whole(whole) => {
                let whole = Whole::unary(unary, whole);
                (Interval::Whole(whole), self.lanes(operand).max(self.unproved(whole)))
            }
            Interval::Real(_) => {
                if let Unary::Function(_) = unary {
                    self.check_finite(operand);
                }
                (Interval::Real(self.noted(Real::unary(unary, self.real(operand)))), Lanes::Float)
            }
        };
        let from = self.register_as(operand, lanes);
        let to = self.allocation.column(lanes);
        self.instructions.push(Instruction::Unary { unary, from, to });
        self.allocation.release(from);
        planned(interval, to)
    }

    fn rounding(&mut self, unary: Unary, operand: usize) -> Planned {
        self.check_finite(operand);
        let whole = self.real(operand).to_whole();
        let lanes = self.unproved(whole);
        let from = self.register(operand);
        let to = self.allocation.column(Lanes::Float);
        self.instructions.push(Instruction::Unary { unary, from, to });
        self.allocation.release(from);
        match lanes {
            Lanes::Small => planned(Interval::Whole(whole), Register { lanes, ..to }),
            _ => planned(Interval::Whole(whole), self.converted(to, lanes)),
        }
    }

    fn integers(&mut self, binary: Binary, left: usize, right: usize) -> Planned {
        let interval = Whole::binary(binary, self.whole(left), self.whole(right));
        let divisor = self.divisor(right);
        let exponent =
            self.whole(right).and_then(Whole::single).and_then(|it| u32::try_from(it).ok()).filter(|&it| it > 0);
        match (binary, divisor, exponent) {
            (Binary::Modulo, Some(divisor), _) => {
                let lanes = self.lanes(left).max(lanes_of(Some(Whole::only(divisor.into()))));
                let from = self.register_as(left, lanes);
                self.remainder(from, divisor, interval)
            }
            (Binary::Quotient, Some(divisor), _) => {
                let lanes =
                    self.lanes(left).max(lanes_of(Some(Whole::only(divisor.into())))).max(self.unproved(interval));
                let from = self.register_as(left, lanes);
                let to = self.allocation.column(lanes);
                self.instructions.push(Instruction::QuotientConstant { from, divisor, to });
                self.allocation.release(from);
                planned(Interval::Whole(interval), to)
            }
            (Binary::Power, _, Some(exponent)) => {
                let lanes = self.lanes(left).max(self.unproved(interval));
                let from = self.register_as(left, lanes);
                planned(Interval::Whole(interval), self.power(from, exponent))
            }
            _ => {
                let may_be_undefined = match binary {
                    Binary::Quotient | Binary::Modulo => self.whole(right).is_none_or(|it| it.contains(0)),
                    Binary::Power => self.whole(right).is_none_or(|it| it.least < 0),
                    _ => false,
                };
                self.may_fail |= may_be_undefined;
                let lanes = self.lanes(left).max(self.lanes(right)).max(self.unproved(interval));
                planned(Interval::Whole(interval), self.binary(binary, left, right, lanes))
            }
        }
    }

    fn floats(&mut self, binary: Binary, left: usize, right: usize) -> Planned {
        // What is not finite stays so through sums and products, and through the dividend of a quotient.
        let propagates = matches!(binary, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide);
        if !propagates {
            self.check_finite(left);
        }
        if !propagates || binary == Binary::Divide {
            self.check_finite(right);
        }
        if let Binary::Compare(_) = binary {
            let to = self.binary(binary, left, right, Lanes::Float);
            return planned(Interval::Whole(Some(Whole::TRUTH)), Register { lanes: Lanes::Small, ..to });
        }
        let (base, exponent) = (self.real(left), self.real(right));
        let interval = Interval::Real(self.noted(Real::binary(binary, base, exponent)));
        let exponent = if exponent.least == exponent.greatest { exponent.least } else { 0.0 };
        if binary == Binary::Power && [2.0, 3.0, 4.0].contains(&exponent) {
            let from = self.register(left);
            return planned(interval, self.power(from, exponent as u32));
        }
        if binary == Binary::Power && exponent == -1.0 {
            let (one, from) = (self.allocation.constant(Constant::Float(1.0), Lanes::Float), self.register(left));
            let to = self.allocation.column(Lanes::Float);
            self.instructions.push(Instruction::Binary { binary: Binary::Divide, left: one, right: from, to });
            self.allocation.release(from);
            return planned(interval, to);
        }
        planned(interval, self.binary(binary, left, right, Lanes::Float))
    }

    fn binary(&mut self, binary: Binary, left: usize, right: usize, lanes: Lanes) -> Register {
        let (left, right) = (self.register_as(left, lanes), self.register_as(right, lanes));
        let to = self.allocation.column(lanes);
        self.instructions.push(Instruction::Binary { binary, left, right, to });
        self.allocation.release(left);
        self.allocation.release(right);
        to
    }

    fn power(&mut self, from: Register, exponent: u32) -> Register {
        let to = self.allocation.column(from.lanes);
        self.instructions.push(Instruction::PowerConstant { from, exponent, to });
        self.allocation.release(from);
        to
    }

    /// The remainder by a constant, in small lanes if it fits there.
    fn remainder(&mut self, from: Register, divisor: i64, interval: Option<Whole>) -> Planned {
        let to = self.allocation.column(from.lanes);
        self.instructions.push(Instruction::ModuloConstant { from, divisor, to });
        self.allocation.release(from);
        planned(Interval::Whole(interval), self.converted(to, lanes_of(interval)))
    }

    fn reduce(&mut self, operand: usize, modulus: i64) -> Planned {
        let whole = self.whole(operand);
        if whole.is_some_and(|it| it.is_within(modulus.abs().max(SMALL_MODULUS).into())) {
            let register = self.register(operand);
            return planned(Interval::Whole(whole), register);
        }
        let lanes = self.lanes(operand).max(lanes_of(Some(Whole::only(modulus.into()))));
        let from = self.register_as(operand, lanes);
        let interval = Whole::binary(Binary::Modulo, whole, Some(Whole::only(modulus.into())));
        self.remainder(from, modulus, interval)
    }

    fn power_modulo(&mut self, base: usize, exponent: usize, modulus: usize) -> Planned {
        let interval = Whole::binary(Binary::Modulo, None, self.whole(modulus));
        let single = self.whole(exponent).and_then(Whole::single).and_then(|it| u64::try_from(it).ok());
        if let (Some(modulus), Some(exponent)) = (self.divisor(modulus), single.filter(|&it| it > 0)) {
            let fits =
                |most: i64| modulus.abs() <= most && self.whole(base).is_some_and(|it| it.is_within(most.into()));
            let lanes = if fits(SMALL_MODULUS) { Lanes::Small } else { Lanes::Long };
            if fits(LONG_MODULUS) {
                let from = self.register_as(base, lanes.max(self.lanes(base)));
                let to = self.allocation.column(from.lanes);
                self.instructions.push(Instruction::PowerModuloConstant { from, exponent, modulus, to });
                self.allocation.release(from);
                return planned(Interval::Whole(interval), to);
            }
        }
        self.may_fail = true;
        let operands = [base, exponent, modulus];
        let lanes = operands.iter().map(|&it| self.lanes(it)).fold(Lanes::Long, Lanes::max);
        let [base, exponent, modulus] = operands.map(|it| self.register_as(it, lanes));
        let to = self.allocation.column(lanes);
        self.instructions.push(Instruction::PowerModulo { base, exponent, modulus, to });
        for register in [base, exponent, modulus] {
            self.allocation.release(register);
        }
        planned(Interval::Whole(interval), self.converted(to, lanes_of(interval)))
    }

    /// The lanes for integers of this interval. Those that may need more than 128 bits are checked.
    fn unproved(&mut self, whole: Option<Whole>) -> Lanes {
        self.may_fail |= whole.is_none();
        lanes_of(whole)
    }

    fn noted(&mut self, real: Real) -> Real {
        self.may_fail |= !real.is_finite;
        real
    }

    /// Values of `step` that are not finite are a trouble. Afterwards they are known to be finite.
    fn check_finite(&mut self, step: usize) {
        let Interval::Real(real) = self.interval(step) else { return };
        if real.is_finite {
            return;
        }
        let from = self.register(step);
        self.instructions.push(Instruction::CheckFinite { from });
        self.values[step] = Some(planned(Interval::Real(Real { is_finite: true, ..real }), from));
    }

    /// The value of a constant divisor. Neither 0, nor -1, by which a quotient may overflow.
    fn divisor(&self, step: usize) -> Option<i64> {
        let divisor = self.whole(step)?.single()?;
        i64::try_from(divisor).ok().filter(|&it| it != 0 && it != -1 && it != i64::MIN)
    }

    fn value(&self, step: usize) -> Planned {
        self.values[step].expect("operands are planned before what is done with them")
    }

    fn interval(&self, step: usize) -> Interval {
        self.value(step).interval
    }

    fn whole(&self, step: usize) -> Option<Whole> {
        match self.interval(step) {
            Interval::Whole(whole) => whole,
            Interval::Real(_) => unreachable!("an integer"),
        }
    }

    fn real(&self, step: usize) -> Real {
        match self.interval(step) {
            Interval::Real(real) => real,
            Interval::Whole(_) => unreachable!("an f64"),
        }
    }

    /// The kind of column that the integer `step` is in, or needs.
    fn lanes(&self, step: usize) -> Lanes {
        let Planned { register, .. } = self.value(step);
        register.map_or_else(|| lanes_of(self.whole(step)), |register| register.lanes)
    }

    /// The column of `step`.
    fn register(&mut self, step: usize) -> Register {
        match self.value(step) {
            Planned { register: Some(register), .. } => register,
            Planned { interval: Interval::Real(_), .. } => self.register_as(step, Lanes::Float),
            Planned { interval: Interval::Whole(whole), .. } => self.register_as(step, lanes_of(whole)),
        }
    }

    /// The column of `step`, converted to `lanes`.
    fn register_as(&mut self, step: usize, lanes: Lanes) -> Register {
        match self.value(step) {
            Planned { register: Some(register), .. } => self.converted(register, lanes),
            Planned { interval: Interval::Real(real), .. } => {
                self.allocation.constant(Constant::Float(real.least), lanes)
            }
            Planned { interval: Interval::Whole(Some(whole)), .. } => {
                self.allocation.constant(Constant::Integer(whole.least), lanes)
            }
            // A constant that fits in no column. The conversion of a NaN is a trouble, for every item.
            Planned { interval: Interval::Whole(None), .. } => {
                self.may_fail = true;
                let from = self.allocation.constant(Constant::Float(f64::NAN), Lanes::Float);
                let to = self.allocation.column(Lanes::Wide);
                self.instructions.push(Instruction::Convert { from, to });
                to
            }
        }
    }

    fn converted(&mut self, from: Register, lanes: Lanes) -> Register {
        if from.lanes == lanes {
            return from;
        }
        let to = self.allocation.column(lanes);
        self.instructions.push(Instruction::Convert { from, to });
        self.allocation.release(from);
        to
    }
}

fn planned(interval: Interval, register: Register) -> Planned {
    Planned { interval, register: Some(register) }
}
