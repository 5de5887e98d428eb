use threefold::prelude::*;

#[task]
fn of_a_trait_object(chunk: u64, shown: &dyn std::fmt::Display) -> String {
    format!("{chunk} {shown}")
}

#[task]
fn of_any_type(chunk: u64, shown: &impl std::fmt::Display) -> String {
    format!("{chunk} {shown}")
}

#[task]
fn of_a_static(chunk: u64, shown: &'static str) -> String {
    format!("{chunk} {shown}")
}

#[task]
#[rustfmt::skip]
fn of_thirteen(chunk: u8, a: &u8, b: &u8, c: &u8, d: &u8, e: &u8, f: &u8, g: &u8, h: &u8, i: &u8, j: &u8, k: &u8, l: &u8, m: &u8) -> u8 {
    chunk + a + b + c + d + e + f + g + h + i + j + k + l + m
}

fn main() {}
