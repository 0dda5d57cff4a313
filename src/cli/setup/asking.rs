//! Questions to a person, each with what Enter means; or to nobody, who means that everywhere.

use std::io::BufRead;

use super::super::Teller;
use super::super::failure::Failure;

pub(super) struct Asking<R> {
    input: R,
    /// Nobody is asked.
    yes: bool,
}

/// What cannot be meant is asked again so often.
const TRIES: usize = 5;

impl<R: BufRead> Asking<R> {
    pub(super) fn new(input: R, yes: bool) -> Self {
        Self { input, yes }
    }

    /// What was typed, or `usual` for nothing.
    pub(super) fn text(
        &mut self,
        question: &str,
        usual: &str,
        teller: &mut Teller<'_>,
    ) -> Result<String, Failure> {
        if self.yes {
            return Ok(usual.to_owned());
        }
        let hint = match usual {
            "" => String::new(),
            usual => format!(" [{usual}]"),
        };
        write!(teller.out, "{question}{hint} ").map_err(Failure::Output)?;
        teller.out.flush().map_err(Failure::Output)?;
        let mut line = String::new();
        let read = self.input.read_line(&mut line).map_err(Failure::Output)?;
        let typed = line.trim();
        match (read, typed) {
            (0, _) => Err(Failure::NoAnswer),
            (_, "") => Ok(usual.to_owned()),
            (_, typed) => Ok(typed.to_owned()),
        }
    }

    /// The same, until it is something that can be meant; `read` says why not.
    pub(super) fn value<T>(
        &mut self,
        question: &str,
        usual: &str,
        teller: &mut Teller<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        for _ in 0..TRIES {
            let typed = self.text(question, usual, teller)?;
            match read(&typed) {
                Ok(value) => return Ok(value),
                Err(_) if self.yes => break,
                Err(why) => {
                    let why = teller.texts.read_out(&why, teller.language);
                    teller.line(&format!("  {why}"))?;
                }
            }
        }
        Err(Failure::NoAnswer)
    }

    pub(super) fn yes_or_no(
        &mut self,
        question: &str,
        usual: bool,
        teller: &mut Teller<'_>,
    ) -> Result<bool, Failure> {
        let word = |yes: bool| teller_word(yes);
        let wrong = teller.text("setup.yes-or-no");
        self.value(question, word(usual), teller, |typed| {
            match typed.to_ascii_lowercase().as_str() {
                "y" | "yes" | "是" => Ok(true),
                "n" | "no" | "否" => Ok(false),
                _ => Err(wrong.clone()),
            }
        })
    }

    /// What is typed is not shown, where the terminal lets us.
    pub(super) fn secret(
        &mut self,
        question: &str,
        teller: &mut Teller<'_>,
    ) -> Result<String, Failure> {
        let _dark = (!self.yes).then(dark::Dark::fall);
        let typed = self.text(question, "", teller)?;
        if !self.yes {
            teller.line("")?;
        }
        Ok(typed)
    }
}

fn teller_word(yes: bool) -> &'static str {
    if yes { "y" } else { "n" }
}

/// A terminal that shows nothing of what is typed.
#[cfg(unix)]
mod dark {
    use std::io::stdin;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// Until it is dropped. Where standard input is no terminal nothing is shown anyway.
    pub(super) struct Dark(Option<Termios>);

    impl Dark {
        pub(super) fn fall() -> Self {
            let before = tcgetattr(stdin()).ok();
            if let Some(before) = &before {
                let mut dark = before.clone();
                dark.local_modes.remove(LocalModes::ECHO);
                // A terminal that does not obey shows what is typed.
                let _ = tcsetattr(stdin(), OptionalActions::Now, &dark);
            }
            Self(before)
        }
    }

    impl Drop for Dark {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                let _ = tcsetattr(stdin(), OptionalActions::Now, before);
            }
        }
    }
}

/// The standard library hides nothing.
#[cfg(not(unix))]
mod dark {
    pub(super) struct Dark;

    impl Dark {
        pub(super) fn fall() -> Self {
            Self
        }
    }
}
