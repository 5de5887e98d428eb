//! `Shared` arrays: the same bits as from any other array, read in place where that is possible, and nothing left of them.

use std::fs;
use std::ops::Range;
use std::process;

use rustix::process::{Signal, getpid, kill_process};
use threefold::prelude::*;
use threefold::{Model, Shared, SharedMut, Trace};

use crate::tasks::wait_until;
use crate::{executor, isolated};

crate::rows! {
    every:
        an_array_gives_the_bits_of_a_vec,
        an_array_is_a_capture,
        chunks_of_an_array_are_arrays_to_fold_again,
        an_array_without_items_has_no_chunks,
        an_array_inside_of_a_chunk_or_an_output_has_all_its_items,
        many_arrays_are_dropped_while_others_are_folded,
        a_type_of_the_users_own_is_plain_data;
    isolating:
        a_worker_that_dies_with_an_array_harms_nobody;
    processes:
        workers_read_an_array_in_place,
        the_second_fold_sends_ranges_only,
        an_array_that_is_dropped_is_freed_in_idle_workers_too,
        a_worker_that_cannot_open_an_array_says_so,
        an_array_does_not_count_against_the_memory_limit;
}

/// Not a whole number of pages.
const COUNT: usize = 1_000_003;

/// Floats whose sum depends on the order of the additions.
fn samples(count: usize) -> Shared<f64> {
    let fill = |items: &mut [f64]| {
        for (item, i) in items.iter_mut().zip(0u32..) {
            *item = 1.0 / f64::from(i.wrapping_mul(2_654_435_761) | 1);
        }
    };
    Shared::filled_by(count, fill).unwrap()
}

#[task]
fn sum_of(chunk: Slice<f64>) -> f64 {
    chunk.iter().sum()
}

fn total(on: &Executor, source: impl Source<Chunk = Slice<f64>>) -> u64 {
    on.fold(source, sum_of, 0.0, |sum, part| sum + part).unwrap().to_bits()
}

fn an_array_gives_the_bits_of_a_vec(model: Model) {
    let array = samples(COUNT);
    let on = executor(model, 3);
    let expected = total(&executor(Model::Sequential, 1), array.to_vec());
    for _ in 0..3 {
        assert_eq!(total(&on, &array), expected);
    }
    let cut = total(&executor(Model::Sequential, 1), array.to_vec().chunks_of(70_001));
    assert_eq!(total(&on, (&array).chunks_of(70_001)), cut);
    assert_eq!(total(&on, array), expected);
}

#[task]
fn weighted(rows: Range<usize>, weights: &Shared<f64>, factors: &Shared<f64>) -> f64 {
    weights[rows.clone()].iter().zip(&factors[rows]).map(|(weight, factor)| weight * factor).sum()
}

fn an_array_is_a_capture(model: Model) {
    let (weights, factors) = (samples(30_000), Shared::copy_of(&vec![0.3; 30_000]).unwrap());
    let fold = |on: &Executor| {
        let task = weighted.with(weights.clone(), factors.clone());
        on.fold((0..30_000usize).split_into(7), task, 0.0, |sum, part| sum + part).unwrap().to_bits()
    };
    let (on, expected) = (executor(model, 3), fold(&executor(Model::Sequential, 1)));
    assert_eq!([fold(&on), fold(&on)], [expected; 2]);
}

#[task]
fn sum_of_sums(chunk: Slice<f64>) -> f64 {
    Executor::current().fold(chunk.chunks_of(100), sum_of, 0.0, |sum, part| sum + part).unwrap()
}

fn chunks_of_an_array_are_arrays_to_fold_again(model: Model) {
    let array = samples(10_000);
    let fold = |on: &Executor| on.map((&array).split_into(5), sum_of_sums).unwrap();
    assert_eq!(fold(&executor(model, 2)), fold(&executor(Model::Sequential, 1)));
    // A part of an array is a source too, and is read in place as well.
    let part = array.chunks_of(4_000).all_chunks().nth(1).unwrap();
    assert_eq!(total(&executor(model, 2), part.clone()), total(&executor(Model::Sequential, 1), part.to_vec()));
}

