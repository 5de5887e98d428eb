//! A program that does nothing, linked the default way: what every Rust program costs.

fn main() {}
