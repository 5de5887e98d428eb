//! Markdown: a table and the verdict.

use std::fmt::Write;

use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::text;

pub(super) fn of(comparison: &Comparison) -> String {
    let mut out = String::new();
    write_to(&mut out, comparison).expect("a string takes every text");
    out
}

fn write_to(out: &mut String, comparison: &Comparison) -> std::fmt::Result {
    writeln!(out, "{}\n", plain(&comparison.title()))?;
    writeln!(
        out,
        "| model | workers | time | 95% interval | speed-up | start-up | per chunk | busy | memory | gains from |"
    )?;
    writeln!(out, "|---|--:|--:|---|--:|--:|--:|--:|--:|--:|")?;
    for (index, row) in comparison.rows.iter().enumerate() {
        let bold = if comparison.verdict.best == index { "**" } else { "" };
        let interval =
            row.interval_s.map_or_else(String::new, |interval| text::seconds_between(interval.low, interval.high));
        let speedup = row.speedup.map_or_else(String::new, |speedup| text::times(speedup.value));
        let gains_from = row.break_even.items().map_or_else(String::new, text::about);
        writeln!(
            out,
            "| {bold}{}{bold} | {} | {} | {interval} | {speedup} | {} | {} | {} | {} | {gains_from} |",
            row.model,
            row.workers,
            text::seconds(row.median_s),
            text::seconds(row.startup_s),
            text::seconds(row.profile.cost_per_chunk_s),
            text::percent(row.profile.busy_share()),
            text::bytes(row.profile.peak_memory_bytes),
        )?;
    }
    writeln!(out, "\n**{}**\n", plain(&comparison.verdict.sentence))?;
    comparison.verdict.reasons.iter().try_for_each(|reason| writeln!(out, "- {}", plain(&reason.to_string())))
}

/// Text that Markdown shows as it is: no control characters, no links, no HTML, no emphasis.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in escaped(text).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' => safe.extend(['\\', letter]),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_it_is() {
        let text = plain("*a* | [b](c) <script> & `d`\n# e");
        assert_eq!(text, "\\*a\\* \\| \\[b\\](c) &lt;script> &amp; \\`d\\`\\\\n# e");
    }
}
