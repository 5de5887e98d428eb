//! The speed-up by the number of workers, with the fitted laws.

use plotters::prelude::*;

use super::colours::{FAINT, INK, model_colour};
use super::{font, picture};
use crate::comparison::Comparison;
use crate::scaling::Scaling;
use crate::text;

/// At most so many numbers stand at the axis of the workers.
const MOST_LABELS: usize = 16;

/// The speed-up of every model over its own smallest number of workers, with Amdahl's law.
pub(in crate::export) fn scaling(comparison: &Comparison) -> String {
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
            .y_desc("speed-up over the fewest workers")
            .x_labels((most as usize).min(MOST_LABELS) + 1)
            .x_label_formatter(&|x| if (x - x.round()).abs() < 1e-6 { format!("{x:.0}") } else { String::new() })
            .y_label_formatter(&|y| text::digits(*y))
            .label_style(font(15.0).color(&INK.light))
            .axis_style(INK.light)
            .bold_line_style(FAINT.light)
            .light_line_style(TRANSPARENT)
            .draw()?;
        for scaling in all {
            let points = speedups(scaling);
            let colour = model_colour(scaling.model).light;
            if let Some(amdahl) = scaling.amdahl {
                let first = scaling.median_s[0];
                // The law is drawn as far as it was fitted.
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
