//! Terms in one integer variable, such as `i^2 mod 7` or `1./i^2`, and their sums, products, smallest and largest
//! values over ranges.
//!
//! ```
//! use threefold_term::{Reduction, Term};
//!
//! let term = Term::parse("i^2 mod 7")?;
//! let partial = term.reduce(Reduction::Sum, 1..=1_000_000).unwrap();
//! assert_eq!(partial.value().unwrap().to_string(), "1999999");
//! # Ok::<(), threefold_term::ParseError>(())
//! ```
//!
//! A range can be reduced in parts, on any threads or machines; [`Partial::then`] joins the parts in their order.
//!
//! # Integers and f64
//!
//! A term is an exact integer, of any size, unless something in it makes an f64: a decimal point or an exponent in a
//! number (`1.`, `.5`, `1e6`), `/`, `pi`, or one of the functions `sqrt`, `exp`, `ln`, `sin`, `cos`, `tan`, `atan`. An
//! integer that meets an f64 becomes the nearest f64. `floor` and `ceil` make an exact integer of an f64. Which it is
//! can be seen from the text, and does not depend on the item.
//!
//! # What can be written
//!
//! The operators, from the loosest to the tightest:
//!
//! | operators | meaning | `a op b op c` |
//! |---|---|---|
//! | `a or b` | 1 if `a` is not 0, or `b` is not 0; else 0 | from the left |
//! | `a and b` | 1 if both are not 0; else 0 | from the left |
//! | `not a` | 1 if `a` is 0; else 0 | |
//! | `==` `!=` `<` `<=` `>` `>=` | 1 if it holds, else 0 | refused: write `a < b and b < c` |
//! | `a + b`, `a - b` | | from the left |
//! | `a * b`, `a / b`, `a // b`, `a mod b` | product, quotient as f64, quotient of integers, remainder | from the left |
//! | `-a` | `-2^2` is -4 | |
//! | `a ^ b` | power; `2^3^2` is 2^9, and `2^-i` needs no parentheses | from the right |
//!
//! | functions | meaning |
//! |---|---|
//! | `if(c, a, b)` | `a` if `c` is not 0, else `b`; the other one is not evaluated |
//! | `gcd(a, b, ..)` | the greatest common divisor of integers, not negative; `gcd(0, 0)` is 0 |
//! | `min(a, b, ..)`, `max(a, b, ..)` | the smallest, the largest |
//! | `abs(a)`, `floor(a)`, `ceil(a)` | |
//! | `sqrt(a)`, `exp(a)`, `ln(a)`, `sin(a)`, `cos(a)`, `tan(a)`, `atan(a)` | of f64; angles in radians |
//!
//! `and`, `or` and `if` evaluate only what they need. A `_` between digits means nothing: `1_000`. A term has at most
//! 4,000 bytes, 1,000 operands and operators, and 100 levels of parentheses, powers and prefixes.
//!
//! # Division, remainders and powers of integers
//!
//! They are those of PARI/GP. `a // b` and `a mod b` are the quotient q and the remainder r with a = q b + r and
//! 0 <= r < |b|: a remainder is never negative.
//!
//! ```
//! use threefold_term::Term;
//!
//! let value = |text| Term::parse(text).unwrap().value(0).unwrap().to_string();
//! assert_eq!((value("7 // 2"), value("7 mod 2")), ("3".into(), "1".into()));
//! assert_eq!((value("-7 // 2"), value("-7 mod 2")), ("-4".into(), "1".into()));
//! assert_eq!((value("7 // -2"), value("7 mod -2")), ("-3".into(), "1".into()));
//! assert_eq!((value("-7 // -2"), value("-7 mod -2")), ("4".into(), "1".into()));
//! ```
//!
//! A power of integers is an integer. With a negative exponent only 1 and -1 have one; for others write `1. / a^b`.
//! `0^0` is 1. `a^b mod m` is computed without the power, which may be too large for any memory: `2^(i - 1) mod i`.
//!
//! # What has no value
//!
//! Division by zero, roots of negative numbers, logarithms of numbers that are not positive, and results that are
//! infinite or NaN are failures. A [`Failure`] names the first item. Integers of more than 2^28 bits (32 MiB) are
//! failures, too. A sum or product of more bits is a failure without an item.
//!
//! # The same bits everywhere
//!
//! Every operation on f64 is one IEEE operation or a function of the crate `libm`, in plain Rust: the same bits on
//! every machine. Powers with the exponents 2, 3, 4, -1 and -2 are multiplications and a division. A sum of f64 is
//! computed in blocks of 1,024 items, counted from the first item of the range. Within a block there are 32 sums side
//! by side, which are then added in pairs. The sums of the blocks are added with compensation for rounding errors. So a
//! sum depends on how a range is cut into parts, and on nothing else. A product is made in the order of the items. Only
//! the final sum or product has to fit in an f64: partial results have a larger exponent. A product that is nearer to 0
//! than to any other f64 is 0. There is one zero: a reduction is never -0.0.
//!
//! # How fast it is
//!
//! A block of items is evaluated a column at a time, in loops that are compiled for the instructions of this CPU. First
//! the smallest and largest possible value of each operation are computed from the bounds of the range: where no value
//! can exceed 2^50 or 2^63, nothing is checked for each item. Otherwise 128 bits are used, with checks; and blocks that
//! need more are evaluated one item at a time, with integers of any size. Every item is evaluated: no formula and no
//! period is used.
//!
//! # Features
//!
//! `serde`: [`Term`], [`Reduction`], [`Partial`] and [`Value`] can be serialized.

mod columns;
mod failure;
mod interval;
mod machine;
mod number;
mod plan;
mod program;
mod reduction;
mod syntax;
mod term;
mod value;

pub use self::failure::Failure;
pub use self::reduction::{Partial, Reduction, UnknownReduction};
pub use self::syntax::ParseError;
pub use self::term::Term;
pub use self::value::{Integer, IntegerError, Value};
