//! One HTML page: the verdict, the numbers, and the pictures. It needs neither a network nor scripts, and it can be
//! printed.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::colours::{Colour, PARTS, STARTUP, dark_rules, model_colour};
use super::figures::{self, EXPERT, Figure, MAIN};
use super::plots;
use crate::against::{self, Against};
use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::text;

const STYLE: &str = include_str!("page.css");

pub(super) fn of(comparison: &Comparison) -> String {
    page(comparison).into_string()
}

fn page(comparison: &Comparison) -> Markup {
    let race = plots::race(comparison);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Threefold: " (escaped(&comparison.workload)) " on several models" }
                style { (PreEscaped(STYLE)) (PreEscaped(dark_rules())) (PreEscaped(&race.style)) }
            }
            body {
                header {
                    p.what { (escaped(&comparison.title())) }
                    h1 { (escaped(&comparison.verdict.sentence)) }
                    (reasons(comparison))
                }
                main {
                    (figure("Time of one fold", "Bars show medians; whiskers show their 95% intervals. The star marks the \
                        recommended contender.", &plots::times(comparison), &html! {}))
                    section { h2 { "In numbers" } (table(comparison, &MAIN, "fits")) (pays(comparison)) }
                    @if let Some(against) = &comparison.against { (changes(comparison, against)) }
                    (figure("The race", &race.caption, &race.inline(), &html! {}))
                    @if !comparison.scaling.is_empty() {
                        (figure("On more workers", scaling_caption(comparison), &plots::scaling(comparison), &models(comparison)))
                    }
                    (details(comparison))
                }
                (footer(comparison))
            }
        }
    }
}

/// The label of a reason stands beside its text, unless that above has the same.
fn reasons(comparison: &Comparison) -> Markup {
    let reasons = &comparison.verdict.reasons;
    html! {
        dl {
            @for (index, reason) in reasons.iter().enumerate() {
                @let is_new = index == 0 || reasons[index - 1].label() != reason.label();
                dt { @if is_new { (escaped(reason.label())) } }
                dd { (escaped(reason.text())) }
            }
        }
    }
}

fn figure(title: &str, caption: &str, picture: &Markup, legend: &Markup) -> Markup {
    html! {
        section {
            h2 { (title) }
            figure { (picture) (legend) figcaption { (caption) } }
        }
    }
}

fn scaling_caption(comparison: &Comparison) -> &'static str {
    if comparison.scaling.iter().any(|scaling| scaling.amdahl.is_some()) {
        "Dots are measured. A dashed line is Amdahl's law, fitted to the numbers of workers up to the number of cores."
    } else {
        "Dots are measured."
    }
}

/// What the last column of the table counts.
fn pays(comparison: &Comparison) -> Markup {
    let is_shown = figures::shown(comparison, &MAIN).iter().any(|figure| figure.title == "faster from");
    html! {
        @if is_shown {
            p.note.roomy { "The last column counts " (escaped(&comparison.unit)) ", from a cold start." }
        }
    }
}

/// What changed since an earlier comparison.
fn changes(comparison: &Comparison, against: &Against) -> Markup {
    let [first, titles @ ..] = against::TITLES;
    let is_roomy = |column: usize| matches!(column, 2 | 4);
    html! {
        section {
            h2 { "Since the earlier comparison" }
            @if let Some(warning) = against.warning() { p { (escaped(&warning)) } }
            p { (against.sentence(&comparison.rows)) }
            @if !against.rows.is_empty() {
                table.fits {
                    thead {
                        tr {
                            td { (first) }
                            @for (index, title) in titles.iter().enumerate() {
                                th.roomy[is_roomy(index + 1)] scope="col" { (title) }
                            }
                        }
                    }
                    tbody {
                        @for [name, cells @ ..] in against.cells(&comparison.rows) {
                            tr {
                                th scope="row" { (name) }
                                @for (index, cell) in cells.iter().enumerate() {
                                    td.roomy[is_roomy(index + 1)] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
            @for note in against.notes() { p.note { (escaped(&note)) } }
        }
    }
}

/// A table of figures. Its rows are the contenders.
fn table(comparison: &Comparison, figures: &[Figure], class: &str) -> Markup {
    let figures = figures::shown(comparison, figures);
    html! {
        table class=(class) {
            thead {
                tr {
                    td {}
                    @for figure in &figures { th.roomy[!figure.is_essential] scope="col" { (figure.title) } }
                }
            }
            tbody {
                @for (index, row) in comparison.rows.iter().enumerate() {
                    tr.best[index == comparison.verdict.best] {
                        th scope="row" { (row.name()) }
                        @for figure in &figures { td.roomy[!figure.is_essential] { ((figure.cell)(comparison, index)) } }
                    }
                }
            }
        }
    }
}

/// What only experts read.
fn details(comparison: &Comparison) -> Markup {
    html! {
        details {
            summary { "Details for experts" }
            // The columns for which a phone has no room above.
            div.wide.repeat { (table(comparison, &MAIN, "all")) }
            div.wide { (table(comparison, &EXPERT, "all")) }
            (figure("Where the time went", "One fold from a cold start: the start-up, then the mean over the workers.",
                &plots::parts(comparison), &legend()))
            p {
                "Every round ran each contender once, and the reference twice, in random order (seed " (comparison.seed) "). Speed-ups compare runs of \
                the same round. The value of each fold: " code { (escaped(&comparison.value)) }
            }
        }
    }
}

fn footer(comparison: &Comparison) -> Markup {
    let machine = &comparison.machine;
    html! {
        footer {
            p {
                (escaped(&machine.processor)) ", " (text::count(machine.cores as u64, "core")) ", "
                (text::bytes(machine.memory_bytes)) " of memory, " (escaped(&machine.system)) ". Threefold "
                (escaped(&comparison.version)) "."
            }
        }
    }
}

fn legend() -> Markup {
    let (startup, colour) = STARTUP;
    html! {
        ul.legend {
            (entry(startup, colour))
            @for (part, colour, _) in PARTS { (entry(part, colour)) }
        }
    }
}

fn models(comparison: &Comparison) -> Markup {
    html! {
        ul.legend {
            @for scaling in &comparison.scaling { (entry(scaling.model.name(), model_colour(scaling.model))) }
        }
    }
}

fn entry(name: &str, colour: Colour) -> Markup {
    html! {
        li {
            svg width="14" height="14" aria-hidden="true" { rect width="14" height="14" fill=(colour.light) {} }
            " " (name)
        }
    }
}
