#![deny(deprecated)]

use threefold::prelude::*;

#[deprecated]
fn old(chunk: u64) -> u64 {
    chunk
}

#[deprecated]
type Old = u64;

#[task]
fn uses(chunk: u64) -> u64 {
    old(chunk)
}

#[task]
fn takes(chunk: Old, by: &Old) -> Old {
    chunk * by
}

// None of these is told of.
#[allow(deprecated)]
#[task]
fn may_take(chunk: Old, by: &Old) -> Old {
    chunk * by
}

#[task]
#[expect(deprecated, reason = "it is still in use")]
async fn may_take_later(chunk: Old, by: &[Old]) -> Old {
    old(chunk) * by[0]
}

fn main() {
    let _ = task_fn!(
        #[allow(deprecated)]
        |chunk: u64| -> u64 { old(chunk) }
    );
}
