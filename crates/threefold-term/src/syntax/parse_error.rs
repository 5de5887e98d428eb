//! `ParseError`: why a text is not a term, and at which character.

use std::fmt;
use std::ops::Range;

/// Why a text is not a term, with the place.
///
/// It prints three lines: the reason, the text, and a caret below the character.
///
/// ```
/// use threefold_term::Term;
///
/// let error = Term::parse("i^2 mod").unwrap_err();
/// assert_eq!(error.column(), 8);
/// assert_eq!(
///     error.to_string(),
///     "expected a number, `i`, a function, `(` or `-` after `mod`, found the end of the term\n  \
///        i^2 mod\n         ^"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    text: String,
    /// The byte of the text.
    at: usize,
    reason: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, at: usize, reason: String) -> Self {
        Self { text: text.to_string(), at, reason }
    }

    /// The same, of an operand that is missing after the operator at `operator`.
    pub(crate) fn after(mut self, text: &str, operator: &Range<usize>) -> Self {
        let follows =
            text[operator.end..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |at| operator.end + at);
        if self.at == follows && !self.reason.contains(" after ") {
            self.reason = self.reason.replacen(", found", &format!(" after `{}`, found", &text[operator.clone()]), 1);
        }
        self
    }

    /// The reason alone, one line.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// let error = Term::parse("i % 7").unwrap_err();
    /// assert_eq!(error.reason(), "unknown operator `%`; the remainder is written `a mod b`");
    /// ```
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The column of the character, counted from 1 in characters.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// assert_eq!(Term::parse("2 + )").unwrap_err().column(), 5);
    /// ```
    pub fn column(&self) -> usize {
        column(&self.text, self.at)
    }
}

/// The column of byte `at` of `text`.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

/// How many characters of the term are shown on either side of the place.
const SHOWN: usize = 40;

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each character takes one column. What would move the caret is shown as a space.
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let (before, after) = (self.column() - 1, self.text.chars().count() - (self.column() - 1));
        let skipped = if before > 2 * SHOWN { before - SHOWN } else { 0 };
        let taken = before - skipped + if after > 2 * SHOWN { SHOWN } else { after };
        let part: String = self.text.chars().skip(skipped).take(taken).map(shown).collect();
        let start = if skipped > 0 { ".." } else { "" };
        let end = if skipped + taken < before + after { ".." } else { "" };
        let indent = " ".repeat(start.len() + before - skipped);
        write!(f, "{}\n  {start}{part}{end}\n  {indent}^", self.reason)
    }
}

impl std::error::Error for ParseError {}

/// What to write instead of words and symbols of other languages.
pub(super) mod hints {
    /// Symbols, and what they are called and written here.
    const SYMBOLS: &[(&str, &str)] = &[
        ("**", "a power is written `a ^ b`"),
        ("%", "the remainder is written `a mod b`"),
        ("\\", "the quotient of integers is written `a // b`"),
        ("<>", "write `!=`"),
        ("===", "write `==`"),
        ("=>", "write `>=`"),
        ("=<", "write `<=`"),
        ("!==", "write `!=`"),
        ("=", "a comparison is written `a == b`"),
        ("&&", "write `and`"),
        ("&", "write `and`"),
        ("||", "write `or`"),
        ("|", "write `or`, or `abs(a)`"),
        ("!", "write `not a`, or `a != b`"),
        ("~", "write `not a`"),
        ("?", "a choice is written `if(condition, then, otherwise)`"),
        ("\u{2212}", "write `-`"),
        ("\u{d7}", "a product is written `a * b`"),
        ("\u{b7}", "a product is written `a * b`"),
        ("\u{f7}", "a quotient is written `a / b`"),
        ("\u{b2}", "a square is written `a^2`"),
        ("\u{b3}", "a cube is written `a^3`"),
        ("\u{2264}", "write `<=`"),
        ("\u{2265}", "write `>=`"),
        ("\u{2260}", "write `!=`"),
        ("\u{3c0}", "write `pi`"),
        ("\u{221a}", "a square root is written `sqrt(a)`"),
        ("[", "write `(`"),
        ("{", "write `(`"),
    ];

    /// Names of other languages.
    const NAMES: &[(&str, &str)] = &[
        ("log", "the natural logarithm is `ln`"),
        ("e", "write `exp(1)`"),
        ("x", "the variable is `i`"),
        ("n", "the variable is `i`"),
        ("k", "the variable is `i`"),
        ("j", "the variable is `i`"),
        ("I", "the variable is `i`"),
        ("pow", "a power is written `a ^ b`"),
        ("div", "the quotient of integers is written `a // b`"),
        ("rem", "the remainder is written `a mod b`"),
        ("arctan", "write `atan`"),
        ("int", "write `floor` or `ceil`"),
        ("round", "write `floor(a + 0.5)`"),
        ("Mod", "the remainder is written `a mod b`"),
    ];

    /// The reason, if `rest` begins with a symbol that other languages have.
    pub(in super::super) fn operator(rest: &str) -> Option<String> {
        if let Some((symbol, advice)) = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            return Some(format!("unknown operator `{symbol}`; {advice}"));
        }
        // `+=`, `>==` and the like, which begin with one of ours.
        let end = rest.find(|c| !"+-*/^<>=".contains(c)).unwrap_or(rest.len());
        let is_one = end > 1 && rest[..end].ends_with('=');
        is_one.then(|| format!("unknown operator `{}`", &rest[..end]))
    }

    /// The reason for a name that nothing has.
    pub(in super::super) fn unknown_name(name: &str) -> String {
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, advice)) => format!("unknown name `{name}`; {advice}"),
            None => format!(
                "unknown name `{name}`; expected `i`, `pi`, `if`, `gcd`, `min`, `max`, `abs`, `floor`, `ceil`, `sqrt`, \
                 `exp`, `ln`, `sin`, `cos`, `tan` or `atan`"
            ),
        }
    }
}
