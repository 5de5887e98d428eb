//! `Template`: the words of a command, in which the items of a chunk are filled in.
//!
//! The command is split into words as a POSIX shell would, with quotes and backslashes, and nothing else of a shell: no
//! variables, no `*`, no pipes. Placeholders are found in each word after that, so that no item can end a word or begin
//! an option that was not a word of its own.
//!
//! With `--shell` the whole command is one word for `sh -c`. Integers are filled in as digits. Lines are never part of
//! the text that the shell reads: they are its positional parameters, and their placeholder becomes `"$@"`. If it stands
//! within quotes, the line may be split into words or stay unread, but it is never run. Where the line belongs in the text
//! of a shell cannot be guessed, so the command must name it. `${start}` is a variable of the shell, and no placeholder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use serde::{Deserialize, Serialize};

use super::job::Job;
use crate::escape;

/// What the items of a chunk are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Range,
    Lines,
}

/// The program, and its arguments with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Template {
    /// Where the program is.
    pub(super) path: PathBuf,
    /// The program as it was typed, and its arguments.
    words: Vec<Word>,
    /// Whether the lines follow the words, as the positional parameters of a shell.
    gives_parameters: bool,
}

type Word = Vec<Piece>;

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Piece {
    Text(String),
    Start,
    End,
    Chunk,
    /// One line. A word that has it is repeated for each line.
    Line,
}

impl Piece {
    /// The placeholders of commands over ranges, and of commands over lines.
    const OVER_RANGES: [(&str, Self); 3] = [("{start}", Self::Start), ("{end}", Self::End), ("{chunk}", Self::Chunk)];
    const OVER_LINES: [(&str, Self); 3] = [("{}", Self::Line), ("{line}", Self::Line), ("{chunk}", Self::Chunk)];
}

/// How a shell command names all of its positional parameters, if it does. A `$1` may be one of awk or of a function.
const PARAMETERS: [&str; 4] = ["$@", "${@", "$*", "${*"];

impl Template {
    /// The template of a command as it was typed.
    ///
    /// # Errors
    ///
    /// The command is empty, a quote in it is not closed, a shell command does not name its line, or the program does not
    /// exist or cannot be executed.
    pub(super) fn new(command: &str, over: Over, shell: bool) -> Result<Self, String> {
        if command.contains('\0') {
            return Err("--exec: a command cannot have a zero byte".to_string());
        }
        let placeholders = match over {
            Over::Range => Piece::OVER_RANGES,
            Over::Lines => Piece::OVER_LINES,
        };
        let texts = if shell {
            vec![command.to_string()]
        } else {
            let unclosed = || {
                let command = escape::line(command);
                format!(
                    "--exec: a quote or a backslash in `{command}` is not closed; quote it as for a shell, or give --shell"
                )
            };
            shlex::split(command).ok_or_else(unclosed)?
        };
        if texts.iter().all(|text| text.trim().is_empty()) {
            return Err("--exec needs a command, for example --exec 'python3 part.py {start} {end}'".to_string());
        }
        if let Some(refusal) = texts.iter().find_map(|text| of_the_other_kind(text, over)) {
            return Err(refusal);
        }
        let mut words: Vec<Word> = texts.iter().map(|text| pieces(text, &placeholders, shell)).collect();
        let names_lines = words.iter().flatten().any(|piece| *piece == Piece::Line)
            || (shell && PARAMETERS.iter().any(|parameter| command.contains(parameter)));
        let appends = over == Over::Lines && !names_lines;
        if shell {
            if appends {
                return Err(
                    "--exec: with --shell the command must say where the line belongs: write {} or \"$@\" there, \
                            for example --exec 'wc -c < {}'; a `$1` alone may belong to another program"
                        .to_string(),
                );
            }
            let parameter = Piece::Text("\"$@\"".to_string());
            for piece in words[0].iter_mut().filter(|piece| **piece == Piece::Line) {
                *piece = parameter.clone();
            }
            // What the shell calls itself in its messages.
            let before = ["sh", "-c", "--"].map(|text| vec![Piece::Text(text.to_string())]);
            words = before.into_iter().chain(words).chain([vec![Piece::Text("sh".to_string())]]).collect();
        } else if appends {
            words.push(vec![Piece::Line]);
        }
        let program = match words[0].as_slice() {
            [Piece::Text(program)] => program,
            _ => return Err(format!("--exec: the program of `{}` must not have a placeholder", escape::line(command))),
        };
        let path = find(program, env::var_os("PATH").as_deref()).map_err(|error| match shell {
            true => "--shell needs the program `sh`, which is not in the folders of PATH".to_string(),
            false => error,
        })?;
        Ok(Self { path, words, gives_parameters: shell && over == Over::Lines })
    }

