//! The pictures of the page, as SVG.
//!
//! Colours are those of light paper; the page's style turns each into its counterpart on a dark one, which it finds by
//! its value. So each is used for one thing only.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use threefold::Model;

use crate::comparison::{Comparison, Profile, Row};
use crate::scaling::Scaling;
use crate::text;

mod timeline;

pub(super) use timeline::timeline;

/// The width of every picture; the page scales them.
const WIDTH: u32 = 880;

/// Room for the names at the left, and for figures at the right.
const LEFT: i32 = 180;
const RIGHT: i32 = 150;

/// The height of a bar with the space around it.
const BAR: i32 = 34;

/// The height of an axis with its figures.
const AXIS: i32 = 44;

const FONT: &str = "system-ui, sans-serif";
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
pub(super) const FAINT: RGBColor = RGBColor(0xd5, 0xda, 0xe1);

/// A part of a fold's time: a name, a colour, and its seconds in a profile.
pub(super) type Part = (&'static str, RGBColor, fn(&Profile) -> f64);

/// The parts of the workers' time.
pub(super) const PARTS: [Part; 4] = [
    ("work", RGBColor(0x2b, 0x6c, 0xb0), |profile| profile.work_s),
    ("waiting", RGBColor(0xb7, 0x79, 0x1f), |profile| profile.waiting_s),
    ("transfer", RGBColor(0xc5, 0x30, 0x30), |profile| profile.transfer_s),
    ("idle", RGBColor(0xa0, 0xae, 0xc0), |profile| profile.idle_s),
];

/// Start-up, which comes before them.
pub(super) const STARTUP: (&str, RGBColor) = ("start-up", RGBColor(0x6b, 0x46, 0xc1));

/// The colour of a model.
pub(super) fn colour(model: Model) -> RGBColor {
    match model {
        Model::Sequential => RGBColor(0x5a, 0x67, 0x78),
        Model::Async => RGBColor(0xa3, 0x5f, 0x00),
        Model::Threads => RGBColor(0x1d, 0x4e, 0xd8),
        _ => RGBColor(0x15, 0x80, 0x3d),
    }
}

/// What goes wrong in drawing: nothing, since it is drawn into memory.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A picture of that height, as SVG text with a title for those who hear the page.
fn picture(height: i32, title: &str, draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height as u32)).into_drawing_area();
        draw(&area).expect("memory takes every picture");
        area.present().expect("memory takes every picture");
    }
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1)
}

fn font(size: f64) -> FontDesc<'static> {
    (FONT, size).into_font()
}

/// Text whose anchor is the given point.
fn label<'a>(at: (i32, i32), text: String, anchor: (HPos, VPos)) -> Text<'a, (i32, i32), String> {
    Text::new(text, at, font(15.0).color(&INK).pos(Pos::new(anchor.0, anchor.1)))
}

/// Seconds from 0 to a maximum, across the width that names and figures leave.
#[derive(Clone, Copy)]
struct Scale {
    most_s: f64,
}

impl Scale {
    fn to(most_s: f64) -> Self {
        Self { most_s: if most_s > 0.0 { most_s } else { 1.0 } }
    }

    fn x(self, seconds: f64) -> i32 {
        LEFT + (self.width() * (seconds / self.most_s)).round() as i32
    }

    fn width(self) -> f64 {
        f64::from(WIDTH as i32 - LEFT - RIGHT)
    }

    /// Lines at round numbers of seconds down to `bottom`, with figures below.
    fn axis(self, area: &DrawingArea<SVGBackend<'_>, Shift>, bottom: i32) -> Drawn {
        for step in 0..=self.steps() {
            let seconds = self.step() * step as f64;
            let x = self.x(seconds);
            area.draw(&PathElement::new(vec![(x, 4), (x, bottom)], FAINT))?;
            area.draw(&label((x, bottom + 8), text::seconds(seconds), (HPos::Center, VPos::Top)))?;
        }
        Ok(())
    }

    /// A step of 1, 2 or 5 times a power of ten, of which four to nine make the width.
    fn step(self) -> f64 {
        let rough = self.most_s / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough * 0.999);
        step.unwrap_or(10.0) * power
    }

    fn steps(self) -> usize {
        (self.most_s / self.step() + 1e-9) as usize
    }
}

