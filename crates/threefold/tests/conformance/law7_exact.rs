//! Law 7: exact by type.

use threefold::{Model, Source};

use crate::executor;
use crate::tasks::add_up;

crate::rows! {
    every:
        the_longest_range_is_cut_exactly,
        more_chunks_than_can_be_numbered_are_refused,
        cuts_that_make_no_sense_are_refused;
}

fn the_longest_range_is_cut_exactly(model: Model) {
    let all = i64::MIN..=i64::MAX;
    assert_eq!(all.item_count(), 1 << 64);
    // Its ends, one item each: the first and the last chunk of the finest cut that can be numbered.
    let halves = all.chunks_of(1u128 << 63).all_chunks().map(|half| *half.start()..=*half.start());
    let ends = threefold::Items(halves.collect());
    let total = executor(model, 2).fold(ends, add_up, 0, |total, part| total + part).unwrap();
    assert_eq!(total, i128::from(i64::MIN));
}

fn more_chunks_than_can_be_numbered_are_refused(model: Model) {
    let on = executor(model, 2);
    let error = on.fold((i64::MIN..=i64::MAX).chunks_of(1), add_up, 0, |total, part| total + part).unwrap_err();
    assert!(error.is_setup(), "{error}");
    assert!(error.to_string().starts_with("18446744073709551616 chunks are more than can be numbered"), "{error}");
}

fn cuts_that_make_no_sense_are_refused(model: Model) {
    let on = executor(model, 2);
    for (source, why) in [
        ((1..=9).split_into(0), "split_into: a source is cut into at least 1 chunk"),
        ((1..=9).split_into(-3), "split_into: a source is cut into at least 1 chunk"),
        ((1..=9).chunks_of(0), "chunks_of: a chunk holds at least 1 item"),
    ] {
        let error = on.fold(source, add_up, 0, |total, part| total + part).unwrap_err();
        assert!(error.is_setup());
        assert_eq!(error.to_string(), why);
    }
}
