//! An image that is filled row by row: `map_into` on threads beside rayon's `par_chunks_mut`, and on worker processes into
//! memory that they write to, beside pieces that are sent.

use std::ops::Range;

use ::rayon::prelude::*;
use threefold::SharedMut;
use threefold::prelude::*;
use threefold_contest::{Contest, Sample, once};

use crate::field::executor;
use crate::rivals::rayon;

/// 64 MiB of pixels.
const WIDTH: usize = 4096;
const HEIGHT: usize = 4096;
const ROWS: usize = 64;

fn pixel(x: usize, y: usize) -> u32 {
    (x as u32 ^ y as u32).wrapping_mul(0x9e37_79b9)
}

fn fill_rows(rows: Range<usize>, piece: &mut [u32]) {
    for (row, y) in piece.chunks_mut(WIDTH).zip(rows) {
        row.iter_mut().enumerate().for_each(|(x, out)| *out = pixel(x, y));
    }
}

#[task]
fn paint(rows: Range<usize>, piece: &mut [u32]) {
    fill_rows(rows, piece);
}

pub(crate) fn threads(name: &str) -> Contest {
    let mut contest = Contest::new(name, "an image of 64 MiB, filled in 64 pieces on 2 threads").rounds(31);
    let on = executor(Model::Threads, 2);
    let mut image = vec![0u32; WIDTH * HEIGHT];
    contest.ours("threads", "map_into", once(move || into(&on, &mut image)));
    let pool = rayon::pool(2);
    let mut image = vec![0u32; WIDTH * HEIGHT];
    let theirs = move || {
        pool.install(|| {
            let pieces = image.par_chunks_mut(ROWS * WIDTH).enumerate();
            pieces.for_each(|(number, piece)| fill_rows(number * ROWS..(number + 1) * ROWS, piece));
        });
        check(&image);
    };
    contest.rival("threads", "rayon, par_chunks_mut", once(theirs));
    contest.target("map_into", 1.1, "rayon, par_chunks_mut");
    contest
}

pub(crate) fn processes(name: &str) -> Contest {
    let mut contest = Contest::new(name, "an image of 64 MiB, filled in 64 pieces by 2 worker processes").rounds(31);
    contest.ours("processes", "a SharedMut", in_processes(SharedMut::zeroed(WIDTH * HEIGHT).expect("there is room")));
    contest.ours("processes", "a Vec", in_processes(vec![0u32; WIDTH * HEIGHT]));
    let mut image = vec![0u32; WIDTH * HEIGHT];
    let theirs = move || {
        fill_rows(0..HEIGHT, &mut image);
        check(&image);
    };
    contest.rival("processes", "a loop in the parent", once(theirs));
    contest.target("a SharedMut", 0.5, "a Vec");
    contest
}

/// Fills the image once before the first sample, so that its pages are there.
fn in_processes(mut image: impl AsMutPixels + Send + 'static) -> Sample {
    let on = executor(Model::Processes, 2);
    into(&on, image.pixels());
    once(move || into(&on, image.pixels()))
}

/// A buffer of some kind.
trait AsMutPixels {
    fn pixels(&mut self) -> &mut [u32];
}

impl AsMutPixels for Vec<u32> {
    fn pixels(&mut self) -> &mut [u32] {
        self
    }
}

impl AsMutPixels for SharedMut<u32> {
    fn pixels(&mut self) -> &mut [u32] {
        self
    }
}

fn into(on: &Executor, image: &mut [u32]) {
    on.map_into(image, (0..HEIGHT).split_into(HEIGHT / ROWS), paint).expect("no chunk fails");
    check(image);
}

fn check(image: &[u32]) {
    for y in (0..HEIGHT).step_by(ROWS / 2) {
        assert_eq!(image[y * WIDTH + y], pixel(y, y));
    }
}
