//! What came of calling the customer, by what his network says and what was heard (D25).

use serde::{Deserialize, Serialize};

use super::Outcome;

/// What their network says when our call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The SIP status.
    pub status: u16,
    /// What is told beside it; it is nearer to the telephone than the status.
    pub cause: Option<Cause>,
}

/// Why a telephone was not reached, in the words of the telephone network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    NoSuchNumber,
    SwitchedOff,
    Busy,
    NoAnswer,
    Refused,
}

/// What is heard of whom we call, or of his network in his place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    Ringback,
    /// Busy, or congestion.
    Busy,
    /// Three rising tones: the call cannot be completed (ITU-T E.180).
    SpecialInformation,
    Music,
    /// Somebody speaks, and our call is not answered yet.
    Announcement,
    Fax,
    /// A short word, and then he waits.
    Person,
    /// Speaks on and on.
    Machine,
    /// It begins to record.
    Beep,
}

/// How the call ended that he did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    Refused(Refused),
    /// His network never said a word.
    NoResponse,
    /// It rang for as long as we let it.
    RangOn,
}

/// What was heard before the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Early {
    rang: bool,
    busy: bool,
    special: bool,
    speech: bool,
}

impl Sign {
    /// Its word in the timeline.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::SpecialInformation => "special-information",
            Self::Music => "music",
            Self::Announcement => "announcement",
            Self::Fax => "fax",
            Self::Person => "person",
            Self::Machine => "machine",
            Self::Beep => "beep",
        }
    }
}

impl Refused {
    pub const fn status(status: u16) -> Self {
        Self {
            status,
            cause: None,
        }
    }
}

impl Cause {
    /// By a Q.850 cause (RFC 3326, RFC 6432), else by the words beside the status.
    pub fn of(q850: Option<u16>, words: &str) -> Option<Self> {
        q850.and_then(Self::of_q850)
            .or_else(|| Self::of_words(words))
    }

    /// ITU-T Q.850 2.2.7; what means anything, such as 16 or 31, is left to the status.
    fn of_q850(cause: u16) -> Option<Self> {
        match cause {
            1 | 22 | 28 => Some(Self::NoSuchNumber),
            17 => Some(Self::Busy),
            18 | 19 => Some(Self::NoAnswer),
            20 => Some(Self::SwitchedOff),
            21 => Some(Self::Refused),
            _ => None,
        }
    }

    fn of_words(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let mut known = WORDS.iter();
        known
            .find(|(known, _)| words.contains(known))
            .map(|(_, cause)| *cause)
    }
}

/// What exchanges write instead of the phrase of RFC 3261 21.
const WORDS: [(&str, Cause); 14] = [
    ("unallocated", Cause::NoSuchNumber),
    ("unassigned", Cause::NoSuchNumber),
    ("does not exist", Cause::NoSuchNumber),
    ("no such number", Cause::NoSuchNumber),
    ("invalid number", Cause::NoSuchNumber),
    ("number changed", Cause::NoSuchNumber),
    ("空号", Cause::NoSuchNumber),
    ("switched off", Cause::SwitchedOff),
    ("power off", Cause::SwitchedOff),
    ("powered off", Cause::SwitchedOff),
    ("subscriber absent", Cause::SwitchedOff),
    ("关机", Cause::SwitchedOff),
    ("user busy", Cause::Busy),
    ("no answer", Cause::NoAnswer),
];

impl Early {
    pub(super) fn note(&mut self, sign: Sign) {
        match sign {
            // Many networks play music where others ring.
            Sign::Ringback | Sign::Music => self.rang = true,
            Sign::Busy => self.busy = true,
            Sign::SpecialInformation => self.special = true,
            Sign::Announcement => self.speech = true,
            Sign::Fax | Sign::Person | Sign::Machine | Sign::Beep => {}
        }
    }
}

/// SIP and sound together: carriers play in early media why, and then end the call with any status.
pub(super) fn came_of(end: Unanswered, early: Early) -> Outcome {
    match by_network(end) {
        // Anything may be behind it.
        Outcome::NoAnswer | Outcome::Busy if early.special => Outcome::NoSuchNumber,
        Outcome::NoAnswer if early.busy => Outcome::Busy,
        Outcome::NoAnswer if early.speech && !early.rang && end != Unanswered::RangOn => {
            Outcome::SwitchedOff
        }
        // A number that rings exists.
        Outcome::NoSuchNumber if early.rang => Outcome::NoAnswer,
        // After an announcement a busy tone says nothing.
        Outcome::NoSuchNumber if early.busy && !early.special && !early.speech => Outcome::Busy,
        outcome => outcome,
    }
}

fn by_network(end: Unanswered) -> Outcome {
    match end {
        Unanswered::NoResponse | Unanswered::RangOn => Outcome::NoAnswer,
        Unanswered::Refused(refused) => refused
            .cause
            .map_or_else(|| by_status(refused.status), by_cause),
    }
}

fn by_cause(cause: Cause) -> Outcome {
    match cause {
        Cause::NoSuchNumber => Outcome::NoSuchNumber,
        Cause::SwitchedOff => Outcome::SwitchedOff,
        Cause::Busy => Outcome::Busy,
        Cause::NoAnswer => Outcome::NoAnswer,
        Cause::Refused => Outcome::Refused,
    }
}

