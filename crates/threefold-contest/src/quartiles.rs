//! `Quartiles`: the summary of a set of figures.

use serde::{Deserialize, Serialize};

/// The lower quartile, the median and the upper quartile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quartiles {
    /// A quarter of the figures is below this.
    pub lower: f64,
    /// Half of the figures is below this.
    pub median: f64,
    /// A quarter of the figures is above this.
    pub upper: f64,
}

impl Quartiles {
    /// The quartiles of `figures`. Between two figures they are interpolated linearly, as R and numpy do by default.
    ///
    /// # Panics
    ///
    /// If there are no figures.
    pub fn of(mut figures: Vec<f64>) -> Self {
        assert!(!figures.is_empty(), "there is at least one round");
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (figures.len() - 1) as f64;
            let (below, above) = (figures[place.floor() as usize], figures[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Self { lower: at(0.25), median: at(0.5), upper: at(0.75) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_numpy() {
        let of = |figures: &[f64]| Quartiles::of(figures.to_vec());
        assert_eq!(of(&[3.0]), Quartiles { lower: 3.0, median: 3.0, upper: 3.0 });
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]), Quartiles { lower: 1.75, median: 2.5, upper: 3.25 });
        assert_eq!(of(&[5.0, 1.0, 4.0, 2.0, 3.0]), Quartiles { lower: 2.0, median: 3.0, upper: 4.0 });
    }
}
