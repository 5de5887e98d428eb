//! The race: a panel for each contender, a lane for each worker, and one clock for all.
//!
//! Across is time, so that a chunk lies where it ran. The race is shown by a cover of the lanes that moves to the right: each
//! bar appears when its chunk ran. What moves is only the cover, with the line of the present moment, and the finishing
//! times, all with CSS. A program that knows no CSS animations, a printer, and a reader who asked for less motion get the finished
//! race: nothing is covered unless the style sheet covers it.

use std::fmt::Write;

use maud::{Markup, html};

mod clock;
mod lanes;

use self::clock::Clock;
use self::lanes::{Lanes, WIDTH};
use super::axis::{AXIS, Axis};
use super::bars::name;
use super::{INK, SOFT, TRACK, model_colour, picture, words};
use crate::comparison::Comparison;
use crate::row::Row;
use crate::text;

/// The height of a contender's name.
const NAME: u32 = 22;

/// The height of a line that stands in the place of lanes.
const NOTE: u32 = 20;

/// The space below the lanes of a contender.
const GAP: u32 = 8;

/// At most so many contenders are drawn. A line says how many are left out.
const MOST_PANELS: usize = 40;

/// The race, drawn.
pub(in crate::export) struct Race {
    /// Everything but the style. It needs [`style`](Self::style).
    pub(in crate::export) content: Markup,
    /// The height of the content in pixels.
    pub(in crate::export) height: u32,
    /// How the race moves, as a style sheet.
    pub(in crate::export) style: String,
    /// How the race went, in words.
    pub(in crate::export) description: String,
    /// What is seen, and at which speed.
    pub(in crate::export) caption: String,
}

/// One contender: its lanes, and where they begin.
struct Panel<'a> {
    index: usize,
    row: &'a Row,
    top: u32,
    lanes: Lanes,
}

/// The observed fold of every contender.
pub(in crate::export) fn race(comparison: &Comparison) -> Race {
    let rows = &comparison.rows[..comparison.rows.len().min(MOST_PANELS)];
    let whole_s = rows.iter().map(|row| row.profile.wall_s).fold(0.0, f64::max);
    if whole_s == 0.0 {
        return nothing();
    }
    let (axis, clock) = (Axis::to(whole_s), Clock::of(whole_s));
    let lines: usize = rows.iter().map(lanes::drawn).sum();
    let mut panels = Vec::new();
    let mut bottom = 0;
    for (index, row) in rows.iter().enumerate() {
        let place = |seconds| axis.share(seconds) * f64::from(WIDTH);
        let panel = Panel { index, row, top: bottom, lanes: Lanes::of(row, lines as u32, place) };
        bottom += panel.height();
        panels.push(panel);
    }
    let more = comparison.rows.len() - rows.len();
    let bands: Vec<(u32, u32)> = panels.iter().map(Panel::band).collect();
    let content = html! {
        (axis.grid(bottom))
        svg x="0" y="0" width="100%" height=(bottom) viewBox={ "0 0 " (WIDTH) " " (bottom) } preserveAspectRatio="none" {
            @for panel in &panels { (panel.tracks()) (panel.bars()) }
            // Without animations it stays out of sight.
            g class="race-ahead" visibility="hidden" {
                @for panel in &panels { (panel.tracks()) }
                g class="race-now" {
                    @for (top, bottom) in &bands { rect x="-1" y=(top) width="2" height=(bottom - top) fill=(INK.light) {} }
                }
            }
        }
        @for panel in &panels { (panel.words(comparison)) }
        @if more > 0 {
            (words(0.0, bottom + AXIS + 14, "start", SOFT, &format!("{more} more contenders are not drawn")))
        }
    };
    Race {
        content,
        height: bottom + AXIS + if more > 0 { NOTE } else { 0 },
        style: style(&panels, clock),
        description: description(comparison, rows),
        caption: format!(
            "One observed fold of each on one clock, shown {}; it may differ from the median. Lanes are workers, bars are chunks.",
            clock.speed()
        ),
    }
}

/// The race of a comparison that was cancelled before any fold was observed.
fn nothing() -> Race {
    let reason = "No fold was observed: the comparison was cancelled before that.".to_string();
    let content = words(0.0, 15, "start", SOFT, &reason);
    Race { content, height: NOTE, style: String::new(), caption: String::new(), description: reason }
}

