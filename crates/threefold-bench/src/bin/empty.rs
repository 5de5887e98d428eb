//! A program that does nothing: what the system asks for a process.

fn main() {}
