//! The messages, and what each deserves.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use thirdring::sip::{Start, read_message};

/// One message of the manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Torture {
    /// `rfc4475/wsinv`.
    pub(super) id: String,
    file: PathBuf,
    sha256: String,
    /// What to expect, in words.
    pub(super) expect: String,
    /// Whether an RFC says what the answer is.
    decided: bool,
    #[serde(default)]
    answer: Option<Answer>,
}

/// How the manifest writes an answer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Word(String),
    Codes(Vec<u16>),
}

impl Torture {
    pub(super) fn all() -> Vec<Self> {
        let rows = include_str!("manifest.jsonl").lines();
        rows.map(|row| serde_json::from_str(row).expect("a row"))
            .collect()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
        fs::read(folder.join(&self.file)).expect("a file of the corpus")
    }

    /// Of the answers to it: its Call-ID as far as it can be read.
    pub(super) fn call_id(&self) -> Option<String> {
        let message = match read_message(&self.bytes()) {
            Ok(message) => message,
            Err(malformed) => *malformed.salvage?,
        };
        message.value("Call-ID").map(str::to_owned)
    }

    /// Whether an answer is due for sure, so that it may be waited for.
    pub(super) fn is_answered(&self) -> bool {
        self.decided && !matches!(&self.answer, Some(Answer::Word(word)) if word == "none")
    }

    /// Whether a stream cannot be cut after it: it has no length, two, one below zero, or one past its end;
    /// bytes follow that its length does not count; or it does not begin as SIP does.
    pub(super) fn ends_its_stream(&self) -> bool {
        const THEY: [&str; 6] = ["clerr", "ncl", "mcl01", "inv2543", "dblreq", "test"];
        let name = self.id.split('/').next_back();
        name.is_some_and(|name| THEY.contains(&name))
    }

    /// The same message as a stream brings it: whoever claims more bytes than he has is waited for
    /// until his time is up (RFC 4475 3.1.2.2), and gets no answer.
    pub(super) fn over_a_stream(mut self) -> Self {
        if self.id == "rfc4475/clerr" {
            self.answer = Some(Answer::Word("none".to_owned()));
        }
        self
    }

    /// What is wrong with these answers, by their status codes; none where no RFC decides.
    pub(super) fn fault(&self, codes: &[u16]) -> Option<String> {
        let right = match self.answer.as_ref().filter(|_| self.decided)? {
            Answer::Word(word) => match word.as_str() {
                "none" => codes.is_empty(),
                "not-400" => !codes.is_empty() && !codes.contains(&400),
                "one-answer" => matches!(codes, [code] if *code != 400),
                word => panic!("{}: the manifest says {word}", self.id),
            },
            Answer::Codes(right) => {
                matches!(codes, [.., last] if right.contains(last))
            }
        };
        (!right).then(|| format!("{}: got {codes:?}, deserves {}", self.id, self.expect))
    }

    /// Which tally it belongs to: the RFC, where it decides.
    pub(super) fn tally(&self) -> Option<&str> {
        self.id.split('/').next().filter(|_| self.decided)
    }
}

/// The status code of a response.
pub(super) fn status(response: &[u8]) -> Option<u16> {
    match read_message(response).ok()?.start {
        Start::Response { code, .. } => Some(code),
        Start::Request { .. } => None,
    }
}

#[test]
fn the_corpus_is_as_its_rfcs_have_it() {
    for torture in Torture::all() {
        let sum = Sha256::digest(torture.bytes());
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum, torture.sha256, "{}", torture.id);
    }
}
