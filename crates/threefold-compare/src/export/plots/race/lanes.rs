//! `Lanes`: the chunks of one contender as bars on the lanes of its workers.

use std::fmt::Write;

use crate::profile::ChunkSpan;
use crate::row::Row;

/// The width of a lane in its own units. A picture stretches it.
pub(super) const WIDTH: u32 = 1000;

/// At most so many lanes are drawn for a contender. More would be too thin a picture to read; a line says how many are left
/// out.
const MOST_LANES: usize = 32;

/// Chunks that run at the same time on one worker share its lane. At most so many are drawn above each other.
const ABREAST: usize = 10;

/// At most about so many bars are drawn in a picture. Its file then has some 200 KB.
const MOST_BARS: u32 = 10_000;

/// The lanes of one contender, from its top down.
pub(super) struct Lanes {
    /// The height of a lane.
    pub(super) lane: u32,
    /// From one lane to the next.
    pub(super) step: u32,
    /// How many lanes are drawn.
    pub(super) count: u32,
    /// How many workers have no lane.
    pub(super) more: usize,
    /// All bars, as the path of an SVG, with the first lane at a height of 0.
    pub(super) bars: String,
}

impl Lanes {
    /// The lanes of `row` in a picture with `lines` lanes in all, on which `place` says where a moment lies, from 0 to
    /// [`WIDTH`].
    pub(super) fn of(row: &Row, lines: u32, place: impl Fn(f64) -> f64) -> Self {
        let mut lanes: Vec<Vec<&ChunkSpan>> = vec![Vec::new(); drawn(row)];
        for span in &row.profile.spans {
            if let Some(lane) = lanes.get_mut(span.worker) {
                lane.push(span);
            }
        }
        // Elsewhere chunks of one worker overlap by the error of a clock at most.
        let overlap = row.model.capabilities().waits_at_once;
        let rows: Vec<Vec<usize>> =
            lanes.iter().map(|spans| if overlap { abreast(spans) } else { vec![0; spans.len()] }).collect();
        let (lane, gap) = match (rows.iter().flatten().any(|&row| row > 0), lanes.len()) {
            (true, ..=2) => (34, 4),
            (_, ..=8) => (16, 4),
            (_, _) => (9, 2),
        };
        // A gap that is not wider is closed, so that fewer bars are drawn where there are many lanes.
        let closed = f64::from(lines * WIDTH / (2 * MOST_BARS));
        let mut bars = String::new();
        for (index, (spans, rows)) in lanes.iter().zip(&rows).enumerate() {
            let top = index as u32 * (lane + gap);
            for [left, right, above, below] in shapes(spans, rows, lane, closed, &place) {
                let (y, width, height) = (top + above, right - left, below - above);
                // Writing to a string does not fail.
                let _ = write!(bars, "M{left} {y}h{width}v{height}h-{width}z");
            }
        }
        Self { lane, step: lane + gap, count: lanes.len() as u32, more: row.workers - lanes.len(), bars }
    }

    /// The height of all lanes.
    pub(super) fn height(&self) -> u32 {
        self.step * self.count
    }
}

/// How many lanes are drawn for a contender.
pub(super) fn drawn(row: &Row) -> usize {
    row.workers.min(MOST_LANES)
}

/// The bars of a lane: left and right, top and bottom. Chunks that lie too close together to be told apart become one bar,
/// so that a picture of 100,000 chunks stays small.
fn shapes(spans: &[&ChunkSpan], rows: &[usize], height: u32, closed: f64, place: impl Fn(f64) -> f64) -> Vec<[u32; 4]> {
    let count = rows.iter().max().map_or(1, |&row| row + 1);
    let edge = |row: usize| (f64::from(height) * row as f64 / count as f64).round() as u32;
    let mut shapes: Vec<([f64; 2], usize)> = Vec::new();
    let mut last = vec![None::<usize>; count];
    for (span, &row) in spans.iter().zip(rows) {
        let (from, end) = (place(span.start_s).round(), place(span.start_s + span.duration_s).round());
        // A gap of one unit between neighbours, if there is room for it.
        let to = if end - from > 3.0 { end - 1.0 } else { end.max(from + 1.0) };
        match last[row].map(|shape| &mut shapes[shape].0) {
            Some(shape) if from <= shape[1] + closed && (to - from <= 3.0 + closed || to <= shape[1]) => {
                shape[1] = shape[1].max(to);
            }
            _ => {
                last[row] = Some(shapes.len());
                shapes.push(([from, to], row));
            }
        }
    }
    let whole = |([from, to], row): ([f64; 2], usize)| [from as u32, to as u32, edge(row), edge(row + 1)];
    shapes.into_iter().map(whole).collect()
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

    fn bars(spans: &[ChunkSpan], closed: f64) -> usize {
        let spans: Vec<&ChunkSpan> = spans.iter().collect();
        shapes(&spans, &abreast(&spans), 16, closed, |seconds| seconds * f64::from(WIDTH)).len()
    }

    #[test]
    fn spans_that_overlap_are_drawn_above_each_other() {
        let spans = [span(0, 0.0, 5.0), span(1, 1.0, 1.0), span(2, 3.0, 5.0), span(3, 5.0, 1.0)];
        assert_eq!(abreast(&spans.iter().collect::<Vec<_>>()), [0, 1, 1, 0]);
        let many: Vec<ChunkSpan> = (0..1000).map(|chunk| span(chunk, chunk as f64 * 1e-3, 100.0)).collect();
        assert_eq!(abreast(&many.iter().collect::<Vec<_>>()).into_iter().max(), Some(ABREAST - 1));
    }

    #[test]
    fn spans_that_cannot_be_told_apart_become_one_bar() {
        let spans: Vec<ChunkSpan> = (0..100_000).map(|chunk| span(chunk, chunk as f64 * 1e-5, 0.9e-5)).collect();
        assert_eq!(bars(&spans, 0.0), 1);
        assert_eq!(bars(&[span(0, 0.0, 0.4), span(1, 0.5, 0.4)], 0.0), 2);
        let apart: Vec<ChunkSpan> = (0..250).map(|chunk| span(chunk, chunk as f64 * 4e-3, 1e-3)).collect();
        assert_eq!((bars(&apart, 0.0), bars(&apart, 3.0)), (250, 1), "gaps are closed where there are many lanes");
    }
}
