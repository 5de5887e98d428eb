//! Law 1: the same answer, bit for bit.

use std::sync::Arc;

use threefold::{Executor, Items, Model, Source};

use crate::executor;
use crate::tasks::{Affine, add_up, echo, echo_text, ends, irregular, nap, total_of, uneven};

crate::rows! {
    every:
        the_total_is_the_same_on_every_grid,
        bits_of_floats_are_the_same_on_every_grid,
        outputs_come_in_chunk_order,
        uneven_chunks_come_in_chunk_order,
        an_empty_source_gives_the_initial_value,
        there_are_never_more_chunks_than_items,
        the_default_is_1024_chunks_at_most,
        the_ends_of_the_type_are_chunks_like_others,
        every_kind_of_source_is_folded,
        captures_are_serialized,
        async_tasks_run_everywhere,
        values_of_every_size_are_serialized;
    with_workers: bits_of_floats_are_the_same_for_1_to_16_workers;
}

fn sequential() -> Executor {
    Executor::new(Model::Sequential).unwrap()
}

fn the_total_is_the_same_on_every_grid(model: Model) {
    let on = executor(model, 2);
    for chunks in [1, 2, 3, 7, 64, 1000] {
        let total = on.fold((1..=10_000).split_into(chunks), add_up, 0, |total, part| total + part).unwrap();
        assert_eq!(total, 50_005_000);
        let total = on.fold((1..=10_000).chunks_of(chunks), add_up, 0, |total, part| total + part).unwrap();
        assert_eq!(total, 50_005_000);
    }
}

fn bits_of_floats_are_the_same_on_every_grid(model: Model) {
    let on = executor(model, 3);
    for chunks in [1, 3, 100, 777] {
        let bits =
            |on: &Executor| on.fold((0..20_000).split_into(chunks), irregular, 0.0, |a, b| a + b).unwrap().to_bits();
        assert_eq!(bits(&on), bits(&sequential()), "{chunks} chunks");
    }
}

fn bits_of_floats_are_the_same_for_1_to_16_workers(model: Model) {
    let expected = sequential().fold(0..20_000, irregular, 0.0, |a, b| a + b).unwrap().to_bits();
    for workers in 1..=16 {
        let on = executor(model, workers);
        let bits = on.fold(0..20_000, irregular, 0.0, |a, b| a + b).unwrap().to_bits();
        assert_eq!(bits, expected, "{workers} workers");
    }
}

fn outputs_come_in_chunk_order(model: Model) {
    let on = executor(model, 3);
    let expected: Vec<_> = (0..1000).split_into(333).all_chunks().map(|chunk| (chunk.start, chunk.end)).collect();
    assert_eq!(on.map((0..1000).split_into(333), ends).unwrap(), expected);
    let mut met = Vec::new();
    on.fold((0..1000).split_into(333), ends, (), |(), part| met.push(part)).unwrap();
    assert_eq!(met, expected);
}

fn uneven_chunks_come_in_chunk_order(model: Model) {
    let on = executor(model, 2);
    let expected = sequential().map((0..300).chunks_of(1), uneven).unwrap();
    assert_eq!(on.map((0..300).chunks_of(1), uneven).unwrap(), expected);
    let reversed: Vec<_> = (0..300).rev().map(|i| i..i + 1).collect();
    let backwards: Vec<_> = expected.into_iter().rev().collect();
    assert_eq!(on.map(Items(reversed), uneven).unwrap(), backwards);
}

fn an_empty_source_gives_the_initial_value(model: Model) {
    let on = executor(model, 2);
    #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
    let reversed = 7..=-7;
    assert_eq!(on.fold(reversed, add_up, 42, |total, part| total + part).unwrap(), 42);
    assert_eq!(on.fold((0..0).split_into(5), irregular, 1.5, |a, b| a + b).unwrap(), 1.5);
    assert_eq!(on.map(Items(Vec::new()), echo).unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(on.fold(Vec::new(), total_of, 7, |total, part| total + part).unwrap(), 7);
}

fn there_are_never_more_chunks_than_items(model: Model) {
    assert_eq!(executor(model, 2).map((5..8).split_into(100), ends).unwrap(), [(5, 6), (6, 7), (7, 8)]);
}

fn the_default_is_1024_chunks_at_most(model: Model) {
    let on = executor(model, 2);
    assert_eq!(on.map(0..100, ends).unwrap().len(), 100);
    assert_eq!(on.map(0..100_000, ends).unwrap().len(), 1024);
}

fn the_ends_of_the_type_are_chunks_like_others(model: Model) {
    let on = executor(model, 2);
    let low = on.fold((i64::MIN..=i64::MIN + 9).split_into(3), add_up, 0, |total, part| total + part).unwrap();
    assert_eq!(low, 10 * i128::from(i64::MIN) + 45);
    let high = on.fold((i64::MAX - 9..=i64::MAX).split_into(3), add_up, 0, |total, part| total + part).unwrap();
    assert_eq!(high, 10 * i128::from(i64::MAX) - 45);
}

fn every_kind_of_source_is_folded(model: Model) {
    let on = executor(model, 2);
    let numbers: Vec<i32> = (-500..1500).collect();
    let shared: Arc<[i32]> = numbers.clone().into();
    let expected: i64 = numbers.iter().copied().map(i64::from).sum();
    assert_eq!(on.fold(numbers.clone(), total_of, 0, |total, part| total + part).unwrap(), expected);
    assert_eq!(on.fold(numbers.split_into(7), total_of, 0, |total, part| total + part).unwrap(), expected);
    assert_eq!(on.fold(Arc::clone(&shared).chunks_of(99), total_of, 0, |total, part| total + part).unwrap(), expected);
    assert_eq!(Arc::strong_count(&shared), 1, "the fold has given up what it was given");
    let overlapping = Items(vec![0..=250_000, 250_000..=500_000, 500_000..=750_000, 750_000..=1_000_000]);
    assert_eq!(on.fold(overlapping, add_up, 0, |total, part| total + part).unwrap(), 500_002_000_000);
}

fn captures_are_serialized(model: Model) {
    let task = || Affine { factor: 1.0 / 3.0, offset: f64::MIN_POSITIVE };
    let bits = |on: &Executor| on.fold(0..5000, task(), 0.0, |a, b| a + b).unwrap().to_bits();
    assert_eq!(bits(&executor(model, 3)), bits(&sequential()));
}

fn async_tasks_run_everywhere(model: Model) {
    let on = executor(model, 2);
    assert_eq!(on.map(Items(vec![3, 1, 2, 0]), nap).unwrap(), [3, 1, 2, 0]);
}

fn values_of_every_size_are_serialized(model: Model) {
    let on = executor(model, 2);
    let sizes = [0, 1, 127, 65_535, 65_536, 1 << 20, 64 << 20];
    let texts: Vec<String> =
        sizes.iter().map(|&size| "0123456789-".repeat(size / 11 + 1)[..size].to_string()).collect();
    let same = on.map(Items(texts.clone()), echo_text).unwrap() == texts;
    assert!(same, "a text was changed on the way");
    // A byte of a list takes a debug build some hundred times as long as a byte of a text.
    let lists: Vec<Vec<u8>> =
        sizes[..6].iter().map(|&size| (0..size).map(|i| (i * 31 + size) as u8).collect()).collect();
    let same = on.map(Items(lists.clone()), echo).unwrap() == lists;
    assert!(same, "a list was changed on the way");
}
