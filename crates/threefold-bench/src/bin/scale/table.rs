//! The tables, in Markdown.

use std::fmt::Write;

use crate::dispatcher::Measured;
use crate::study::{CHUNKS, Case, RANKS, Study};

/// The numbers of ranks that have rows of their own.
const SHOWN: [usize; 4] = [10, 100, 1_000, 10_000];

/// Ranks count as kept busy if they are idle for no more than this share of the time.
const IDLE: f64 = 0.1;

pub(crate) fn of(study: &Study) -> String {
    let costs = study.costs;
    let mut text = format!(
        "A message takes its sender {} ns and its receiver {} ns, and arrives {} ns later. An output takes the dispatching \
         rank {} ns, and the choice of a block {} ns.\n",
        costs.send, costs.receive, costs.latency, costs.output, costs.dispatch
    );
    text += &limits(study);
    text += &cases("fold", &study.fold);
    text += &cases("combine: a model", &study.combine);
    text
}

/// Up to how many ranks are kept busy.
fn limits(study: &Study) -> String {
    let mut text = String::from("\n| a chunk takes | ranks kept busy: fold | combine (a model) |\n|---|---|---|\n");
    for chunk in CHUNKS {
        let most = |cases: &[Case]| {
            let kept = |case: &&Case| case.plan.chunk == chunk && case.idle() <= IDLE;
            let most = cases.iter().filter(kept).map(|case| case.plan.ranks).max();
            match most {
                None => format!("fewer than {}", RANKS[0]),
                Some(most) if most == RANKS[RANKS.len() - 1] => format!("{} or more", thousands(most as u64)),
                Some(most) => thousands(most as u64),
            }
        };
        _ = writeln!(text, "| {} | {} | {} |", time(chunk as f64), most(&study.fold), most(&study.combine));
    }
    text
}

fn cases(title: &str, cases: &[Case]) -> String {
    let mut text = format!(
        "\n### {title}\n\n| a chunk takes | ranks | chunks/s | blocks/s | dispatching rank busy | ranks idle | makespan | \
         ideal |\n|---|---|---|---|---|---|---|---|\n"
    );
    for case in cases.iter().filter(|case| SHOWN.contains(&case.plan.ranks)) {
        _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0}% | {:.0}% | {} | {} |",
            time(case.plan.chunk as f64),
            thousands(case.plan.ranks as u64),
            rate(case.chunks_per_second()),
            rate(case.blocks_per_second()),
            case.busy() * 100.0,
            case.idle() * 100.0,
            time(case.outcome.makespan as f64),
            time(case.ideal()),
        );
    }
    text
}

/// What the dispatcher itself takes.
pub(crate) fn of_dispatcher(rows: &[Measured]) -> String {
    let mut text = String::from("| workers | for a block | for a lost worker |\n|---|---|---|\n");
    for row in rows {
        _ = writeln!(text, "| {} | {} | {} |", thousands(row.workers as u64), time(row.block), time(row.loss));
    }
    text
}

/// Nanoseconds as people read them.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (number, unit) = scaled(nanoseconds, &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")]);
    format!("{} {unit}", digits(number))
}

/// A count per second as people read it.
fn rate(count: f64) -> String {
    let (number, unit) = scaled(count, &[(1e6, " million"), (1e4, " thousand"), (1.0, "")]);
    // Thousands have a word only from ten thousand on.
    let number = if unit == " thousand" { number * 10.0 } else { number };
    digits(number) + unit
}

/// A number in the largest unit of which there is at least one, after rounding to three digits.
fn scaled(number: f64, units: &[(f64, &'static str)]) -> (f64, &'static str) {
    let unit = units.iter().find(|(unit, _)| number / unit >= 0.9995).or(units.last());
    let &(unit, name) = unit.expect("there are units");
    (number / unit, name)
}

/// Three digits, or all of a whole number.
fn digits(number: f64) -> String {
    match number {
        n if n >= 1e3 => thousands(n.round() as u64),
        n if n >= 99.95 => format!("{n:.0}"),
        n if n >= 9.995 => trimmed(format!("{n:.1}")),
        n => trimmed(format!("{n:.2}")),
    }
}

fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
