//! The program `threefold`: one fold on the model that a word names, the same answer on each.
//!
//! Words in ([`words`], [`range`], [`plan`]), one fold ([`run`] on a work of [`works`], watched by [`signals`] and
//! [`progress`]), results out ([`output`], [`failure`], [`exit`]).

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
use crate::words::Wanted;

fn main() -> ExitCode {
    // A worker process stops here and serves.
    threefold::init();
    let order = match words::read(env::args_os()) {
        Ok(Wanted::Run(order)) => order,
        Ok(Wanted::Works) => return output::works(),
        Err(words) => return output::words(&words),
    };
    let token = CancelToken::new();
    let signals = match Signals::watch(&token) {
        Ok(signals) => signals,
        Err(error) => return output::nothing_started(&Failure::Signals(error)),
    };
    let run = match run::run(&order, &token) {
        Ok(run) => run,
        Err(why) => return output::words(&words::refusal(why)),
    };
    let written = output::write(&run, order.format);
    exit::code(&run, written, signals.caught())
}
