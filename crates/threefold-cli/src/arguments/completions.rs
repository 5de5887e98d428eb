//! The arguments of `completions`, and the scripts that it prints.

use clap::{Args, Command, ValueEnum};
use clap_complete::aot::{self, Generator};
use clap_complete_nushell::Nushell;

pub(super) const EXAMPLES: &str = "\
Examples:
  threefold completions bash > ~/.local/share/bash-completion/completions/threefold
  threefold completions zsh > ~/.zfunc/_threefold
  threefold completions fish > ~/.config/fish/completions/threefold.fish
  threefold completions nushell > threefold-completions.nu

Zsh looks in ~/.zfunc if .zshrc has `fpath+=~/.zfunc` before `autoload -Uz compinit; compinit`.
Nushell reads the file with `use threefold-completions.nu *` in config.nu.";

#[derive(Args)]
pub(super) struct CompletionsArguments {
    /// The shell that completes the commands and options
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// The shells that there are scripts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Nushell,
}

impl CompletionsArguments {
    /// The script for the program of this `parser`.
    pub(super) fn script(&self, parser: &mut Command) -> String {
        match self.shell {
            Shell::Bash => generate(aot::Bash, parser),
            Shell::Zsh => generate(aot::Zsh, parser),
            Shell::Fish => generate(aot::Fish, parser),
            Shell::Nushell => generate(Nushell, parser),
        }
    }
}

fn generate(shell: impl Generator, parser: &mut Command) -> String {
    let (name, mut script) = (parser.get_name().to_string(), Vec::new());
    aot::generate(shell, parser, name, &mut script);
    String::from_utf8(script).expect("the names and the help are UTF-8")
}
