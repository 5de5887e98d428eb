//! `#[task(simd)]`: runs the body of a task in a copy that is compiled for this CPU.
//!
//! The default build of a program uses only instructions that every CPU of its target has: on x86-64 this is SSE2, from
//! 2003. `fearless_simd` has one function for each newer level (instruction set). This function does nothing but call a
//! closure, and is compiled with the instructions of its level. The closure is inlined there, together with everything
//! that the compiler inlines into the closure. So LLVM vectorizes the user's plain loop for each level. The level of
//! the CPU is detected once per process.
//!
//! A level changes how fast a body is, and not what it computes: rustc neither reorders additions of floats nor fuses a
//! multiplication with an addition, and each IEEE operation has one correct result, in a vector as in a scalar. The
//! tests below check this for every level of the CPU that they run on. They check more in a release build, where loops
//! are vectorized.
//!
//! # What the attribute makes of a task
//!
//! The user writes
//!
//! ```text
//! #[task(simd)]
//! fn count(chunk: Slice<u64>) -> u32 { chunk.iter().map(|i| i.count_ones()).sum() }
//! ```
//!
//! and the compiler sees a function whose body is a closure, which this file calls:
//!
//! ```text
//! fn count(chunk: Slice<u64>) -> u32 {
//!     vectorized(#[inline(always)] || -> u32 { chunk.iter().map(|i| i.count_ones()).sum() })
//! }
//! ```
//!
//! The level is asked for once per chunk, and not for each item. What the body calls is compiled for the level only
//! where the compiler inlines it. A function that is not inlined stays at the level of the default build, and is
//! correct there.
//!
//! | in the body | at a newer level |
//! |---|---|
//! | integers, and floats that do not depend on each other | more of them in one instruction |
//! | a sum of floats, in order | the same additions one after the other, since their order decides about the bits |
//! | `a * b + c` with floats | two operations, each rounded, as at every level |

use fearless_simd::{Level, dispatch};

/// Runs `body`, a closure that is `#[inline(always)]`, in the copy that is compiled for the level of this CPU.
#[inline(always)]
pub fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    dispatch!(level(), _ => body())
}

/// The level of this CPU. `fearless_simd` caches it.
#[cfg(not(test))]
#[inline(always)]
fn level() -> Level {
    Level::new()
}

