//! What `#[task(simd)]` must take. That its bits are the same on every CPU is held beside `task/simd.rs`.
#![forbid(unsafe_code)]

use std::ops::Range;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;

/// The same loop as in [`plain`].
#[task(simd)]
#[inline(never)]
#[must_use]
pub(crate) fn vectorized(chunk: Range<u64>, mask: &u64) -> u64 {
    chunk.fold(0, |sum, i| sum.wrapping_add(i ^ mask))
}

#[task]
fn plain(chunk: Range<u64>, mask: &u64) -> u64 {
    chunk.fold(0, |sum, i| sum.wrapping_add(i ^ mask))
}

/// Leaves early in all ways that there are, and changes its chunk.
#[task(simd)]
fn reciprocals((mut values, scale): (Vec<f64>, f64), names: &[String], unit: &str) -> Result<Vec<f64>, String> {
    #![allow(clippy::float_cmp)]
    if values.is_empty() {
        return Ok(values);
    }
    let name = names.first().ok_or_else(|| format!("no name for {unit}"))?;
    for value in &mut values {
        if *value == 0.0 {
            return Err(format!("{name} is 0 {unit}"));
        }
        *value = scale / *value;
    }
    Ok(values)
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Polynomial {
    coefficients: Vec<f64>,
}

#[task(simd)]
impl Task for Polynomial {
    type Chunk = Slice<f64>;
    type Output = Vec<u64>;

    fn map(&self, chunk: Slice<f64>) -> Self::Output {
        let at = |&x| self.coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient);
        chunk.iter().map(at).map(f64::to_bits).collect()
    }
}

mod renamed {
    pub(super) use threefold as other;

    #[other::task(simd, crate = "crate::simd::renamed::other")]
    pub(super) fn r#match(r#match: u64) -> u64 {
        r#match + 1
    }
}

#[task(simd)]
fn nothing(_: u8) {}

#[task(simd)]
fn countdown(chunk: u64) -> u64 {
    if chunk == 0 { 0 } else { 1 + countdown(chunk - 1) }
}

macro_rules! tasks_of_a_macro {
    ($($function:ident: $operation:expr;)*) => {$(
        fn $function(on: &Executor) -> Vec<u64> {
            #[task(simd)]
            fn part(chunk: u64) -> u64 {
                $operation(chunk, chunk)
            }
            on.map(Items(vec![3, 4]), part).unwrap()
        }
    )*};
}

tasks_of_a_macro! {
    doubles: u64::wrapping_add;
    squares: u64::wrapping_mul;
}

#[task(simd)]
fn checked(chunk: u64) -> u64 {
    assert!(chunk < 3, "{chunk} is too much");
    chunk
}

#[test]
fn every_kind_of_simd_task_gives_on_every_model_what_a_plain_one_gives() {
    threefold::init();
    let values: Vec<f64> = (0..1_000).map(|i| f64::from(i) / 7.0).collect();
    let polynomial = || Polynomial { coefficients: vec![0.1, -1.0 / 3.0, 1e-9, 7.0] };
    let bits = |x: &f64| (((0.1 * x + -1.0 / 3.0) * x + 1e-9) * x + 7.0).to_bits();
    let expected: Vec<u64> = values.iter().map(bits).collect();
    for &model in Model::available() {
        let on = Executor::new(model).unwrap();
        let sums = on.map((0..1_000_003).split_into(5), vectorized.with(0xff)).unwrap();
        assert_eq!(sums, on.map((0..1_000_003).split_into(5), plain.with(0xff)).unwrap());
        assert_eq!(on.map(values.clone().split_into(7), polynomial()).unwrap().concat(), expected);
        assert_eq!(on.map(Items(vec![1]), renamed::r#match).unwrap(), [2]);
        assert_eq!((doubles(&on), squares(&on)), (vec![6, 8], vec![9, 16]), "{model}");
        on.for_each(Items(vec![1]), nothing).unwrap();
    }
}

#[test]
fn the_body_of_a_simd_task_returns_as_that_of_a_function_does() {
    let call = |values: &[f64], names: &[&str]| {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        reciprocals((values.to_vec(), 2.0), &names, "m")
    };
    assert_eq!(call(&[], &[]), Ok(vec![]));
    assert_eq!(call(&[4.0, 0.5], &["width"]), Ok(vec![0.5, 4.0]));
    assert_eq!(call(&[4.0, 0.0], &["width"]), Err("width is 0 m".to_string()));
    assert_eq!(call(&[4.0], &[]), Err("no name for m".to_string()));
    assert_eq!(countdown(100), 100);
    let pointer: fn(u64) -> u64 = *countdown;
    assert_eq!(pointer(7), 7);
}

#[test]
fn a_simd_task_that_panics_is_the_same_error_as_a_plain_one() {
    let on = Executor::new(Model::Threads).unwrap();
    let error = on.map(Items(vec![1, 2, 3, 4]), checked).unwrap_err();
    assert_eq!(error.to_string(), "checked: chunk 2 (item 2) panicked on threads: 3 is too much");
    assert!(error.panic_location().unwrap().contains("simd.rs"), "{:?}", error.panic_location());
}
