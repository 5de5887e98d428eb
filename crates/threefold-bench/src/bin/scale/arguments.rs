//! What the command line asks for.

use std::path::PathBuf;

use crate::remote::cluster::Costs;

/// What a message and an output take. `docs/cluster/scale.md` says where each number comes from.
const COSTS: Costs = Costs { send: 2_000, receive: 1_000, output: 60, dispatch: 130, latency: 2_000 };

/// The window of a fold (`fold/claims.rs`).
const WINDOW: u64 = 1 << 16;

pub(crate) struct Arguments {
    pub(crate) costs: Costs,
    pub(crate) window: u64,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) dispatcher: bool,
}

pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { costs: COSTS, window: WINDOW, plot: None, dispatcher: false };
    while let Some(word) = words.next() {
        if word == "--dispatcher" {
            arguments.dispatcher = true;
            continue;
        }
        let mut value = || words.next().ok_or_else(|| format!("a value must follow {word}"));
        if word == "--plot" {
            arguments.plot = Some(value()?.into());
            continue;
        }
        let Arguments { costs, window, .. } = &mut arguments;
        let number = match word.as_str() {
            "--send" => &mut costs.send,
            "--receive" => &mut costs.receive,
            "--output" => &mut costs.output,
            "--dispatch" => &mut costs.dispatch,
            "--latency" => &mut costs.latency,
            "--window" => window,
            _ => return Err(format!("unknown option `{word}`: the first lines of scale/main.rs list the options")),
        };
        let value = value()?;
        *number = value.parse().map_err(|_| format!("{word}: `{value}` is not a whole number"))?;
    }
    Ok(arguments)
}
