//! The number of primes below 200,000, counted with procspawn: a rival of the example `primes`, for docs/migrate.md.
use procspawn::SpawnError;

fn count_primes(part: u32) -> usize {
    (part * 25_000..(part + 1) * 25_000).filter(|&n| n > 1 && (2..=n.isqrt()).all(|d| n % d != 0)).count()
}

fn main() -> Result<(), SpawnError> {
    procspawn::init();
    let parts: Vec<_> = (0..8).map(|part| procspawn::spawn(part, count_primes)).collect();
    let mut sum = 0;
    for part in parts {
        sum += part.join()?;
    }
    println!("{sum}");
    Ok(())
}
