//! What holds for every verdict, whatever was measured.

use proptest::prelude::*;
use threefold::Model;

use super::simulated::{Contender, Simulated, bimodal, contender, drifting, in_bursts, simulated, stolen};
use crate::comparison::Comparison;
use crate::plan::RankBy;
use crate::row::{BreakEven, Difference, Row};
use crate::table;
use crate::verdict::ReasonKind;

fn contenders() -> impl Strategy<Value = Vec<Contender>> {
    let figures = (-1.5..1.5f64, 0.0..0.3f64, 0.0..1.0f64, 0.0..1.0f64, -7.0..-2.0f64);
    let one = |model: Model, workers: usize| {
        figures.clone().prop_map(move |(log, spread, waiting, other, empty)| Contender {
            // Some are close to sequential, within its noise or just beyond.
            median_s: if log.abs() < 0.5 { 1.0 + 0.1 * log } else { log.exp() },
            spread: spread * spread,
            parts: [(1.0 - waiting) * (1.0 - other), waiting * (1.0 - other), 0.5 * other, 0.5 * other],
            empty_chunk_s: 10f64.powf(empty),
            ..contender(model, workers, 1.0)
        })
    };
    (
        one(Model::Sequential, 1),
        one(Model::Async, 1),
        one(Model::Threads, 2),
        one(Model::Threads, 4),
        one(Model::Processes, 2),
    )
        .prop_map(|(first, second, third, fourth, fifth)| vec![first, second, third, fourth, fifth])
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    let machine = prop::sample::select(vec![
        (|_, _, _| 1.0) as super::simulated::Disturbance,
        drifting,
        in_bursts,
        bimodal,
        stolen,
    ]);
    let rank_by = prop::sample::select(RankBy::ALL.to_vec());
    let shape = (1..25usize, 0..5usize, prop::sample::select(vec![0u64, 1, 2, 3, 64]), any::<bool>());
    (contenders(), machine, rank_by, shape, 0.0..0.1f64, any::<u64>()).prop_map(
        |(contenders, of_run, rank_by, (rounds, reference, chunks, awaits), least_worthwhile, seed)| {
            let items = u128::from(chunks) * 100;
            let shape = Simulated { rounds, reference, chunks, items, awaits, ..simulated(contenders) };
            Simulated { of_run, rank_by, least_worthwhile, seed, ..shape }.comparison()
        },
    )
}

/// The ratios that a text names, such as `1.9x`.
fn ratios(text: &str) -> Vec<f64> {
    text.split([' ', ',', ';', ':']).filter_map(|word| word.strip_suffix('x')?.parse().ok()).collect()
}

/// The ratio that a text names before `as fast`.
fn ratio_as_fast(text: &str) -> Option<f64> {
    ratios(text.split(" as fast").next()?).last().copied().filter(|_| text.contains("x as fast"))
}

fn is_within_its_interval(row: &Row, ratio: f64) -> bool {
    row.speedup.is_none_or(|speedup| {
        // Three digits are shown, and two decimal places below 1.
        let rounding = (0.006 * ratio).max(0.0051);
        (speedup.interval.low - rounding..=speedup.interval.high + rounding).contains(&ratio)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_sentence_claims_a_difference_below_the_noise_floor_or_contradicts_the_table(comparison in comparisons()) {
        let verdict = &comparison.verdict;
        let floor = 1.0 + comparison.rows[comparison.reference].judged.smallest;
        let best = &comparison.rows[verdict.best];
        prop_assert!(verdict.tied.contains(&verdict.best));

        // The answer.
        if comparison.rank_by == RankBy::Time {
            if let (Some(ratio), false) = (ratio_as_fast(&verdict.sentence), verdict.sentence.contains("about")) {
                prop_assert_eq!(best.difference, Difference::Faster);
                // One decimal place may be all that is shown.
                prop_assert!(ratio > floor - 0.05 && ratio > 1.0, "{} {}", verdict.sentence, floor);
                prop_assert!(is_within_its_interval(best, ratio), "{}", verdict.sentence);
            }
            prop_assert_ne!(best.difference, Difference::Slower, "{}", verdict.sentence);
            let is_none_faster = comparison.rows.iter().all(|row| row.difference != Difference::Faster);
            prop_assert!(verdict.best != comparison.reference || is_none_faster, "{}", verdict.sentence);
        }

        // The other models.
        for reason in &verdict.reasons {
            let Some(row) = reason.row.map(|row| &comparison.rows[row]) else { continue };
            let text = reason.text();
            match &reason.kind {
                ReasonKind::Faster { times, .. } => {
                    prop_assert!(row.difference == Difference::Faster && *times >= floor, "{text}, {floor}");
                    prop_assert!(ratio_as_fast(text).is_some_and(|ratio| ratio > 1.0), "{text}");
                }
                ReasonKind::Slower { times, .. } => {
                    prop_assert!(row.difference == Difference::Slower && *times <= 1.0 / floor, "{text}, {floor}");
                    prop_assert!(ratio_as_fast(text).is_some_and(|ratio| ratio < 1.0), "{text}");
                }
                ReasonKind::NoFaster { .. } | ReasonKind::NotShown { .. } => {
                    prop_assert!(!matches!(row.difference, Difference::Faster | Difference::Slower), "{text}");
                }
                ReasonKind::AsFast { .. } => {
                    prop_assert!(verdict.tied.contains(&reason.row.unwrap_or(0)), "{text}");
                }
                ReasonKind::About { .. } => prop_assert_eq!(row.difference, Difference::Unknown),
                ReasonKind::SlowerCold { .. } => {
                    let is_always = matches!(row.break_even, BreakEven::Always { .. });
                    prop_assert!(!is_always, "{text}");
                }
                _ => {}
            }
        }

        // The table says the same of each contender.
        let table = table::of(&comparison, 200);
        for (row, line) in comparison.rows.iter().zip(table.lines().skip(1)) {
            let shown = ratios(line);
            let ratio = shown.first().copied().unwrap_or(1.0);
            match row.difference {
                Difference::Faster => prop_assert!(ratio > 1.0, "{line}"),
                Difference::Slower => prop_assert!(ratio < 1.0, "{line}"),
                _ => {}
            }
            prop_assert!(is_within_its_interval(row, ratio), "{line}");
        }
    }

    #[test]
    fn every_line_fits_its_width(comparison in comparisons(), width in 40..120usize) {
        for line in comparison.to_text(width).lines() {
            prop_assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }

    #[test]
    fn every_verdict_is_read_back_from_json(comparison in comparisons()) {
        let json = serde_json::to_string(&comparison.verdict).unwrap();
        let read: crate::verdict::Verdict = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &comparison.verdict);
    }
}
