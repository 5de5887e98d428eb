//! Plans a choice: of `if`, `and` or `or`.

use std::mem;

use super::{Interval, Planner, planned};
use crate::plan::{Block, Choice, Instruction, Lanes};
use crate::program::Step;

impl Planner<'_> {
    /// Plans the choice that begins with the branch `at`, and returns the number of the step after it.
    pub(super) fn choice(&mut self, at: usize, condition: usize, otherwise: usize) -> usize {
        let Step::Skip { to: select } = self.program.steps[otherwise - 1] else {
            unreachable!("a skip ends the first part of a choice")
        };
        let (then, last) = (at + 1..otherwise - 1, otherwise..select);
        let decided = match self.interval(condition) {
            Interval::Whole(Some(it)) if !it.contains(0) => Some(then.clone()),
            Interval::Whole(Some(it)) if it.single() == Some(0) => Some(last.clone()),
            _ => None,
        };
        if let Some(chosen) = decided {
            if let Some(register) = self.value(condition).register {
                self.allocation.release(register);
            }
            let value = chosen.end - 1;
            self.steps(chosen);
            self.values[select] = self.values[value];
            return select + 1;
        }
        self.check_finite(condition);
        let condition = self.register(condition);
        let failed_before = mem::take(&mut self.may_fail);
        let outer = mem::take(&mut self.instructions);
        let (then_value, otherwise_value) = (then.end - 1, last.end - 1);
        self.steps(then);
        let then = mem::take(&mut self.instructions);
        // The second part must not overwrite the value of the first.
        let first = self.register(then_value);
        let mut first_block = Block { instructions: mem::take(&mut self.instructions), value: first };
        first_block.instructions.splice(0..0, then);
        self.steps(last);
        let second = self.register(otherwise_value);
        let second_block = Block { instructions: mem::replace(&mut self.instructions, outer), value: second };

        let interval = match (self.interval(then_value), self.interval(otherwise_value)) {
            (Interval::Real(one), Interval::Real(other)) => Interval::Real(one.hull(other)),
            (Interval::Whole(one), Interval::Whole(other)) => Interval::Whole(one.zip(other).map(|(a, b)| a.hull(b))),
            _ => unreachable!("both parts have the same type"),
        };
        let lanes = first.lanes.max(second.lanes);
        let first_block = self.block_as(first_block, lanes);
        let second_block = self.block_as(second_block, lanes);
        let to = self.allocation.column(lanes);
        let choice = Choice { condition, to, is_lazy: self.may_fail, then: first_block, otherwise: second_block };
        for register in [condition, choice.then.value, choice.otherwise.value] {
            self.allocation.release(register);
        }
        self.instructions.push(Instruction::Choice(Box::new(choice)));
        self.may_fail |= failed_before;
        self.values[select] = Some(planned(interval, to));
        select + 1
    }

    /// `block` with its value in `lanes`. The converted value has a column of its own, which no other block overwrites.
    fn block_as(&mut self, mut block: Block, lanes: Lanes) -> Block {
        if block.value.lanes != lanes {
            let (from, to) = (block.value, self.allocation.fresh(lanes));
            block.instructions.push(Instruction::Convert { from, to });
            block.value = to;
            self.allocation.release(from);
        }
        block
    }
}