fn an_array_without_items_has_no_chunks(model: Model) {
    let array = SharedMut::<f64>::zeroed(0).unwrap().seal().unwrap();
    let on = executor(model, 2);
    assert_eq!(total(&on, &array), 0f64.to_bits());
    let task = weighted.with(array.clone(), array);
    assert_eq!(on.map(Items(vec![0..0, 0..0]), task).unwrap(), [0.0; 2]);
}

#[task]
fn reversed(chunk: Shared<u16>) -> Shared<u16> {
    let items: Vec<u16> = chunk.iter().rev().copied().collect();
    Shared::copy_of(&items).unwrap()
}

fn an_array_inside_of_a_chunk_or_an_output_has_all_its_items(model: Model) {
    let arrays: Vec<_> = [vec![1, 2, 3], vec![], vec![7]].iter().map(|items| Shared::copy_of(items).unwrap()).collect();
    let outputs = executor(model, 2).map(Items(arrays), reversed).unwrap();
    assert_eq!(outputs.iter().map(|array| array.to_vec()).collect::<Vec<_>>(), [vec![3, 2, 1], vec![], vec![7]]);
}

fn many_arrays_are_dropped_while_others_are_folded(model: Model) {
    let on = executor(model, 2);
    let kept = samples(5_000);
    let expected = total(&executor(Model::Sequential, 1), &kept);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (on, kept) = (&on, &kept);
            scope.spawn(move || {
                for i in 1..30 {
                    let array = Shared::copy_of(&vec![f64::from(i); 100 * (thread + 1)]).unwrap();
                    let sum = on.fold(array, sum_of, 0.0, |sum, part| sum + part).unwrap();
                    assert_eq!(sum, f64::from(i) * 100.0 * (thread + 1) as f64);
                    assert_eq!(total(on, kept), expected);
                }
            });
        }
    });
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C)]
struct Particle {
    place: [f32; 3],
    mass: f32,
}

#[task]
fn momentum(chunk: Slice<Particle>) -> f32 {
    chunk.iter().map(|particle| particle.mass * particle.place[1]).sum()
}

fn a_type_of_the_users_own_is_plain_data(model: Model) {
    let particles = Shared::copy_of(&[Particle { place: [0.0, 2.0, 0.0], mass: 1.5 }; 100]).unwrap();
    let sum = executor(model, 2).fold(particles, momentum, 0.0, |sum, part| sum + part).unwrap();
    assert_eq!(sum, 300.0);
}

#[task]
fn kill_at(chunk: Slice<f64>, limit: &f64) -> f64 {
    if chunk[0] < *limit {
        kill_process(getpid(), Signal::KILL).unwrap();
    }
    chunk.iter().sum()
}

fn a_worker_that_dies_with_an_array_harms_nobody(model: Model) {
    let mut items = SharedMut::<f64>::zeroed(40_000).unwrap();
    items.fill(1.0);
    items[0] = 0.25;
    let array = items.seal().unwrap();
    let on = isolated(model, 2);
    for _ in 0..3 {
        let error = on.fold((&array).split_into(4), kill_at.with(0.5), 0.0, |sum, part| sum + part).unwrap_err();
        assert!(error.is_worker_lost() && error.range().unwrap() == "items 0..10000", "{error}");
        let sum = on.fold((&array).split_into(4), kill_at.with(0.1), 0.0, |sum, part| sum + part).unwrap();
        assert_eq!(sum, 39_999.25);
    }
    drop((array, on));
    assert_eq!(mappings(process::id(), 40_000 * 8), 0);
}

/// How many mappings of shared memory of that many bytes a process has.
fn mappings(pid: u32, bytes: usize) -> usize {
    let length = bytes.next_multiple_of(4096);
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let is_ours = |line: &&str| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let address = |text| usize::from_str_radix(text, 16).unwrap();
        line.contains("/memfd:threefold") && address(end) - address(start) == length
    };
    maps.lines().filter(is_ours).count()
}