/// The time of a warm fold on each contender, with its interval.
pub(super) fn times(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let upper = |row: &Row| row.interval_s.map_or(row.median_s, |interval| interval.high.max(row.median_s));
    let scale = Scale::to(rows.iter().map(upper).fold(0.0, f64::max));
    let bottom = rows.len() as i32 * BAR + 6;
    let fastest = &rows[comparison.verdict.best];
    let title = format!("Time of one fold. {} takes {}.", fastest.name(), text::seconds(fastest.median_s));
    picture(bottom + AXIS, &title, |area| {
        scale.axis(area, bottom)?;
        for (index, row) in rows.iter().enumerate() {
            let top = index as i32 * BAR + 8;
            let (middle, end) = (top + BAR / 2 - 3, scale.x(row.median_s));
            let mark = if index == comparison.verdict.best { "\u{2605} " } else { "" };
            area.draw(&label((LEFT - 8, middle), format!("{mark}{}", row.name()), (HPos::Right, VPos::Center)))?;
            area.draw(&Rectangle::new([(LEFT, top), (end, top + BAR - 8)], colour(row.model).filled()))?;
            let mut figure_at = end;
            if let Some(interval) = row.interval_s {
                let (low, high) = (scale.x(interval.low), scale.x(interval.high));
                for line in [
                    vec![(low, middle), (high, middle)],
                    vec![(low, middle - 5), (low, middle + 5)],
                    vec![(high, middle - 5), (high, middle + 5)],
                ] {
                    area.draw(&PathElement::new(line, INK.stroke_width(2)))?;
                }
                figure_at = high.max(end);
            }
            let figure = match (index, row.speedup) {
                (1.., Some(speedup)) => format!("{} ({})", text::seconds(row.median_s), text::times(speedup.value)),
                _ => text::seconds(row.median_s),
            };
            area.draw(&label((figure_at + 8, middle), figure, (HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

/// Where the time of one cold fold went, on each contender: start-up, then the mean over its workers.
pub(super) fn parts(comparison: &Comparison) -> String {
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
                    area.draw(&Rectangle::new([(from, top), (to, top + BAR - 8)], colour.filled()))?;
                }
                from_s += seconds;
            }
            area.draw(&label((scale.x(from_s) + 8, middle), text::seconds(from_s), (HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

/// The speed-up of every model over its own smallest number of workers, with the fitted law.
pub(super) fn scaling(comparison: &Comparison) -> String {
    let all = &comparison.scaling;
    let most = all.iter().flat_map(|scaling| scaling.workers.iter().copied()).max().unwrap_or(1) as f64;
    let speedups = |scaling: &Scaling| -> Vec<(f64, f64)> {
        let first = scaling.median_s[0];
        scaling.workers.iter().zip(&scaling.median_s).map(|(&workers, time)| (workers as f64, first / time)).collect()
    };
    let highest = all.iter().flat_map(&speedups).map(|(_, speedup)| speedup).fold(1.0, f64::max);
    picture(360, "Speed-up by the number of workers, with Amdahl's law as fitted", |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(48)
            .y_label_area_size(64)
            .build_cartesian_2d(0.5..most + 0.5, 0.0..highest * 1.15)?;
        chart
            .configure_mesh()
            .x_desc("workers")
            .y_desc("speed-up over the fewest")
            .x_labels(most as usize + 1)
            .x_label_formatter(&|x| if (x - x.round()).abs() < 1e-6 { format!("{x:.0}") } else { String::new() })
            .y_label_formatter(&|y| text::digits(*y))
            .label_style(font(15.0).color(&INK))
            .axis_style(INK)
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
            .draw()?;
        for scaling in all {
            let points = speedups(scaling);
            let colour = colour(scaling.model);
            if let Some(amdahl) = scaling.amdahl {
                let first = scaling.median_s[0];
                // As far as it was fitted.
                let cores = comparison.machine.cores as f64;
                let low = points[0].0;
                let high = points.iter().map(|point| point.0).filter(|&workers| workers <= cores).fold(low, f64::max);
                let law = (0..=100).map(|step| low + (high - low) * f64::from(step) / 100.0);
                let law = law.map(|workers| (workers, first / amdahl.time_s(workers)));
                chart.draw_series(LineSeries::new(law, colour.stroke_width(2)))?;
            }
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 5, colour.filled())))?;
        }
        Ok(())
    })
}
