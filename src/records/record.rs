use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, Recorded, VoiceQuality, What};
use crate::words::{CallId, Ending, Key, Language, Party, PromptId, SeatId};

/// What is kept of a call: its timeline folded up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    pub id: CallId,
    pub sip_call_id: Option<String>,
    pub inbound: bool,
    pub times: Times,
    pub ending: Option<Ending>,
    pub language: Language,
    /// The last one that had the call.
    pub seat: Option<SeatId>,
    pub rating: Option<Key>,
    pub happened: Happened,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub began: Option<Timestamp>,
    pub answered: Option<Timestamp>,
    pub ended: Option<Timestamp>,
}

/// What happened in the course of the call, each list in its order and at most 500 long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    pub verdicts: Vec<Verdict>,
    pub consents: Vec<Consent>,
    pub promises: Vec<PromiseNews>,
    pub phrases: Vec<PromptId>,
    pub notes: Vec<String>,
    pub alarms: Vec<String>,
    /// How each party's line sounded over the whole call.
    #[serde(default)]
    pub quality: BTreeMap<Party, VoiceQuality>,
    /// The recording, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recorded>,
    /// Items beyond the limit: they are in the timeline only.
    pub left_out: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub at: Timestamp,
    pub party: Party,
    pub verdict: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub at: Timestamp,
    pub to: String,
    pub given: bool,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseNews {
    pub at: Timestamp,
    pub callback: Option<String>,
    pub kind: String,
    pub news: String,
}

/// Items of one list in a record; a call of a day cannot fill the memory.
const KEPT_MAX: usize = 500;

impl CallRecord {
    /// Folds a call's entries, in their order; entries of other calls are passed over.
    pub fn from_entries<'a>(id: CallId, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut record = Self::new(id);
        for entry in entries {
            if entry.call == Some(id) {
                record.add(entry);
            }
        }
        record
    }

    pub fn new(id: CallId) -> Self {
        Self {
            id,
            sip_call_id: None,
            inbound: true,
            times: Times::default(),
            ending: None,
            language: Language::default(),
            seat: None,
            rating: None,
            happened: Happened::default(),
        }
    }

    /// Takes the next entry of the call in.
    pub fn add(&mut self, entry: &Entry) {
        let at = entry.utc;
        if self.sip_call_id.is_none() {
            self.sip_call_id.clone_from(&entry.sip_call_id);
        }
        match &entry.what {
            What::Begun { inbound } => {
                self.inbound = *inbound;
                self.times.began = Some(at);
            }
            What::Leg { party, news, .. } => self.leg(*party, news, at),
            What::PhraseStarted {
                to: Party::Caller,
                language,
                ..
            } => {
                self.language = *language;
                self.happened.add(&entry.what, at);
            }
            What::Seated { seat } => self.seat = Some(seat.clone()),
            What::Rating { key } => self.rating = Some(*key),
            What::Ended { ending } => {
                self.ending = Some(*ending);
                self.times.ended = Some(at);
            }
            What::Line { .. }
            | What::Quality { .. }
            | What::Consent { .. }
            | What::Promise { .. }
            | What::Recording { .. }
            | What::Note { .. }
            | What::Alarm { .. } => self.happened.add(&entry.what, at),
            // How it went from moment to moment stays in the timeline.
            What::State { .. }
            | What::CallsBack(_)
            | What::Registration { .. }
            | What::Phone { .. }
            | What::Headset { .. }
            | What::Buttons { .. }
            | What::Seat(_)
            | What::Pbx { .. }
            | What::PhraseStarted { .. }
            | What::PhraseEnded { .. }
            | What::Key { .. }
            | What::Voice { .. }
            | What::Sign { .. }
            | What::Command { .. }
            | What::Told { .. }
            | What::Suggested { .. }
            | What::Repair { .. }
            | What::OfferRefused { .. }
            | What::Salvaged { .. }
            | What::Drain { .. }
            | What::SettingsReloaded { .. } => {}
        }
    }

    fn leg(&mut self, party: Party, news: &str, at: Timestamp) {
        // Theirs to our answer, or ours to their call.
        let answered = matches!(news, "acknowledged" | "answered");
        if party == Party::Caller && answered {
            self.times.answered.get_or_insert(at);
        }
    }
}

