//! The speed-up by the number of workers: measured points joined by lines, and Amdahl's law as fitted.

use maud::{Markup, html};

use super::{Colour, INK, LINE, SOFT, model_colour, percent, picture, words};
use crate::comparison::Comparison;
use crate::scaling::Scaling;
use crate::text;

/// The height of the area in which lines are drawn, and the space around it.
const HEIGHT: u32 = 240;
const ABOVE: u32 = 28;
const BELOW: u32 = 44;

/// Where the area begins and ends, as shares of the width.
const LEFT: f64 = 0.1;
const RIGHT: f64 = 0.97;

/// At most so many numbers stand at the axis of the workers.
const MOST_LABELS: usize = 12;

/// A number of workers, and the speed-up over the fewest.
type Point = (f64, f64);

/// The place of a point in the picture.
#[derive(Clone, Copy)]
struct Area {
    fewest: f64,
    most: f64,
    highest: f64,
}

impl Area {
    fn x(self, workers: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (workers - self.fewest) / (self.most - self.fewest)
    }

    fn y(self, speedup: f64) -> u32 {
        ABOVE + HEIGHT - (f64::from(HEIGHT) * (speedup / self.highest).clamp(0.0, 1.0)).round() as u32
    }

    /// A line through these points.
    fn line(self, points: &[Point], colour: Colour, width: &str, dashes: Option<&str>) -> Markup {
        html! {
            @for pair in points.windows(2) {
                line x1=(percent(self.x(pair[0].0))) y1=(self.y(pair[0].1)) x2=(percent(self.x(pair[1].0)))
                    y2=(self.y(pair[1].1)) stroke=(colour.light) stroke-width=(width) stroke-dasharray=[dashes] {}
            }
        }
    }
}

/// The speed-up of every model over its own smallest number of workers, with Amdahl's law.
pub(in crate::export) fn scaling(comparison: &Comparison) -> Markup {
    let all = &comparison.scaling;
    let counts = all.iter().flat_map(|scaling| scaling.workers.iter().copied());
    let mut counts: Vec<usize> = counts.collect();
    counts.sort_unstable();
    counts.dedup();
    let (fewest, most) = (counts[0] as f64, counts[counts.len() - 1] as f64);
    let highest = all.iter().flat_map(points).map(|(_, speedup)| speedup).fold(1.0, f64::max);
    let area = Area { fewest, most, highest: highest * 1.1 };
    let bottom = ABOVE + HEIGHT;
    picture(
        bottom + BELOW,
        "Speed-up by the number of workers, with Amdahl's law as fitted",
        html! {
            (words(0.0, 14, "start", SOFT, "speed-up over the fewest workers"))
            @for step in 0..=steps(area.highest).1 {
                @let speedup = steps(area.highest).0 * step as f64;
                @let y = area.y(speedup);
                line x1=(percent(LEFT)) x2=(percent(RIGHT)) y1=(y) y2=(y) stroke=(LINE.light) {}
                (words(LEFT - 0.015, y + 4, "end", SOFT, &text::digits(speedup)))
            }
            @for workers in counts.iter().step_by(counts.len().div_ceil(MOST_LABELS)) {
                (words(area.x(*workers as f64), bottom + 18, "middle", SOFT, &workers.to_string()))
            }
            (words((LEFT + RIGHT) / 2.0, bottom + 38, "middle", SOFT, "workers"))
            @for scaling in all {
                @let points = points(scaling);
                (area.line(&law(comparison, scaling, &points), INK, "1.5", Some("5 4")))
                (area.line(&points, model_colour(scaling.model), "2.5", None))
                @for &(workers, speedup) in &points {
                    circle cx=(percent(area.x(workers))) cy=(area.y(speedup)) r="4.5" fill=(model_colour(scaling.model).light) {}
                }
            }
        },
    )
}

/// What was measured.
fn points(scaling: &Scaling) -> Vec<Point> {
    let first = scaling.median_s[0];
    scaling.workers.iter().zip(&scaling.median_s).map(|(&workers, time)| (workers as f64, first / time)).collect()
}

/// Amdahl's law as far as it was fitted: up to the number of cores.
fn law(comparison: &Comparison, scaling: &Scaling, points: &[Point]) -> Vec<Point> {
    let Some(amdahl) = scaling.amdahl else { return Vec::new() };
    let first = scaling.median_s[0];
    let cores = comparison.machine.cores as f64;
    let low = points[0].0;
    let high = points.iter().map(|point| point.0).filter(|&workers| workers <= cores).fold(low, f64::max);
    let workers = (0..=40).map(|step| low + (high - low) * f64::from(step) / 40.0);
    workers.map(|workers| (workers, first / amdahl.time_s(workers))).collect()
}

/// The distance between two lines, 1, 2 or 5 times a power of ten, and how many of them fit below `highest`.
fn steps(highest: f64) -> (f64, usize) {
    let rough = highest / 6.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough * 0.999).unwrap_or(10.0) * power;
    (step, ((highest / step) as usize).min(6))
}
