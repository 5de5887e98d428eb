//! Markdown: a table and the verdict.

use std::fmt::Write;

use crate::comparison::Comparison;
use crate::text;

pub(super) fn of(comparison: &Comparison) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_to(&mut out, comparison);
    out
}

fn write_to(out: &mut String, comparison: &Comparison) -> std::fmt::Result {
    writeln!(out, "{}\n", comparison.title())?;
    writeln!(out, "| model | workers | time | 95% | speed-up | start-up | a chunk | busy | memory | pays from |")?;
    writeln!(out, "|---|--:|--:|---|--:|--:|--:|--:|--:|--:|")?;
    for (index, row) in comparison.rows.iter().enumerate() {
        let bold = if comparison.verdict.best == index { "**" } else { "" };
        let interval = row.interval_s.map_or_else(String::new, |interval| {
            format!("{} to {}", text::seconds(interval.low), text::seconds(interval.high))
        });
        let speedup = row.speedup.map_or_else(String::new, |speedup| text::times(speedup.value));
        let pays = row.break_even_items.map_or_else(String::new, text::about);
        writeln!(
            out,
            "| {bold}{}{bold} | {} | {} | {interval} | {speedup} | {} | {} | {} | {} | {pays} |",
            row.model,
            row.workers,
            text::seconds(row.median_s),
            text::seconds(row.startup_s),
            text::seconds(row.profile.cost_per_chunk_s),
            text::percent(row.profile.busy_share()),
            text::bytes(row.profile.peak_memory_bytes),
        )?;
    }
    writeln!(out, "\n**{}**\n", comparison.verdict.sentence)?;
    comparison.verdict.reasons.iter().try_for_each(|reason| writeln!(out, "- {reason}"))
}
