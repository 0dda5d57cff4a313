//! L1, pure. The service standard as typed timelines: what the admin wrote, checked once.
//!
//! Invariant: a `Policy` that exists can be kept: its phrases are named, its waits are in order.
//! Every key is explained in `config/policy/standard.toml`, which is also its default.

mod check;
mod line;
mod measure;
mod reading;
mod telling;
mod timing;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::words::{Key, PhoneNumber, PromptId, Sentence, Wait};

pub use check::Unkept;
pub use line::{After, Level, Line, Means, Repair, Suggest};
pub use measure::{Db, Dbov, Percent};
pub use reading::{PolicyError, overlay};
pub use telling::Told;
pub use timing::Timed;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub name: String,
    /// Seconds stand for minutes: for tests.
    pub fast: bool,
    pub recording: Recording,
    pub answer: Answer,
    pub consent: Consent,
    pub hold: Hold,
    pub waiting: Waiting,
    pub transfer: Transfer,
    pub line_fault: LineFault,
    pub line: Line,
    pub closing: Closing,
    pub rating: Rating,
    pub callback: Callback,
    pub number: Number,
    pub speaking: Speaking,
}

/// What is said before a call is recorded; whether it is, the machine's settings say (D32).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    pub notice: PromptId,
}

/// By the third ring, with a greeting (R1, R2; D2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub mode: AnswerMode,
    pub after_rings: u8,
    pub within_rings: u8,
    pub margin: Wait,
    pub ring_tone: Wait,
    pub ring_pause: Wait,
    pub say: PromptId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerMode {
    Auto,
    Manual,
}

impl Answer {
    /// From our 180 to our 200, unless the rep picks up first (D2).
    pub fn deadline(&self) -> Duration {
        match self.mode {
            AnswerMode::Auto => self.end_of_ring(self.after_rings),
            AnswerMode::Manual => self
                .end_of_ring(self.within_rings)
                .saturating_sub(self.margin.get()),
        }
    }

    /// A ring ends with its tone, not with the pause after it.
    fn end_of_ring(&self, ring: u8) -> Duration {
        let cycle = self.ring_tone.get() + self.ring_pause.get();
        cycle * u32::from(ring.saturating_sub(1)) + self.ring_tone.get()
    }
}

/// How a yes is asked for by phrase and keys (D11).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    pub say: PromptId,
    pub yes: Key,
    pub no: Key,
    pub wait: Wait,
    pub on_wrong_key: PromptId,
}

/// Who asks the caller (D10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedBy {
    Rep,
    Agent,
}

/// What the hold button of the rep's own phone says of the caller (D23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByPhone {
    /// Nothing: the agent asks him.
    Asked,
    /// The rep has asked him before he pressed it.
    Told,
}

/// Never unasked, never unheard of for longer than `every` (R18-R22).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub asked_by: AskedBy,
    pub by_phone: ByPhone,
    pub ask: PromptId,
    pub ask_lookup: PromptId,
    pub ask_consult: PromptId,
    pub say: PromptId,
    pub every: Wait,
    pub counts_from: CountsFrom,
    pub still: PromptId,
    pub on_return: PromptId,
    pub bed: Bed,
    pub under_phrases: UnderPhrases,
    pub offer: PromptId,
    pub offer_after: Limit,
    pub offer_again: Wait,
    pub muted_for: Wait,
    pub muted_warning: Wait,
}

impl Hold {
    /// The question that fits the rep's reason (D12).
    pub fn question(&self, reason: Option<&str>) -> &PromptId {
        match reason {
            Some("lookup") => &self.ask_lookup,
            Some("consult") => &self.ask_consult,
            Some(_) | None => &self.ask,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountsFrom {
    Start,
    End,
}

/// What a caller hears between phrases when nobody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bed {
    Music,
    Silence,
}

/// What the music does while a phrase is said over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnderPhrases {
    Duck,
    Silence,
    Pause,
}

/// A length of time, or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Limit {
    After(Wait),
    Never,
}

impl Limit {
    pub fn get(self) -> Option<Duration> {
        match self {
            Self::After(span) => Some(span.get()),
            Self::Never => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(span) => span.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}

impl TryFrom<String> for Limit {
    type Error = Sentence;

    fn try_from(text: String) -> Result<Self, Sentence> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let refused = |_| Sentence::of("value.limit").with("found", &text);
        text.parse().map(Self::After).map_err(refused)
    }
}

/// The caller is answered and no rep is on the call (D5, D6, D9).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    pub busy: PromptId,
    pub busy_after: Wait,
    pub offer: PromptId,
    pub offer_after: Limit,
    pub rep_rings_for: Wait,
    pub rep_silent_for: Wait,
    pub rep_absent_after: Limit,
}

/// Only after agreement, and nobody is lost (R30-R35).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    pub asked_by: AskedBy,
    pub mode: crate::words::TransferMode,
    pub ask: PromptId,
    pub say: PromptId,
    pub answer_within: Wait,
    pub briefing: PromptId,
    pub briefings: u8,
    pub accept_within: Wait,
    pub failed: PromptId,
    pub declined: PromptId,
    pub offer: PromptId,
}

