//! `Set`: results of several contests, in a file.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::Results;

/// The results of several contests on one machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Set {
    /// The machine on which they were measured.
    pub machine: String,
    /// In the order in which they are shown.
    pub contests: Vec<Results>,
}

impl Set {
    /// Reads a set from a file.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it holds something else.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
    }

    /// Writes the set to a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        fs::write(file, serde_json::to_string_pretty(self)? + "\n")
    }

    /// Adds results at the end, or replaces older results of the same contest.
    pub fn put(&mut self, results: Results) {
        match self.contests.iter_mut().find(|old| old.name == results.name) {
            Some(old) => *old = results,
            None => self.contests.push(results),
        }
    }

    /// The names of the contests that `other` does not have.
    pub fn missing_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let is_missing = |name: &&str| other.contests.iter().all(|results| results.name != *name);
        self.contests.iter().map(|results| results.name.as_str()).filter(is_missing)
    }

    /// Brings the contests into the order of `names`.
    pub fn sort(&mut self, names: &[&str]) {
        self.contests.sort_by_key(|results| names.iter().position(|name| *name == results.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contest, Dice};

    #[test]
    fn a_set_is_read_as_it_was_written_and_newer_results_replace_older_ones() {
        let results = |name: &str, figure: f64| {
            let mut contest = Contest::new(name, "a title").rounds(1);
            contest.ours("threads", "threads", Box::new(move || figure.into()));
            contest.run(&mut Dice::new(1))
        };
        let mut set = Set { machine: "this one".to_string(), contests: Vec::new() };
        [results("idle", 1.0), results("warm", 2.0), results("idle", 3.0)].into_iter().for_each(|new| set.put(new));
        set.sort(&["warm", "idle"]);
        let file = std::env::temp_dir().join(format!("threefold-contest-{}.json", std::process::id()));
        set.write(&file).unwrap();
        let read = Set::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let figures: Vec<_> =
            read.contests.iter().map(|results| (results.name.as_str(), results.competitors[0].main.median)).collect();
        assert_eq!(figures, [("warm", 2.0), ("idle", 3.0)]);
        assert_eq!(read.machine, "this one");
        let other = Set { machine: String::new(), contests: vec![results("idle", 1.0)] };
        assert_eq!(read.missing_in(&other).collect::<Vec<_>>(), ["warm"]);
        assert_eq!(other.missing_in(&read).count(), 0);
    }
}
