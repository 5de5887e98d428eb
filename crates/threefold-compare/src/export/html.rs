//! One HTML page: the verdict, the numbers, and the pictures. It needs neither a network nor scripts, and it can be
//! printed.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::plots::{self, Colour};
use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::row::Row;
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
                title { "Threefold: " (escaped(&comparison.workload)) " on several models" }
                style { (PreEscaped(STYLE)) (PreEscaped(plots::dark_rules())) }
            }
            body {
                header {
                    p.what { (escaped(&comparison.title())) }
                    h1 { (escaped(&comparison.verdict.sentence)) }
                    ul { @for reason in &comparison.verdict.reasons { li { (escaped(&reason.to_string())) } } }
                }
                main {
                    (figure("Time of one fold", "Bars show medians; whiskers show their 95% intervals. The star marks the \
                        recommended contender.", &plots::times(comparison), html! {}))
                    (table(comparison))
                    @if !comparison.scaling.is_empty() {
                        (figure("On more workers", "Dots are measured. Lines show Amdahl's law, fitted to the numbers of \
                            workers up to the number of cores.", &plots::scaling(comparison), models(comparison)))
                    }
                    (figure("Where the time went", "One fold from a cold start: the start-up, then the mean over the workers.",
                        &plots::parts(comparison), legend()))
                    (figure("Which worker ran which chunk", "One warm fold of each contender, on the same time axis. Each worker \
                        has a lane; each chunk is a block.", &plots::timeline(comparison), html! {}))
                }
                footer {
                    p {
                        (escaped(&machine.processor)) ", " (text::count(machine.cores as u64, "core")) ", "
                        (text::bytes(machine.memory_bytes)) " of memory, " (escaped(&machine.system)) ". Threefold "
                        (escaped(&comparison.version)) ". Every round ran each contender once, in random order (seed "
                        (comparison.seed) "). Speed-ups compare runs of the same round."
                    }
                    p { "The value of each fold: " code { (escaped(&comparison.value)) } }
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
            @for scaling in &comparison.scaling { (entry(scaling.model.name(), plots::model_colour(scaling.model))) }
        }
    }
}

fn entry(name: &str, colour: Colour) -> Markup {
    html! {
        li {
            svg width="14" height="14" aria-hidden="true" { rect width="14" height="14" fill=(colour.light()) {} }
            " " (name)
        }
    }
}

/// A line of the table: its title, and its cell for a contender.
type Line = (&'static str, fn(&Row) -> String);

const LINES: [Line; 11] = [
    ("time", |row| text::seconds(row.median_s)),
    ("95% interval", |row| row.interval_s.map_or_else(String::new, |it| text::seconds_between(it.low, it.high))),
    ("speed-up", |row| {
        row.speedup.map_or_else(String::new, |it| {
            let (low, high) = (text::digits(it.interval.low), text::digits(it.interval.high));
            format!("{} ({low} to {high})", text::times(it.value))
        })
    }),
    ("efficiency", |row| row.efficiency().map_or_else(String::new, text::percent)),
    ("start-up", |row| text::seconds(row.startup_s)),
    ("cost per chunk", |row| text::seconds(row.profile.cost_per_chunk_s)),
    ("workers busy", |row| text::percent(row.profile.busy_share())),
    ("imbalance", |row| text::digits(row.profile.imbalance)),
    ("processor time / duration", |row| {
        format!("{} / {}", text::seconds(row.profile.cpu_s), text::seconds(row.profile.wall_s))
    }),
    ("peak memory", |row| text::bytes(row.profile.peak_memory_bytes)),
    ("bytes sent", |row| text::bytes(row.profile.bytes_moved)),
];

fn table(comparison: &Comparison) -> Markup {
    let best = comparison.verdict.best;
    html! {
        section {
            h2 { "In numbers" }
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
                        (line(&format!("gains from ({})", escaped(&comparison.unit)), comparison, |row| {
                            row.break_even.items().map_or_else(String::new, text::about)
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
