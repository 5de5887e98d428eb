//! Programs that are run in turn: each once in every round, in an order drawn anew, so that a slow minute of the machine
//! is shared by all.

use std::process::Command;
use std::time::Instant;

/// How long each run of a program took, in seconds, the shortest first.
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// The lower quartile, the median and the upper quartile.
    pub(crate) fn quartiles(&self) -> [f64; 3] {
        [1, 2, 3].map(|quarter| self.0[self.0.len() * quarter / 4])
    }

    /// The median as a multiple of that of `other`.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        self.quartiles()[1] / other.quartiles()[1]
    }
}

/// How long these programs take from their start to their end.
pub(crate) fn of(programs: &mut [Command], rounds: usize) -> Vec<Times> {
    /// They fill the caches, and do not count.
    const WARM_UP: usize = 5;
    let mut seconds = vec![Vec::new(); programs.len()];
    let mut order: Vec<usize> = (0..programs.len()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..WARM_UP + rounds {
        dice.shuffle(&mut order);
        for &next in &order {
            let took = run(&mut programs[next]);
            if round >= WARM_UP {
                seconds[next].push(took);
            }
        }
    }
    seconds.iter_mut().for_each(|seconds| seconds.sort_by(f64::total_cmp));
    seconds.into_iter().map(Times).collect()
}

fn run(program: &mut Command) -> f64 {
    let began = Instant::now();
    let status = program.status().expect("it starts");
    let seconds = began.elapsed().as_secs_f64();
    assert!(status.success(), "{program:?}: {status}");
    seconds
}

/// A xorshift generator.
struct Dice(u64);

impl Dice {
    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            order.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}
