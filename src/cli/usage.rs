use std::error::Error as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::words::{Catalogue, Language, Sentence};

/// What is wrong with a command line, and where its help is, in the reader's language.
pub(super) fn told(error: &Error, texts: &Catalogue, language: Language) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return error.to_string(); // the help, which is in his language already
    }
    let fault = texts.say(&sentence(error), language);
    let more = texts.text("cli.usage.more", language, &[]);
    format!("{fault}\n{more}\n")
}

fn sentence(error: &Error) -> Sentence {
    let said = |kind| error.get(kind).map(words).unwrap_or_default();
    let argument = said(ContextKind::InvalidArg);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "clap adds kinds; the others are told in its own words"
    )]
    match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => Sentence::of("cli.usage.value")
            .with("argument", argument)
            .with("found", said(ContextKind::InvalidValue))
            .with("why", refusal(error)),
        ErrorKind::UnknownArgument => unknown(&argument, &said(ContextKind::SuggestedArg)),
        ErrorKind::InvalidSubcommand => unknown(
            &said(ContextKind::InvalidSubcommand),
            &said(ContextKind::SuggestedSubcommand),
        ),
        ErrorKind::MissingRequiredArgument => {
            Sentence::of("cli.usage.missing").with("argument", argument)
        }
        ErrorKind::ArgumentConflict => Sentence::of("cli.usage.conflict")
            .with("argument", argument)
            .with("other", said(ContextKind::PriorArg)),
        _ => Sentence::of("cli.usage.other").with("why", first_line(error)),
    }
}

fn unknown(found: &str, suggested: &str) -> Sentence {
    if suggested.is_empty() {
        Sentence::of("cli.usage.unknown").with("found", found)
    } else {
        Sentence::of("cli.usage.unknown-but")
            .with("found", found)
            .with("suggested", suggested)
    }
}

/// What the reader of the value said: a sentence of ours, or nothing more than that.
fn refusal(error: &Error) -> String {
    match error.source() {
        Some(why) => why.to_string(),
        None => Sentence::of("cli.usage.no-value").to_string(),
    }
}

fn words(value: &ContextValue) -> String {
    if let ContextValue::Strings(words) = value {
        words.join(", ")
    } else {
        value.to_string()
    }
}

fn first_line(error: &Error) -> String {
    let told = error.to_string();
    let line = told.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::localised;

    fn wrong(line: &str, language: Language) -> String {
        let texts = Catalogue::shipped();
        let error = localised(texts, language)
            .try_get_matches_from(line.split(' '))
            .unwrap_err();
        told(&error, texts, language)
    }

    #[test]
    fn a_slip_is_told_in_both_languages_with_what_would_be_right() {
        let lines = [
            ("thirdring mute maybe", "on, off"),
            ("thirdring transfer sales --mode telepathic", "consult"),
            ("thirdring run --exit-after 0", "--exit-after"),
            ("thirdring holt", "hold"),
            ("thirdring hold --reson x", "--reason"),
            ("thirdring dtmf", "<DIGITS>"),
            ("thirdring hangup --force", "--reason"),
            ("thirdring dial nobody", "+"),
            ("thirdring hold x", "thirdring calls"),
        ];
        for (line, right) in lines {
            for language in Language::ALL {
                let told = wrong(line, language);
                assert!(told.contains(right), "{line}: {told}");
                assert!(told.contains("--help"), "{told}");
                let chinese = told.chars().any(|c| ('一'..='龥').contains(&c));
                assert_eq!(chinese, language == Language::ZhCn, "{told}");
            }
        }
    }
}
