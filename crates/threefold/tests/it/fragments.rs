//! Types that a `macro_rules!` gives as `$t:ty`, and types in parentheses: `#[task]` looks through both.

use std::ops::Range;

use threefold::prelude::*;

/// A module with tasks for each way to give a capture, a chunk, an output and a piece.
macro_rules! tasks_of_given_types {
    ($number:ty, $reference:ty, $text:ty, $text_reference:ty, $list:ty, $list_reference:ty, $piece:ty, $items:ty) => {
        mod given {
            use std::ops::Range;

            use threefold::task;

            #[task]
            pub(super) fn number(chunk: $number, by: $reference, and: &$number) -> $number {
                chunk * by * and
            }

            #[task]
            pub(super) fn text(chunk: $number, from: $text_reference, to: &$text) -> String {
                format!("{from}{chunk}{to}")
            }

            #[task]
            pub(super) fn list(chunk: $number, one: $list_reference, other: &$list) -> $number {
                chunk * one.iter().chain(other).sum::<$number>()
            }

            #[task]
            pub(super) fn filled(chunk: Range<$number>, piece: $piece, by: $reference) {
                piece.iter_mut().zip(chunk).for_each(|(item, i)| *item = i * by);
            }

            #[task]
            pub(super) fn filled_items(chunk: Range<$number>, piece: &mut $items, by: $reference) {
                piece.iter_mut().zip(chunk).for_each(|(item, i)| *item = i * by);
            }

            #[task]
            pub(super) async fn later(chunk: $number, by: $reference, unit: $text_reference) -> String {
                std::future::ready(format!("{} {unit}", chunk * by)).await
            }
        }
    };
}

tasks_of_given_types!(u64, &u64, str, &str, [u64], &[u64], &mut [u64], [u64]);

#[allow(unused_parens, reason = "parentheses are what is tried")]
mod in_parentheses {
    use std::ops::Range;

    use threefold::task;

    #[task]
    pub(super) fn number(chunk: (u64), by: (&u64), and: &(u64)) -> (u64) {
        chunk * by * and
    }

    #[task]
    pub(super) fn text(chunk: u64, from: (&str), to: &(str)) -> String {
        format!("{from}{chunk}{to}")
    }

    #[task]
    pub(super) fn list(chunk: u64, one: (&[u64]), other: &([u64])) -> u64 {
        chunk * one.iter().chain(other).sum::<u64>()
    }

    #[task]
    pub(super) fn filled(chunk: Range<u64>, piece: (&mut [u64]), by: (&u64)) {
        piece.iter_mut().zip(chunk).for_each(|(item, i)| *item = i * by);
    }

    #[task]
    pub(super) fn filled_items(chunk: Range<u64>, piece: &mut ([u64]), by: &((u64))) {
        piece.iter_mut().zip(chunk).for_each(|(item, i)| *item = i * by);
    }

    #[task]
    pub(super) async fn later(chunk: u64, by: ((&u64)), unit: (&(str))) -> String {
        std::future::ready(format!("{} {unit}", chunk * by)).await
    }
}

/// What the tasks of a module give on every model.
macro_rules! runs_on_every_model {
    ($module:ident) => {
        threefold::init();
        for &model in Model::available() {
            let on = Executor::new(model).unwrap();
            let chunks = || Items(vec![1, 2]);
            assert_eq!(on.map(chunks(), $module::number.with(3, 4)).unwrap(), [12, 24], "{model}");
            assert_eq!(on.map(chunks(), $module::text.with("a", "b")).unwrap(), ["a1b", "a2b"], "{model}");
            assert_eq!(on.map(chunks(), $module::list.with([1, 2], [3])).unwrap(), [6, 12], "{model}");
            assert_eq!(on.map(chunks(), $module::later.with(3, "kg")).unwrap(), ["3 kg", "6 kg"], "{model}");
            let source = || Range { start: 0, end: 4 };
            let mut buffer = [0; 4];
            on.map_into(&mut buffer, source().split_into(2), $module::filled.with(2)).unwrap();
            assert_eq!(buffer, [0, 2, 4, 6], "{model}");
            on.map_into(&mut buffer, source().split_into(2), $module::filled_items.with(3)).unwrap();
            assert_eq!(buffer, [0, 3, 6, 9], "{model}");
        }
    };
}

#[test]
fn types_that_a_macro_gives_are_what_they_are() {
    runs_on_every_model!(given);
}

#[test]
fn types_in_parentheses_are_what_they_are() {
    runs_on_every_model!(in_parentheses);
}
