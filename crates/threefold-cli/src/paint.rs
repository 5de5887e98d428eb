//! Colours, for texts that a terminal shows. They only repeat what the words say.
//!
//! There are none where the text goes elsewhere, with `NO_COLOR`, and with `TERM=dumb`, whatever other variables say.

use std::env;
use std::io::{self, IsTerminal};

use console::Style;

/// What a message on stderr is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    Error,
    Warning,
    Note,
}

/// `label` as it stands before a message.
pub(crate) fn label(label: Label) -> String {
    let (word, style) = match label {
        Label::Error => ("error:", Style::new().red().bold()),
        Label::Warning => ("warning:", Style::new().yellow().bold()),
        Label::Note => ("note:", Style::new().bold()),
    };
    let on = io::stderr().is_terminal() && console::colors_enabled_stderr() && are_wanted();
    style.force_styling(on).apply_to(word).to_string()
}

/// Whether neither the user nor the terminal rules colours out. `CLICOLOR_FORCE` would make `console` colour all the same.
fn are_wanted() -> bool {
    let refuses = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refuses && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The text of a comparison, for stdout: the recommended row in green, and the answer, which is `sentence`, in bold.
pub(crate) fn comparison(text: &str, sentence: &str) -> String {
    if !(io::stdout().is_terminal() && console::colors_enabled() && are_wanted()) {
        return text.to_string();
    }
    styled(text, sentence)
}

/// The answer is a paragraph of its own, so its first line follows the only empty line after the table.
fn styled(text: &str, sentence: &str) -> String {
    let (row, answer) = (Style::new().green().force_styling(true), Style::new().bold().force_styling(true));
    let (mut paragraph, mut words) = (0, sentence.split(' ').count());
    let mut painted = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        paragraph += usize::from(line.is_empty());
        if paragraph == 1 && line.starts_with("* ") {
            painted += &row.apply_to(line).to_string();
        } else if paragraph == 2 && !line.is_empty() && words > 0 {
            words = words.saturating_sub(line.split_whitespace().count());
            painted += &answer.apply_to(line).to_string();
        } else {
            painted += line;
        }
        painted.push('\n');
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::styled;

    #[test]
    fn the_recommended_row_and_the_whole_answer_are_painted() {
        let text = "primes\n\n  time\n  a  2 s\n* b  1 s\n\nUse b: twice as\n  fast.\n  a  slower\n* no row\n";
        let painted = styled(text, "Use b: twice as fast.");
        assert_eq!(
            painted,
            "primes\n\n  time\n  a  2 s\n\u{1b}[32m* b  1 s\u{1b}[0m\n\n\u{1b}[1mUse b: twice as\u{1b}[0m\n\
             \u{1b}[1m  fast.\u{1b}[0m\n  a  slower\n* no row\n"
        );
        assert_eq!(console::strip_ansi_codes(&painted), text);
    }
}
