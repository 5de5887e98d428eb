//! The grammar of terms.
//!
//! Winnow reads the words, numbers and symbols. Operators are put together here, by precedence climbing: an operand is
//! read, then every operator that binds at least as strongly as the caller's level. Each place knows what may stand
//! there, so that an error can say what was expected. The depth is counted, since a deep term would exhaust the stack.
//!
//! | level | operators | grouped |
//! |---|---|---|
//! | 1 | `or` | from the left |
//! | 2 | `and` | from the left |
//! | 3 | `not` | prefix |
//! | 4 | `==` `!=` `<` `<=` `>` `>=` | not at all |
//! | 5 | `+` `-` | from the left |
//! | 6 | `*` `/` `//` `mod` | from the left |
//! | 7 | `-` | prefix |
//! | 8 | `^` | from the right |

use std::ops::Range;

use dashu_int::IBig;
use winnow::Parser;
use winnow::combinator::{alt, opt, peek, repeat};
use winnow::error::EmptyError;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{literal, take_while};

use super::callable::Callable;
use super::expression::{Binary, Comparison, Expression, Kind};
use super::infix::{Infix, POWER, comparison, joined, negated};
use super::parse_error::hints;
use super::parse_error::{self, ParseError};

/// The longest text of a term, in bytes. Longer ones are programs, and this program is none.
const MOST_BYTES: usize = 4_000;

/// How deep parentheses, powers and prefixes may be nested. A level takes about 1 KiB of the stack.
const MOST_LEVELS: usize = 100;

/// The most operands and operators, which bounds the depth of a chain such as `i + i + ..`.
const MOST_PARTS: usize = 1_000;

/// The levels of the prefixes.
const NOT: u8 = 3;
const NEGATION: u8 = 7;

/// What may stand where an operand is expected.
const OPERAND: &str = "a number, `i`, a function, `(` or `-`";

/// What may follow an argument of a function.
const ARGUMENT: &str = "`,` or `)`";

type Input<'t> = LocatingSlice<&'t str>;

/// The tree of the term `text`.
///
/// # Errors
///
/// Where the text is not a term, and what was expected there.
pub(crate) fn parse(text: &str) -> Result<Expression, ParseError> {
    if text.len() > MOST_BYTES {
        return Err(ParseError::new(
            text,
            0,
            format!("the term has {} bytes; at most {MOST_BYTES} are allowed", text.len()),
        ));
    }
    let mut reader = Reader { text, input: LocatingSlice::new(text), level: 0, parts: 0 };
    let expression = reader.expression(1, "the end of the term")?;
    if !reader.is_at_end() {
        return Err(reader.no_operator("the end of the term"));
    }
    Ok(expression)
}

struct Reader<'t> {
    text: &'t str,
    input: Input<'t>,
    /// How deep the current place is nested.
    level: usize,
    /// How many operands and operators there are so far.
    parts: usize,
}

impl<'t> Reader<'t> {
    /// Reads operands and the operators between them that are at least at `level`. `end` says what may follow.
    fn expression(&mut self, level: u8, end: &str) -> Result<Expression, ParseError> {
        self.nested(|it| {
            let mut left = it.prefixed(level, end)?;
            let mut compared: Option<Comparison> = None;
            while let Some((infix, place)) = it.infix().filter(|(infix, _)| infix.level() >= level) {
                if let (Some(first), Infix::Binary(Binary::Compare(second))) = (compared, infix) {
                    let (first, second) = (first.symbol(), second.symbol());
                    let reason = format!("comparisons are not chained: write `a {first} b and b {second} c`");
                    return Err(it.error(place.start, reason));
                }
                it.input = advanced(it.input, place.end);
                it.part(place.start)?;
                // `^` is grouped from the right, and its exponent may have a sign.
                let right_level = if infix.level() == POWER { NEGATION } else { infix.level() + 1 };
                let right = it.expression(right_level, end).map_err(|error| error.after(it.text, &place))?;
                compared = match infix {
                    Infix::Binary(Binary::Compare(comparison)) => Some(comparison),
                    _ => None,
                };
                left = joined(infix, left, right);
            }
            Ok(left)
        })
    }

    /// Reads a prefix with its operand, or an operand.
    fn prefixed(&mut self, level: u8, end: &str) -> Result<Expression, ParseError> {
        self.space();
        let start = self.at();
        if self.take("-") {
            self.part(start)?;
            let operand =
                self.expression(NEGATION, end).map_err(|error| error.after(self.text, &(start..start + 1)))?;
            return Ok(negated(operand, start));
        }
        if level <= NOT && self.word() == "not" {
            self.take("not");
            self.part(start)?;
            let operand = self.expression(NOT, end).map_err(|error| error.after(self.text, &(start..start + 3)))?;
            let place = start..operand.place.end;
            return Ok(comparison(Comparison::Equal, operand, Kind::Integer(IBig::ZERO), place));
        }
        self.part(start)?;
        self.operand()
    }

