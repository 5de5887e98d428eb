//! `Partial`: what a reduction has given for the items so far.

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use crate::columns::Column;
use crate::columns::reduce as columns;
use crate::failure::Failure;
use crate::number::MOST_BITS;
use crate::plan::Plan;
use crate::program::Type;
use crate::reduction::Reduction;
use crate::reduction::float_product::FloatProduct;
use crate::reduction::float_sum::FloatSum;
use crate::reduction::product::Product;
use crate::value::{Integer, Value};

/// What a reduction has given for some items: of one chunk, or of several that follow each other.
///
/// It can be serialized with the feature `serde`, so that chunks may be reduced in other processes.
///
/// ```
/// use threefold_term::{Reduction, Term};
///
/// let term = Term::parse("i^20")?;
/// let first = term.reduce(Reduction::Sum, 1..=500).unwrap();
/// let second = term.reduce(Reduction::Sum, 501..=1_000).unwrap();
/// let all = term.reduce(Reduction::Sum, 1..=1_000).unwrap();
/// assert_eq!(first.then(second).value(), all.value());
/// # Ok::<(), threefold_term::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Partial(Kind);

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Kind {
    Sum(Integer),
    FloatSum(FloatSum),
    Product(Product),
    FloatProduct(FloatProduct),
    Min(Option<Value>),
    Max(Option<Value>),
    Count(u128),
}

impl Partial {
    /// The reduction of no items.
    pub(crate) fn empty(reduction: Reduction, of: Type) -> Self {
        Self(match (reduction, of) {
            (Reduction::Sum, Type::Integer) => Kind::Sum(0.into()),
            (Reduction::Sum, Type::Float) => Kind::FloatSum(FloatSum::default()),
            (Reduction::Product, Type::Integer) => Kind::Product(Product::default()),
            (Reduction::Product, Type::Float) => Kind::FloatProduct(FloatProduct::ONE),
            (Reduction::Min, _) => Kind::Min(None),
            (Reduction::Max, _) => Kind::Max(None),
            (Reduction::Count, _) => Kind::Count(0),
        })
    }

