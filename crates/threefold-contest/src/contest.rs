//! `Contest`: competitors that do the same work, measured in turn.

use std::any::Any;
use std::time::{Duration, Instant};

use crate::results::{Competitor, Ratio, Results, Target};
use crate::{Dice, Measured, Quartiles, Sample, Unit};

/// How long a contest lasts at most, unless it sets another limit. A contest runs alone on a quiet machine, and a
/// machine is seldom quiet for long.
const MOST: Duration = Duration::from_secs(15);

/// Competitors, and the targets of ours.
pub struct Contest {
    name: String,
    title: String,
    rounds: usize,
    most: Duration,
    unit: Unit,
    beside: Option<(String, Unit)>,
    entries: Vec<Entry>,
    goals: Vec<Goal>,
    remarks: Vec<String>,
    held: Vec<Box<dyn Any>>,
    says_worst: bool,
}

struct Entry {
    name: String,
    family: String,
    ours: bool,
    way: Way,
    figures: Vec<Measured>,
}

/// Where the figures of an entry come from.
enum Way {
    Sampled(Sample),
    /// A share of another entry's figure of the same round.
    Share(String, f64),
}

/// At most `factor` times the rival's figure plus `plus`, in each round.
struct Goal {
    who: String,
    rival: Option<String>,
    factor: f64,
    plus: f64,
    beside: bool,
}

impl Contest {
    /// A contest without competitors. `name` chooses it; `title` says what all of them do.
    pub fn new(name: &str, title: impl Into<String>) -> Self {
        Self {
            name: name.to_string(),
            title: title.into(),
            rounds: 101,
            most: MOST,
            unit: Unit::Seconds,
            beside: None,
            entries: Vec::new(),
            goals: Vec::new(),
            remarks: Vec::new(),
            held: Vec::new(),
            says_worst: false,
        }
    }

    /// How many rounds there are at most.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// How long the rounds may last together; after that no further round begins.
    pub fn most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// What the figures count; seconds, if this is not called.
    pub fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// What the second figure of each sample is.
    pub fn beside(mut self, title: &str, unit: Unit) -> Self {
        self.beside = Some((title.to_string(), unit));
        self
    }

    /// A remark that is shown below the table, for instance that a rival is absent.
    pub fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Says below the table which target is kept worst, where there are many of one kind.
    pub fn remark_worst(&mut self) {
        self.says_worst = true;
    }

    /// Drops `held` only after the last round.
    pub fn hold(&mut self, held: impl Any) {
        self.held.push(Box::new(held));
    }

    /// One of ours. It is compared with the rivals of its family.
    pub fn ours(&mut self, family: &str, name: &str, sample: Sample) {
        self.enter(family, name, true, Way::Sampled(sample));
    }

    /// A rival of its family.
    pub fn rival(&mut self, family: &str, name: &str, sample: Sample) {
        self.enter(family, name, false, Way::Sampled(sample));
    }

    /// A computed rival, which is not run: its figure is `share` times the figure of `of` in the same round.
    pub fn share(&mut self, family: &str, name: &str, of: &str, share: f64) {
        self.enter(family, name, false, Way::Share(of.to_string(), share));
    }

    fn enter(&mut self, family: &str, name: &str, ours: bool, way: Way) {
        let (name, family) = (name.to_string(), family.to_string());
        self.entries.push(Entry { name, family, ours, way, figures: Vec::new() });
    }

    /// `who` takes at most `factor` times as long as `rival`.
    pub fn target(&mut self, who: &str, factor: f64, rival: &str) {
        self.target_with(who, factor, rival, 0.0);
    }

    /// `who` takes at most `factor` times as long as `rival`, and `plus` more.
    pub fn target_with(&mut self, who: &str, factor: f64, rival: &str, plus: f64) {
        let (who, rival) = (who.to_string(), Some(rival.to_string()));
        self.goals.push(Goal { who, rival, factor, plus, beside: false });
    }

    /// `who` takes at most `most`.
    pub fn target_at_most(&mut self, who: &str, most: f64) {
        self.goals.push(Goal { who: who.to_string(), rival: None, factor: 0.0, plus: most, beside: false });
    }

    /// The second figure of `who` is at most `factor` times that of `rival`.
    pub fn target_beside(&mut self, who: &str, factor: f64, rival: &str) {
        let (who, rival) = (who.to_string(), Some(rival.to_string()));
        self.goals.push(Goal { who, rival, factor, plus: 0.0, beside: true });
    }

    /// The second figure of `who` is at most `most`.
    pub fn target_beside_at_most(&mut self, who: &str, most: f64) {
        self.goals.push(Goal { who: who.to_string(), rival: None, factor: 0.0, plus: most, beside: true });
    }

    /// Runs the rounds. One round before them is not counted: it warms caches and wakes threads.
    pub fn run(mut self, dice: &mut Dice) -> Results {
        self.round(&mut (0..self.entries.len()).collect(), dice);
        self.entries.iter_mut().for_each(|entry| entry.figures.clear());
        let start = Instant::now();
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        for _ in 0..self.rounds {
            self.round(&mut order, dice);
            if start.elapsed() > self.most {
                break;
            }
        }
        self.results()
    }