impl Happened {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "CallRecord::add names what comes here"
    )]
    fn add(&mut self, what: &What, at: Timestamp) {
        match what.clone() {
            What::PhraseStarted { phrase, .. } => self.keep(|kept| &mut kept.phrases, phrase),
            What::Line { party, verdict } => {
                let verdict = Verdict { at, party, verdict };
                self.keep(|kept| &mut kept.verdicts, verdict);
            }
            What::Quality {
                party,
                whole: true,
                quality,
            } => {
                self.quality.insert(party, quality);
            }
            What::Consent { to, given, by } => {
                let consent = Consent { at, to, given, by };
                self.keep(|kept| &mut kept.consents, consent);
            }
            What::Promise {
                callback,
                kind,
                news,
                by: _,
            } => {
                let news = PromiseNews {
                    at,
                    callback,
                    kind,
                    news,
                };
                self.keep(|kept| &mut kept.promises, news);
            }
            What::Recording { news, file, at_s } => {
                let recorded = self.recording.get_or_insert_default();
                recorded.add(&news, &file, at_s);
            }
            What::Note { text } => self.keep(|kept| &mut kept.notes, text),
            What::Alarm { alarm } => self.keep(|kept| &mut kept.alarms, alarm),
            _ => {}
        }
    }

    fn keep<T>(&mut self, list: impl Fn(&mut Self) -> &mut Vec<T>, item: T) {
        if list(self).len() < KEPT_MAX {
            list(self).push(item);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::samples::{call, entry};
    use crate::words::{Because, EndedBy};

    #[test]
    fn a_record_tells_when_how_and_with_whose_consent() {
        let ending = Ending {
            by: EndedBy::Rep,
            because: Because::Closed,
        };
        let consent = What::Consent {
            to: "hold".to_owned(),
            given: true,
            by: "rep".to_owned(),
        };
        let answered = What::Leg {
            party: Party::Caller,
            news: "answered".to_owned(),
            code: Some(200),
        };
        let entries = [
            entry(1, What::Begun { inbound: true }),
            entry(2, answered),
            entry(3, consent),
            entry(4, What::Ended { ending }),
        ];
        let record = CallRecord::from_entries(call(), &entries);
        assert!(record.inbound);
        assert_eq!(record.times.answered, Some(entries[1].utc));
        assert_eq!(record.times.ended, Some(entries[3].utc));
        assert_eq!(record.ending, Some(ending));
        assert_eq!(record.happened.consents.len(), 1);
    }

    #[test]
    fn a_call_of_a_day_leaves_a_record_of_bounded_size() {
        let note = What::Note {
            text: "note".to_owned(),
        };
        let entries: Vec<Entry> = (0..600).map(|n| entry(n, note.clone())).collect();
        let record = CallRecord::from_entries(call(), &entries);
        assert_eq!(record.happened.notes.len(), KEPT_MAX);
        assert_eq!(record.happened.left_out, 100);
    }

    #[test]
    fn the_record_keeps_how_the_whole_call_sounded() {
        let told = |whole, rtd_ms| What::Quality {
            party: Party::Caller,
            whole,
            quality: VoiceQuality {
                rtd_ms: Some(rtd_ms),
                ..VoiceQuality::default()
            },
        };
        let entries = [entry(1, told(false, 20)), entry(2, told(true, 30))];
        let record = CallRecord::from_entries(call(), &entries);
        let kept = record.happened.quality[&Party::Caller];
        assert_eq!(kept.rtd_ms, Some(30));
        let entries = &entries[..1];
        let record = CallRecord::from_entries(call(), entries);
        assert!(record.happened.quality.is_empty());
    }

    #[test]
    fn another_calls_entries_are_passed_over() {
        let other = CallId::new(9, [9; 10]);
        let entries = [entry(1, What::Begun { inbound: true })];
        let record = CallRecord::from_entries(other, &entries);
        assert_eq!(record.times, Times::default());
    }
}
