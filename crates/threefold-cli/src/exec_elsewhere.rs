//! `Exec` where there is none: it needs Linux, which tells of the end of a process by a descriptor.

use std::convert::Infallible;

use crate::computation::Visitor;
use crate::exec_options::{Limits, Request};
use crate::plan::Input;

/// A program that is started for every chunk: there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exec(Infallible);

impl Exec {
    /// # Errors
    ///
    /// Always: there is no such work here.
    pub(crate) fn new(_: Request) -> Result<Self, String> {
        Err("--exec needs Linux".to_string())
    }

    pub(crate) fn within(self, _: Limits) -> Self {
        match self.0 {}
    }

    pub(crate) fn name(&self) -> &str {
        match self.0 {}
    }

    pub(crate) fn items(&self) -> &'static str {
        match self.0 {}
    }

    pub(crate) fn passes_on(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn in_flight() -> usize {
        1
    }

    /// # Errors
    ///
    /// Never, since there is no such work.
    pub(crate) fn visit<V: Visitor>(&self, _: &Input, _: V) -> Result<V::Result, String> {
        match self.0 {}
    }
}

pub(crate) mod guard {
    /// No process is started, so none needs a guard.
    pub(crate) fn serve_if_asked() {}
}

pub(crate) mod living {
    /// No process is started, so none has to end.
    pub(crate) fn end_all() {}
}