    fn operand(&mut self) -> Result<Expression, ParseError> {
        let start = self.at();
        if self.take("(") {
            let mut inner = self.expression(1, "`)`")?;
            self.close(start, "`)`")?;
            inner.place = start..self.at();
            return Ok(inner);
        }
        let word = self.word();
        if !word.is_empty() {
            return self.named(word);
        }
        match self.number()? {
            Some(kind) => Ok(Expression { kind, place: start..self.at() }),
            None => Err(self.no_operand()),
        }
    }

    /// Reads the operand that begins with `word`.
    fn named(&mut self, word: &'t str) -> Result<Expression, ParseError> {
        let start = self.at();
        self.input = advanced(self.input, start + word.len());
        let kind = match word {
            "i" => Kind::Item,
            "pi" => Kind::Float(std::f64::consts::PI),
            "mod" | "and" | "or" | "not" => {
                let reason = format!("expected {OPERAND}, found `{word}`{}", self.not_a_function(word));
                return Err(self.error(start, reason));
            }
            _ => return self.call(word, start),
        };
        Ok(Expression { kind, place: start..self.at() })
    }

    /// Advice, if `word`, which stands before this place, is called as a function is.
    fn not_a_function(&mut self, word: &str) -> &'static str {
        self.space();
        match word {
            _ if !self.text[self.at()..].starts_with('(') => "",
            "mod" => "; the remainder is written `a mod b`",
            "and" => "; write `a and b`",
            "or" => "; write `a or b`",
            _ => "",
        }
    }

    /// Reads the arguments of the function `name`.
    fn call(&mut self, name: &str, start: usize) -> Result<Expression, ParseError> {
        let Some(function) = Callable::named(name) else {
            return Err(self.error(start, hints::unknown_name(name)));
        };
        self.space();
        let open = self.at();
        if !self.take("(") {
            let reason = format!("expected `(` after the function `{name}`, found {}", self.found());
            return Err(self.error(open, reason));
        }
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression(1, ARGUMENT)?);
            self.space();
            if !self.take(",") {
                break;
            }
        }
        self.close(open, ARGUMENT)?;
        let place = start..self.at();
        function
            .applied(arguments, place.clone())
            .ok_or_else(|| self.error(place.start, format!("`{name}` takes {}", function.arity())))
    }

    /// Reads `)`, for the parenthesis that was opened at `open`. `end` says what else may follow.
    fn close(&mut self, open: usize, end: &str) -> Result<(), ParseError> {
        self.space();
        if self.take(")") {
            return Ok(());
        }
        let mut error = self.no_operator(end);
        if self.is_at_end() {
            let column = parse_error::column(self.text, open);
            error = self.error(
                self.at(),
                format!("expected `)` for the parenthesis opened in column {column}, found the end of the term"),
            );
        }
        Err(error)
    }

    /// Reads a number, if there is one.
    fn number(&mut self) -> Result<Option<Kind>, ParseError> {
        let start = self.at();
        let digits = |input: &mut Input<'t>| -> Result<&'t str, EmptyError> {
            let group = || take_while(1.., '0'..='9');
            let groups = repeat(0.., ('_', group())).map(|()| ());
            (group(), groups).take().parse_next(input)
        };
        let exponent = |input: &mut Input<'t>| -> Result<&'t str, EmptyError> {
            (alt(('e', 'E')), opt(alt(('+', '-'))), digits).take().parse_next(input)
        };
        let fraction =
            |input: &mut Input<'t>| -> Result<&'t str, EmptyError> { ('.', opt(digits)).take().parse_next(input) };
        let float = alt((
            (digits, fraction, opt(exponent)).take(),
            (('.', digits).take(), opt(exponent)).take(),
            (digits, exponent).take(),
        ));
        let read: Result<(bool, &str), EmptyError> =
            alt((float.map(|text| (true, text)), digits.map(|text| (false, text)))).parse_next(&mut self.input);
        let Ok((is_float, text)) = read else { return Ok(None) };
        let plain = text.replace('_', "");
        if !is_float {
            let integer = plain.parse().map_err(|_| self.error(start, format!("`{text}` is not an integer")))?;
            return Ok(Some(Kind::Integer(integer)));
        }
        match plain.parse() {
            Ok(float) if f64::is_finite(float) => Ok(Some(Kind::Float(float))),
            _ => {
                Err(self.error(start, format!("`{text}` is too large for f64, whose largest value is {:?}", f64::MAX)))
            }
        }
    }

    /// The operator that comes next, and its place. It is not consumed.
    fn infix(&mut self) -> Option<(Infix, Range<usize>)> {
        self.space();
        let start = self.at();
        let operator = match self.word() {
            "or" => return Some((Infix::Or, start..start + 2)),
            "and" => return Some((Infix::And, start..start + 3)),
            "mod" => return Some((Infix::Binary(Binary::Modulo), start..start + 3)),
            "" => self.symbol()?,
            _ => return None,
        };
        let length = operator.symbol().len();
        let rest = &self.text[start + length..];
        // Operators of other languages, which begin with one of ours.
        let is_other = match operator {
            Binary::Multiply => rest.starts_with(['*', '=']),
            Binary::Compare(Comparison::Less) => rest.starts_with('>'),
            _ => rest.starts_with('='),
        };
        if is_other {
            return None;
        }
        Some((Infix::Binary(operator), start..start + length))
    }

    fn symbol(&mut self) -> Option<Binary> {
        const SYMBOLS: [Binary; 12] = [
            Binary::Quotient,
            Binary::Compare(Comparison::Equal),
            Binary::Compare(Comparison::Different),
            Binary::Compare(Comparison::AtMost),
            Binary::Compare(Comparison::AtLeast),
            Binary::Compare(Comparison::Less),
            Binary::Compare(Comparison::Greater),
            Binary::Add,
            Binary::Subtract,
            Binary::Multiply,
            Binary::Divide,
            Binary::Power,
        ];
        let is_next = |operator: &Binary| -> bool {
            let found: Result<&str, EmptyError> = peek(literal(operator.symbol())).parse_next(&mut self.input.clone());
            found.is_ok()
        };
        SYMBOLS.into_iter().find(is_next)
    }

    /// The word that comes next, or nothing. It is not consumed.
    fn word(&mut self) -> &'t str {
        let letters = |c: char| c.is_ascii_alphabetic() || c == '_';
        let word: Result<&str, EmptyError> =
            (take_while(1, letters), take_while(0.., ('a'..='z', 'A'..='Z', '0'..='9', '_')))
                .take()
                .parse_next(&mut self.input.clone());
        word.unwrap_or_default()
    }

    /// Consumes `text` if it comes next.
    fn take(&mut self, text: &str) -> bool {
        let taken: Result<&str, EmptyError> = literal(text).parse_next(&mut self.input);
        taken.is_ok()
    }

    fn space(&mut self) {
        let _: Result<&str, EmptyError> = take_while(0.., char::is_whitespace).parse_next(&mut self.input);
    }

    fn is_at_end(&self) -> bool {
        self.at() == self.text.len()
    }

    fn at(&self) -> usize {
        self.input.current_token_start()
    }

    /// Calls `read` one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.level == MOST_LEVELS {
            return Err(self.error(self.at(), format!("the term is nested more than {MOST_LEVELS} levels deep")));
        }
        self.level += 1;
        let result = read(self);
        self.level -= 1;
        result
    }

    /// Counts an operand or operator at `at`.
    fn part(&mut self, at: usize) -> Result<(), ParseError> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(self.error(at, format!("the term has more than {MOST_PARTS} operands and operators")));
        }
        Ok(())
    }

    /// What comes next, for an error.
    fn found(&mut self) -> String {
        match (self.word(), self.text[self.at()..].chars().next()) {
            (_, None) => "the end of the term".to_string(),
            ("", Some(c @ ('"' | '\''))) => format!("`{c}`"),
            ("", Some(c)) => format!("`{}`", c.escape_debug()),
            (word, _) => format!("`{word}`"),
        }
    }

    /// There is no operand here.
    fn no_operand(&mut self) -> ParseError {
        let rest = &self.text[self.at()..];
        let reason = hints::operator(rest).unwrap_or_else(|| format!("expected {OPERAND}, found {}", self.found()));
        self.error(self.at(), reason)
    }

    /// There is no operator here, and none of what may `end` the expression.
    fn no_operator(&mut self, end: &str) -> ParseError {
        let rest = &self.text[self.at()..];
        let is_operand = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '(');
        let reason = hints::operator(rest).unwrap_or_else(|| {
            let separator = if end.contains(" or ") { "," } else { " or" };
            let product = if is_operand { "; a product is written `a * b`" } else { "" };
            format!("expected an operator{separator} {end}, found {}{product}", self.found())
        });
        self.error(self.at(), reason)
    }

    fn error(&self, at: usize, reason: String) -> ParseError {
        ParseError::new(self.text, at, reason)
    }
}

/// The input from byte `at` on.
fn advanced(mut input: Input<'_>, at: usize) -> Input<'_> {
    use winnow::stream::Stream;
    let count = at - input.current_token_start();
    input.next_slice(count);
    input
}
