//! Paints a picture: each chunk of rows fills its own piece of the buffer.
use std::ops::Range;

use threefold::prelude::*;

const WIDTH: usize = 72;
const HEIGHT: usize = 24;

/// How many steps a point of the Mandelbrot set's plane takes to leave it, for each pixel of some rows.
#[task]
fn paint(rows: Range<usize>, piece: &mut [u8]) {
    for (row, y) in piece.chunks_mut(WIDTH).zip(rows) {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (a, b) = (x as f64 / 24.0 - 2.2, y as f64 / 9.6 - 1.2);
            let (mut re, mut im) = (0.0, 0.0);
            while re * re + im * im < 4.0 && *pixel < 60 {
                (re, im) = (re * re - im * im + a, 2.0 * re * im + b);
                *pixel += 1;
            }
        }
    }
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let mut picture = vec![0; WIDTH * HEIGHT];
    for &model in Model::available() {
        picture.fill(0);
        Executor::new(model)?.map_into(&mut picture, 0..HEIGHT, paint)?;
        println!("{model:<10} {} steps", picture.iter().map(|&steps| u64::from(steps)).sum::<u64>());
    }
    for row in picture.chunks(WIDTH) {
        let shades = row.iter().map(|&steps| char::from(b" .:-=+*#%@"[usize::from(steps) * 9 / 60]));
        println!("{}", shades.collect::<String>());
    }
    Ok(())
}
