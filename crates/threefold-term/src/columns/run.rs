//! Follows the instructions of a plan for one block of items.

use crate::columns::registers::{Lane, Registers};
use crate::columns::small::small;
use crate::columns::word::Word;
use crate::columns::{Trouble, convert, kernels, operations};
use crate::plan::{Block, Choice, Instruction, Lanes, Register};

/// The items of a block, at most [`BLOCK`].
#[derive(Clone, Copy)]
pub(crate) enum Items<'i> {
    /// Consecutive ones.
    From { first: i64, len: usize },
    /// Those that chose a part of the term.
    Chosen(&'i [i64]),
}

impl Items<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::From { len, .. } => len,
            Self::Chosen(items) => items.len(),
        }
    }

    fn at(self, lane: usize) -> i64 {
        match self {
            // A lane of the block: its item is one.
            Self::From { first, .. } => first + lane as i64,
            Self::Chosen(items) => items[lane],
        }
    }
}

/// Expands to `$body` for the type of the lanes.
macro_rules! by_lanes {
    ($lanes:expr, $word:ident => $body:expr) => {
        match $lanes {
            Lanes::Float | Lanes::Small => {
                type $word = f64;
                $body
            }
            Lanes::Long => {
                type $word = i64;
                $body
            }
            Lanes::Wide => {
                type $word = i128;
                $body
            }
        }
    };
}

/// Evaluates `block` for `items`. Its value is then in its column.
///
/// # Errors
///
/// An item has no value that the columns can hold.
pub(crate) fn run(block: &Block, items: Items<'_>, registers: &mut Registers) -> Result<(), Trouble> {
    block.instructions.iter().try_for_each(|instruction| follow(instruction, items, registers))
}

