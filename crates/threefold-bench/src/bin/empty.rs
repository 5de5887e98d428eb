//! A program that does nothing, linked the default way: what the system asks for every process.

fn main() {}