#[task]
fn process_that_reads(chunk: Slice<f64>) -> (u32, usize, usize) {
    (process::id(), mappings(process::id(), COUNT * 8), std::ptr::from_ref(&chunk[0]).addr())
}

fn workers_read_an_array_in_place(model: Model) {
    let on = executor(model, 2);
    let array = samples(COUNT);
    let outputs = on.map((&array).split_into(64), process_that_reads).unwrap();
    for &(pid, maps, address) in &outputs {
        assert_ne!(pid, process::id());
        assert_eq!(maps, 1, "one mapping for all chunks");
        // The chunk lies in the mapping, and not in the worker's heap.
        let whole = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let line = whole.lines().find(|line| {
            let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let range = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
            (range[0]..range[1]).contains(&address)
        });
        let line = line.unwrap();
        assert!(line.contains(" r--s ") && line.contains("/memfd:threefold"), "{line}");
    }
}

fn the_second_fold_sends_ranges_only(model: Model) {
    let on = executor(model, 2);
    let array = samples(COUNT);
    let expected = total(&on, &array);
    let trace = Trace::new();
    assert_eq!(total(&on.trace(&trace), &array), expected);
    assert!(trace.bytes_moved() < 200_000, "{} bytes for {} items", trace.bytes_moved(), COUNT);
}

/// The length of an array of which other rows, which run at the same time in this process, have none.
const DROPPED: usize = COUNT + 10_000;

fn an_array_that_is_dropped_is_freed_in_idle_workers_too(model: Model) {
    let on = executor(model, 2);
    let array = samples(DROPPED);
    let outputs = on.map((&array).split_into(64), process_that_reads).unwrap();
    let clone = array.clone();
    drop(array);
    let pids: std::collections::BTreeSet<u32> = outputs.iter().map(|&(pid, ..)| pid).collect();
    for &pid in &pids {
        assert_eq!(mappings(pid, DROPPED * 8), 1, "a clone is left");
    }
    drop(clone);
    for &pid in &pids {
        wait_until("the worker has unmapped the array", || mappings(pid, DROPPED * 8) == 0);
    }
    assert_eq!(mappings(process::id(), DROPPED * 8), 0);
    // They serve on, and know that they have no task.
    assert_eq!(total(&on, vec![1.0, 2.0]), 3f64.to_bits());
}

/// Leaves no descriptor to its worker process but the three that are always open, so that it cannot open anything more. A
/// limit of 0 would not do: the thread that watches the parent could not `poll` then, and would end the worker.
#[task]
fn exhaust(_chunk: u64) {
    let limit = rustix::process::Rlimit { current: Some(3), maximum: Some(3) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
}

fn a_worker_that_cannot_open_an_array_says_so(model: Model) {
    let on = executor(model, 1);
    on.for_each(Items(vec![0]), exhaust).unwrap();
    let array = samples(1_000);
    let error = on.fold(&array, sum_of, 0.0, |sum, part| sum + part).unwrap_err();
    assert!(error.is_setup(), "{error}");
    let expected = "a worker cannot serve: an array cannot be mapped: Too many open files (os error 24)";
    assert!(error.to_string().ends_with(expected), "{error}");
    // The next fold has another worker.
    assert_eq!(total(&on, &array), total(&executor(Model::Sequential, 1), &array));
}

fn an_array_does_not_count_against_the_memory_limit(model: Model) {
    let limit = 64 << 20;
    let on = Executor::builder(model).workers(1).memory_limit(limit).build().unwrap();
    let array = Shared::<f64>::filled_by(limit as usize / 4, |items| items.fill(0.5)).unwrap();
    assert_eq!(on.fold(&array, sum_of, 0.0, |sum, part| sum + part).unwrap(), (limit / 8) as f64);
}