/// Silent or one-way lines (R23-R29).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFault {
    pub first_life: Wait,
    pub opening_after: Wait,
    pub opening_farewell: PromptId,
    pub no_media: PromptId,
    pub unclear: PromptId,
    pub unclear_every: Wait,
    pub lost_after: Wait,
    pub lost: PromptId,
    pub cannot_hear: PromptId,
    pub farewell: PromptId,
    pub opening: Vec<Step>,
}

/// One step of a timeline: say, then wait.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub say: PromptId,
    pub wait: Wait,
}

/// Never without a farewell (R57; D28).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    pub caller_first: Wait,
    pub say: PromptId,
}

/// After the rep has hung up (R56).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    pub on: bool,
    pub ask: PromptId,
    pub menu: PromptId,
    pub keys: String,
    pub wait: Wait,
    pub thanks: PromptId,
    pub unrated: PromptId,
    pub never_after: Vec<PromptId>,
}

/// What is said when we promise to call, and when we do (R26, R41-R43).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    pub promise: PromptId,
    pub promise_soon: PromptId,
    pub promise_tomorrow: PromptId,
    pub promise_today: PromptId,
    pub promise_working_day: PromptId,
    pub farewell: PromptId,
    pub open_fault: PromptId,
    pub open_promise: PromptId,
    pub message: PromptId,
    pub connecting: PromptId,
    pub no_rep: PromptId,
    pub still: PromptId,
    pub voice_within: Wait,
    pub rep_within: Wait,
    pub rings_for: Wait,
}

/// How who withholds his number is asked for it (R34, R41; D24).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    pub ask: PromptId,
    pub first_within: Wait,
    pub next_within: Wait,
    pub tries: u8,
    pub check: PromptId,
    /// "0" to "9".
    pub digits: [PromptId; 10],
    pub confirm: PromptId,
    pub again: PromptId,
    pub refused: PromptId,
    pub missing: PromptId,
}

impl Number {
    /// The phrase of each digit of a number; what else it is written with is not read out.
    pub fn spell(&self, number: &PhoneNumber) -> impl Iterator<Item = &PromptId> {
        let digits = number.as_str().chars().filter_map(|c| c.to_digit(10));
        digits.filter_map(|digit| self.digits.get(digit as usize))
    }
}

/// Manners (R8; D14).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speaking {
    pub pause_within: Wait,
    pub gives_way_after: Wait,
    pub shut_down: PromptId,
}

impl Policy {
    /// Those by which consent is asked for: they have to be questions (R18, R30, R65).
    pub fn questions(&self) -> BTreeSet<&PromptId> {
        let (hold, transfer) = (&self.hold, &self.transfer);
        [
            &hold.ask,
            &hold.ask_lookup,
            &hold.ask_consult,
            &hold.offer,
            &self.waiting.offer,
            &transfer.ask,
            &transfer.offer,
        ]
        .into_iter()
        .collect()
    }

    /// Every phrase this policy may say: each must be in the phrasebook.
    pub fn phrases(&self) -> BTreeSet<&PromptId> {
        let Self {
            recording,
            answer,
            consent,
            hold,
            waiting,
            transfer,
            line_fault,
            line,
            closing,
            rating,
            callback,
            number,
            speaking,
            ..
        } = self;
        let mut phrases = BTreeSet::from([&recording.notice, &answer.say]);
        phrases.extend([&closing.say, &speaking.shut_down]);
        phrases.extend([&consent.say, &consent.on_wrong_key]);
        phrases.extend([&hold.ask, &hold.ask_lookup, &hold.ask_consult, &hold.say]);
        phrases.extend([&hold.still, &hold.on_return, &hold.offer]);
        phrases.extend([&waiting.busy, &waiting.offer]);
        phrases.extend([&transfer.ask, &transfer.say, &transfer.briefing]);
        phrases.extend([&transfer.failed, &transfer.declined, &transfer.offer]);
        phrases.extend([
            &line_fault.opening_farewell,
            &line_fault.no_media,
            &line_fault.unclear,
        ]);
        phrases.extend([
            &line_fault.lost,
            &line_fault.cannot_hear,
            &line_fault.farewell,
        ]);
        phrases.extend(line_fault.opening.iter().map(|step| &step.say));
        let suggest = &line.suggest;
        phrases.extend([&suggest.too_quiet, &suggest.too_loud, &suggest.clipped]);
        phrases.extend([&suggest.line_noise, &suggest.echo]);
        phrases.extend([&rating.ask, &rating.menu, &rating.thanks, &rating.unrated]);
        phrases.extend(&rating.never_after);
        phrases.extend([
            &callback.promise,
            &callback.promise_soon,
            &callback.promise_tomorrow,
            &callback.promise_today,
            &callback.promise_working_day,
        ]);
        phrases.extend([
            &callback.farewell,
            &callback.open_fault,
            &callback.open_promise,
            &callback.message,
            &callback.connecting,
            &callback.no_rep,
            &callback.still,
        ]);
        phrases.extend([&number.ask, &number.check, &number.confirm]);
        phrases.extend([&number.again, &number.refused, &number.missing]);
        phrases.extend(&number.digits);
        phrases
    }
}
