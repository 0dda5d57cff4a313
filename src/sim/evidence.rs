use std::collections::BTreeSet;
use std::time::Duration;

use super::scenario::{Event, HeaderOf, Scenario};
use crate::ear::Ended;
use crate::media::{lasting, samples_in};
use crate::phone::{Diary, HeardPhrase, Passed, Tape, Way};
use crate::sip::{Message, Start};
use crate::words::{Language, Moment, PromptId};

/// A ring and the quiet after it, and the ring alone (D2, cn).
const RING_CYCLE: Duration = Duration::from_secs(5);
const RING_TONE: Duration = Duration::from_secs(1);

/// Of a stretch of sound so much may not have come yet: what a network holds back at most (ITU-T G.114).
const UNDER_WAY: Duration = Duration::from_millis(150);

/// What one phone lived through.
pub(super) struct Evidence {
    pub(super) diary: Diary,
    pub(super) tape: Tape,
    /// In the order in which they began.
    pub(super) phrases: Vec<Said>,
}

/// A phrase as it was heard, in time.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: PromptId,
    pub(super) language: Language,
    pub(super) at: Moment,
    pub(super) until: Moment,
    /// None where it was heard to its end.
    pub(super) cut_after: Option<Duration>,
    pub(super) level_dbov: f32,
    pub(super) longest_gap: Duration,
}

impl Evidence {
    pub(super) fn new(diary: Diary, tape: Tape, scenario: &Scenario) -> Self {
        let phrases = diary.heard.iter().map(|it| Said::new(it, scenario));
        let mut phrases: Vec<Said> = phrases.collect();
        phrases.sort_by_key(|said| said.at);
        Self {
            diary,
            tape,
            phrases,
        }
    }

    /// When it happened first.
    pub(super) fn moment(&self, event: &Event, scenario: &Scenario) -> Option<Moment> {
        moments(&self.diary, event, scenario).into_iter().min()
    }

    /// The end of the phrase before this moment.
    pub(super) fn last_phrase(&self, before: Moment) -> Option<Moment> {
        let ended = self.phrases.iter().filter(|said| said.at < before);
        ended.map(|said| said.until).next_back()
    }

    /// What was received in that time, as far as it came.
    pub(super) fn sound(&self, from: Moment, lasts: Duration) -> &[i16] {
        let (first, last) = (self.place(from), self.place(from + lasts));
        self.tape.samples.get(first..last).unwrap_or_default()
    }

    /// The same, where it came to its end, but for what is on its way.
    pub(super) fn whole_sound(&self, from: Moment, lasts: Duration) -> Option<&[i16]> {
        let sound = self.sound(from, lasts);
        let least = samples_in(lasts.saturating_sub(UNDER_WAY));
        (!sound.is_empty() && sound.len() >= least).then_some(sound)
    }

    /// The sample that was received then.
    fn place(&self, at: Moment) -> usize {
        let arrivals = &self.tape.arrivals;
        let later = arrivals.partition_point(|arrived| arrived.at <= at);
        let Some(arrived) = later.checked_sub(1).and_then(|n| arrivals.get(n)) else {
            return arrivals.first().map_or(0, |first| first.sample);
        };
        let place = arrived
            .sample
            .saturating_add(samples_in(at.since(arrived.at)));
        place.min(self.tape.samples.len())
    }

    /// The longest time between two packets of sound.
    pub(super) fn longest_hole(&self) -> Duration {
        let arrivals = self.tape.arrivals.windows(2);
        let holes = arrivals.map(|pair| match pair {
            [one, next] => next.at.since(one.at),
            _ => Duration::ZERO,
        });
        holes.max().unwrap_or_default()
    }

    /// The messages that passed, each once, however often it was repeated.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Passed> {
        once(&self.diary)
    }

    /// The first value of a header in the first such message.
    pub(super) fn header(&self, name: &str, of: &HeaderOf) -> Option<&str> {
        let is_it = |message: &Message| match (&message.start, of) {
            (Start::Request { method, .. }, HeaderOf::Request(wanted)) => method == wanted,
            (Start::Response { code, .. }, HeaderOf::Response(wanted)) => {
                code == wanted && is_of_invite(message)
            }
            (Start::Request { .. }, HeaderOf::Response(_))
            | (Start::Response { .. }, HeaderOf::Request(_)) => false,
        };
        let mut messages = self.messages().map(|passed| &passed.message);
        messages.find(|message| is_it(message))?.value(name)
    }
}

