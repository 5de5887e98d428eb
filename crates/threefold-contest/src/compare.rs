//! Compares a set of results with an earlier set, and finds the ratios that got worse.

use std::fmt;

use crate::{Ratio, Set};

/// A ratio that got worse: even its lower quartile is above the upper quartile of before.
#[derive(Clone, Debug)]
pub struct Worse {
    contest: String,
    before: Ratio,
    now: Ratio,
}

impl fmt::Display for Worse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contest, before, now } = self;
        write!(
            f,
            "{contest}: {} takes {:.2} (quartiles {:.2} to {:.2}) of {}; before it took {:.2} ({:.2} to {:.2})",
            now.ours,
            now.ratio.median,
            now.ratio.lower,
            now.ratio.upper,
            now.rival,
            before.ratio.median,
            before.ratio.lower,
            before.ratio.upper
        )
    }
}

/// The ratios of `now` that are worse than those of `before`, beyond the quartiles of both. What one of the two has not
/// measured is not compared.
pub fn compare(before: &Set, now: &Set) -> Vec<Worse> {
    let mut worse = Vec::new();
    for new in &now.contests {
        let Some(old) = before.contests.iter().find(|old| old.name == new.name) else { continue };
        for now in &new.ratios {
            let same = |before: &&Ratio| (&before.ours, &before.rival) == (&now.ours, &now.rival);
            let Some(before) = old.ratios.iter().find(same) else { continue };
            if now.ratio.lower > before.ratio.upper {
                worse.push(Worse { contest: new.name.clone(), before: before.clone(), now: now.clone() });
            }
        }
    }
    worse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contest, Dice};

    fn set(ours: [f64; 3]) -> Set {
        let mut rounds = ours.into_iter().cycle();
        let mut contest = Contest::new("warm", "4 empty chunks").rounds(3);
        contest.ours("threads", "threads", Box::new(move || rounds.next().unwrap_or(0.0).into()));
        contest.rival("threads", "rayon", Box::new(|| 1.0.into()));
        Set { machine: String::new(), contests: vec![contest.run(&mut Dice::new(1))] }
    }

    #[test]
    fn only_what_is_beyond_both_quartiles_got_worse() {
        let before = set([1.0, 1.1, 1.2]);
        assert_eq!(compare(&before, &set([1.1, 1.2, 1.3])).len(), 0);
        assert_eq!(compare(&before, &set([0.5, 0.5, 0.5])).len(), 0);
        let worse = compare(&before, &set([1.5, 1.6, 1.7]));
        assert_eq!(worse.len(), 1);
        let text = "warm: threads takes 1.60 (quartiles 1.55 to 1.65) of rayon; before it took 1.10 (1.05 to 1.15)";
        assert_eq!(worse[0].to_string(), text);
        assert_eq!(compare(&Set::default(), &before).len(), 0);
    }
}
