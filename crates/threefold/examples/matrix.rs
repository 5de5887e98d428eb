//! The product of two matrices. Workers read both in place, and each fills rows of the product.
use std::ops::Range;

use threefold::prelude::*;
use threefold::{Shared, SharedMut};

/// The rows and columns of each matrix.
const N: usize = 256;

#[task]
fn multiply(rows: Range<usize>, product: &mut [f64], a: &Shared<f64>, b: &Shared<f64>) {
    for (row, out) in rows.zip(product.chunks_mut(N)) {
        for (factor, b_row) in a[row * N..][..N].iter().zip(b.chunks(N)) {
            out.iter_mut().zip(b_row).for_each(|(sum, item)| *sum += factor * item);
        }
    }
}

/// A matrix with a vector.
fn apply(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks(N).map(|row| row.iter().zip(vector).map(|(x, y)| x * y).sum()).collect()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    // Small integers, so that every sum is exact.
    let matrix = |seed: usize| {
        let fill = move |items: &mut [f64]| items.iter_mut().enumerate().for_each(|(i, x)| *x = (i * seed % 10) as f64);
        Shared::filled_by(N * N, fill)
    };
    let (a, b) = (matrix(7)?, matrix(3)?);
    let vector: Vec<f64> = (0..N).map(|i| (i % 5) as f64).collect();
    for &model in Model::available() {
        let mut product = SharedMut::zeroed(N * N)?;
        Executor::new(model)?.map_into(&mut product, 0..N, multiply.with(a.clone(), b.clone()))?;
        // (a b) v is a (b v).
        let is_right = apply(&product, &vector) == apply(&a, &apply(&b, &vector));
        println!("{model:<10} {}", if is_right { "the product is right" } else { "the product is WRONG" });
    }
    Ok(())
}
