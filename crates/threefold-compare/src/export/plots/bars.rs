//! Bars for each contender: the time of a fold, and where it went.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::colours::{INK, PARTS, STARTUP, model_colour};
use super::{AXIS, LEFT, Scale, label, picture};
use crate::comparison::Comparison;
use crate::row::Row;
use crate::text;

/// The height of a bar with the space around it.
const BAR: i32 = 34;

/// The median duration of a warm fold on each contender, with its interval.
pub(in crate::export) fn times(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let upper = |row: &Row| row.interval_s.map_or(row.median_s, |interval| interval.high.max(row.median_s));
    let scale = Scale::to(rows.iter().map(upper).fold(0.0, f64::max));
    let bottom = rows.len() as i32 * BAR + 6;
    let best = &rows[comparison.verdict.best];
    let title = format!("Time of one fold. The recommended {} takes {}.", best.name(), text::seconds(best.median_s));
    picture(bottom + AXIS, &title, |area| {
        scale.axis(area, bottom)?;
        for (index, row) in rows.iter().enumerate() {
            let top = index as i32 * BAR + 8;
            let (middle, end) = (top + BAR / 2 - 3, scale.x(row.median_s));
            let mark = if index == comparison.verdict.best { "\u{2605} " } else { "" };
            area.draw(&label((LEFT - 8, middle), format!("{mark}{}", row.name()), (HPos::Right, VPos::Center)))?;
            area.draw(&Rectangle::new([(LEFT, top), (end, top + BAR - 8)], model_colour(row.model).light.filled()))?;
            let mut number_at = end;
            if let Some(interval) = row.interval_s {
                let (low, high) = (scale.x(interval.low), scale.x(interval.high));
                for line in [
                    vec![(low, middle), (high, middle)],
                    vec![(low, middle - 5), (low, middle + 5)],
                    vec![(high, middle - 5), (high, middle + 5)],
                ] {
                    area.draw(&PathElement::new(line, INK.light.stroke_width(2)))?;
                }
                number_at = high.max(end);
            }
            let number = match (index, row.speedup) {
                (1.., Some(speedup)) => format!("{} ({})", text::seconds(row.median_s), text::times(speedup.value)),
                _ => text::seconds(row.median_s),
            };
            area.draw(&label((number_at + 8, middle), number, (HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

/// Where the time of one fold from a cold start went, on each contender: the start-up, then the mean over its workers.
pub(in crate::export) fn parts(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let whole = |row: &Row| row.startup_s + row.profile.workers_s() / row.workers as f64;
    let scale = Scale::to(rows.iter().map(whole).fold(0.0, f64::max));
    let bottom = rows.len() as i32 * BAR + 6;
    picture(bottom + AXIS, "Where the time of one fold went, as stacked bars", |area| {
        scale.axis(area, bottom)?;
        for (index, row) in rows.iter().enumerate() {
            let top = index as i32 * BAR + 8;
            let middle = top + BAR / 2 - 3;
            area.draw(&label((LEFT - 8, middle), row.name(), (HPos::Right, VPos::Center)))?;
            let mut from_s = 0.0;
            let startup = (STARTUP.1, row.startup_s);
            let each = PARTS.map(|(_, colour, part)| (colour, part(&row.profile) / row.workers as f64));
            for (colour, seconds) in [startup].into_iter().chain(each) {
                let (from, to) = (scale.x(from_s), scale.x(from_s + seconds));
                if to > from {
                    area.draw(&Rectangle::new([(from, top), (to, top + BAR - 8)], colour.light.filled()))?;
                }
                from_s += seconds;
            }
            area.draw(&label((scale.x(from_s) + 8, middle), text::seconds(from_s), (HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}
