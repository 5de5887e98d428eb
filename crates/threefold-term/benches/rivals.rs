//! What an item of a term costs, beside PARI and beside the same term written in Rust.
//!
//! `cargo bench -p threefold-term` prints a table: medians of rounds, in each of which every
//! competitor runs once. PARI (`gp`, Debian: pari-gp) is started once and times itself. Its best of two ways counts on two
//! threads: `parsum` over the items, and `parsum` over two halves.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::ops::RangeInclusive;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fearless_simd::{Level, dispatch};
use threefold_term::{Reduction, Term};

const ROUNDS: usize = 7;

/// The items of a run of a term or of Rust: at least 10 ms.
const ITEMS: i64 = 50_000_000;

/// The items of a run of PARI.
const FEW: i64 = 2_000_000;

/// A term, in Rust and in PARI's language.
struct Contest {
    term: &'static str,
    rust: fn(RangeInclusive<i64>) -> f64,
    pari: &'static str,
}

const CONTESTS: [Contest; 3] = [
    Contest { term: "i", rust: items, pari: "i" },
    Contest { term: "i^2 mod 7", rust: squares, pari: "i^2%7" },
    Contest { term: "1./i^2", rust: inverses, pari: "1./i^2" },
];

fn main() {
    let mut pari = Pari::start();
    if pari.is_none() {
        println!("PARI is not installed (Debian: pari-gp): its columns are 0");
    }
    println!("ns per item, medians of {ROUNDS} rounds\n");
    println!(
        "| term | threefold | Rust, SIMD | PARI sum | threefold, 2 threads | PARI, 2 threads | to Rust | to PARI | to PARI, 2 threads |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for Contest { term: text, rust, pari: in_pari } in CONTESTS {
        let term = Term::parse(text).expect("a term");
        let mut times: [Vec<f64>; 5] = Default::default();
        for _ in 0..ROUNDS {
            let few =
                |pari: &mut Option<Pari>, code: &str| pari.as_mut().map_or(0.0, |pari| pari.time(code) / FEW as f64);
            times[0].push(per_item(|| reduce(&term, 1..=ITEMS)));
            times[1].push(per_item(|| black_box(rust(black_box(1..=ITEMS)))));
            times[2].push(few(&mut pari, &format!("sum(i=1,{FEW},{in_pari})")));
            times[3].push(per_item(|| {
                thread::scope(|scope| {
                    let half = scope.spawn(|| reduce(&term, 1..=ITEMS / 2));
                    reduce(&term, ITEMS / 2 + 1..=ITEMS) + half.join().expect("no panic")
                })
            }));
            let each = few(&mut pari, &format!("parsum(i=1,{FEW},{in_pari})"));
            let half = FEW / 2;
            let halves = few(&mut pari, &format!("parsum(k=0,1,sum(i=k*{half}+1,(k+1)*{half},{in_pari}))"));
            times[4].push(each.min(halves));
        }
        let [ours, rust, pari, ours_2, pari_2] = times.map(median);
        println!(
            "| `{text}` | {ours:.3} | {rust:.3} | {pari:.1} | {ours_2:.3} | {pari_2:.1} | {:.2}x | {:.0}x faster | {:.0}x faster |",
            ours / rust,
            pari / ours,
            pari_2 / ours_2
        );
    }
}

fn reduce(term: &Term, range: RangeInclusive<i64>) -> f64 {
    let value = term.reduce(Reduction::Sum, range).and_then(|partial| partial.value()).expect("a value");
    value.to_string().parse().expect("a number")
}

/// Nanoseconds for each of `ITEMS`.
fn per_item(run: impl FnOnce() -> f64) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64() * 1e9 / ITEMS as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Runs `body` in the copy that is compiled for the instructions of this CPU.
#[inline(always)]
fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    dispatch!(Level::new(), _ => body())
}

/// The sum of all items. A zero that the compiler does not know keeps it from a formula.
fn items(range: RangeInclusive<i64>) -> f64 {
    let zero: i64 = black_box(0);
    let (first, last) = range.into_inner();
    vectorized(
        #[inline(always)]
        || (first..last + 1).fold(0i64, |sum, i| sum.wrapping_add(i ^ zero)),
    ) as f64
}

fn squares(range: RangeInclusive<i64>) -> f64 {
    let (first, last) = range.into_inner();
    vectorized(
        #[inline(always)]
        || (first as u64..last as u64 + 1).map(|i| i * i % 7).sum::<u64>(),
    ) as f64
}

/// The sum of 1 / i^2, 32 sums abreast.
fn inverses(range: RangeInclusive<i64>) -> f64 {
    let (first, last) = range.into_inner();
    vectorized(
        #[inline(always)]
        || {
            let mut sums = [0.0; 32];
            let mut i = first;
            while i + 31 <= last {
                for (lane, sum) in (0i32..).zip(&mut sums) {
                    let item = i as f64 + f64::from(lane);
                    *sum += 1.0 / (item * item);
                }
                i += 32;
            }
            (i..=last).for_each(|i| sums[0] += 1.0 / (i * i) as f64);
            sums.iter().sum::<f64>()
        },
    )
}

/// PARI, which reads a line and answers with one.
struct Pari {
    program: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Pari {
    fn start() -> Option<Self> {
        let mut command = Command::new("gp");
        command.args(["-q", "-f", "-D", "nbthreads=2", "-D", "parisize=64M"]);
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let answers = BufReader::new(program.stdout.take()?);
        Some(Self { program, answers })
    }

    /// The nanoseconds that PARI says `code` takes.
    fn time(&mut self, code: &str) -> f64 {
        let input = self.program.stdin.as_mut().expect("it is piped");
        writeln!(input, "t=getwalltime();{code};print(getwalltime()-t)").expect("PARI reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("PARI answers");
        let milliseconds: u64 = answer.trim().parse().unwrap_or_else(|_| panic!("PARI said {answer:?}"));
        Duration::from_millis(milliseconds).as_secs_f64() * 1e9
    }
}

impl Drop for Pari {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        let _ = self.program.wait();
    }
}
