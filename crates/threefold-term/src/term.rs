//! `Term`: a term that can be evaluated.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::columns::{self, BLOCK, Items, Registers};
use crate::failure::Failure;
use crate::machine::Machine;
use crate::number::Number;
use crate::plan::Plan;
use crate::program::{self, Program, Type};
use crate::reduction::{Partial, Reduction};
use crate::syntax::{self, ParseError};
use crate::value::Value;

/// How many items have one plan. A plan takes some microseconds; so many items take at least fifty times that.
const PLANNED: i64 = 256 * BLOCK as i64;

/// After how many blocks an evaluation is asked whether it goes on. Of the shortest term they take some microseconds.
const ASKED: u64 = 16;

/// A term in the integer variable `i`.
///
/// The crate's documentation has the grammar and says what each operation means. A term prints as the text that it was
/// parsed from; with the feature `serde` it is serialized as that text.
///
/// ```
/// use threefold_term::{Reduction, Term};
///
/// let term: Term = "if(i mod 3 == 0 or i mod 5 == 0, i, 0)".parse()?;
/// let sum = term.reduce(Reduction::Sum, 1..=999).unwrap().value().unwrap();
/// assert_eq!(sum.to_string(), "233168");
/// # Ok::<(), threefold_term::ParseError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "String", try_from = "String")
)]
pub struct Term {
    text: String,
    program: Program,
}

impl Term {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// The text is not a term: at which character, and what was expected there.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// assert!(Term::parse("i^2 mod 7").is_ok());
    /// assert!(Term::parse("i^2 mod").is_err());
    /// assert!(Term::parse("(i / 2) mod 7").is_err()); // `/` gives an f64, and `mod` needs integers
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let expression = syntax::parse(text)?;
        let program = program::compile(text, expression)?;
        Ok(Self { text: text.to_string(), program })
    }

    /// The text that it was parsed from.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// assert_eq!(Term::parse("i^2  mod 7")?.text(), "i^2  mod 7");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether its values are exact integers. Otherwise they are f64.
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// assert!(Term::parse("floor(sqrt(i)) + 1")?.is_exact());
    /// assert!(!Term::parse("1. / i^2")?.is_exact());
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn is_exact(&self) -> bool {
        self.program.value_type() == Type::Integer
    }

    /// Its value for one item.
    ///
    /// # Errors
    ///
    /// It has none: a division by zero, the logarithm of a negative number, a result that is too large, ..
    ///
    /// ```
    /// use threefold_term::Term;
    ///
    /// let term = Term::parse("sqrt(i - 2)")?;
    /// assert_eq!(term.value(6).unwrap().to_string(), "2.0");
    /// assert_eq!(term.value(1).unwrap_err().to_string(), "i = 1: sqrt(-1.0) is not a real number");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn value(&self, item: i64) -> Result<Value, Failure> {
        let value = Machine::new(&self.program).value(item);
        value.map(Value::from).map_err(|reason| Failure::at(item, reason))
    }

    /// What `reduction` gives for no items: where a fold begins.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let term = Term::parse("i")?;
    /// assert_eq!(term.nothing(Reduction::Product).value().unwrap().to_string(), "1");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn nothing(&self, reduction: Reduction) -> Partial {
        Partial::empty(reduction, self.program.value_type())
    }

    /// Reduces its values for all items of `range`.
    ///
    /// # Errors
    ///
    /// It has no value for an item. The first such item is named.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let term = Term::parse("1. / i^2")?;
    /// let sum = term.reduce(Reduction::Sum, 1..=1_000_000).unwrap();
    /// assert!(sum.value().unwrap().to_string().starts_with("1.64493306684"));
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn reduce(&self, reduction: Reduction, range: RangeInclusive<i64>) -> Result<Partial, Failure> {
        self.reduce_while(reduction, range, || true)
    }

    /// The same, until `goes_on` returns `false`. It is asked after at most 16,384 items, and after each item that needs
    /// more than 128 bits. What was reduced until then is returned.
    ///
    /// # Errors
    ///
    /// It has no value for an item. The first such item is named.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let mut asked = 0;
    /// let some = Term::parse("i")?.reduce_while(Reduction::Count, 1..=i64::MAX, || {
    ///     asked += 1;
    ///     asked < 3
    /// });
    /// assert!(some.is_ok());
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn reduce_while(
        &self,
        reduction: Reduction,
        range: RangeInclusive<i64>,
        mut goes_on: impl FnMut() -> bool,
    ) -> Result<Partial, Failure> {
        let mut partial = self.nothing(reduction);
        let mut evaluation = Evaluation {
            program: &self.program,
            machine: Machine::new(&self.program),
            registers: Registers::default(),
        };
        let (mut first, end) = range.into_inner();
        while first <= end && goes_on() {
            let last = first.saturating_add(PLANNED - 1).min(end);
            evaluation.piece(first, last, &mut partial, &mut goes_on)?;
            let Some(next) = last.checked_add(1) else { break };
            first = next;
        }
        Ok(partial)
    }
}

/// The evaluation of a term for the items of a range.
struct Evaluation<'p> {
    program: &'p Program,
    machine: Machine<'p>,
    registers: Registers,
}

impl Evaluation<'_> {
    /// Adds the values from `first` to `last`, which have one plan.
    fn piece(
        &mut self,
        first: i64,
        last: i64,
        partial: &mut Partial,
        goes_on: &mut impl FnMut() -> bool,
    ) -> Result<(), Failure> {
        let plan = Plan::new(self.program, first, last);
        self.registers.prepare(&plan);
        let (mut start, mut blocks) = (first, 0);
        loop {
            let remaining = last.abs_diff(start);
            let len = (BLOCK as u64).min(remaining.saturating_add(1)) as usize;
            let is_done = self.columns(&plan, start, len, partial) || self.one_by_one(start, len, partial, goes_on)?;
            blocks += 1;
            if !is_done || remaining < BLOCK as u64 || blocks % ASKED == 0 && !goes_on() {
                return Ok(());
            }
            start += BLOCK as i64;
        }
    }

    /// Adds the values of a block, if columns can hold them.
    fn columns(&mut self, plan: &Plan, first: i64, len: usize, partial: &mut Partial) -> bool {
        let items = Items::From { first, len };
        columns::run(&plan.block, items, &mut self.registers).is_ok()
            && partial.add_column(&self.registers.column(plan.block.value, len), plan)
    }

    /// Adds the values of a block in exact arithmetic, until `goes_on` returns `false`; whether it did not. Integers are
    /// added one at a time, since each may take 32 MiB.
    fn one_by_one(
        &mut self,
        first: i64,
        len: usize,
        partial: &mut Partial,
        goes_on: &mut impl FnMut() -> bool,
    ) -> Result<bool, Failure> {
        let mut floats = Vec::new();
        for item in (first..=i64::MAX).take(len) {
            match self.machine.value(item).map_err(|reason| Failure::at(item, reason))? {
                Number::Integer(integer) => partial.add_integer(integer),
                Number::Float(float) => floats.push(float),
            }
            if !goes_on() {
                return Ok(false);
            }
        }
        if self.program.value_type() == Type::Float {
            partial.add_floats(&floats);
        }
        Ok(true)
    }
}

/// The text that it was parsed from.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Term {
    type Err = ParseError;

    /// See [`Term::parse`].
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Term {
    type Error = ParseError;

    /// See [`Term::parse`].
    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.text
    }
}

/// Terms are equal if their texts are.
impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Term {}
