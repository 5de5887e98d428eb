//! Rivals measured in turn: each round runs all of them once, in an order drawn anew, so that a slow minute of the
//! machine is shared by all.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// What a rival is compared with: its like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sequential,
    Async,
    Threads,
    Processes,
}

/// Runs once and says how many seconds that took.
pub(crate) type Sample = Box<dyn FnMut() -> f64 + Send>;

/// What is measured.
pub(crate) type Run = Box<dyn FnMut() + Send>;

struct Rival {
    kind: Kind,
    name: String,
    ours: bool,
    sample: Sample,
    seconds: Vec<f64>,
}

/// Several ways to do one piece of work.
pub(crate) struct Contest {
    title: &'static str,
    rounds: usize,
    /// What one core needs, as a share of which the times are shown too.
    ideal: Option<fn(f64) -> f64>,
    rivals: Vec<Rival>,
}

/// The seconds that `run` takes.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

/// One call, from as many as take two milliseconds.
pub(crate) fn batched(mut run: Run) -> Sample {
    let mut calls = 1u32;
    Box::new(move || {
        loop {
            let seconds = timed(|| (0..calls).for_each(|_| run()));
            if seconds > 0.002 || calls > 1 << 20 {
                return seconds / f64::from(calls);
            }
            calls *= 2;
        }
    })
}

/// One call after a millisecond of idleness.
pub(crate) fn after_idling(mut run: Run) -> Sample {
    Box::new(move || {
        std::thread::sleep(Duration::from_millis(1));
        timed(&mut run)
    })
}

/// One call.
pub(crate) fn once(mut run: Run) -> Sample {
    Box::new(move || timed(&mut run))
}

impl Contest {
    pub(crate) fn new(title: &'static str, rounds: usize) -> Self {
        Self { title, rounds, ideal: None, rivals: Vec::new() }
    }

    /// The best time possible, from that of the first rival.
    pub(crate) fn ideal(mut self, ideal: fn(f64) -> f64) -> Self {
        self.ideal = Some(ideal);
        self
    }

    pub(crate) fn ours(&mut self, kind: Kind, name: impl Into<String>, sample: Sample) {
        self.rivals.push(Rival { kind, name: name.into(), ours: true, sample, seconds: Vec::new() });
    }

    pub(crate) fn rival(&mut self, kind: Kind, name: impl Into<String>, sample: Sample) {
        self.rivals.push(Rival { kind, name: name.into(), ours: false, sample, seconds: Vec::new() });
    }

    /// Runs the rounds, for at most `most`, and prints the table.
    pub(crate) fn run(mut self, dice: &mut Dice, most: Duration) {
        // Warm: caches, calibration, threads that were never woken.
        for rival in &mut self.rivals {
            (rival.sample)();
        }
        let start = Instant::now();
        let mut order: Vec<usize> = (0..self.rivals.len()).collect();
        for _ in 0..self.rounds {
            dice.shuffle(&mut order);
            for &next in &order {
                let rival = &mut self.rivals[next];
                let seconds = (rival.sample)();
                rival.seconds.push(seconds);
            }
            if start.elapsed() > most {
                break;
            }
        }
        self.rivals.iter_mut().for_each(|rival| rival.seconds.sort_by(f64::total_cmp));
        self.print();
    }

    fn print(&self) {
        let best = |kind| {
            let of_kind = self.rivals.iter().filter(|rival| rival.kind == kind && !rival.ours);
            of_kind.map(|rival| rival.quantile(0.5)).min_by(f64::total_cmp)
        };
        println!("\n### {}\n", self.title);
        let ideal = self.ideal.map(|ideal| ideal(self.rivals[0].quantile(0.5)));
        println!(
            "| who | median | quartiles | of the best rival{} |",
            if ideal.is_some() { " | of the ideal" } else { "" }
        );
        println!("|---|---|---|---|{}", if ideal.is_some() { "---|" } else { "" });
        for rival in &self.rivals {
            let median = rival.quantile(0.5);
            let quartiles = format!("{} to {}", show(rival.quantile(0.25)), show(rival.quantile(0.75)));
            let ratio = best(rival.kind).map(|best| format!("{:.2}", median / best)).unwrap_or_default();
            let name = if rival.ours { format!("**{}**", rival.name) } else { rival.name.clone() };
            let ideal = ideal.map(|ideal| format!(" {:.2} |", median / ideal)).unwrap_or_default();
            println!("| {name} | {} | {quartiles} | {ratio} |{ideal}", show(median));
        }
        println!("\n{} rounds.", self.rivals[0].seconds.len());
    }
}

impl Rival {
    fn quantile(&self, share: f64) -> f64 {
        let last = self.seconds.len() - 1;
        self.seconds[(share * last as f64).round() as usize]
    }
}

/// Seconds as people write them, three digits.
fn show(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// The order of each round: xorshift64*, seeded by the caller, who prints the seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, (self.next() >> 33) as usize % (last + 1));
        }
    }
}
