use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::arguments::Arguments;
use crate::words::{Catalogue, Language};

/// Where the arguments that every verb takes stand in its help.
const ORDER_OF_SHARED: usize = 100;
const ORDER_OF_HELP: usize = 900;

/// The command line with its help in the reader's language.
pub(super) fn localised(texts: &Catalogue, language: Language) -> Command {
    let text = |key: &str| texts.text(key, language, &[]);
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .help(text("cli.arg.version"))
        .help_heading(text("cli.heading.options"))
        .display_order(ORDER_OF_HELP);
    dressed(Arguments::command(), &text)
        .about(text("cli.about"))
        .disable_version_flag(true)
        .arg(version)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .mut_subcommands(|verb| {
            let name = verb.get_name().to_owned();
            of_verb(verb, &name, &text).mut_subcommands(|inner| {
                let name = format!("{name}.{}", inner.get_name());
                of_verb(inner, &name, &text)
            })
        })
}

fn of_verb(verb: Command, name: &str, text: &impl Fn(&str) -> String) -> Command {
    let about = text(&format!("cli.{name}.about"));
    dressed(verb, text)
        .about(about)
        .disable_help_subcommand(true)
}

fn dressed(command: Command, text: &impl Fn(&str) -> String) -> Command {
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help(text("cli.arg.help"))
        .help_heading(text("cli.heading.options"))
        .display_order(ORDER_OF_HELP);
    let usage = text("cli.heading.usage");
    let mut order = 0;
    command
        .disable_help_flag(true)
        .mut_args(|argument| {
            order += 1;
            with_help(argument, order, text)
        })
        .arg(help)
        .subcommand_help_heading(text("cli.heading.commands"))
        .help_template(format!(
            "{{about-with-newline}}\n{usage}{{usage}}\n\n{{all-args}}"
        ))
}

/// A verb's own arguments stand first, in the order of their declaration.
fn with_help(argument: Arg, order: usize, text: &impl Fn(&str) -> String) -> Arg {
    let heading = if argument.is_positional() {
        text("cli.heading.arguments")
    } else {
        text("cli.heading.options")
    };
    let help = text(&format!("cli.arg.{}", argument.get_id()));
    let shared = if argument.is_global_set() {
        ORDER_OF_SHARED
    } else {
        0
    };
    argument
        .help(help)
        .help_heading(heading)
        .display_order(order + shared)
}

/// The language named on the command line, before anything is parsed: the help is in it.
pub(super) fn language_asked(arguments: &[OsString]) -> Option<Language> {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        if word == "--language" {
            return words.next()?.parse().ok();
        }
        if let Some(tag) = word.strip_prefix("--language=") {
            return tag.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_and_argument_has_a_help_text() {
        let texts = Catalogue::shipped();
        let keys: Vec<&str> = texts.keys().collect();
        let root = Arguments::command();
        let verbs = || root.get_subcommands();
        let inner = || verbs().flat_map(|verb| verb.get_subcommands().map(move |it| (verb, it)));
        let abouts = verbs()
            .map(|verb| format!("cli.{}.about", verb.get_name()))
            .chain(
                inner()
                    .map(|(verb, it)| format!("cli.{}.{}.about", verb.get_name(), it.get_name())),
            );
        let arguments = verbs()
            .chain(inner().map(|(_, it)| it))
            .chain([&root])
            .flat_map(Command::get_arguments)
            .map(|argument| format!("cli.arg.{}", argument.get_id()));
        for key in abouts.chain(arguments) {
            assert!(keys.contains(&key.as_str()), "{key}");
        }
    }

    #[test]
    fn the_language_is_found_wherever_it_stands() {
        let asked = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            language_asked(&words)
        };
        assert_eq!(asked("thirdring --language en calls"), Some(Language::En));
        assert_eq!(
            asked("thirdring calls --language=zh-CN"),
            Some(Language::ZhCn)
        );
        assert_eq!(asked("thirdring language en"), None);
    }

    #[test]
    fn clap_finds_no_fault_with_it() {
        localised(Catalogue::shipped(), Language::En).debug_assert();
    }
}