impl Said {
    fn new(phrase: &HeardPhrase, scenario: &Scenario) -> Self {
        let heard = &phrase.heard;
        let length = scenario.length(&heard.prompt, heard.language) as u64;
        let samples = heard
            .end_sample(length)
            .saturating_sub(heard.began_at_sample);
        let lasted = lasting(samples);
        let longest_gap = heard.gaps.iter().map(|gap| gap.samples).max().unwrap_or(0);
        Self {
            id: heard.prompt.clone(),
            language: heard.language,
            at: phrase.at,
            until: phrase.at + lasted,
            cut_after: match heard.ended {
                Ended::Whole => None,
                Ended::Cut { .. } => Some(lasted),
            },
            level_dbov: heard.level_dbov,
            longest_gap: lasting(longest_gap.into()),
        }
    }
}

/// Every moment at which it happened, as far as the diary goes; a ring ends later than it is known of.
pub(super) fn moments(diary: &Diary, event: &Event, scenario: &Scenario) -> Vec<Moment> {
    let passed = |is_it: &dyn Fn(&Message) -> bool| -> Vec<Moment> {
        let messages = once(diary).filter(|passed| is_it(&passed.message));
        messages.map(|passed| passed.at).collect()
    };
    let heard = |is_it: &dyn Fn(&PromptId) -> bool| -> Vec<Said> {
        let heard = diary.heard.iter().filter(|it| is_it(&it.heard.prompt));
        heard.map(|it| Said::new(it, scenario)).collect()
    };
    let ends = |said: Vec<Said>| said.into_iter().map(|said| said.until).collect();
    match event {
        Event::Invite => passed(&|message| is_request(message, "INVITE")),
        Event::Ack => passed(&|message| is_request(message, "ACK")),
        Event::Status(wanted) => passed(&|message| code_of(message) == Some(*wanted)),
        Event::Ring(nth) => {
            let rings = passed(&|message| code_of(message) == Some(180));
            let after = RING_CYCLE * (nth - 1) + RING_TONE;
            rings.into_iter().map(|at| at + after).take(1).collect()
        }
        Event::Ended => passed(&ends_a_call),
        Event::Key => diary.keys.iter().map(|(_, at)| *at).collect(),
        Event::Begins(id) => {
            let said = heard(&|prompt| prompt == id).into_iter();
            said.map(|said| said.at).collect()
        }
        Event::Phrase(id) => ends(heard(&|prompt| prompt == id)),
        Event::LastPhrase => ends(heard(&|_| true)),
    }
}

fn ends_a_call(message: &Message) -> bool {
    is_request(message, "BYE")
        || is_request(message, "CANCEL")
        || code_of(message).is_some_and(|code| code >= 300)
}

fn is_request(message: &Message, wanted: &str) -> bool {
    matches!(&message.start, Start::Request { method, .. } if method == wanted)
}

/// Of a response to an INVITE.
fn code_of(message: &Message) -> Option<u16> {
    match message.start {
        Start::Response { code, .. } if is_of_invite(message) => Some(code),
        Start::Response { .. } | Start::Request { .. } => None,
    }
}

fn is_of_invite(message: &Message) -> bool {
    let cseq = message.value("CSeq").unwrap_or_default();
    cseq.ends_with("INVITE")
}

/// Without repetitions: the same start in the same transaction, or of another dialog of it.
fn once(diary: &Diary) -> impl Iterator<Item = &Passed> {
    let mut seen = BTreeSet::new();
    diary.messages.iter().filter(move |passed| {
        let Passed { way, message, .. } = passed;
        let start = match &message.start {
            Start::Request { method, .. } => method.clone(),
            Start::Response { code, .. } => code.to_string(),
        };
        let value = |name| message.value(name).unwrap_or_default().to_owned();
        let is_ours = *way == Way::Sent;
        seen.insert((is_ours, start, value("Call-ID"), value("CSeq"), value("To")))
    })
}
