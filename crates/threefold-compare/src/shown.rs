//! A comparison as text: the title, the table, the answer, and one line for each reason.

use std::fmt;

use crate::against::Against;
use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::table;
use crate::verdict::Verdict;

/// The width in characters if none is given.
const WIDTH: usize = 100;

/// Labels stand in a column of their own, indented by this many characters.
const INDENT: usize = 2;

/// The space between the labels and their texts.
const GAP: usize = 3;

/// Lines narrower than this have no column of labels.
const NARROW: usize = 36;

impl Comparison {
    /// The table and the verdict, in lines of at most `width` characters if that is possible. Narrow tables leave out
    /// columns. Control characters in names and texts are escaped.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// for line in comparison.to_text(60).lines() {
    ///     assert!(line.chars().count() <= 60);
    /// }
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_text(&self, width: usize) -> String {
        let title = wrapped(&self.title(), width, INDENT);
        let changes = self.against.as_ref().map_or_else(String::new, |against| self.changes(against, width));
        format!("{title}\n\n{}\n{}{changes}", table::of(self, width), of_verdict(&self.verdict, width))
    }

    /// What changed since an earlier comparison.
    fn changes(&self, against: &Against, width: usize) -> String {
        // Wrapping would take the indentation from the lines of a table.
        let fitted = |line: String| if line.starts_with("  ") { line } else { wrapped(&line, width, INDENT) };
        against.lines(&self.rows, width).into_iter().map(|line| fitted(line) + "\n").collect()
    }
}

/// The table and the verdict, in lines of at most 100 characters, or of the width that is given: `{comparison:80}`.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(f.width().unwrap_or(WIDTH)))
    }
}

/// The answer, and below it one line for each reason, with its label in a column. A label that is the same as that of the
/// line above is left out. Where there is no room for a column, labels are lines of their own.
fn of_verdict(verdict: &Verdict, width: usize) -> String {
    let longest = verdict.reasons.iter().map(|reason| reason.label().len()).max().unwrap_or(0);
    let column = if width < NARROW { 2 * INDENT } else { INDENT + longest + GAP };
    let mut text = wrapped(&verdict.sentence, width, INDENT) + "\n";
    let mut above = "";
    for reason in &verdict.reasons {
        let label = if above == reason.label() { String::new() } else { format!("{:INDENT$}{}", "", reason.label()) };
        if width < NARROW && !label.is_empty() {
            text += &format!("{label}\n{:column$}", "");
        } else {
            text += &format!("{label:column$}");
        }
        let lines = wrapped(reason.text(), width.saturating_sub(column), 0);
        text += &lines.replace('\n', &format!("\n{:column$}", ""));
        text.push('\n');
        above = reason.label();
    }
    text
}

/// `text`, made safe to show, in lines of at most `width` characters, broken between words. Lines after the first are
/// indented by so many characters.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in escaped(text).split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push_str(&format!("\n{:indent$}", ""));
            length = indent;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}
