//! `map_into`: pieces of a buffer, which tasks fill in place or in their own process, with the same bits everywhere.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};
use threefold::prelude::*;
use threefold::{CancelToken, Event, LineChunk, Lines, Model, Shared, SharedMut, Trace};

use crate::executor;
use crate::fixtures::folder;

crate::rows! {
    every:
        a_matrix_product_has_the_same_bits,
        a_buffer_is_cut_as_its_source_is,
        a_piece_is_zero_whatever_was_in_the_buffer,
        a_buffer_that_cannot_be_divided_is_refused,
        the_lowest_chunk_that_fails_to_fill_is_reported,
        a_fold_that_was_cancelled_before_fills_nothing,
        a_panic_of_an_observer_gives_the_buffer_back,
        a_task_fills_a_buffer_of_its_own,
        a_filled_array_is_the_next_source,
        a_shared_buffer_is_filled_from_any_source;
    processes:
        workers_write_into_a_shared_buffer,
        ranges_of_a_shared_array_are_sent_with_their_pieces,
        a_worker_that_may_not_write_sends_its_piece;
    local: tasks_write_into_the_buffer_itself;
    isolating: a_chunk_that_runs_again_fills_a_whole_piece;
}

const SIZE: usize = 60;

/// Rows of the product of two matrices.
#[task]
fn product(rows: Range<usize>, piece: &mut [f64], left: &Shared<f64>, right: &Shared<f64>) {
    for (row, out) in rows.zip(piece.chunks_mut(SIZE)) {
        for (k, factor) in left[row * SIZE..][..SIZE].iter().enumerate() {
            for (out, item) in out.iter_mut().zip(&right[k * SIZE..][..SIZE]) {
                *out += factor * item;
            }
        }
    }
}

fn matrix(seed: u32) -> Shared<f64> {
    let fill = |items: &mut [f64]| {
        for (item, i) in items.iter_mut().zip(seed..) {
            *item = 1.0 / f64::from(i.wrapping_mul(2_654_435_761) | 1);
        }
    };
    Shared::filled_by(SIZE * SIZE, fill).unwrap()
}