    fn round(&mut self, order: &mut Vec<usize>, dice: &mut Dice) {
        dice.shuffle(order);
        for &next in &*order {
            let entry = &mut self.entries[next];
            if let Way::Sampled(sample) = &mut entry.way {
                let figure = sample();
                entry.figures.push(figure);
            }
        }
        for at in 0..self.entries.len() {
            if let Way::Share(of, share) = &self.entries[at].way {
                let whole = self.entry(of).and_then(|entry| entry.figures.last()).expect("the whole is measured");
                let part = Measured::from(whole.main * share);
                self.entries[at].figures.push(part);
            }
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn results(self) -> Results {
        let competitors = self.entries.iter().map(Entry::results).collect();
        let pairs = self.entries.iter().filter(|entry| entry.ours).flat_map(|ours| {
            self.entries
                .iter()
                .filter(|rival| !rival.ours && rival.family == ours.family)
                .map(move |rival| (ours, rival))
        });
        let ratio = |(ours, rival): (&Entry, &Entry)| {
            let ratios = ours.figures.iter().zip(&rival.figures).map(|(ours, rival)| ours.main / rival.main);
            Ratio { ours: ours.name.clone(), rival: rival.name.clone(), ratio: Quartiles::of(ratios.collect()) }
        };
        let ratios = pairs.map(ratio).collect();
        let targets: Vec<Target> = self.goals.iter().map(|goal| self.target_of(goal)).collect();
        let mut remarks = self.remarks;
        if self.says_worst {
            remarks.extend(worst(&targets));
        }
        Results {
            rounds: self.entries.first().map_or(0, |entry| entry.figures.len()),
            competitors,
            ratios,
            targets,
            name: self.name,
            title: self.title,
            unit: self.unit,
            beside: self.beside,
            remarks,
        }
    }

    fn target_of(&self, goal: &Goal) -> Target {
        let unit = if goal.beside { self.beside.as_ref().map_or(self.unit, |(_, unit)| *unit) } else { self.unit };
        let column = self.beside.as_ref().filter(|_| goal.beside).map(|(title, _)| format!("{title}, "));
        let limit = match &goal.rival {
            None => format!("at most {}", unit.show(goal.plus)),
            Some(rival) if goal.plus == 0.0 => format!("at most {} x {rival}", goal.factor),
            Some(rival) => format!("at most {} x {rival} + {}", goal.factor, unit.show(goal.plus)),
        };
        let figure = |measured: &Measured| if goal.beside { measured.beside } else { Some(measured.main) };
        let who = self.entry(&goal.who);
        let rival = goal.rival.as_ref().map(|rival| self.entry(rival));
        let of_limit = match (who, rival) {
            (Some(who), None) => who.figures.iter().map(|ours| Some(figure(ours)? / goal.plus)).collect(),
            (Some(who), Some(Some(rival))) => {
                let limits = rival.figures.iter().map(|rival| Some(goal.factor * figure(rival)? + goal.plus));
                who.figures.iter().zip(limits).map(|(ours, limit)| Some(figure(ours)? / limit?)).collect()
            }
            _ => None,
        };
        let of_limit = of_limit.map(Quartiles::of);
        Target { who: goal.who.clone(), limit: column.unwrap_or_default() + &limit, of_limit }
    }
}

/// Which target is kept worst.
fn worst(targets: &[Target]) -> Option<String> {
    let share = |target: &&Target| target.of_limit.map_or(0.0, |share| share.median);
    let worst = targets.iter().max_by(|one, other| share(one).total_cmp(&share(other)))?;
    let missed = targets.iter().filter(|target| share(target) > 1.0).count();
    let (all, share) = (targets.len(), share(&worst));
    Some(format!("{missed} of {all} limits are missed; the worst is {share:.2} of its limit: {}.", worst.who))
}

impl Entry {
    fn results(&self) -> Competitor {
        let beside: Option<Vec<f64>> = self.figures.iter().map(|figure| figure.beside).collect();
        Competitor {
            name: self.name.clone(),
            family: self.family.clone(),
            ours: self.ours,
            main: Quartiles::of(self.figures.iter().map(|figure| figure.main).collect()),
            beside: beside.map(Quartiles::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(figure: f64) -> Sample {
        Box::new(move || Measured { main: figure, beside: Some(figure / 8.0) })
    }

    fn contest() -> Contest {
        let mut contest = Contest::new("sum", "a sum").rounds(3).beside("CPU", Unit::Seconds);
        contest.ours("threads", "threads", fixed(3.0));
        contest.rival("threads", "rayon", fixed(2.0));
        contest.rival("async", "tokio", fixed(1.0));
        contest.share("threads", "the ideal", "rayon", 0.5);
        contest
    }

    #[test]
    fn ratios_are_those_within_a_family() {
        let results = contest().run(&mut Dice::new(1));
        let ratios: Vec<_> = results.ratios.iter().map(|ratio| (ratio.rival.as_str(), ratio.ratio.median)).collect();
        assert_eq!(ratios, [("rayon", 1.5), ("the ideal", 3.0)]);
        assert_eq!(results.rounds, 3);
    }

    #[test]
    fn targets_are_shares_of_their_limit() {
        let mut contest = contest();
        contest.target("threads", 1.0, "rayon");
        contest.target_with("threads", 1.0, "rayon", 1.0);
        contest.target_at_most("threads", 6.0);
        contest.target_beside("threads", 4.0, "tokio");
        contest.target("threads", 1.0, "a rival that is absent");
        let results = contest.run(&mut Dice::new(1));
        let shares: Vec<_> = results.targets.iter().map(|target| target.of_limit.map(|share| share.median)).collect();
        assert_eq!(shares, [Some(1.5), Some(1.0), Some(0.5), Some(0.75), None]);
        assert_eq!(results.targets[1].limit, "at most 1 x rayon + 1.00 s");
        assert_eq!(results.targets[3].limit, "CPU, at most 4 x tokio");
    }

    #[test]
    fn no_round_begins_after_the_time_is_over() {
        let results = contest().rounds(1000).most(Duration::ZERO).run(&mut Dice::new(1));
        assert_eq!(results.rounds, 1);
    }
}