fn follow(instruction: &Instruction, items: Items<'_>, registers: &mut Registers) -> Result<(), Trouble> {
    let len = items.len();
    let is_trouble = match *instruction {
        Instruction::Items { to } => {
            fill(items, to, registers);
            false
        }
        Instruction::Convert { from, to } => convert::convert(from, to, len, registers),
        Instruction::Unary { unary, from, to } => match to.lanes {
            Lanes::Float => with::<f64>(registers, to, |column, registers| {
                operations::float(unary, &mut column[..len], &registers.floats[from.number]);
                false
            }),
            lanes => by_lanes!(lanes, W => with::<W>(registers, to, |column, registers| {
                operations::sign(unary, &mut column[..len], &W::columns(registers)[from.number])
            })),
        },
        Instruction::Binary { binary, left, right, to } => match to.lanes {
            Lanes::Float => with::<f64>(registers, to, |column, registers| {
                let columns = &registers.floats;
                operations::floats(binary, &mut column[..len], &columns[left.number], &columns[right.number]);
                false
            }),
            lanes => by_lanes!(lanes, W => with::<W>(registers, to, |column, registers| {
                let columns = W::columns(registers);
                operations::integers(binary, &mut column[..len], &columns[left.number], &columns[right.number])
            })),
        },
        Instruction::ModuloConstant { from, divisor, to } => by_lanes!(to.lanes, W => {
            with::<W>(registers, to, |column, registers| {
                let divisor = W::divisor(divisor);
                kernels::map(&mut column[..len], &W::columns(registers)[from.number], #[inline(always)] |it| it.divide_by(&divisor).1);
                false
            })
        }),
        Instruction::QuotientConstant { from, divisor, to } => by_lanes!(to.lanes, W => {
            with::<W>(registers, to, |column, registers| {
                let divisor = W::divisor(divisor);
                kernels::map(&mut column[..len], &W::columns(registers)[from.number], #[inline(always)] |it| it.divide_by(&divisor).0);
                false
            })
        }),
        Instruction::PowerConstant { from, exponent, to } => by_lanes!(to.lanes, W => {
            with::<W>(registers, to, |column, registers| operations::power(exponent, &mut column[..len], &W::columns(registers)[from.number]))
        }),
        Instruction::PowerModuloConstant { from, exponent, modulus, to } => by_lanes!(to.lanes, W => {
            with::<W>(registers, to, |column, registers| {
                operations::power_modulo(exponent, modulus, &mut column[..len], &W::columns(registers)[from.number]);
                false
            })
        }),
        Instruction::PowerModulo { base, exponent, modulus, to } => by_lanes!(to.lanes, W => {
            with::<W>(registers, to, |column, registers| {
                let columns = W::columns(registers);
                let (bases, exponents, moduli) = (&columns[base.number], &columns[exponent.number], &columns[modulus.number]);
                let operands = bases.iter().zip(exponents).zip(moduli);
                column[..len].iter_mut().zip(operands).fold(false, |trouble, (to, ((base, exponent), modulus))| {
                    let (value, is_trouble) = base.power_modulo(*exponent, *modulus);
                    *to = value;
                    trouble | is_trouble
                })
            })
        }),
        Instruction::CheckFinite { from } => kernels::any_not_finite(&registers.floats[from.number][..len]),
        Instruction::Choice(ref choice) => return choose(choice, items, registers),
    };
    if is_trouble { Err(Trouble) } else { Ok(()) }
}

/// Calls `write` with the column of `to`, and with the other columns.
fn with<W: Lane>(
    registers: &mut Registers,
    to: Register,
    write: impl FnOnce(&mut Vec<W>, &mut Registers) -> bool,
) -> bool {
    let mut column = registers.take::<W>(to.number);
    let is_trouble = write(&mut column, registers);
    registers.put(to.number, column);
    is_trouble
}

fn fill(items: Items<'_>, to: Register, registers: &mut Registers) {
    let number = to.number;
    match (to.lanes, items) {
        (Lanes::Small, Items::From { first, len }) => kernels::fill_small(&mut registers.floats[number][..len], first),
        (Lanes::Small, Items::Chosen(items)) => {
            kernels::map(&mut registers.floats[number][..items.len()], items, small)
        }
        (Lanes::Long, Items::From { first, len }) => kernels::fill_long(&mut registers.longs[number][..len], first),
        (Lanes::Long, Items::Chosen(items)) => registers.longs[number][..items.len()].copy_from_slice(items),
        (Lanes::Float | Lanes::Wide, _) => unreachable!("an item is an integer of 64 bits"),
    }
}

/// Chooses between the values of two blocks.
fn choose(choice: &Choice, items: Items<'_>, registers: &mut Registers) -> Result<(), Trouble> {
    let len = items.len();
    let Choice { condition, ref then, ref otherwise, to, is_lazy } = *choice;
    let chosen = by_lanes!(condition.lanes, C => kernels::count(&C::columns(registers)[condition.number][..len]));
    if is_lazy && 0 < chosen && chosen < len {
        return choose_lazily(choice, items, registers);
    }
    if !is_lazy || chosen > 0 {
        run(then, items, registers)?;
    }
    if !is_lazy || chosen < len {
        run(otherwise, items, registers)?;
    }
    by_lanes!(to.lanes, W => with::<W>(registers, to, |column, registers| {
        let chosen_value = if chosen == 0 { otherwise.value } else { then.value };
        let mixed = 0 < chosen && chosen < len;
        if mixed {
            by_lanes!(condition.lanes, C => {
                let condition = registers.take::<C>(condition.number);
                let columns = W::columns(registers);
                let (then, otherwise) = (&columns[then.value.number], &columns[otherwise.value.number]);
                kernels::select(&mut column[..len], &condition, then, otherwise);
                registers.put(choice.condition.number, condition);
            });
        } else {
            column[..len].copy_from_slice(&W::columns(registers)[chosen_value.number][..len]);
        }
        false
    }));
    Ok(())
}

/// Evaluates each block for the items that choose it alone.
fn choose_lazily(choice: &Choice, items: Items<'_>, registers: &mut Registers) -> Result<(), Trouble> {
    let Choice { condition, ref then, ref otherwise, to, .. } = *choice;
    let holds: Vec<bool> = by_lanes!(condition.lanes, C => {
        let column = &C::columns(registers)[condition.number][..items.len()];
        column.iter().map(|it| *it != C::default()).collect()
    });
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (lane, &holds) in holds.iter().enumerate() {
        if holds { first.push(items.at(lane)) } else { second.push(items.at(lane)) }
    }
    run(then, Items::Chosen(&first), registers)?;
    run(otherwise, Items::Chosen(&second), registers)?;
    by_lanes!(to.lanes, W => with::<W>(registers, to, |column, registers| {
        let columns = W::columns(registers);
        let mut first = columns[then.value.number].iter();
        let mut second = columns[otherwise.value.number].iter();
        for (to, &holds) in column.iter_mut().zip(&holds) {
            let value = if holds { first.next() } else { second.next() };
            *to = *value.expect("each block has a value for each item that chose it");
        }
        false
    }));
    Ok(())
}