    /// The words for this chunk. The first is the program as it was typed.
    pub(super) fn fill(&self, job: &Job) -> Vec<OsString> {
        let (start, end) = job.bounds();
        let mut filled = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let with = |line: &[u8]| {
                let mut text = OsString::new();
                for piece in word {
                    match piece {
                        Piece::Text(piece) => text.push(piece),
                        Piece::Start => text.push(start.to_string()),
                        Piece::End => text.push(end.to_string()),
                        Piece::Chunk => text.push(job.chunk.to_string()),
                        Piece::Line => text.push(OsStr::from_bytes(line)),
                    }
                }
                text
            };
            if word.contains(&Piece::Line) {
                filled.extend(job.lines().map(with));
            } else {
                filled.push(with(&[]));
            }
        }
        if self.gives_parameters {
            filled.extend(job.lines().map(|line| OsStr::from_bytes(line).to_os_string()));
        }
        filled
    }
}

/// Why the word `text` cannot be meant, if it is a placeholder that commands over these items do not have.
fn of_the_other_kind(text: &str, over: Over) -> Option<String> {
    let (others, items, theirs) = match over {
        Over::Range => (&["{}", "{line}"], "a RANGE", "{start}, {end} or {chunk}"),
        Over::Lines => (&["{start}", "{end}"], "--lines", "{}, {line} or {chunk}"),
    };
    others.contains(&text).then(|| {
        format!(
            "--exec: `{text}` is not a placeholder of a command over {items}; use {theirs}. If the program needs this \
             text itself, give --shell and quote it"
        )
    })
}

/// The text of a word, cut at its placeholders. In a shell command `${line}` is a variable, and stays as it is.
fn pieces(text: &str, placeholders: &[(&str, Piece)], shell: bool) -> Word {
    let (mut word, mut from) = (Word::new(), 0);
    let next = |from: usize| {
        let found = placeholders.iter().filter_map(|(name, piece)| {
            let mut places = text[from..].match_indices(name).map(|(at, _)| from + at);
            let at = places.find(|&at| !(shell && text[..at].ends_with('$')))?;
            Some((at, name.len(), piece.clone()))
        });
        found.min_by_key(|&(at, ..)| at)
    };
    while let Some((at, length, piece)) = next(from) {
        if at > from {
            word.push(Piece::Text(text[from..at].to_string()));
        }
        word.push(piece);
        from = at + length;
    }
    if from < text.len() || word.is_empty() {
        word.push(Piece::Text(text[from..].to_string()));
    }
    word
}

