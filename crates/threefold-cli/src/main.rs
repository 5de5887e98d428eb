//! The program `threefold`: one parallel computation on the model that its command names, with the same result on each.
//!
//! The command line is read by [`arguments`] and [`range`]; [`plan`] says how the input is cut. A [`work`] is [`run`]
//! once or measured by [`compare`], under the eye of [`signals`] and [`progress`]. Results go out through [`output`] and
//! [`exports`], [`messages`] to stderr; [`failure`] and [`exit`] say what failed.

mod arguments;
mod chunk_error;
mod compare;
mod computation;
mod course;
mod description;
mod escape;
#[cfg(target_os = "linux")]
mod exec;
#[cfg(not(target_os = "linux"))]
#[path = "exec_elsewhere.rs"]
mod exec;
mod exec_options;
mod exhaustion;
mod exit;
mod exports;
mod failure;
mod messages;
mod model_options;
mod output;
mod overdue;
mod paint;
mod plan;
mod progress;
mod range;
mod recording;
mod reduced_term;
mod report;
mod run;
mod saved;
mod signals;
mod work;
mod workloads;

use std::env;
use std::process::ExitCode;

use threefold::CancelToken;

use crate::arguments::{Answer, Request};
use crate::overdue::Overdue;
use crate::run::Run;
use crate::signals::{Ending, Signals};

fn main() -> ExitCode {
    exec::guard::serve_if_asked();
    signals::hear_of_children();
    exhaustion::abort_where_memory_is_limited();
    // A worker process stops here and runs chunks.
    threefold::init();
    match arguments::read(env::args_os()) {
        Ok(Request::Workloads) => output::workloads(),
        Ok(Request::Report(request)) => report::report(&request),
        Ok(Request::Compare(request)) => cancellable(Ending::SoonOrShown, |token, signals, overdue| {
            let code = compare::compare(&request, token, overdue, || signals.caught());
            exec::living::end_all();
            code
        }),
        Ok(Request::Run(request)) => {
            // Whether it can be written, nobody asks any more.
            let speak = |run: &Run, format| drop(output::write(run, format));
            let ending = if request.is_brief() { Ending::AtOnce } else { Ending::Soon };
            cancellable(ending, |token, signals, overdue| match run::run(&request, token, (overdue, speak)) {
                Ok(run) => {
                    exec::living::end_all();
                    exit::code(&run, output::write(&run, request.format), signals.caught())
                }
                Err(reason) => output::answer(&Answer::Refused(request.refused(reason))),
            })
        }
        Err(answer) => output::answer(&answer),
    }
}

/// Calls `work` with a token that INT and TERM cancel, unless they end the program at once.
fn cancellable(ending: Ending, work: impl FnOnce(&CancelToken, &Signals, &Overdue) -> ExitCode) -> ExitCode {
    let (token, overdue) = (CancelToken::new(), Overdue::default());
    match Signals::watch(&token, ending, &overdue) {
        Ok(signals) => work(&token, &signals, &overdue),
        Err(error) => output::refused(&format!("INT and TERM cannot be watched: {error}")),
    }
}
