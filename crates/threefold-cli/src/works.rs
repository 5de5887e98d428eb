//! The works: what the program can fold, one file each.

pub(crate) mod sum;
