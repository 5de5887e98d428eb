//! The program `threefold`: one fold on the model that a word names, the same answer on each.
//!
//! Words in ([`words`], [`range`], [`plan`]), one fold ([`run`]) of a work of [`works`] or many ([`compare`]), watched by
//! [`signals`] and [`progress`], results out ([`output`], [`failure`], [`exit`]).

mod compare;
mod exit;
mod failure;
mod output;
mod plan;
mod progress;
mod range;
mod run;
mod signals;
mod words;
mod works;

use std::env;
use std::process::ExitCode;

use threefold::CancelToken;

use crate::failure::Failure;
use crate::signals::Signals;
use crate::words::{Folding, Wanted};

fn main() -> ExitCode {
    // A worker process stops here and serves.
    threefold::init();
    let folding = match words::read(env::args_os()) {
        Ok(Wanted::Works) => return output::works(),
        Ok(Wanted::Report(report)) => return compare::report(&report),
        Ok(Wanted::Fold(folding)) => folding,
        Err(words) => return output::words(&words),
    };
    let token = CancelToken::new();
    let grace = match folding {
        Folding::Once(_) => signals::GRACE,
        Folding::Compare(_) => signals::GRACE_TO_TELL,
    };
    let signals = match Signals::watch(&token, grace) {
        Ok(signals) => signals,
        Err(error) => return output::nothing_started(&Failure::Signals(error)),
    };
    match folding {
        Folding::Compare(comparing) => compare::compare(&comparing, &token, || signals.caught()),
        Folding::Once(order) => match run::run(&order, &token) {
            Ok(run) => exit::code(&run, output::write(&run, order.format), signals.caught()),
            Err(why) => output::words(&words::refusal(why)),
        },
    }
}
