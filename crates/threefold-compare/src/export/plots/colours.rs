//! The colours of the pictures, on light paper and on dark.
//!
//! Pictures are drawn in the colours for light paper. A style sheet finds each colour by its value and replaces it with the
//! one for dark paper. So every colour is used for one thing only.

use plotters::style::RGBColor;
use threefold::Model;

use crate::profile::Profile;

/// A colour on light paper and on dark.
#[derive(Clone, Copy, Debug)]
pub(in crate::export) struct Colour {
    pub(super) light: RGBColor,
    dark: &'static str,
}

/// A part of a fold's time: its name, its colour, and its seconds in a profile.
pub(in crate::export) type Part = (&'static str, Colour, fn(&Profile) -> f64);

/// Text and axes.
pub(super) const INK: Colour = colour(0x1f2933, "#e6e9ee");

/// Grid lines.
pub(super) const FAINT: Colour = colour(0xd5dae1, "#3a4350");

/// The models, in the order of `Model::ALL`. There are spare colours for models to come.
const MODELS: [Colour; 6] = [
    colour(0x5a6778, "#9aa7b8"),
    colour(0xa35f00, "#f0b429"),
    colour(0x1d4ed8, "#7aa7ff"),
    colour(0x15803d, "#5fd38d"),
    colour(0xbe185d, "#f687b3"),
    colour(0x0e7490, "#67e8f9"),
];

/// The start-up time, which comes before the parts.
pub(in crate::export) const STARTUP: (&str, Colour) = ("start-up", colour(0x6b46c1, "#b794f4"));

/// The parts of the workers' time.
pub(in crate::export) const PARTS: [Part; 4] = [
    ("work", colour(0x2b6cb0, "#63b3ed"), |profile| profile.work_s),
    ("waiting", colour(0xb7791f, "#f6d365"), |profile| profile.waiting_s),
    ("transfer", colour(0xc53030, "#fc8181"), |profile| profile.transfer_s),
    ("idle", colour(0xa0aec0, "#4a5568"), |profile| profile.idle_s),
];

const fn colour(light: u32, dark: &'static str) -> Colour {
    let [_, red, green, blue] = light.to_be_bytes();
    Colour { light: RGBColor(red, green, blue), dark }
}

/// The colour of a model.
pub(in crate::export) fn model_colour(model: Model) -> Colour {
    let index = Model::ALL.iter().position(|&known| known == model);
    MODELS[index.expect("`Model::ALL` holds every model")]
}

impl Colour {
    /// The colour on light paper, as HTML writes it.
    pub(in crate::export) fn light(self) -> String {
        let RGBColor(red, green, blue) = self.light;
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}

/// Every colour of a picture.
fn all() -> impl Iterator<Item = Colour> {
    let parts = PARTS.into_iter().map(|(_, colour, _)| colour);
    [INK, FAINT, STARTUP.1].into_iter().chain(MODELS).chain(parts)
}

/// The style rules that replace the colours for light paper with those for dark paper.
pub(in crate::export) fn dark_rules() -> String {
    let rule = |colour: Colour| {
        let (light, dark) = (colour.light(), colour.dark);
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
        let distinct: BTreeSet<String> = all().map(Colour::light).collect();
        assert_eq!(distinct.len(), all().count());
    }
}
