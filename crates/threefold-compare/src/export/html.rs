//! One HTML page: the verdict, the figures, and the pictures. It needs no network and no script, and is good on paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use plotters::style::RGBColor;
use threefold::Model;

use super::plots;
use crate::comparison::{Comparison, Row};
use crate::text;

const STYLE: &str = include_str!("page.css");

pub(super) fn of(comparison: &Comparison) -> String {
    page(comparison).into_string()
}

fn page(comparison: &Comparison) -> Markup {
    let machine = &comparison.machine;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Threefold: " (comparison.work) " on every model" }
                style { (PreEscaped(STYLE)) (PreEscaped(on_dark_paper())) }
            }
            body {
                header {
                    p.what { (comparison.title()) }
                    h1 { (comparison.verdict.sentence) }
                    ul { @for reason in &comparison.verdict.reasons { li { (reason) } } }
                }
                main {
                    (figure("Time of one fold", "Bars are medians, whiskers their 95% intervals; the star marks what is \
                        recommended.", &plots::times(comparison), html! {}))
                    (table(comparison))
                    @if !comparison.scaling.is_empty() {
                        (figure("On more workers", "Dots are measured, lines are Amdahl's law as fitted to the counts within \
                            the cores.", &plots::scaling(comparison), models(comparison)))
                    }
                    (figure("Where the time went", "One fold from a cold start: start-up, then the mean over the workers.",
                        &plots::parts(comparison), legend()))
                    (figure("Which worker ran which chunk", "One warm fold of each, on the same clock: a lane for each worker, \
                        a block for each chunk.", &plots::timeline(comparison), html! {}))
                }
                footer {
                    p {
                        (machine.processor) ", " (machine.cores) " cores, "
                        (text::bytes(machine.memory_bytes)) " of memory, " (machine.system) ". Threefold "
                        (comparison.version) ". Every round ran each contender once, in random order (seed "
                        (comparison.seed) "); speed-ups are of runs in the same round."
                    }
                    p { "Each fold came to " code { (comparison.value) } "." }
                }
            }
        }
    }
}

fn figure(title: &str, caption: &str, svg: &str, legend: Markup) -> Markup {
    html! {
        section {
            h2 { (title) }
            figure { (PreEscaped(svg)) (legend) figcaption { (caption) } }
        }
    }
}

fn legend() -> Markup {
    let (startup, colour) = plots::STARTUP;
    html! {
        ul.legend {
            (entry(startup, colour))
            @for (part, colour, _) in plots::PARTS { (entry(part, colour)) }
        }
    }
}

fn models(comparison: &Comparison) -> Markup {
    html! {
        ul.legend {
            @for scaling in &comparison.scaling { (entry(scaling.model.name(), plots::colour(scaling.model))) }
        }
    }
}

fn entry(name: &str, colour: RGBColor) -> Markup {
    html! {
        li {
            svg width="14" height="14" aria-hidden="true" { rect width="14" height="14" fill=(hex(colour)) {} }
            " " (name)
        }
    }
}

/// A line of the table: its title, and what it holds for a contender.
type Line = (&'static str, fn(&Row) -> String);

const LINES: [Line; 11] = [
    ("time", |row| text::seconds(row.median_s)),
    ("95%", |row| {
        row.interval_s.map_or_else(String::new, |it| format!("{} to {}", text::seconds(it.low), text::seconds(it.high)))
    }),
    ("speed-up", |row| {
        row.speedup.map_or_else(String::new, |it| {
            let (low, high) = (text::digits(it.interval.low), text::digits(it.interval.high));
            format!("{} ({low} to {high})", text::times(it.value))
        })
    }),
    ("efficiency", |row| row.efficiency().map_or_else(String::new, text::percent)),
    ("start-up", |row| text::seconds(row.startup_s)),
    ("a chunk costs", |row| text::seconds(row.profile.cost_per_chunk_s)),
    ("workers busy", |row| text::percent(row.profile.busy_share())),
    ("imbalance", |row| text::digits(row.profile.imbalance)),
    ("processor / wall", |row| format!("{} / {}", text::seconds(row.profile.cpu_s), text::seconds(row.profile.wall_s))),
    ("peak memory", |row| text::bytes(row.profile.peak_memory_bytes)),
    ("bytes moved", |row| text::bytes(row.profile.bytes_moved)),
];

fn table(comparison: &Comparison) -> Markup {
    let best = comparison.verdict.best;
    html! {
        section {
            h2 { "In figures" }
            div.wide {
                table {
                    thead {
                        tr {
                            td {}
                            @for (index, row) in comparison.rows.iter().enumerate() {
                                th.best[index == best] scope="col" { (row.name()) }
                            }
                        }
                    }
                    tbody {
                        @for (title, cell) in LINES { (line(title, comparison, cell)) }
                        (line(&format!("pays from ({})", comparison.unit), comparison, |row| {
                            row.break_even_items.map_or_else(String::new, text::about)
                        }))
                    }
                }
            }
        }
    }
}

fn line(title: &str, comparison: &Comparison, cell: fn(&Row) -> String) -> Markup {
    html! {
        tr {
            th scope="row" { (title) }
            @for (index, row) in comparison.rows.iter().enumerate() {
                td.best[index == comparison.verdict.best] { (cell(row)) }
            }
        }
    }
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The rules that turn the pictures' colours into those for dark paper.
fn on_dark_paper() -> String {
    let [work, waiting, transfer, idle] = plots::PARTS.map(|(_, colour, _)| colour);
    let model = plots::colour;
    let pairs = [
        (plots::INK, "#e6e9ee"),
        (plots::FAINT, "#3a4350"),
        (model(Model::Sequential), "#9aa7b8"),
        (model(Model::Async), "#f0b429"),
        (model(Model::Threads), "#7aa7ff"),
        (model(Model::Processes), "#5fd38d"),
        (plots::STARTUP.1, "#b794f4"),
        (work, "#63b3ed"),
        (waiting, "#f6d365"),
        (transfer, "#fc8181"),
        (idle, "#4a5568"),
    ];
    let rules: String = pairs
        .iter()
        .map(|(light, dark)| {
            let light = hex(*light);
            format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}")
        })
        .collect();
    format!("@media screen and (prefers-color-scheme: dark){{{rules}}}")
}
