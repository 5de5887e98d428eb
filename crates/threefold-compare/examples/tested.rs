//! A task with its tests and its benchmark: `cargo test -p threefold-compare --example tested`, and
//! `cargo run --release -p threefold-compare --example tested`.
//!
//! In a package of your own the tests are beside the task, and `main` is a bench target with `harness = false`.
use std::ops::Range;

use threefold::prelude::*;
use threefold_compare::Compare;

/// The perfect numbers of the chunk: those that are the sum of their divisors.
#[task]
fn perfect(chunk: Range<u64>) -> Vec<u64> {
    chunk.filter(|&n| n > 0 && (1..=n / 2).filter(|d| n % d == 0).sum::<u64>() == n).collect()
}

fn add(mut all: Vec<u64>, mut part: Vec<u64>) -> Vec<u64> {
    all.append(&mut part);
    all
}

fn main() -> threefold_compare::Result<()> {
    threefold::init();
    let comparison = Compare::new("perfect").unit("numbers").fold((0..10_000).split_into(32), perfect, vec![], add)?;
    print!("{comparison}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_a_function() {
        assert_eq!(perfect(0..30), [6, 28]);
        assert!(perfect(7..28).is_empty());
    }

    #[test]
    fn every_model_gives_the_same() -> threefold::Result<()> {
        threefold::init(); // in a test that uses worker processes, too
        for &model in Model::available() {
            let on = Executor::builder(model).build()?;
            assert_eq!(on.fold((0..1_000).split_into(7), perfect, vec![], add)?, [6, 28, 496], "{model}");
        }
        Ok(())
    }
}
