//! The arguments of `completions`, and the scripts that it prints.

use clap::{Arg, Args, Command, ValueEnum};
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
        parser.build();
        let parser = shown(parser);
        match self.shell {
            Shell::Bash => generate(aot::Bash, parser),
            Shell::Zsh => generate(aot::Zsh, parser),
            Shell::Fish => generate(aot::Fish, parser),
            Shell::Nushell => generate(Nushell, with_aliases(parser)),
        }
    }
}

/// The same parser, in which each alias of a command is a command too: the generator for Nushell leaves aliases out.
fn with_aliases(parser: Command) -> Command {
    let mut aliases = Vec::new();
    for command in parser.get_subcommands() {
        for name in command.get_visible_aliases() {
            aliases.push(command.clone().name(forever(name)).visible_alias(None));
        }
    }
    parser.mut_subcommands(|command| command.visible_alias(None)).subcommands(aliases)
}

fn generate(shell: impl Generator, mut parser: Command) -> String {
    let (name, mut script) = (parser.get_name().to_string(), Vec::new());
    aot::generate(shell, &mut parser, name, &mut script);
    String::from_utf8(script).expect("the names and the help are UTF-8")
}

/// The name stays in memory: the program ends when the script is printed.
fn forever(name: &str) -> &'static str {
    name.to_string().leak()
}

/// The same command without its hidden arguments, which are refused. Clap adds `--help` and `--version` once more.
fn shown(command: &Command) -> Command {
    let is_shown =
        |argument: &&Arg| !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str());
    Command::new(forever(command.get_name()))
        .about(command.get_about().cloned().unwrap_or_default())
        .after_long_help(command.get_after_long_help().cloned().unwrap_or_default())
        .version(command.get_version().map(forever))
        .visible_aliases(command.get_visible_aliases().map(forever))
        .disable_help_subcommand(true)
        .args(command.get_arguments().filter(is_shown).cloned())
        .subcommands(command.get_subcommands().map(shown))
}
