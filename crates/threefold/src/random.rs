//! Random numbers that are tied to the chunk: the same on every model and with any number of workers.
//!
//! The generator is ChaCha with 8 rounds, of the crate `chacha20`, which the crate `rand` builds on too. It is
//! counter-based: a block of numbers is a function of a key, a stream and a counter. The key is made from the seed, the
//! stream is the number of the chunk, and the counter begins at 0. So a chunk needs no state of another chunk, two
//! chunks have different streams, and no stream is a part of another one, however many numbers are drawn. ChaCha is a
//! cipher: to tell its streams from independent ones would be an attack on the cipher, and the best known attacks reach 7
//! of the 8 rounds.

use std::convert::Infallible;
use std::fmt;

use chacha20::ChaCha8Rng;
use rand_core::{SeedableRng, TryRng};

use crate::fold::chunk;

/// The part of the key that is the same for all seeds. Changing it changes every number.
const KEY: [u8; 24] = *b"threefold::chunk_rng v1 ";

/// The random numbers of the chunk that this thread runs, for the given seed.
///
/// They depend on the seed and on the number of the chunk only. So a task that draws its random numbers from here gives
/// the same result on every model, with any number of workers, and when a chunk is run again. Different chunks have
/// independent numbers. It needs the feature `rand`.
///
/// The result implements the traits of the crate `rand_core` 0.10, so with `rand` 0.10 it has all methods of
/// `rand::RngExt`:
///
/// ```
/// use rand::RngExt;
/// use threefold::chunk_rng;
/// use threefold::prelude::*;
///
/// /// Throws a dart for each number of the chunk, and counts those in the quarter of a circle.
/// #[task]
/// fn darts(chunk: std::ops::Range<u64>, seed: &u64) -> u64 {
///     let mut rng = chunk_rng(*seed);
///     let mut throw = || rng.random::<f64>().powi(2) + rng.random::<f64>().powi(2) <= 1.0;
///     chunk.map(|_| u64::from(throw())).sum()
/// }
///
/// let throws = 100_000;
/// let hits = |on: Executor| on.fold((0..throws).split_into(16), darts.with(7), 0, |sum, part| sum + part);
/// let one = hits(Executor::new(Model::Sequential)?)?;
/// assert!((4.0 * one as f64 / throws as f64 - std::f64::consts::PI).abs() < 0.03);
/// assert_eq!(hits(Executor::builder(Model::Threads).workers(4).build()?)?, one);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// - Call it once for each chunk and seed: a second call begins the same numbers again. A task that needs several
///   independent sequences gives each a seed of its own.
/// - If the source is cut in another way, it has other chunks, and so other random numbers.
/// - A fold that is nested in a task has chunks of its own, numbered from 0. Give it a seed that the task has drawn, such
///   as `rng.random()`, or all such folds have the same numbers.
/// - In an `async` task the numbers are those of its chunk, also after an await. Outside of tasks they are those of chunk
///   0, so that a task can be called as a plain function.
/// - The closure of [`combine`](crate::Executor::combine) must not call it. On some models the closure runs on a
///   worker, and would get the numbers of one of its chunks. On the others it runs on the caller's thread, and would get
///   other numbers.
/// - The numbers are for simulations. Secrets must not depend on them, since a seed has only 64 bits.
/// - Until 1.0 a minor version may change the numbers. The changelog says so.
pub fn chunk_rng(seed: u64) -> ChunkRng {
    let mut key = [0; 32];
    key[..24].copy_from_slice(&KEY);
    key[24..].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(chunk::get());
    ChunkRng(rng)
}

/// The random number generator that [`chunk_rng`] gives.
///
/// It implements `rand_core::TryRng`, and so `rand_core::Rng`, of `rand_core` 0.10.
///
/// ```
/// use rand::{Rng, RngExt};
///
/// let mut rng = threefold::chunk_rng(1);
/// let word: u64 = rng.next_u64();
/// let die: u8 = rng.random_range(1..=6);
/// assert!((1..=6).contains(&die));
/// assert_eq!(threefold::chunk_rng(1).next_u64(), word);
/// ```
pub struct ChunkRng(ChaCha8Rng);