impl Race {
    /// The race as a part of a page. The page has the style.
    pub(in crate::export) fn inline(&self) -> Markup {
        picture(self.height, &self.description, html! { (self.content) })
    }
}

impl Panel<'_> {
    fn height(&self) -> u32 {
        let note = if self.note().is_some() { NOTE } else { 0 };
        NAME + self.lanes_height() + note + GAP
    }

    /// A contender of which no fold was observed has no lanes.
    fn lanes_height(&self) -> u32 {
        if self.row.profile.is_empty() { 0 } else { self.lanes.height() }
    }

    /// The top and the bottom of the line of the present moment, which crosses the lanes and not the names.
    fn band(&self) -> (u32, u32) {
        let top = self.top + NAME;
        (top.saturating_sub(3), top + self.lanes_height())
    }

    /// What stands below the lanes, or in their place.
    fn note(&self) -> Option<String> {
        if self.row.profile.is_empty() {
            return Some("not observed: the comparison was cancelled before".to_string());
        }
        (self.lanes.more > 0).then(|| format!("{} more workers", self.lanes.more))
    }

    /// The empty lanes.
    fn tracks(&self) -> Markup {
        let count = if self.row.profile.is_empty() { 0 } else { self.lanes.count };
        html! {
            @for lane in 0..count {
                @let y = self.top + NAME + lane * self.lanes.step;
                rect x="0" y=(y) width=(WIDTH) height=(self.lanes.lane) fill=(TRACK.light) {}
            }
        }
    }

    /// The chunks.
    fn bars(&self) -> Markup {
        let fill = model_colour(self.row.model).light;
        html! { path transform={ "translate(0 " (self.top + NAME) ")" } fill=(fill) d=(self.lanes.bars) {} }
    }

    /// The name, the finishing time, and the note.
    fn words(&self, comparison: &Comparison) -> Markup {
        let y = self.top + 16;
        html! {
            (name(comparison, self.index, y))
            @if !self.row.profile.is_empty() {
                g class={ "race-end-" (self.index) } {
                    (words(1.0, y, "end", INK, &text::seconds(self.row.profile.wall_s)))
                }
            }
            @if let Some(note) = self.note() {
                (words(0.0, self.top + NAME + self.lanes_height() + 14, "start", SOFT, &note))
            }
        }
    }
}

/// How the race moves. It moves on a screen, for readers who did not ask for less motion.
fn style(panels: &[Panel<'_>], clock: Clock) -> String {
    let (end, cycle) = (clock.percent(f64::MAX), clock.cycle_s());
    let mut rules = format!(
        "@keyframes race-ahead{{0%{{visibility:visible;transform:translateX(0)}}{end:.2}%,100%{{visibility:visible;\
         transform:translateX({WIDTH}px)}}}}@keyframes race-now{{0%,{end:.2}%{{opacity:1}}{:.2}%,100%{{opacity:0}}}}\
         .race-ahead{{animation:race-ahead {cycle:.2}s linear infinite}}\
         .race-now{{animation:race-now {cycle:.2}s linear infinite}}",
        end + 0.1
    );
    for Panel { index, row, .. } in panels {
        let end = clock.percent(row.profile.wall_s);
        let _ = write!(
            rules,
            "@keyframes race-end-{index}{{0%,{end:.2}%{{opacity:0}}{:.2}%,100%{{opacity:1}}}}\
             .race-end-{index}{{animation:race-end-{index} {cycle:.2}s linear infinite}}",
            end + 0.1
        );
    }
    format!("@media screen and (prefers-reduced-motion:no-preference){{{rules}}}")
}

/// How the race went, for those who do not see it.
fn description(comparison: &Comparison, rows: &[Row]) -> String {
    let times = rows.iter().filter(|row| !row.profile.is_empty());
    let times: Vec<String> = times.map(|row| format!("{} {}", row.name(), text::seconds(row.profile.wall_s))).collect();
    format!(
        "A race of one fold on each contender, cut into {}. The durations: {}.",
        text::count(comparison.chunks, "chunk"),
        times.join(", ")
    )
}