/// The level that a test has set for its thread.
#[cfg(test)]
fn level() -> Level {
    tests::LEVEL.get().unwrap_or_else(Level::new)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Debug;
    use std::hint::black_box;

    use fearless_simd::Level;

    use super::vectorized;
    use crate::source::Slice;

    thread_local! {
        /// The level that the tasks of this thread are run at.
        pub(super) static LEVEL: Cell<Option<Level>> = const { Cell::new(None) };
    }

    /// Every level that this CPU has.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        let below = [
            best.as_sse2().map(Level::Sse2),
            best.as_sse4_2().map(Level::Sse4_2),
            best.as_avx2().map(Level::Avx2),
            best.as_avx512().map(Level::Avx512),
        ];
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        let below = [Some(best)];
        below.into_iter().flatten().collect()
    }

    /// Makes two functions from one body. The first has the form that `#[task(simd)]` writes. In the second, every
    /// input passes through `black_box`, so that no vector can hold several inputs.
    macro_rules! bodies {
        ($($name:ident($items:ident: $item:ty) -> $output:ty $body:block)*) => {
            $(
                fn $name(chunk: Slice<$item>) -> $output {
                    vectorized(
                        #[inline(always)]
                        || -> $output {
                            let $items = chunk.iter().copied();
                            $body
                        },
                    )
                }
            )*

            mod one_by_one {
                use super::*;

                $(
                    pub(super) fn $name(chunk: Slice<$item>) -> $output {
                        let $items = chunk.iter().copied().map(black_box);
                        $body
                    }
                )*
            }

            /// For each body: its name, its result at the level of this thread, and its result one input at a time.
            fn outputs() -> Vec<(&'static str, Vec<String>, Vec<String>)> {
                let mut outputs = Vec::new();
                $({
                    let chunks: Vec<Slice<$item>> = Inputs::chunks();
                    let task = chunks.iter().cloned().map($name).map(text).collect();
                    let plain = chunks.into_iter().map(one_by_one::$name).map(text).collect();
                    outputs.push((stringify!($name), task, plain));
                })*
                outputs
            }
        };
    }

    bodies! {
        integers(items: u64) -> u64 {
            items.fold(0, |sum, i| sum.wrapping_add((i ^ 77).wrapping_mul(i | 1) >> (i % 64)))
        }
        narrow_integers(items: u64) -> u32 {
            items.map(|i| i as u32).map(|i| i.wrapping_mul(i) % 7).fold(0, u32::wrapping_add)
        }
        bits_of_integers(items: u64) -> Vec<u32> {
            items.map(|i| i.count_ones() + i.leading_zeros() + i.swap_bytes().trailing_zeros()).collect()
        }
        saturated_bytes(items: u64) -> Vec<i8> {
            items.map(|i| (i as i8).saturating_add((i >> 8) as i8).abs_diff((i >> 16) as i8) as i8).collect()
        }
        integers_as_floats(items: u64) -> Vec<f64> {
            items.map(|i| i as f64 + (i as i64 as f32) as f64).collect()
        }
        sum(items: f64) -> f64 {
            items.sum()
        }
        product(items: f64) -> f64 {
            items.map(|x| x.clamp(0.5, 1.5)).product()
        }
        dot_product(items: f64) -> f64 {
            items.fold(0.0, |sum, x| sum + x * (x + 0.1))
        }
        sums_abreast(items: f64) -> [f64; 8] {
            items.enumerate().fold([0.0; 8], |mut sums, (i, x)| {
                sums[i % 8] += 1.0 / (x * x);
                sums
            })
        }
        polynomials(items: f64) -> Vec<f64> {
            items.map(|x| ((0.3 * x + 0.7) * x - 1.1) * x + 1e-9).collect()
        }
        fused_polynomials(items: f64) -> Vec<f64> {
            items.map(|x| 0.3f64.mul_add(x, 0.7).mul_add(x, -1.1).mul_add(x, 1e-9)).collect()
        }
        roots(items: f64) -> Vec<f64> {
            items.map(|x| x.sqrt() / (1.0 + x.abs())).collect()
        }
        roundings(items: f64) -> Vec<f64> {
            items.map(|x| x.floor() + x.ceil() * 3.0 + x.round() * 5.0 + x.trunc() * 7.0 + x.round_ties_even()).collect()
        }
        remainders(items: f64) -> Vec<f64> {
            items.map(|x| x % 0.37 + x.rem_euclid(2.5)).collect()
        }
        as_single(items: f64) -> Vec<f32> {
            items.map(|x| x as f32 * 1.1 + (x * 0.1) as f32).collect()
        }
        as_integers(items: f64) -> Vec<i64> {
            items.map(|x| (x as i64) ^ i64::from(x as i32) ^ (x as u64 as i64) ^ i64::from(x as u8)).collect()
        }
        least_and_greatest(items: f64) -> [f64; 2] {
            items.fold([0.0; 2], |[least, greatest], x| [x.min(least), greatest.max(x)])
        }
        bounds(items: f64) -> Vec<f64> {
            items.map(|x| x.min(0.0) + x.max(1.5) + x.clamp(-2.0, 2.0) + 1f64.copysign(x)).collect()
        }
        comparisons(items: f64) -> [usize; 4] {
            items.fold([0; 4], |[less, equal, more, above], x| {
                let all = x.total_cmp(&-0.0).is_gt();
                [less + usize::from(x < 0.5), equal + usize::from(x == 0.0), more + usize::from(x > 0.5), above + usize::from(all)]
            })
        }
        library_functions(items: f64) -> Vec<f64> {
            items.map(|x| x.sin() + x.exp() + x.abs().ln() + x.abs().powf(0.3) + x.hypot(1.0)).collect()
        }
    }

    /// An output as text. Two texts differ if a bit differs, except for the bits of a NaN, which Rust does not define.
    fn text(output: impl Debug) -> String {
        format!("{output:?}")
    }

    /// The inputs of the bodies.
    trait Inputs: Sized {
        fn chunks() -> Vec<Slice<Self>>;
    }

    impl Inputs for u64 {
        /// Of every magnitude; as many as vectors hold, and some more.
        fn chunks() -> Vec<Slice<u64>> {
            let integer = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (i * 7 % 64);
            [0, 1, 7, 1_003].map(|len| Slice::from((0..len).map(integer).collect::<Vec<_>>())).into()
        }
    }

    impl Inputs for f64 {
        /// Of both signs and many magnitudes; once so that sums stay finite, once with all that is special.
        fn chunks() -> Vec<Slice<f64>> {
            const SPECIAL: [f64; 12] =
                [0.0, -0.0, 0.5, -0.5, 2.5, 5e-324, -2e-308, 1e300, -1e19, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
            let float = |&integer: &u64| (integer as i64) as f64 / 3e12;
            let tame = u64::chunks().into_iter().map(|chunk| chunk.iter().map(float).collect::<Vec<_>>());
            let wild: Vec<f64> = (0..1_003).map(|i| SPECIAL[i * i % 12] * SPECIAL[(i / 12 + i) % 12]).collect();
            tame.chain([wild]).map(Slice::from).collect()
        }
    }

    #[test]
    fn at_every_level_the_bits_are_those_of_one_by_one() {
        for level in levels() {
            LEVEL.set(Some(level));
            for (name, task, plain) in outputs() {
                assert_eq!(task, plain, "{name} at {level:?}");
            }
        }
    }
}