/// RFC 3261 21; what is not the customer's own answer is the trunk's failure.
fn by_status(status: u16) -> Outcome {
    match status {
        // We go where we promised to call, and nowhere else (D34).
        300..=399 => Outcome::Diverted,
        404 | 410 | 484 | 485 | 604 => Outcome::NoSuchNumber,
        408 | 480 | 487 => Outcome::NoAnswer,
        486 | 600 => Outcome::Busy,
        // RFC 8197, RFC 8688: his network declines for him.
        603 | 607 | 608 => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

/// What a sound after the answer says of the attempt; nothing where it may be a person.
pub(super) fn came_of_answer(sign: Sign) -> Option<Outcome> {
    match sign {
        Sign::Machine | Sign::Beep => Some(Outcome::Machine),
        Sign::Fax => Some(Outcome::Fax),
        // Networks play their tones even in a 200.
        Sign::Busy => Some(Outcome::Busy),
        Sign::SpecialInformation => Some(Outcome::NoSuchNumber),
        Sign::Ringback | Sign::Music | Sign::Announcement | Sign::Person => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(signs: &[Sign]) -> Early {
        let mut early = Early::default();
        signs.iter().for_each(|sign| early.note(*sign));
        early
    }

    fn status(status: u16) -> Unanswered {
        Unanswered::Refused(Refused::status(status))
    }

    fn told(status: u16, q850: Option<u16>, words: &str) -> Unanswered {
        let cause = Cause::of(q850, words);
        Unanswered::Refused(Refused { status, cause })
    }

    #[test]
    fn every_status_has_its_outcome() {
        let table: [(&[u16], Outcome); 6] = [
            (&[486, 600], Outcome::Busy),
            (&[404, 410, 484, 485, 604], Outcome::NoSuchNumber),
            (&[408, 480, 487], Outcome::NoAnswer),
            (&[603, 607, 608], Outcome::Refused),
            (&[300, 301, 302, 305, 380], Outcome::Diverted),
            (
                &[
                    400, 401, 403, 407, 415, 481, 482, 483, 488, 500, 502, 503, 504, 580, 606,
                ],
                Outcome::Failed,
            ),
        ];
        for (statuses, outcome) in table {
            for code in statuses {
                assert_eq!(came_of(status(*code), heard(&[])), outcome, "{code}");
            }
        }
        for end in [Unanswered::NoResponse, Unanswered::RangOn] {
            assert_eq!(came_of(end, heard(&[])), Outcome::NoAnswer);
        }
    }

    #[test]
    fn what_is_told_beside_the_status_outweighs_it() {
        let table = [
            (told(503, Some(1), ""), Outcome::NoSuchNumber),
            (told(500, Some(28), ""), Outcome::NoSuchNumber),
            (told(480, Some(17), ""), Outcome::Busy),
            (told(480, Some(20), ""), Outcome::SwitchedOff),
            (told(403, Some(21), ""), Outcome::Refused),
            (told(500, Some(19), ""), Outcome::NoAnswer),
            (told(503, Some(34), ""), Outcome::Failed),
            (
                told(480, Some(31), "Subscriber absent"),
                Outcome::SwitchedOff,
            ),
            (
                told(480, None, "The number does not exist"),
                Outcome::NoSuchNumber,
            ),
            (told(404, None, "用户已关机"), Outcome::SwitchedOff),
            (told(404, None, "Not Found"), Outcome::NoSuchNumber),
        ];
        for (end, outcome) in table {
            assert_eq!(came_of(end, heard(&[])), outcome, "{end:?}");
        }
    }

    #[test]
    fn carriers_play_why_before_they_end_the_call_with_any_status() {
        use Sign::{Announcement, Busy, Music, Ringback, SpecialInformation};
        let table: [(u16, &[Sign], Outcome); 18] = [
            (480, &[Busy], Outcome::Busy),
            (487, &[Busy], Outcome::Busy),
            (408, &[Busy, Announcement], Outcome::Busy),
            (486, &[Announcement], Outcome::Busy),
            (404, &[Busy], Outcome::Busy),
            (404, &[Announcement, Busy], Outcome::NoSuchNumber),
            (404, &[Ringback], Outcome::NoAnswer),
            (404, &[Announcement], Outcome::NoSuchNumber),
            (
                480,
                &[SpecialInformation, Announcement],
                Outcome::NoSuchNumber,
            ),
            (486, &[SpecialInformation], Outcome::NoSuchNumber),
            (487, &[SpecialInformation, Busy], Outcome::NoSuchNumber),
            (480, &[Announcement], Outcome::SwitchedOff),
            (487, &[Announcement], Outcome::SwitchedOff),
            (480, &[Ringback, Announcement], Outcome::NoAnswer),
            (480, &[Music, Announcement], Outcome::NoAnswer),
            (480, &[Ringback], Outcome::NoAnswer),
            // He was asked, or the trunk has no way: what is played changes nothing.
            (603, &[Ringback, Busy], Outcome::Refused),
            (503, &[SpecialInformation, Busy], Outcome::Failed),
        ];
        for (code, signs, outcome) in table {
            let came = came_of(status(code), heard(signs));
            assert_eq!(came, outcome, "{code} after {signs:?}");
        }
        let rang_on = came_of(Unanswered::RangOn, heard(&[Announcement]));
        assert_eq!(rang_on, Outcome::NoAnswer, "a song with words");
        let busy = came_of(Unanswered::RangOn, heard(&[Busy]));
        assert_eq!(busy, Outcome::Busy);
    }
}
