//! Ordinary code compiles under the prelude: the methods of slices, vectors, ranges and iterators stay theirs.

#![allow(clippy::unnecessary_fold, clippy::reversed_empty_ranges, reason = "it is calls that are tried, not results")]

use std::sync::Arc;

use threefold::prelude::*;

#[test]
fn the_usual_calls_on_slices_and_vectors_mean_what_they_always_mean() {
    let vec = vec![3, 1, 2, 0];
    assert_eq!(vec.chunks(2).map(<[i32]>::len).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(vec.split(|&n| n == 1).count(), 2);
    assert_eq!((vec.len(), vec.is_empty()), (4, false));
    assert_eq!(vec.windows(2).count(), 3);
    assert_eq!(vec.iter().map(|n| n * 2).sum::<i32>(), 12);
    assert_eq!(vec.split_at(1).0, [3]);
    assert_eq!(vec.clone().split_off(3), [0]);
    let array = [1, 2, 3];
    assert_eq!((array.len(), array.chunks(2).len(), array.map(|n| n + 1)), (3, 2, [2, 3, 4]));
    let shared: Arc<[i32]> = Arc::from([1, 2, 3]);
    let length: usize = shared.len();
    assert_eq!((length, shared.is_empty(), shared.split(|&n| n == 2).count()), (3, false, 2));
    let slice = Slice::from(vec);
    assert_eq!((slice.len(), slice.chunks(3).count(), slice.is_empty()), (4, 2, false));
}

#[test]
fn the_usual_calls_on_ranges_and_iterators_mean_what_they_always_mean() {
    let range = 0..10usize;
    let length: usize = range.len();
    assert_eq!((length, range.is_empty(), range.contains(&3)), (10, false, true));
    assert_eq!(range.clone().step_by(3).collect::<Vec<_>>(), [0, 3, 6, 9]);
    assert_eq!(range.clone().map(|i| i * i).fold(1, |product, i| (product + i) % 7), 6);
    assert_eq!(range.skip(7).take(2).sum::<usize>(), 15);
    assert!((5..5i64).is_empty());
    assert_eq!("a b".split(' ').count(), 2);
}

#[test]
fn the_methods_of_sources_are_found_beside_them() {
    assert_eq!((0..10).split_into(4).chunk_count(), 4);
    assert_eq!(vec![1, 2, 3].chunks_of(2).all_chunks().map(|chunk| chunk.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!([1, 2, 3].item_count(), 3);
}

#[test]
fn the_attribute_and_the_macro_for_tasks_are_found_beside_each_other() {
    #[task]
    fn double(n: u32) -> u32 {
        2 * n
    }

    let next = task_fn!(|n: u32| -> u32 { n + 1 });
    assert_eq!(next.map(double.map(3)), 7);
}