/// Where `program` is: it is looked for once, before anything runs, and not again for every process.
fn find(program: &str, path: Option<&OsStr>) -> Result<PathBuf, String> {
    let shown = escape::line(program);
    if program.contains('/') {
        let path = Path::new(program);
        return match access(path, Access::EXEC_OK) {
            _ if path.is_dir() => Err(format!("--exec: `{shown}` is a folder")),
            Ok(()) => Ok(path.to_path_buf()),
            Err(error) => Err(format!("--exec: `{shown}` cannot be started: {}", std::io::Error::from(error))),
        };
    }
    let folders = path.map(env::split_paths).into_iter().flatten();
    // An empty entry is the current folder. A place without `/` would be looked for in PATH again.
    let mut places =
        folders.map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder }.join(program));
    let found = places.find(|place| place.is_file() && access(place, Access::EXEC_OK).is_ok());
    found.ok_or_else(|| {
        format!(
            "--exec: there is no program `{shown}` in the folders of PATH; give its path, or --shell for a command of the shell"
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bytes::Bytes;
    use super::super::job::Few;
    use super::*;

    fn lines(lines: &[&[u8]]) -> Job {
        let bytes = lines.iter().flat_map(|line| line.iter().copied().chain([0])).collect();
        Job { chunk: 3, items: Few::Lines { first: 7, bytes: Bytes(bytes), separator: 0 } }
    }

    fn filled(command: &str, over: Over, shell: bool, job: &Job) -> Vec<Vec<u8>> {
        let template = Template::new(command, over, shell).unwrap();
        template.fill(job).iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    fn texts(command: &str, over: Over, shell: bool, job: &Job) -> Vec<String> {
        filled(command, over, shell, job).into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    #[test]
    fn integers_are_filled_in_wherever_they_are_named() {
        let job = Job::of_range(3, &(-2..=7));
        let words = texts("echo {start}:{end} 'x {chunk}' {}x {line}: ${start}", Over::Range, false, &job);
        assert_eq!(words, ["echo", "-2:7", "x 3", "{}x", "{line}:", "$-2"]);
        assert_eq!(texts("echo $(({end}+1))", Over::Range, true, &job), ["sh", "-c", "--", "echo $((7+1))", "sh"]);
    }

    #[test]
    fn a_variable_of_the_shell_is_no_placeholder() {
        let (range, line) = (Job::of_range(3, &(-2..=7)), lines(&[b"a"]));
        let words = texts("start={start}; echo ${start} ${chunk}{chunk}", Over::Range, true, &range);
        assert_eq!(words[3], "start=-2; echo ${start} ${chunk}3");
        let words = texts("cat {} | while read line; do echo ${line}; done", Over::Lines, true, &line);
        assert_eq!(words[3], "cat \"$@\" | while read line; do echo ${line}; done");
    }

    #[test]
    fn a_shell_command_must_name_its_lines() {
        for command in
            ["echo", "awk '{print $1}'", "cat # count", "wc < \"$1\"", "echo ${line}", "for x; do echo $x; done"]
        {
            let refusal = Template::new(command, Over::Lines, true).unwrap_err();
            assert!(refusal.contains("the command must say where the line belongs"), "{command}: {refusal}");
        }
        for command in ["echo {}", "echo {line}", "echo \"$@\"", "f() { echo $1; }; f $*", "echo ${@}", "echo ${*%.c}"]
        {
            assert!(Template::new(command, Over::Lines, true).is_ok(), "{command}");
        }
    }

    #[test]
    fn a_word_is_repeated_for_each_line_and_appended_if_none_names_one() {
        let job = lines(&[b"a", b"b"]);
        assert_eq!(texts("echo -f={} {chunk}", Over::Lines, false, &job), ["echo", "-f=a", "-f=b", "3"]);
        assert_eq!(texts("echo {line}{}", Over::Lines, false, &job), ["echo", "aa", "bb"]);
        assert_eq!(texts("echo x", Over::Lines, false, &job), ["echo", "x", "a", "b"]);
    }

    #[test]
    fn a_shell_gets_lines_as_its_parameters() {
        let job = lines(&[b"$(touch pwned)", b"b"]);
        let after = ["sh", "$(touch pwned)", "b"];
        for (command, text) in
            [("wc -l < {}", "wc -l < \"$@\""), ("wc \"$@\" \"$1\"", "wc \"$@\" \"$1\""), ("echo '{}'", "echo '\"$@\"'")]
        {
            assert_eq!(texts(command, Over::Lines, true, &job), [&["sh", "-c", "--", text][..], &after].concat());
        }
    }

    #[test]
    fn what_cannot_be_started_is_refused() {
        let refusals =
            ["", "   ", "''", "echo 'open", "echo \\", "no-such-program {}", "./no/such", "/", "{} x", "/etc/passwd"]
                .map(|command| format!("{command:?}: {}", Template::new(command, Over::Lines, false).unwrap_err()));
        insta::assert_snapshot!(refusals.join("\n"));
    }

    #[test]
    fn a_word_that_is_a_placeholder_of_the_other_kind_is_refused() {
        for (command, over) in [
            ("echo {}", Over::Range),
            ("echo {start} {line}", Over::Range),
            ("echo {start}", Over::Lines),
            ("echo {} {end}", Over::Lines),
        ] {
            let refusal = Template::new(command, over, false).unwrap_err();
            assert!(refusal.contains("is not a placeholder of a command over"), "{command}: {refusal}");
        }
        assert!(Template::new("echo '{}' \"$@\"", Over::Range, true).is_ok());
    }

    proptest! {
        /// Nothing in a line ends its word, begins another one, or is taken for a placeholder.
        #[test]
        fn a_line_is_one_argument_whatever_it_holds(
            items in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(1u8.., 0..12),
                    "[-'\"\\\\$` {}a\n*;&|<>()#~]{0,12}".prop_map(String::into_bytes),
                    "(\\{\\}|\\{line\\}|\\{chunk\\}|\\$\\(id\\)|--help|-rf){0,3}".prop_map(String::into_bytes),
                ],
                1..4,
            ),
        ) {
            let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
            let job = lines(&items);
            let expected: Vec<Vec<u8>> = items.iter().map(|item| item.to_vec()).collect();
            prop_assert_eq!(&filled("echo -- {}", Over::Lines, false, &job)[2..], &expected);
            prop_assert_eq!(&filled("echo", Over::Lines, false, &job)[1..], &expected);
            prop_assert_eq!(&filled("echo {}", Over::Lines, true, &job)[5..], &expected);
            prop_assert_eq!(&filled("echo {}", Over::Lines, true, &job)[3], b"echo \"$@\"");
        }

        /// Words that were quoted for a shell are split into the same words again.
        #[test]
        fn quoted_words_are_split_into_the_same_words(words in prop::collection::vec("[^\0]{0,12}", 0..5)) {
            let job = Job::of_range(0, &(1..=1));
            let named = |word: &String| word.contains('{');
            prop_assume!(!words.iter().any(named));
            let command = shlex::try_join(["echo"].into_iter().chain(words.iter().map(String::as_str))).unwrap();
            prop_assert_eq!(&texts(&command, Over::Range, false, &job)[1..], &words);
        }

        #[test]
        fn any_command_is_split_or_refused(command: String) {
            let _ = Template::new(&command, Over::Lines, false);
            let _ = Template::new(&command, Over::Range, true);
        }
    }
}
