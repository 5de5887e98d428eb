//! The pictures of the page, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::text;

mod bars;
mod colours;
mod scaling;
mod timeline;

pub(super) use bars::{parts, times};
pub(super) use colours::{Colour, PARTS, STARTUP, dark_rules, model_colour};
use colours::{FAINT, INK};
pub(super) use scaling::scaling;
pub(super) use timeline::timeline;

/// The width of every picture. The page scales them.
const WIDTH: u32 = 940;

/// Room for the names at the left, and for the numbers at the right.
const LEFT: i32 = 230;
const RIGHT: i32 = 150;

/// The height of an axis with its numbers.
const AXIS: i32 = 44;

const FONT: &str = "system-ui, sans-serif";

/// The result of drawing. It does not fail, because pictures are drawn into memory.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A picture of this height as SVG text. Its title is for those who hear the page.
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
    Text::new(text, at, font(15.0).color(&INK.light).pos(Pos::new(anchor.0, anchor.1)))
}

/// Seconds from 0 to a maximum, across the width between the names and the numbers.
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

    /// Lines at round numbers of seconds down to `bottom`, with the numbers below.
    fn axis(self, area: &DrawingArea<SVGBackend<'_>, Shift>, bottom: i32) -> Drawn {
        for step in 0..=self.steps() {
            let seconds = self.step() * step as f64;
            let x = self.x(seconds);
            area.draw(&PathElement::new(vec![(x, 4), (x, bottom)], FAINT.light))?;
            area.draw(&label((x, bottom + 8), text::seconds(seconds), (HPos::Center, VPos::Top)))?;
        }
        Ok(())
    }

    /// The distance between two lines: 1, 2 or 5 times a power of ten, so that there are four to nine lines.
    fn step(self) -> f64 {
        let rough = self.most_s / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough * 0.999);
        step.unwrap_or(10.0) * power
    }

    fn steps(self) -> usize {
        // At most nine, whatever rounding does to extreme numbers.
        ((self.most_s / self.step() + 1e-9) as usize).min(9)
    }
}
