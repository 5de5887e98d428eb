//! Bars for each contender: the time of a fold, and where it went.

use maud::{Markup, html};

use super::axis::{AXIS, Axis};
use super::{Colour, INK, PARTS, STARTUP, model_colour, percent, picture, words};
use crate::comparison::Comparison;
use crate::row::Row;
use crate::text;

/// The height of a contender: its name, and its bar below.
const CONTENDER: u32 = 46;

/// Where the bar of a contender begins.
const BAR_AT: u32 = 22;

/// The height of a bar.
const BAR: u32 = 16;

/// The median duration of a warm fold on each contender, with its interval.
pub(in crate::export) fn times(comparison: &Comparison) -> Markup {
    let rows = &comparison.rows;
    let upper = |row: &Row| row.interval_s.map_or(row.median_s, |interval| interval.high.max(row.median_s));
    let axis = Axis::to(rows.iter().map(upper).fold(0.0, f64::max));
    let best = &rows[comparison.verdict.best];
    let title = format!("Time of one fold. The recommended {} takes {}.", best.name(), text::seconds(best.median_s));
    bars(comparison, axis, &title, |row, top| {
        let middle = top + BAR / 2;
        let whiskers =
            row.interval_s.map(|interval| (percent(axis.share(interval.low)), percent(axis.share(interval.high))));
        let bar = html! {
            (block(axis, 0.0, row.median_s, top, model_colour(row.model)))
            @if let Some((low, high)) = &whiskers {
                line x1=(low) x2=(high) y1=(middle) y2=(middle) stroke=(INK.light) stroke-width="2" {}
                @for end in [low, high] {
                    line x1=(end) x2=(end) y1=(middle - 5) y2=(middle + 5) stroke=(INK.light) stroke-width="2" {}
                }
            }
        };
        (row.median_s, bar)
    })
}

/// Where the time of one fold from a cold start went, on each contender: the start-up, then the mean over its workers.
pub(in crate::export) fn parts(comparison: &Comparison) -> Markup {
    let whole = |row: &Row| row.startup_s + row.profile.workers_s() / row.workers as f64;
    let axis = Axis::to(comparison.rows.iter().map(whole).fold(0.0, f64::max));
    bars(comparison, axis, "Where the time of one fold went, as stacked bars", |row, top| {
        let startup = (STARTUP.1, row.startup_s);
        let each = PARTS.map(|(_, colour, part)| (colour, part(&row.profile) / row.workers as f64));
        let mut from_s = 0.0;
        let blocks = [startup].into_iter().chain(each).map(|(colour, seconds)| {
            from_s += seconds;
            block(axis, from_s - seconds, seconds, top, colour)
        });
        let blocks: Vec<Markup> = blocks.collect();
        (from_s, html! { @for block in blocks { (block) } })
    })
}

/// A name, a number of seconds and a bar for each contender.
fn bars(comparison: &Comparison, axis: Axis, title: &str, bar: impl Fn(&Row, u32) -> (f64, Markup)) -> Markup {
    let bottom = comparison.rows.len() as u32 * CONTENDER;
    let contender = |(index, row): (usize, &Row)| {
        let top = index as u32 * CONTENDER;
        let (seconds, bar) = bar(row, top + BAR_AT);
        html! {
            (name(comparison, index, top + 15))
            (words(1.0, top + 15, "end", INK, &text::seconds(seconds)))
            (bar)
        }
    };
    let contenders: Vec<Markup> = comparison.rows.iter().enumerate().map(contender).collect();
    picture(bottom + AXIS, title, html! { (axis.grid(bottom)) @for contender in contenders { (contender) } })
}

/// The name of a contender. A star marks the recommended one.
pub(super) fn name(comparison: &Comparison, row: usize, y: u32) -> Markup {
    let mark = if row == comparison.verdict.best { "\u{2605} " } else { "" };
    words(0.0, y, "start", INK, &format!("{mark}{}", comparison.rows[row].name()))
}

fn block(axis: Axis, from_s: f64, seconds: f64, top: u32, colour: Colour) -> Markup {
    let (x, width) = (percent(axis.share(from_s)), percent(axis.share(seconds)));
    html! { rect x=(x) y=(top) width=(width) height=(BAR) fill=(colour.light) {} }
}
