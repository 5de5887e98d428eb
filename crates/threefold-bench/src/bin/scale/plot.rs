//! The plot: chunks per second against ranks, for each time of a chunk.
//!
//! Both axes are logarithmic. A line that rises by one decade per decade shows ranks that are kept busy. It bends where the
//! dispatching rank has no time left.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::study::{CHUNKS, Case, RANKS, Study};
use crate::table::time;

const WIDTH: u32 = 940;
const HEIGHT: u32 = 560;

const FONT: &str = "system-ui, sans-serif";

/// A colour on light paper, and as a style sheet writes the one on dark paper.
type Colour = (RGBColor, &'static str);

const PAPER: Colour = (RGBColor(0xfe, 0xff, 0xff), "#14181d");
const INK: Colour = (RGBColor(0x1f, 0x29, 0x33), "#e6e9ee");
const FAINT: Colour = (RGBColor(0xd5, 0xda, 0xe1), "#3a4350");

/// The colours of the lines, in the order of [`CHUNKS`].
const LINES: [Colour; CHUNKS.len()] = [
    (RGBColor(0xbe, 0x18, 0x5d), "#f687b3"),
    (RGBColor(0xa3, 0x5f, 0x00), "#f0b429"),
    (RGBColor(0x15, 0x80, 0x3d), "#5fd38d"),
    (RGBColor(0x1d, 0x4e, 0xd8), "#7aa7ff"),
    (RGBColor(0x5a, 0x67, 0x78), "#9aa7b8"),
];

/// The result of drawing. It does not fail, because the picture is drawn into memory.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The plot as SVG text.
pub(crate) fn of(study: &Study) -> String {
    let mut svg = String::new();
    draw(study, &mut svg).expect("memory takes every picture");
    let title = "Chunks per second against ranks, for five times of a chunk, with fold and with a model of combine";
    let head = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    let svg = svg.replacen("<svg ", &head, 1);
    // The first tag ends here.
    svg.replacen('>', &format!(">\n<style>{}</style>", dark_rules()), 1)
}

fn draw(study: &Study, svg: &mut String) -> Drawn {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&PAPER.0)?;
    let ranks = RANKS[0] as f64..RANKS[RANKS.len() - 1] as f64;
    let all = study.fold.iter().chain(&study.combine).map(|case| case.chunks_per_second());
    let (least, most) = all.fold((f64::MAX, 0f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .margin_right(170)
        .x_label_area_size(52)
        .y_label_area_size(120)
        .build_cartesian_2d(ranks.log_scale(), (least * 0.8..most * 1.4).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("ranks that run chunks")
        .y_desc("chunks per second")
        .x_label_formatter(&|ranks| power(*ranks))
        .y_label_formatter(&|rate| power(*rate))
        .label_style(font(18.0))
        .axis_style(INK.0)
        .bold_line_style(FAINT.0)
        .light_line_style(TRANSPARENT)
        .draw()?;
    for ((cases, other), (colour, _)) in
        study.fold.chunks(RANKS.len()).zip(study.combine.chunks(RANKS.len())).zip(LINES)
    {
        let points = |cases: &[Case]| -> Vec<(f64, f64)> {
            cases.iter().map(|case| (case.plan.ranks as f64, case.chunks_per_second())).collect()
        };
        chart.draw_series(DashedLineSeries::new(points(other), 6, 5, colour.stroke_width(2)))?;
        chart.draw_series(LineSeries::new(points(cases), colour.stroke_width(2)))?;
        chart.draw_series(points(cases).into_iter().map(|point| Circle::new(point, 4, colour.filled())))?;
        // The lines of `combine` end apart from each other.
        let (x, y) = chart.backend_coord(points(other).last().expect("there are ranks"));
        let name = format!("chunks of {}", time(cases[0].plan.chunk as f64));
        let style = font(18.0).color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name, (x + 12, y), style))?;
    }
    legend(&area)?;
    area.present()?;
    Ok(())
}

/// What the two kinds of lines are, in the corner that no line reaches.
fn legend(area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let (left, top, length) = (500, 396, 44);
    let style = font(18.0).pos(Pos::new(HPos::Left, VPos::Center));
    let line = |y| vec![(left, y), (left + length, y)];
    area.draw(&PathElement::new(line(top), INK.0.stroke_width(2)))?;
    area.draw(&Circle::new((left + length / 2, top), 4, INK.0.filled()))?;
    area.draw(&Text::new("fold, as it is", (left + length + 10, top), style.clone()))?;
    area.draw(&DashedPathElement::new(line(top + 26), 6, 5, INK.0.stroke_width(2)))?;
    area.draw(&Text::new("combine, a model (not built)", (left + length + 10, top + 26), style))?;
    Ok(())
}

fn font(size: f64) -> TextStyle<'static> {
    (FONT, size).into_font().color(&INK.0)
}

/// A power of ten in words; nothing for other numbers.
fn power(number: f64) -> String {
    match number.round() as u64 {
        n if n < 1_000_000 => crate::table::thousands(n),
        n => format!("{} million", crate::table::thousands(n / 1_000_000)),
    }
}

/// The style rules that replace each colour for light paper with the one for dark paper.
fn dark_rules() -> String {
    let rules: String = [PAPER, INK, FAINT].into_iter().chain(LINES).map(rule).collect();
    format!("@media (prefers-color-scheme: dark){{{rules}}}")
}

fn rule((RGBColor(red, green, blue), dark): Colour) -> String {
    let light = format!("#{red:02X}{green:02X}{blue:02X}");
    format!("[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
}
