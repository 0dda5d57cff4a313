use std::time::Duration;

use super::evidence::Evidence;
use crate::phone::Way;
use crate::sip::Start;
use crate::words::{Moment, Sentence, safe};

/// Something on the line of a phone's life.
#[derive(Clone, Debug)]
pub struct Mark {
    /// From the play's beginning.
    pub at: Duration,
    /// Zero for what has no length.
    pub lasts: Duration,
    pub what: Sentence,
}

/// What a phone lived through, in the order in which it began: messages, phrases, keys.
pub(super) fn timeline(evidence: &Evidence, began: Moment) -> Vec<Mark> {
    let mark = |at: Moment, what| Mark {
        at: at.since(began),
        lasts: Duration::ZERO,
        what,
    };
    let messages = evidence.messages().map(|passed| {
        let key = match passed.way {
            Way::Sent => "sim.mark.sent",
            Way::Received => "sim.mark.received",
        };
        let start = match &passed.message.start {
            Start::Request { method, .. } => method.clone(),
            Start::Response { code, .. } => {
                let cseq = passed.message.value("CSeq").unwrap_or_default();
                let method = cseq.rsplit(' ').next().unwrap_or_default();
                format!("{code} {method}")
            }
        };
        mark(passed.at, Sentence::of(key).with("message", safe(&start)))
    });
    let phrases = evidence.phrases.iter().map(|said| {
        let what = Sentence::of("sim.mark.phrase")
            .with("phrase", &said.id)
            .with("language", said.language);
        Mark {
            lasts: said.until.since(said.at),
            ..mark(said.at, what)
        }
    });
    let keys = evidence.diary.keys.iter();
    let keys = keys.map(|(key, at)| mark(*at, Sentence::of("sim.mark.key").with("key", key)));
    let mut marks: Vec<Mark> = messages.chain(phrases).chain(keys).collect();
    marks.sort_by_key(|mark| mark.at);
    marks
}
