//! `Arguments`: the command-line arguments, together with the environment variables `ONLY` and `SEED`.

use std::path::PathBuf;

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Arguments {
    /// The names of the contests that run; none means all. `idle` also means `idle-threads`.
    pub only: Vec<String>,
    /// The seed of the random orders, if one is given.
    pub seed: Option<u64>,
    /// The file of the set into which the results are put.
    pub save: Option<PathBuf>,
    /// The file of the set that the results are compared with. The ratios that got worse are shown at the end.
    pub compare: Option<PathBuf>,
    /// The file of the set that is shown as Markdown. Nothing is measured then.
    pub markdown: Option<PathBuf>,
    /// The names of all contests are shown, and nothing is measured.
    pub list: bool,
    /// The helper programs of the contests are built, and nothing is measured.
    pub prepare: bool,
}

impl Arguments {
    /// Reads the words. `only` and `seed` are what the environment holds as `ONLY` and `SEED`.
    ///
    /// # Errors
    ///
    /// A sentence that names the word or the variable that is wrong.
    pub fn parse(
        words: impl IntoIterator<Item = String>,
        only: Option<&str>,
        seed: Option<&str>,
    ) -> Result<Self, String> {
        let only = only.unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(String::from).collect();
        let mut arguments = Self { only, ..Self::default() };
        if let Some(seed) = seed {
            let number = seed.parse().map_err(|_| format!("SEED={seed} is not a whole number"))?;
            arguments.seed = Some(number);
        }
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let place = match word.as_str() {
                // Cargo adds it.
                "--bench" => continue,
                "--list" => {
                    arguments.list = true;
                    continue;
                }
                "--prepare" => {
                    arguments.prepare = true;
                    continue;
                }
                "--save" => &mut arguments.save,
                "--compare" => &mut arguments.compare,
                "--markdown" => &mut arguments.markdown,
                _ => {
                    return Err(format!(
                        "unknown word `{word}`; expected --save, --compare, --markdown, --list or --prepare"
                    ));
                }
            };
            *place = Some(words.next().ok_or_else(|| format!("{word} needs a file"))?.into());
        }
        Ok(arguments)
    }

    /// The names among `all` that are asked for.
    ///
    /// # Errors
    ///
    /// A sentence, if a name that is asked for is none of `all`.
    pub fn chosen<'a>(&self, all: &[&'a str]) -> Result<Vec<&'a str>, String> {
        let means = |asked: &str, name: &str| {
            name.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if let Some(unknown) = self.only.iter().find(|asked| !all.iter().any(|name| means(asked, name))) {
            return Err(format!("ONLY={unknown} is not a contest; expected some of {}", all.join(",")));
        }
        let is_chosen = |name: &&&str| self.only.is_empty() || self.only.iter().any(|asked| means(asked, name));
        Ok(all.iter().filter(is_chosen).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str, only: Option<&str>, seed: Option<&str>) -> Result<Arguments, String> {
        Arguments::parse(words.split_whitespace().map(String::from), only, seed)
    }

    #[test]
    fn words_are_read() {
        let arguments = parse("--bench --save a.json --compare b.json", Some("warm,idle"), Some("7")).unwrap();
        let expected = Arguments {
            only: vec!["warm".to_string(), "idle".to_string()],
            seed: Some(7),
            save: Some("a.json".into()),
            compare: Some("b.json".into()),
            ..Arguments::default()
        };
        assert_eq!(arguments, expected);
        assert_eq!(parse("--bench", None, None), Ok(Arguments::default()));
        assert_eq!(parse("--markdown c.json", None, None).unwrap().markdown, Some("c.json".into()));
        assert!(parse("--list", None, None).unwrap().list);
        assert!(parse("--prepare", None, None).unwrap().prepare);
    }

    #[test]
    fn a_wrong_word_is_named() {
        let expected = "unknown word `--sav`; expected --save, --compare, --markdown, --list or --prepare";
        assert_eq!(parse("--sav a.json", None, None).unwrap_err(), expected);
        assert_eq!(parse("--save", None, None).unwrap_err(), "--save needs a file");
        assert_eq!(parse("", None, Some("x")).unwrap_err(), "SEED=x is not a whole number");
    }

    #[test]
    fn a_name_chooses_its_contest_and_those_that_continue_it() {
        let all = ["ten", "ten-idle", "tent"];
        let chosen = |only: &str| parse("", Some(only), None).unwrap().chosen(&all);
        assert_eq!(chosen("").unwrap(), all);
        assert_eq!(chosen("ten").unwrap(), ["ten", "ten-idle"]);
        assert_eq!(chosen("ten-idle,tent").unwrap(), ["ten-idle", "tent"]);
        assert_eq!(chosen("te").unwrap_err(), "ONLY=te is not a contest; expected some of ten,ten-idle,tent");
    }
}