impl TryRng for ChunkRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl fmt::Debug for ChunkRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkRng").field("chunk", &self.0.get_stream()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    /// The first numbers of a chunk.
    fn numbers(seed: u64, number: u64, count: usize) -> Vec<u64> {
        chunk::set(number);
        let mut rng = chunk_rng(seed);
        chunk::set(0);
        (0..count).map(|_| rng.next_u64()).collect()
    }

    /// Uniform in [0, 1).
    fn uniform(number: u64) -> f64 {
        (number >> 11) as f64 / (1u64 << 53) as f64
    }

    #[test]
    fn the_numbers_are_known() {
        // Whatever changes these changes every result that users have.
        assert_eq!(numbers(0, 0, 2), KNOWN[0]);
        assert_eq!(numbers(42, 7, 2), KNOWN[1]);
        assert_eq!(numbers(u64::MAX, u64::MAX - 1, 2), KNOWN[2]);
    }

    /// From another implementation of ChaCha, written from its definition.
    const KNOWN: [[u64; 2]; 3] = [
        [5687337209545655114, 18332044767925157762],
        [7401608707982684642, 14680074450246469593],
        [13099504467371612475, 12755909050394274360],
    ];

    #[test]
    fn no_number_of_a_chunk_is_met_in_another() {
        // 2^17 numbers of 64 bits have two that are equal with a chance of 5 in 10^10.
        let mut all: Vec<_> = (0..128).flat_map(|chunk| numbers(3, chunk, 1024)).collect();
        all.extend((0..128).flat_map(|chunk| numbers(4, chunk, 1024)));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn numbers_of_different_chunks_and_seeds_are_not_correlated() {
        // The correlation of n independent pairs has a standard deviation of 1 / sqrt(n). The seeds are fixed, so the
        // test gives the same in each run; of 200 values one is beyond 4 deviations with a chance of 1.3%.
        const N: usize = 10_000;
        let sequences: Vec<Vec<f64>> = [(1, 0), (1, 1), (1, 2), (1, 3), (1, 1 << 40), (2, 0), (2, 1), (3, 1)]
            .map(|(seed, chunk)| numbers(seed, chunk, N + 2).into_iter().map(uniform).collect())
            .into();
        for (i, one) in sequences.iter().enumerate() {
            for other in &sequences[i + 1..] {
                for shift in [0, 1, 2] {
                    let pairs = one[..N].iter().zip(&other[shift..]);
                    let covariance: f64 = pairs.map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f64>() / N as f64;
                    let correlation = covariance * 12.0;
                    assert!(correlation.abs() < 4.0 / (N as f64).sqrt(), "{correlation}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_uniform_within_chunks_and_across_them() {
        // Chi-square with 255 degrees of freedom: mean 255, standard deviation 22.6; above 346 with a chance of 1 in
        // 10,000, and below 175 as well.
        let chi_square = |bytes: &mut dyn Iterator<Item = u8>| {
            let (mut counts, mut n) = ([0u64; 256], 0u64);
            bytes.for_each(|byte| {
                counts[usize::from(byte)] += 1;
                n += 1;
            });
            let expected = n as f64 / 256.0;
            counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum::<f64>()
        };
        for seed in [0, 1, 2, 1 << 63] {
            let within = chi_square(&mut numbers(seed, 5, 1 << 13).into_iter().flat_map(u64::to_le_bytes));
            // The first number of each chunk, where a generator that is seeded badly shows its seeds.
            let across =
                chi_square(&mut (0..1 << 13).flat_map(|chunk| numbers(seed, chunk, 1)).flat_map(u64::to_le_bytes));
            // How the first numbers of neighbours differ.
            let differences = (0..1 << 13).map(|chunk| numbers(seed, chunk, 1)[0] ^ numbers(seed, chunk + 1, 1)[0]);
            let differences = chi_square(&mut differences.flat_map(u64::to_le_bytes));
            for value in [within, across, differences] {
                assert!((175.0..346.0).contains(&value), "seed {seed}: {value}");
            }
        }
    }
}
