use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, value};

use crate::words::{Glob, Pii, Sentence};

/// A code is as hard to guess as a password: what is shorter is no code.
const CODE_MIN: usize = 12;

/// What a PC asks with; once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    pub code: Pii<String>,
    pub host: String,
    pub user: String,
}

/// What it is told: secrets by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    pub secrets: BTreeMap<String, Pii<String>>,
}

/// Why a PC is told none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSecrets {
    /// There is no such code, or it was used.
    NoCode,
    /// It is for another PC; it stays good.
    AnotherPc,
}

/// The file of codes that are still good.
#[derive(Debug)]
pub struct Codes {
    text: DocumentMut,
    codes: Vec<Code>,
}

/// `[[code]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    /// One that has yet to be made cannot be redeemed.
    code: Option<Pii<String>>,
    /// The PCs that may use it; none named: any.
    #[serde(default)]
    host: Vec<Glob>,
    secrets: BTreeMap<String, Pii<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    #[serde(default)]
    code: Vec<Code>,
}

/// A code that was made: who may use it, and the names of what he gets.
#[derive(Debug)]
pub struct Made {
    pub code: Pii<String>,
    pub hosts: Vec<String>,
    pub secrets: Vec<String>,
}

/// Secrets, and the file without their code.
#[derive(Debug)]
pub struct Redeemed {
    pub enrolled: Enrolled,
    pub rest: String,
}

impl Codes {
    pub fn read(text: &str) -> Result<Self, Sentence> {
        // The place alone: what stands there, and what TOML says of it, is a secret.
        let wrong = |at: usize| {
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            Sentence::of("enrol.no-codes").with("line", line)
        };
        let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let file: CodeFile = toml::from_str(text).map_err(|error| wrong(at(&error)))?;
        let short = |code: &Code| {
            let code = code.code.as_ref();
            code.is_some_and(|code| code.reveal().len() < CODE_MIN)
        };
        if let Some(n) = file.code.iter().position(short) {
            let short = Sentence::of("enrol.short-code").with("entry", n + 1);
            return Err(short.with("least", CODE_MIN));
        }
        let document: DocumentMut = text.parse().map_err(|_| wrong(0))?;
        if !file.code.is_empty() && !document.contains_array_of_tables("code") {
            return Err(wrong(0));
        }
        Ok(Self {
            text: document,
            codes: file.code,
        })
    }

    /// Gives each entry that has none a code; the others stay as they were written. The file then, and what was made.
    pub fn completed(mut self, mut make: impl FnMut() -> Pii<String>) -> (String, Vec<Made>) {
        let entries = self.text.get_mut("code");
        let entries = entries.and_then(|it| it.as_array_of_tables_mut());
        let entries = entries.into_iter().flat_map(|it| it.iter_mut());
        let mut made = Vec::new();
        for (entry, code) in entries.zip(&self.codes) {
            if code.code.is_none() {
                let fresh = make();
                entry.insert("code", value(fresh.reveal().as_str()));
                made.push(Made {
                    code: fresh,
                    hosts: code.host.iter().map(|it| it.as_str().to_owned()).collect(),
                    secrets: code.secrets.keys().cloned().collect(),
                });
            }
        }
        (self.text.to_string(), made)
    }

    /// Takes a code out; the others stay as they were written.
    pub fn redeem(mut self, asked: &Enrolment) -> Result<Redeemed, NoSecrets> {
        let asked_code = asked.code.reveal().as_bytes();
        let is_it = |code: &Code| {
            let code = code.code.as_ref();
            code.is_some_and(|code| same(code.reveal().as_bytes(), asked_code))
        };
        // All are looked at: how long it takes tells nothing.
        let found: Vec<usize> = (self.codes.iter().enumerate())
            .filter(|(_, code)| is_it(code))
            .map(|(n, _)| n)
            .collect();
        let n = *found.first().ok_or(NoSecrets::NoCode)?;
        let code = self.codes.swap_remove(n);
        if !code.host.is_empty() && !code.host.iter().any(|host| host.fits(&asked.host)) {
            return Err(NoSecrets::AnotherPc);
        }
        if let Some(entries) = self
            .text
            .get_mut("code")
            .and_then(|it| it.as_array_of_tables_mut())
        {
            entries.remove(n);
        }
        let secrets = code.secrets;
        Ok(Redeemed {
            enrolled: Enrolled { secrets },
            rest: self.text.to_string(),
        })
    }
}

/// Compares in a time that tells nothing but the lengths.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differences == 0
}