    /// This, and then `next`, the partial result of the items after these. Sums and products of f64 depend on how the
    /// items were cut; everything else does not.
    ///
    /// # Panics
    ///
    /// They are of different reductions, or of different terms.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let term = Term::parse("1. / i")?;
    /// let [first, second] = [1..=4, 5..=8].map(|range| term.reduce(Reduction::Min, range).unwrap());
    /// assert_eq!(first.then(second).value().unwrap().to_string(), "0.125");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        match (&mut self.0, next.0) {
            (Kind::Sum(Integer(sum)), Kind::Sum(Integer(next))) => *sum += next,
            (Kind::FloatSum(sum), Kind::FloatSum(next)) => sum.then(next),
            (Kind::Product(product), Kind::Product(next)) => product.then(next),
            (Kind::FloatProduct(product), Kind::FloatProduct(next)) => product.then(next),
            (Kind::Min(least), Kind::Min(Some(next))) => keep(least, next, |a, b| b < a),
            (Kind::Max(greatest), Kind::Max(Some(next))) => keep(greatest, next, |a, b| b > a),
            (Kind::Min(_), Kind::Min(None)) | (Kind::Max(_), Kind::Max(None)) => {}
            (Kind::Count(count), Kind::Count(next)) => *count += next,
            (one, other) => panic!("these are not of one reduction: {one:?} and {other:?}"),
        }
        self
    }

    /// The value for all items so far.
    ///
    /// # Errors
    ///
    /// There are no items, and so no smallest or greatest value; or a sum or product is too large for f64,
    /// or of integers has more than 2^28 bits.
    ///
    /// ```
    /// use threefold_term::{Reduction, Term};
    ///
    /// let none = Term::parse("i")?.reduce(Reduction::Max, 1..=0).unwrap();
    /// assert_eq!(none.value().unwrap_err().to_string(), "there are no items, and so there is no max");
    /// # Ok::<(), threefold_term::ParseError>(())
    /// ```
    pub fn value(&self) -> Result<Value, Failure> {
        let none = |name: &str| Failure::of_reduction(format!("there are no items, and so there is no {name}"));
        let float = |value: Option<f64>, name: &str| match value {
            // The zeros of f64 are one value.
            Some(value) => Ok(Value::Float(value + 0.0)),
            None => Err(Failure::of_reduction(format!("the {name} is too large for f64"))),
        };
        let too_many_bits = |name: &str| Failure::of_reduction(format!("the {name} has more than {MOST_BITS} bits"));
        match &self.0 {
            Kind::Sum(Integer(sum)) if sum.bit_len() > MOST_BITS => Err(too_many_bits("sum")),
            Kind::Sum(sum) => Ok(Value::Integer(sum.clone())),
            Kind::FloatSum(sum) => float(sum.value(), "sum"),
            Kind::Product(product) => match product.value() {
                Some(product) => Ok(Value::Integer(Integer(product))),
                None => Err(too_many_bits("product")),
            },
            Kind::FloatProduct(product) => float(product.value(), "product"),
            Kind::Min(least) => least.clone().ok_or_else(|| none("min")),
            Kind::Max(greatest) => greatest.clone().ok_or_else(|| none("max")),
            Kind::Count(count) => Ok(Value::Integer(Integer((*count).into()))),
        }
    }

    /// Adds the values of a block, which the columns have computed. `false` if it may be that a value is not finite:
    /// then nothing was added.
    pub(crate) fn add_column(&mut self, column: &Column<'_>, plan: &Plan) -> bool {
        if let (Column::Float(values), false) = (column, plan.is_finite)
            && columns::any_not_finite(values)
        {
            return false;
        }
        match (&mut self.0, column) {
            (
                Kind::FloatSum(_) | Kind::FloatProduct(_) | Kind::Min(_) | Kind::Max(_) | Kind::Count(_),
                Column::Float(values),
            ) => {
                self.add_floats(values);
            }
            (Kind::Sum(Integer(sum)), column) => match columns::sum(column, plan.magnitude) {
                Some(part) => *sum += part,
                None => return false,
            },
            (Kind::Product(product), column) => columns::each(column, |value| product.multiply(value)),
            (Kind::Min(least), column) => {
                if let Some(value) = columns::least(column) {
                    keep(least, Value::Integer(value.into()), |a, b| b < a);
                }
            }
            (Kind::Max(greatest), column) => {
                if let Some(value) = columns::greatest(column) {
                    keep(greatest, Value::Integer(value.into()), |a, b| b > a);
                }
            }
            (Kind::Count(count), column) => *count += columns::count(column) as u128,
            (Kind::FloatSum(_) | Kind::FloatProduct(_), _) => unreachable!("the sum of f64 is of f64"),
        }
        true
    }

    /// Adds the values of a block, which are finite.
    pub(crate) fn add_floats(&mut self, values: &[f64]) {
        match &mut self.0 {
            Kind::FloatSum(sum) => sum.add_block(values),
            Kind::FloatProduct(product) => product.multiply(values),
            Kind::Min(least) => {
                if let Some(value) = columns::least_float(values) {
                    keep(least, Value::Float(value), |a, b| b < a);
                }
            }
            Kind::Max(greatest) => {
                if let Some(value) = columns::greatest_float(values) {
                    keep(greatest, Value::Float(value), |a, b| b > a);
                }
            }
            Kind::Count(count) => *count += values.iter().filter(|&&value| value != 0.0).count() as u128,
            Kind::Sum(_) | Kind::Product(_) => unreachable!("the values are integers"),
        }
    }

    /// Adds the value of an item, of any size.
    pub(crate) fn add_integer(&mut self, value: IBig) {
        match &mut self.0 {
            Kind::Sum(Integer(sum)) => *sum += value,
            Kind::Product(product) => product.multiply(value),
            Kind::Min(least) => keep(least, Value::Integer(Integer(value)), |a, b| b < a),
            Kind::Max(greatest) => keep(greatest, Value::Integer(Integer(value)), |a, b| b > a),
            Kind::Count(count) => *count += u128::from(!value.is_zero()),
            Kind::FloatSum(_) | Kind::FloatProduct(_) => unreachable!("the values are f64"),
        }
    }
}

/// Replaces `kept` by `value` if there is none, or if `value` is better.
fn keep(kept: &mut Option<Value>, value: Value, is_better: impl Fn(&Value, &Value) -> bool) {
    if kept.as_ref().is_none_or(|kept| is_better(kept, &value)) {
        *kept = Some(value);
    }
}
