//! The scripts that shells complete with, and the manual page.

use std::collections::BTreeSet;

use crate::answer;

fn printed(arguments: &str) -> String {
    let answer = answer(arguments);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{arguments}");
    answer.stdout
}

/// The words of `text` that begin with two hyphens.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2).collect()
}

/// The names of the commands, from the table in the help.
fn commands(help: &str) -> Vec<&str> {
    let table =
        help.split_once("Commands:\n").and_then(|(_, after)| after.split_once("\n\n")).expect("the help has it").0;
    let lines = table.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| !line.starts_with(' ')).map(|line| line.split(' ').next().unwrap_or_default()).collect()
}

#[test]
fn every_shell_is_told_of_every_command_and_option() {
    let help = printed("-h");
    let commands = commands(&help);
    assert!(commands.len() > 9, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "nushell"] {
        let script = printed(&format!("completions {shell}"));
        // Fish names long options with `-l` and without hyphens.
        let script = script.replace(" -l ", " --");
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
            let of_command = printed(&format!("{command} -h"));
            let (here, there) = (options(of_command.split("Examples:").next().unwrap()), options(&script));
            let absent: Vec<_> = here.difference(&there).filter(|option| !of_other_words(option)).collect();
            assert!(absent.is_empty(), "{shell}: {command}: {absent:?}");
        }
    }
}

#[test]
fn every_shell_is_told_of_the_other_names_of_models() {
    for shell in ["bash", "zsh", "fish", "nushell"] {
        let script = printed(&format!("completions {shell}"));
        for name in ["multithreading", "multiprocess"] {
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
    let script = printed("completions nushell");
    let options = |name: &str| {
        let after = script.split_once(&format!("  export extern \"threefold {name}\" [\n")).expect("it is there").1;
        after.split_once("  ]\n").expect("it is closed").0.to_string()
    };
    let other_name = |text: String| text.replace("threefold threads ", "threefold multithreading ");
    assert_eq!(other_name(options("threads")), options("multithreading"));
}

/// What bash offers for the last of these words.
#[cfg(target_os = "linux")]
fn offered(words: &str) -> Vec<String> {
    let (before, last) = words.rsplit_once(' ').expect("there are two");
    let script = format!(
        "{}\nCOMP_WORDS=(threefold {before} \"$0\") COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         _threefold threefold \"$0\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        printed("completions bash")
    );
    let output = std::process::Command::new("bash").args(["-c", &script, last]).output().expect("bash starts");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn bash_completes_models_and_commands_and_no_hidden_option() {
    let models: Vec<_> = threefold::Model::ALL.iter().map(|model| model.name()).collect();
    assert_eq!(offered("compare --models "), models);
    assert_eq!(offered("compare --reference "), models);
    assert_eq!(offered("help th"), ["threads"]);
    assert_eq!(offered("man c"), ["compare", "completions"]);
    let options = offered("sequential --");
    assert!(options.iter().any(|option| option == "--chunks"), "{options:?}");
    assert!(!options.iter().any(|option| option == "--workers" || option == "--in-flight"), "{options:?}");
}

/// Whether the text of an option names this one of another command.
fn of_other_words(option: &str) -> bool {
    ["--version"].contains(&option)
}

#[test]
fn an_unknown_shell_is_answered_with_the_known_ones() {
    let answer = answer("completions tcsh");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(answer.stderr);
}

#[test]
fn the_manual_page_has_the_commands_the_exit_codes_and_the_examples() {
    insta::assert_snapshot!(printed("man"));
}

#[test]
fn every_command_has_a_manual_page_with_its_options_and_examples() {
    let help = printed("-h");
    for command in commands(&help) {
        let page = printed(&format!("man {command}")).replace("\\-", "-").replace("\\fB", " ");
        assert!(page.contains(&format!(".TH threefold-{command} 1")), "{page}");
        assert!(page.contains("\n.SH EXAMPLES\n"), "{page}");
        let of_command = printed(&format!("{command} --help"));
        let absent: Vec<_> = options(&of_command).difference(&options(&page)).copied().collect();
        assert!(absent.is_empty(), "{command}: {absent:?}");
    }
    assert_eq!(printed("man multithreading"), printed("man threads"));
    let answer = answer("man cp");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.starts_with("threefold: error: unknown command `cp`; expected one of "), "{}", answer.stderr);
}

#[test]
fn every_help_has_examples_and_the_short_one_is_shorter() {
    for command in commands(&printed("-h")) {
        let (long, short) = (printed(&format!("{command} --help")), printed(&format!("{command} -h")));
        assert!(long.contains("\nExamples:\n  "), "{long}");
        assert!(short.lines().count() < long.lines().count(), "{short}");
        assert!(!short.contains("Examples:"), "{short}");
    }
}