fn a_matrix_product_has_the_same_bits(model: Model) {
    let (left, right) = (matrix(1), matrix(7));
    let multiply = |on: &Executor, chunks: usize| {
        let mut buffer = vec![f64::NAN; SIZE * SIZE];
        let task = product.with(left.clone(), right.clone());
        on.map_into(&mut buffer, (0..SIZE).split_into(chunks), task).unwrap();
        buffer.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let expected = multiply(&executor(Model::Sequential, 1), 1);
    let on = executor(model, 3);
    for chunks in [1, 7, SIZE] {
        assert_eq!(multiply(&on, chunks), expected, "{chunks} chunks");
    }
}

#[task]
fn lengths(_chunk: Slice<u8>, piece: &mut [u16]) {
    let length = piece.len() as u16;
    piece.fill(length);
}

#[task]
fn initials(word: String, piece: &mut [u8]) {
    piece.copy_from_slice(&word.as_bytes()[..piece.len()]);
}

#[task]
fn upper_case(chunk: LineChunk, piece: &mut [u8]) {
    // A piece belongs to a window, and the lines that begin in it may be longer: these are of one length.
    piece.copy_from_slice(&chunk.to_ascii_uppercase());
}

fn a_buffer_is_cut_as_its_source_is(model: Model) {
    let on = executor(model, 2);
    let mut buffer = [0; 30];
    on.map_into(&mut buffer, vec![0u8; 10].chunks_of(4), lengths).unwrap();
    assert_eq!(buffer, *[[12; 24].as_slice(), &[6; 6]].concat());
    let mut buffer = [0; 6];
    let words = Items(["one", "two", "three"].map(str::to_string).to_vec());
    on.map_into(&mut buffer, words, initials).unwrap();
    assert_eq!(&buffer, b"ontwth");
    let mut buffer = [0; 8];
    on.map_into(&mut buffer, Lines::over(b"ab\ncd\nef".to_vec()).chunks_of(3), upper_case).unwrap();
    assert_eq!(&buffer, b"AB\nCD\nEF");
    on.map_into(&mut [0; 0], Vec::<u8>::new(), lengths).unwrap();
}

#[task]
fn count_up(chunk: Range<u64>, piece: &mut [u64]) {
    for (item, i) in piece.iter_mut().zip(chunk) {
        *item += i;
    }
}

fn a_piece_is_zero_whatever_was_in_the_buffer(model: Model) {
    let on = executor(model, 2);
    let mut buffer = vec![u64::MAX / 2; 1_000];
    for _ in 0..3 {
        on.map_into(&mut buffer, 0..1_000u64, count_up).unwrap();
        assert!(buffer.iter().copied().eq(0..1_000));
    }
}

fn a_buffer_that_cannot_be_divided_is_refused(model: Model) {
    let on = executor(model, 2);
    let mut buffer = [7; 10];
    let error = on.map_into(&mut buffer, 0..4u64, count_up).unwrap_err();
    assert!(error.is_setup() && error.model() == Some(model), "{error}");
    assert_eq!(error.to_string(), "a buffer of 10 items cannot be divided among 4 items of the source");
    assert!(on.map_into(&mut buffer, 0..0u64, count_up).unwrap_err().is_setup());
    assert!(on.map_into(&mut buffer, (0..10u64).split_into(0), count_up).unwrap_err().is_setup());
    assert_eq!(buffer, [7; 10]);
}

#[task]
fn fragile(chunk: Range<u64>, piece: &mut [u8]) {
    piece.fill(1);
    assert!(!chunk.contains(&40) && !chunk.contains(&70), "{chunk:?}");
}

fn the_lowest_chunk_that_fails_to_fill_is_reported(model: Model) {
    let on = executor(model, 2);
    let mut buffer = [0; 100];
    for _ in 0..5 {
        let error = on.map_into(&mut buffer, (0..100u64).split_into(10), fragile).unwrap_err();
        assert!(error.is_panic() && error.chunk() == Some(4), "{error}");
        assert!(buffer.iter().all(|&item| item <= 1));
    }
    on.map_into(&mut buffer, (0..40u64).split_into(10), fragile).unwrap_err();
    let mut buffer = [0; 40];
    on.map_into(&mut buffer, (0..40u64).split_into(10), fragile).unwrap();
    assert_eq!(buffer, [1; 40]);
}

fn a_fold_that_was_cancelled_before_fills_nothing(model: Model) {
    let token = CancelToken::new();
    token.cancel();
    let mut buffer = [7; 100];
    let error = executor(model, 2).cancel(&token).map_into(&mut buffer, 0..100u64, count_up).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(buffer, [7; 100]);
}

fn a_panic_of_an_observer_gives_the_buffer_back(model: Model) {
    let on = executor(model, 2);
    let watched = on.observe(|event| {
        if let Event::Finished(span) = event {
            assert_ne!(span.chunk, 3, "an observer");
        }
    });
    let mut buffer = [0; 100];
    let fold = || watched.map_into(&mut buffer, (0..100u64).split_into(10), count_up);
    assert!(catch_unwind(AssertUnwindSafe(fold)).is_err());
    on.map_into(&mut buffer, 0..100u64, count_up).unwrap();
    assert!(buffer.iter().copied().eq(0..100));
}

#[task]
fn sum_of_own(chunk: Range<u64>) -> u64 {
    let mut own = vec![0; (chunk.end - chunk.start) as usize];
    Executor::current().map_into(&mut own, chunk.split_into(3), count_up).unwrap();
    own.iter().sum()
}

fn a_task_fills_a_buffer_of_its_own(model: Model) {
    let sum = executor(model, 2).fold((0..1_000).split_into(8), sum_of_own, 0, |sum, part| sum + part).unwrap();
    assert_eq!(sum, 499_500);
}

#[task]
fn add_up(chunk: Slice<u64>) -> u64 {
    chunk.iter().sum()
}

fn a_filled_array_is_the_next_source(model: Model) {
    let on = executor(model, 2);
    let mut items = SharedMut::zeroed(10_000).unwrap();
    on.map_into(&mut items, 0..10_000u64, count_up).unwrap();
    assert_eq!(on.fold(items.seal().unwrap(), add_up, 0, |sum, part| sum + part).unwrap(), 49_995_000);
}

/// So that each piece of ten is some pages, and no whole number of them.
const LARGE: usize = 50_010;

#[task]
fn doubled(chunk: Slice<u64>, piece: &mut [u64]) {
    piece.iter_mut().zip(&*chunk).for_each(|(out, item)| *out += 2 * item);
}

#[task]
fn lengths_of_lines(chunk: LineChunk, piece: &mut [u64]) {
    let each = chunk.lines().map(|line| line.len() as u64);
    piece.iter_mut().zip(each).for_each(|(out, length)| *out += length);
}

fn a_shared_buffer_is_filled_from_any_source(model: Model) {
    let on = executor(model, 2);
    let mut buffer = SharedMut::zeroed(3 * LARGE).unwrap();
    let check = |buffer: &[u64], expected: &dyn Fn(u64) -> u64| {
        let (before, rest) = buffer.split_at(LARGE);
        let (middle, behind) = rest.split_at(LARGE);
        assert!(middle.iter().copied().eq((0..LARGE as u64).map(expected)));
        assert!(before.iter().chain(behind).all(|&item| item == 7), "nothing else is written");
    };
    let array = Shared::filled_by(LARGE, |items| items.iter_mut().zip(0..).for_each(|(item, i)| *item = i)).unwrap();
    let text = "line\n".repeat(LARGE).into_bytes();
    for _ in 0..2 {
        buffer.fill(7);
        on.map_into(&mut buffer[LARGE..2 * LARGE], (0..LARGE as u64).split_into(10), count_up).unwrap();
        check(&buffer, &|i| i);
        on.map_into(&mut buffer[LARGE..2 * LARGE], (&array).split_into(10), doubled).unwrap();
        check(&buffer, &|i| 2 * i);
        on.map_into(&mut buffer[LARGE..2 * LARGE], (0..LARGE as u64).split_into(10), count_up).unwrap();
        on.map_into(&mut buffer[LARGE..2 * LARGE], array.to_vec().split_into(10), doubled).unwrap();
        check(&buffer, &|i| 2 * i);
    }
    // A line of five bytes has five items, and the first of them is its length.
    let mut buffer = SharedMut::zeroed(5 * LARGE).unwrap();
    on.map_into(&mut buffer, Lines::over(text).chunks_of(25_005), lengths_of_lines).unwrap();
    assert_eq!(buffer.iter().sum::<u64>(), 4 * LARGE as u64);
}

fn workers_write_into_a_shared_buffer(model: Model) {
    let on = executor(model, 2);
    let mut buffer = SharedMut::zeroed(LARGE).unwrap();
    for _ in 0..2 {
        let trace = Trace::new();
        on.trace(&trace).map_into(&mut buffer, (0..LARGE as u64).split_into(10), count_up).unwrap();
        assert!(buffer.iter().copied().eq(0..LARGE as u64));
        assert!(trace.bytes_moved() < 10_000, "{} bytes for {LARGE} items", trace.bytes_moved());
    }
    // No worker has it any more, though all of them live.
    assert_eq!(buffer.seal().unwrap()[1_000], 1_000);
    let mut buffer = vec![0; LARGE];
    let trace = Trace::new();
    on.trace(&trace).map_into(&mut buffer, (0..LARGE as u64).split_into(10), count_up).unwrap();
    assert!(trace.bytes_moved() > 8 * LARGE as u64, "other buffers are sent");
}

fn ranges_of_a_shared_array_are_sent_with_their_pieces(model: Model) {
    let on = executor(model, 2);
    let array = Shared::copy_of(&vec![3; LARGE]).unwrap();
    let mut buffer = SharedMut::zeroed(LARGE).unwrap();
    let trace = Trace::new();
    on.trace(&trace).map_into(&mut buffer, (&array).split_into(10), doubled).unwrap();
    assert!(buffer.iter().all(|&item| item == 6));
    assert!(trace.bytes_moved() < 10_000, "{} bytes for {LARGE} items", trace.bytes_moved());
}

/// A limit on the size of files counts for memory, too.
#[task]
fn count_up_with_small_files(chunk: Range<u64>, piece: &mut [u64]) {
    let few = Rlimit { current: Some(1 << 16), maximum: getrlimit(Resource::Fsize).maximum };
    setrlimit(Resource::Fsize, few).unwrap();
    let fill = *count_up;
    fill(chunk, piece);
}

fn a_worker_that_may_not_write_sends_its_piece(model: Model) {
    let mut buffer = SharedMut::zeroed(LARGE).unwrap();
    executor(model, 2).map_into(&mut buffer, (0..LARGE as u64).split_into(10), count_up_with_small_files).unwrap();
    assert!(buffer.iter().copied().eq(0..LARGE as u64));
}

/// Where its piece is.
#[task]
fn address(_chunk: u64, piece: &mut [usize]) {
    piece[0] = std::ptr::from_ref(&piece[0]).addr();
}

fn tasks_write_into_the_buffer_itself(model: Model) {
    let mut buffer = vec![0; 50];
    executor(model, 3).map_into(&mut buffer, Items((0..50).collect()), address).unwrap();
    assert!(buffer.iter().all(|item| *item == std::ptr::from_ref(item).addr()));
}

/// Dies in the middle of its piece, the first time.
#[task]
fn dies_once(chunk: Range<u64>, piece: &mut [u64], folder: &PathBuf) {
    for (item, i) in piece.iter_mut().zip(chunk) {
        *item += i;
        if i == 55 && std::fs::File::create_new(folder.join("died")).is_ok() {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    }
}

fn a_chunk_that_runs_again_fills_a_whole_piece(model: Model) {
    let folder = folder();
    let on = Executor::builder(model).workers(2).retries(2).build().unwrap();
    let mut buffer = vec![9; 100];
    on.map_into(&mut buffer, (0..100u64).split_into(10), dies_once.with(folder.path().into())).unwrap();
    assert!(folder.path().join("died").exists());
    assert!(buffer.iter().copied().eq(0..100));
}
