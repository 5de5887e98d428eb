//! Markdown: a table and the verdict.

use std::fmt::Write;

use super::figures::{self, MAIN};
use crate::against::{self, Against};
use crate::comparison::Comparison;
use crate::escape::escaped;

pub(super) fn of(comparison: &Comparison) -> String {
    let mut out = String::new();
    write_to(&mut out, comparison).expect("a string takes every text");
    out
}

fn write_to(out: &mut String, comparison: &Comparison) -> std::fmt::Result {
    writeln!(out, "{}\n", plain(&comparison.title()))?;
    let figures = figures::shown(comparison, &MAIN);
    let titles: Vec<&str> = ["model", "workers"].into_iter().chain(figures.iter().map(|figure| figure.title)).collect();
    write_line(out, titles.iter().map(|title| title.to_string()))?;
    writeln!(out, "|---|{}", "--:|".repeat(titles.len() - 1))?;
    for (index, row) in comparison.rows.iter().enumerate() {
        let bold = if comparison.verdict.best == index { "**" } else { "" };
        let name = [format!("{bold}{}{bold}", row.model), row.workers.to_string()];
        write_line(out, name.into_iter().chain(figures.iter().map(|figure| (figure.cell)(comparison, index))))?;
    }
    writeln!(out, "\n**{}**\n", plain(&comparison.verdict.sentence))?;
    comparison.verdict.reasons.iter().try_for_each(|reason| writeln!(out, "- {}", plain(&reason.to_string())))?;
    comparison.against.as_ref().map_or(Ok(()), |against| write_changes(out, comparison, against))
}

/// What changed since an earlier comparison.
fn write_changes(out: &mut String, comparison: &Comparison, against: &Against) -> std::fmt::Result {
    if let Some(warning) = against.warning() {
        writeln!(out, "\n**{}**", plain(&warning))?;
    }
    writeln!(out, "\n**{}**\n", against.sentence(&comparison.rows))?;
    if !against.rows.is_empty() {
        write_line(out, against::TITLES.map(str::to_string).into_iter())?;
        writeln!(out, "|---|{}", "--:|".repeat(against::TITLES.len() - 1))?;
        against.cells(&comparison.rows).into_iter().try_for_each(|cells| write_line(out, cells.into_iter()))?;
        writeln!(out)?;
    }
    against.notes().iter().try_for_each(|note| writeln!(out, "- {}", plain(note)))
}

fn write_line(out: &mut String, cells: impl Iterator<Item = String>) -> std::fmt::Result {
    writeln!(out, "| {} |", cells.collect::<Vec<String>>().join(" | "))
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
