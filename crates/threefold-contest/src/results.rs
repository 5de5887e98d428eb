//! `Results`: the figures, ratios and targets of a contest.

use serde::{Deserialize, Serialize};

use crate::{Quartiles, Unit};

/// The results of one contest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// The word that chooses the contest.
    pub name: String,
    /// What all competitors do.
    pub title: String,
    /// The number of rounds that count.
    pub rounds: usize,
    /// What the figures count.
    pub unit: Unit,
    /// The second column, if there is one.
    pub beside: Option<(String, Unit)>,
    /// The competitors, in the order in which they are shown.
    pub competitors: Vec<Competitor>,
    /// Each of ours against each rival of its family.
    pub ratios: Vec<Ratio>,
    /// The targets of our competitors.
    pub targets: Vec<Target>,
    /// The remarks that are shown below the table.
    pub remarks: Vec<String>,
}

/// One way to do the work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Competitor {
    /// The name of the competitor.
    pub name: String,
    /// The family. A competitor is compared with the rivals of its family.
    pub family: String,
    /// Whether it is one of ours.
    pub ours: bool,
    /// The figure that the contest is about.
    pub main: Quartiles,
    /// The second figure.
    pub beside: Option<Quartiles>,
}

/// One of ours, divided by a rival in the same round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// The name of ours.
    pub ours: String,
    /// The name of the rival.
    pub rival: String,
    /// The quartiles of the ratios of all rounds. Below 1, ours is faster.
    pub ratio: Quartiles,
}

/// A limit that one of our competitors should not exceed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The name of ours.
    pub who: String,
    /// The limit, in words.
    pub limit: String,
    /// The figure divided by its limit, or nothing if the rival was not measured. Up to 1 the target is reached.
    pub of_limit: Option<Quartiles>,
}

impl Target {
    /// The target in words.
    pub fn verdict(&self) -> String {
        match self.of_limit {
            None => "not measured".to_string(),
            Some(share) if share.median <= 1.0 => format!("reached: {:.2} of the limit", share.median),
            Some(share) => format!("missed: {:.2} of the limit", share.median),
        }
    }
}

impl Results {
    /// The ratio of this competitor to the rival of its family whose median is lowest.
    pub fn to_best_rival(&self, who: &Competitor) -> Option<&Ratio> {
        let rivals = self.competitors.iter().filter(|rival| !rival.ours && rival.family == who.family);
        let best = rivals.min_by(|one, other| one.main.median.total_cmp(&other.main.median))?;
        self.ratios.iter().find(|ratio| ratio.ours == who.name && ratio.rival == best.name)
    }
}
