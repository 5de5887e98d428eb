//! What `#[task]` finds out about concrete types: whether an output is a `Result`, whether values can be compared.
//!
//! A method call looks at `&self` candidates by value before it adds a reference, so the impl for the special type is
//! found first and the one for any type where that does not apply. This works where the types are known, in the code
//! that the macro writes, and asks for no bound.

/// An output.
pub struct Probe<'a, T>(pub &'a T);

/// Outputs that are a `Result`.
pub trait ResultOutput {
    fn is_err(&self) -> bool;
}

impl<T, E> ResultOutput for Probe<'_, Result<T, E>> {
    fn is_err(&self) -> bool {
        self.0.is_err()
    }
}

/// All others.
pub trait AnyOutput {
    fn is_err(&self) -> bool;
}

impl<T> AnyOutput for &Probe<'_, T> {
    fn is_err(&self) -> bool {
        false
    }
}

/// Two values to compare.
pub struct Pair<'a, T>(pub &'a T, pub &'a T);

/// Values that can be compared.
pub trait EqPair {
    fn is_eq(&self) -> Option<bool>;
}

impl<T: PartialEq> EqPair for Pair<'_, T> {
    fn is_eq(&self) -> Option<bool> {
        // A value that differs from itself, a NaN inside, says nothing by differing from its copy.
        #[expect(clippy::eq_op, reason = "a test for reflexivity")]
        let reflexive = self.0 == self.0;
        reflexive.then(|| self.0 == self.1)
    }
}

/// All others.
pub trait AnyPair {
    fn is_eq(&self) -> Option<bool>;
}

impl<T> AnyPair for &Pair<'_, T> {
    fn is_eq(&self) -> Option<bool> {
        None
    }
}
