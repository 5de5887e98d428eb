//! The number of primes below 200,000, counted with rayon: a rival of the example `primes`, for docs/migrate.md.
use rayon::prelude::*;

fn main() {
    let is_prime = |&n: &u32| n > 1 && (2..=n.isqrt()).all(|d| n % d != 0);
    println!("{}", (0..200_000u32).into_par_iter().filter(is_prime).count());
}
