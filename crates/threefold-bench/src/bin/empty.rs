//! A program that does nothing, linked the default way: the cost that the system has for every process.

fn main() {}
