//! The timeline: a lane for each worker, a block for each chunk, and one time axis for all contenders.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{AXIS, FAINT, LEFT, Scale, WIDTH, label, model_colour, picture};
use crate::comparison::Comparison;
use crate::profile::ChunkSpan;
use crate::row::Row;
use crate::text;

/// The height of a lane.
const LANE: i32 = 22;

/// The space above the lanes of a contender.
const GAP: i32 = 10;

/// Chunks that run at the same time on one worker share its lane. At most so many are drawn above each other.
const ABREAST: usize = 10;

/// At most so many lanes are drawn for a contender. More would be too thin a picture to read; a line says how many are left
/// out.
const MOST_LANES: usize = 32;

/// Which worker ran which chunk, and when.
pub(crate) fn timeline(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let scale = Scale::to(rows.iter().map(|row| row.profile.wall_s).fold(0.0, f64::max));
    // A contender with more workers than lanes has one more line.
    let lines = |row: &Row| row.workers.min(MOST_LANES + 1) as i32;
    let bottom = rows.iter().map(|row| GAP + lines(row) * LANE).sum::<i32>() + 6;
    picture(bottom + AXIS, "Which worker ran which chunk, and when: a lane for each worker", |area| {
        scale.axis(area, bottom)?;
        let mut top = 0;
        for row in rows {
            top += GAP;
            let end = scale.x(row.profile.wall_s);
            let mut lanes: Vec<Vec<&ChunkSpan>> = vec![Vec::new(); row.workers.min(MOST_LANES)];
            for span in &row.profile.spans {
                if let Some(lane) = lanes.get_mut(span.worker) {
                    lane.push(span);
                }
            }
            let name_at = |line: i32| (LEFT - 8, top + line * LANE + LANE / 2);
            area.draw(&label(name_at(0), row.name(), (HPos::Right, VPos::Center)))?;
            if row.workers > MOST_LANES {
                let more = format!("{} more workers", row.workers - MOST_LANES);
                area.draw(&label(name_at(MOST_LANES as i32), more, (HPos::Right, VPos::Center)))?;
            }
            for (worker, spans) in lanes.iter().enumerate() {
                let lane = top + worker as i32 * LANE;
                let floor = vec![(LEFT, lane + LANE - 1), (end, lane + LANE - 1)];
                area.draw(&PathElement::new(floor, FAINT.light))?;
                for ([from, to], [above, below]) in shapes(spans, scale) {
                    let corners = [(from, lane + 2 + above), (to, lane + 2 + below)];
                    area.draw(&Rectangle::new(corners, model_colour(row.model).light.filled()))?;
                }
            }
            let wall = text::seconds(row.profile.wall_s);
            let at = (end.min(WIDTH as i32) + 8, top + LANE / 2);
            area.draw(&label(at, wall, (HPos::Left, VPos::Center)))?;
            top += lines(row) * LANE;
        }
        Ok(())
    })
}

/// The rectangles of the spans of a lane: left and right, top and bottom. Spans that lie too close together to be told
/// apart become one rectangle, so that a picture of 100,000 chunks stays small.
fn shapes(spans: &[&ChunkSpan], scale: Scale) -> Vec<([i32; 2], [i32; 2])> {
    let rows = abreast(spans);
    let count = rows.iter().max().map_or(1, |&row| row + 1);
    let height = f64::from(LANE - 5);
    let edge = |row: usize| (height * row as f64 / count as f64).round() as i32;
    let mut shapes: Vec<([i32; 2], [i32; 2])> = Vec::new();
    let mut last = vec![None::<usize>; count];
    for (span, &row) in spans.iter().zip(&rows) {
        let (from, end) = (scale.x(span.start_s), scale.x(span.start_s + span.duration_s));
        // A gap of one pixel between neighbours, if there is room for it.
        let to = if end - from > 3 { end - 1 } else { end.max(from + 1) };
        match last[row].map(|shape| &mut shapes[shape].0) {
            Some(shape) if from <= shape[1] && (to - from <= 3 || to <= shape[1]) => shape[1] = shape[1].max(to),
            _ => {
                last[row] = Some(shapes.len());
                shapes.push(([from, to], [edge(row), edge(row + 1)]));
            }
        }
    }
    shapes
}

/// For each span, the row of its lane in which it is drawn: the first row that is free when the span begins.
fn abreast(spans: &[&ChunkSpan]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let row_of = |span: &&ChunkSpan| {
        let end = span.start_s + span.duration_s;
        match ends.iter().position(|&row| row <= span.start_s) {
            Some(row) => {
                ends[row] = end;
                row
            }
            None if ends.len() < ABREAST => {
                ends.push(end);
                ends.len() - 1
            }
            // More spans than rows are drawn over each other.
            None => {
                let row = (span.chunk % ABREAST as u64) as usize;
                ends[row] = ends[row].max(end);
                row
            }
        }
    };
    spans.iter().map(row_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(chunk: u64, start_s: f64, duration_s: f64) -> ChunkSpan {
        ChunkSpan { chunk, worker: 0, start_s, duration_s }
    }

    #[test]
    fn spans_that_overlap_are_drawn_above_each_other() {
        let spans = [span(0, 0.0, 5.0), span(1, 1.0, 1.0), span(2, 3.0, 5.0), span(3, 5.0, 1.0)];
        assert_eq!(abreast(&spans.iter().collect::<Vec<_>>()), [0, 1, 1, 0]);
        let many: Vec<ChunkSpan> = (0..1000).map(|chunk| span(chunk, chunk as f64 * 1e-3, 100.0)).collect();
        assert_eq!(abreast(&many.iter().collect::<Vec<_>>()).into_iter().max(), Some(ABREAST - 1));
    }

    #[test]
    fn spans_that_cannot_be_told_apart_become_one_rectangle() {
        let spans: Vec<ChunkSpan> = (0..100_000).map(|chunk| span(chunk, chunk as f64 * 1e-5, 0.9e-5)).collect();
        assert_eq!(shapes(&spans.iter().collect::<Vec<_>>(), Scale::to(1.0)).len(), 1);
        let apart = [span(0, 0.0, 0.4), span(1, 0.5, 0.4)];
        assert_eq!(shapes(&apart.iter().collect::<Vec<_>>(), Scale::to(1.0)).len(), 2);
    }
}
