//! Columns of one kind as columns of another.

use crate::columns::kernels;
use crate::columns::registers::Registers;
use crate::columns::small::{long, small};
use crate::plan::{Lanes, Register};

/// Converts a column; whether a value does not fit.
pub(super) fn convert(from: Register, to: Register, len: usize, registers: &mut Registers) -> bool {
    let (source, target) = (from.number, to.number);
    if from.lanes == Lanes::Small && to.lanes == Lanes::Float {
        // The integer 0 is the f64 0.0, also where its lane holds -0.0.
        let mut column = registers.take::<f64>(target);
        kernels::map(
            &mut column[..len],
            &registers.floats[source],
            #[inline(always)]
            |it| it + 0.0,
        );
        registers.put(target, column);
        return false;
    }
    let Registers { floats, longs, wides } = registers;
    match (from.lanes, to.lanes) {
        (Lanes::Long, Lanes::Float) => {
            kernels::map(
                &mut floats[target][..len],
                &longs[source],
                #[inline(always)]
                |it| it as f64,
            );
            false
        }
        (Lanes::Wide, Lanes::Float) => {
            kernels::map(
                &mut floats[target][..len],
                &wides[source],
                #[inline(always)]
                |it| it as f64,
            );
            false
        }
        (Lanes::Float, Lanes::Long) => {
            kernels::map(
                &mut longs[target][..len],
                &floats[source],
                #[inline(always)]
                |it| it as i64,
            );
            false
        }
        (Lanes::Float, Lanes::Wide) => {
            const MOST: f64 = 1e38;
            kernels::checked_map(&mut wides[target][..len], &floats[source], |it| {
                let fits = (-MOST..=MOST).contains(&it);
                (if fits { it as i128 } else { 0 }, !fits)
            })
        }
        (Lanes::Small, Lanes::Long) => {
            kernels::map(&mut longs[target][..len], &floats[source], long);
            false
        }
        (Lanes::Small, Lanes::Wide) => {
            kernels::map(
                &mut wides[target][..len],
                &floats[source],
                #[inline(always)]
                |it| long(it).into(),
            );
            false
        }
        (Lanes::Long, Lanes::Wide) => {
            kernels::map(
                &mut wides[target][..len],
                &longs[source],
                #[inline(always)]
                |it| it.into(),
            );
            false
        }
        (Lanes::Long, Lanes::Small) => {
            kernels::map(&mut floats[target][..len], &longs[source], small);
            false
        }
        (Lanes::Wide, Lanes::Small) => {
            kernels::map(
                &mut floats[target][..len],
                &wides[source],
                #[inline(always)]
                |it| small(it as i64),
            );
            false
        }
        (Lanes::Wide, Lanes::Long) => {
            kernels::map(
                &mut longs[target][..len],
                &wides[source],
                #[inline(always)]
                |it| it as i64,
            );
            false
        }
        (Lanes::Float | Lanes::Small, Lanes::Float | Lanes::Small)
        | (Lanes::Long, Lanes::Long)
        | (Lanes::Wide, Lanes::Wide) => unreachable!("the column can be used as it is"),
    }
}
