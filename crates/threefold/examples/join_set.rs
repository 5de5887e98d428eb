//! The number of primes below 200,000, counted by tokio's tasks: a rival of `primes`, for docs/migrate.md.
use std::ops::Range;
use tokio::task::JoinSet;

async fn count_primes(chunk: Range<u32>) -> usize {
    chunk.filter(|&n| n > 1 && (2..=n.isqrt()).all(|d| n % d != 0)).count()
}

#[tokio::main]
async fn main() {
    let mut tasks = JoinSet::new();
    for part in 0..8 {
        tasks.spawn(count_primes(part * 25_000..(part + 1) * 25_000)); // it blocks a thread of the runtime
    }
    println!("{}", tasks.join_all().await.into_iter().sum::<usize>());
}
