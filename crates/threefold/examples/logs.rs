//! Tasks log with `tracing` and with `log`. One subscriber prints it all, whichever model runs the tasks, and says for each
//! line which chunk it is from.
use std::ops::Range;

use threefold::prelude::*;
use tracing::{info, info_span};

#[task]
fn count_primes(chunk: Range<u64>) -> usize {
    if chunk.start < 2 {
        log::warn!("0 and 1 are no primes");
    }
    let is_prime = |&n: &u64| n > 1 && (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0);
    let count = info_span!("counting").in_scope(|| chunk.filter(is_prime).count());
    info!(count, "counted");
    count
}

fn main() -> threefold::Result<()> {
    threefold::init();
    // It also installs the bridge of `tracing-log`, so that records of the crate `log` become events.
    tracing_subscriber::fmt().without_time().init();
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let total = on.fold((0..100_000).split_into(4), count_primes, 0, |sum, part| sum + part)?;
        info!(total, "all of them, on {model}");
    }
    Ok(())
}
