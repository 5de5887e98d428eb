//! The colours of the pictures, on light paper and on dark.
//!
//! Shapes have the colours for light paper. A style sheet finds each colour by its value and replaces it with the one for
//! dark paper. So every colour is used for one thing only, and a program that knows no style sheets shows light paper.

use threefold::Model;

use crate::profile::Profile;

/// A colour on light paper and on dark, as HTML writes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour {
    pub(super) light: &'static str,
    dark: &'static str,
}

/// A part of a fold's time: its name, its colour, and its seconds in a profile.
pub(super) type Part = (&'static str, Colour, fn(&Profile) -> f64);

/// What everything is drawn on.
pub(super) const PAPER: Colour = colour("#ffffff", "#14181d");

/// Text and whiskers.
pub(super) const INK: Colour = colour("#1f2933", "#e6e9ee");

/// Text of less importance.
pub(super) const SOFT: Colour = colour("#52606d", "#a7b1bd");

/// Grid lines.
pub(super) const LINE: Colour = colour("#d5dae1", "#3a4350");

/// The lanes on which bars are drawn.
pub(super) const TRACK: Colour = colour("#eef1f5", "#222932");

/// The models, in the order of `Model::ALL`. There are spare colours for models to come.
const MODELS: [Colour; 6] = [
    colour("#5a6778", "#9aa7b8"),
    colour("#a35f00", "#f0b429"),
    colour("#1d4ed8", "#7aa7ff"),
    colour("#15803d", "#5fd38d"),
    colour("#be185d", "#f687b3"),
    colour("#0e7490", "#67e8f9"),
];

/// The start-up time, which comes before the parts.
pub(super) const STARTUP: (&str, Colour) = ("start-up", colour("#6b46c1", "#b794f4"));

/// The parts of the workers' time.
pub(super) const PARTS: [Part; 4] = [
    ("work", colour("#2b6cb0", "#63b3ed"), |profile| profile.work_s),
    ("waiting", colour("#b7791f", "#f6d365"), |profile| profile.waiting_s),
    ("transfer", colour("#c53030", "#fc8181"), |profile| profile.transfer_s),
    ("idle", colour("#a0aec0", "#4a5568"), |profile| profile.idle_s),
];

const fn colour(light: &'static str, dark: &'static str) -> Colour {
    Colour { light, dark }
}

/// The colour of a model.
pub(super) fn model_colour(model: Model) -> Colour {
    let index = Model::ALL.iter().position(|&known| known == model);
    MODELS[index.expect("`Model::ALL` holds every model")]
}

/// Every colour of a picture.
fn all() -> impl Iterator<Item = Colour> {
    let parts = PARTS.into_iter().map(|(_, colour, _)| colour);
    [PAPER, INK, SOFT, LINE, TRACK, STARTUP.1].into_iter().chain(MODELS).chain(parts)
}

/// The style rules that replace the colours for light paper with those for dark paper.
pub(super) fn dark_rules() -> String {
    let rule = |Colour { light, dark }: Colour| {
        format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    let rules: String = all().map(rule).collect();
    format!("@media screen and (prefers-color-scheme: dark){{{rules}}}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_has_a_colour_and_every_colour_is_used_once() {
        assert!(Model::ALL.len() <= MODELS.len());
        let distinct: BTreeSet<&str> = all().map(|colour| colour.light).collect();
        assert_eq!(distinct.len(), all().count());
    }
}
