//! The arguments of `man`, and the pages that it prints.

use std::io;

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::known::commands;

pub(super) const EXAMPLES: &str = "\
Examples:
  threefold man > ~/.local/share/man/man1/threefold.1
  threefold man compare > ~/.local/share/man/man1/threefold-compare.1";

/// What ends the page of the whole program, besides its examples.
const EXIT_STATUS: [(&str, &str); 5] = [
    (
        "0",
        "Success: the result was written. This includes runs in which a chunk succeeded on a retry, and runs whose \
         reader closed the pipe early.",
    ),
    ("1", "A chunk or its worker failed, or a model gave another result than sequential."),
    (
        "2",
        "Nothing was started: the arguments are wrong, the model is not in this build, a file cannot be written, or the \
         journal records another fold.",
    ),
    ("130", "INT (Ctrl-C) ended the run."),
    ("143", "TERM ended the run."),
];

const ENVIRONMENT: [(&str, &str); 3] = [
    ("COLUMNS", "The width of the help, if it is not written to a terminal. It is at most 100 columns."),
    ("NO_COLOR", "If it is set, there are no colours, also on a terminal."),
    ("TERM", "If it is dumb, there are no colours, also on a terminal."),
];

#[derive(Args)]
pub(super) struct ManualArguments {
    /// A command, for example compare [default: the whole program]
    #[arg(value_name = "COMMAND", value_parser = commands(), hide_possible_values = true)]
    pub(super) command: Option<String>,
}

/// The page of the whole program, which was built, in the language of man.
pub(super) fn of_program(program: &Command) -> String {
    page(program, |man, page, more| {
        man.render_subcommands_section(page)?;
        terms(more, "EXIT STATUS", &EXIT_STATUS);
        terms(more, "ENVIRONMENT", &ENVIRONMENT);
        Ok(())
    })
}

/// The page of one of its commands.
pub(super) fn of_command(command: &Command) -> String {
    page(command, |_, _, _| Ok(()))
}

/// The page of this command, with sections of its own before the examples.
fn page(command: &Command, own: impl FnOnce(&Man, &mut Vec<u8>, &mut Roff) -> io::Result<()>) -> String {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).manual("Commands").source(format!("threefold {}", env!("CARGO_PKG_VERSION")));
    let write = || -> io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        let mut more = Roff::new();
        own(&man, &mut page, &mut more)?;
        if let Some(examples) = command.get_after_long_help() {
            self::examples(&mut more, &examples.to_string());
        }
        more.to_writer(&mut page)
    };
    write().expect("a vector takes all that is written");
    String::from_utf8(page).expect("the names and the help are UTF-8")
}

/// A section that explains words.
fn terms(page: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    page.control("SH", [title]);
    for (term, meaning) in terms {
        page.control("TP", []).text([roman(*term)]).text([roman(*meaning)]);
    }
}

/// The examples, each on its own line, as they are in the help.
fn examples(page: &mut Roff, help: &str) {
    let (title, lines) = help.split_once(":\n").unwrap_or(("Examples", help));
    page.control("SH", [title.to_uppercase().as_str()]).control("nf", []);
    for line in lines.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
}
