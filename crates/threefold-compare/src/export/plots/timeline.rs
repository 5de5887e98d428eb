//! The timeline: a lane for each worker, a block for each chunk, every contender on the same clock.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{AXIS, FAINT, LEFT, Scale, WIDTH, colour, label, picture};
use crate::comparison::{Block, Comparison, Row};
use crate::text;

/// The height of a lane.
const LANE: i32 = 22;

/// The space above the lanes of a contender.
const GAP: i32 = 10;

/// Chunks that run at once on one worker share its lane, up to so many above each other.
const ABREAST: usize = 10;

/// Which worker ran which chunk, when.
pub(crate) fn timeline(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let scale = Scale::to(rows.iter().map(|row| row.profile.wall_s).fold(0.0, f64::max));
    let height = |row: &Row| GAP + row.workers as i32 * LANE;
    let bottom = rows.iter().map(height).sum::<i32>() + 6;
    picture(bottom + AXIS, "Which worker ran which chunk, when: a lane for each worker", |area| {
        scale.axis(area, bottom)?;
        let mut top = 0;
        for row in rows {
            top += GAP;
            for worker in 0..row.workers {
                let lane = top + worker as i32 * LANE;
                let name = if worker == 0 { row.name() } else { String::new() };
                area.draw(&label((LEFT - 8, lane + LANE / 2), name, (HPos::Right, VPos::Center)))?;
                area.draw(&PathElement::new(
                    vec![(LEFT, lane + LANE - 1), (scale.x(row.profile.wall_s), lane + LANE - 1)],
                    FAINT,
                ))?;
                let blocks: Vec<&Block> = row.profile.spans.iter().filter(|block| block.worker == worker).collect();
                for ([from, to], [above, below]) in shapes(&blocks, scale) {
                    let corners = [(from, lane + 2 + above), (to, lane + 2 + below)];
                    area.draw(&Rectangle::new(corners, colour(row.model).filled()))?;
                }
            }
            let wall = text::seconds(row.profile.wall_s);
            let at = (scale.x(row.profile.wall_s).min(WIDTH as i32) + 8, top + LANE / 2);
            area.draw(&label(at, wall, (HPos::Left, VPos::Center)))?;
            top += row.workers as i32 * LANE;
        }
        Ok(())
    })
}

/// The rectangles of a lane's blocks: from and to, above and below. Blocks that lie closer together than the eye can
/// tell are one, so that a picture of a hundred thousand chunks stays small.
fn shapes(blocks: &[&Block], scale: Scale) -> Vec<([i32; 2], [i32; 2])> {
    let rows = abreast(blocks);
    let count = rows.iter().max().map_or(1, |&row| row + 1);
    let height = f64::from(LANE - 5);
    let edge = |row: usize| (height * row as f64 / count as f64).round() as i32;
    let mut shapes: Vec<([i32; 2], [i32; 2])> = Vec::new();
    let mut last = vec![None::<usize>; count];
    for (block, &row) in blocks.iter().zip(&rows) {
        let (from, end) = (scale.x(block.start_s), scale.x(block.start_s + block.duration_s));
        // A hair's breadth between neighbours, where there is room for one.
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

/// For each block the row of its lane in which nothing else runs: the first that is free when it begins.
fn abreast(blocks: &[&Block]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let row_of = |block: &&Block| {
        let end = block.start_s + block.duration_s;
        match ends.iter().position(|&row| row <= block.start_s) {
            Some(row) => {
                ends[row] = end;
                row
            }
            None if ends.len() < ABREAST => {
                ends.push(end);
                ends.len() - 1
            }
            // More than can be told apart lie over each other.
            None => {
                let row = (block.chunk % ABREAST as u64) as usize;
                ends[row] = ends[row].max(end);
                row
            }
        }
    };
    blocks.iter().map(row_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(chunk: u64, start_s: f64, duration_s: f64) -> Block {
        Block { chunk, worker: 0, start_s, duration_s }
    }

    #[test]
    fn blocks_that_overlap_lie_above_each_other() {
        let blocks = [block(0, 0.0, 5.0), block(1, 1.0, 1.0), block(2, 3.0, 5.0), block(3, 5.0, 1.0)];
        assert_eq!(abreast(&blocks.iter().collect::<Vec<_>>()), [0, 1, 1, 0]);
        let many: Vec<Block> = (0..1000).map(|chunk| block(chunk, chunk as f64 * 1e-3, 100.0)).collect();
        assert_eq!(abreast(&many.iter().collect::<Vec<_>>()).into_iter().max(), Some(ABREAST - 1));
    }

    #[test]
    fn what_the_eye_cannot_tell_apart_is_one_shape() {
        let blocks: Vec<Block> = (0..100_000).map(|chunk| block(chunk, chunk as f64 * 1e-5, 0.9e-5)).collect();
        assert_eq!(shapes(&blocks.iter().collect::<Vec<_>>(), Scale::to(1.0)).len(), 1);
        let apart = [block(0, 0.0, 0.4), block(1, 0.5, 0.4)];
        assert_eq!(shapes(&apart.iter().collect::<Vec<_>>(), Scale::to(1.0)).len(), 2);
    }
}
