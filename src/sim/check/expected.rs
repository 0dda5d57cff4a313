//! One expectation: exactly one thing that is to be so, with what belongs to it, and when.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::Check;
use crate::sim::scenario::{Event, Expectation, HeaderOf, Level, Phrase, What, When};
use crate::sim::text::ExpectText;
use crate::words::{PromptId, Sentence};

/// Give or take, where a scenario does not say how much.
const WITHIN: Duration = Duration::from_millis(200);
const WITHIN_DB: f32 = 3.0;
/// How long a tone or a level is listened to, where a scenario does not say.
const LASTS: Duration = Duration::from_secs(1);

/// What may be expected, and what may be said of it; all else would be read and not judged.
const SUBJECTS: [(&str, &[&str]); 12] = [
    (
        "hears",
        &[
            "language",
            "nth",
            "cut",
            "within_db",
            "at",
            "from",
            "within",
        ],
    ),
    ("hears_in_order", &[]),
    ("never_hears", &[]),
    ("silence", &["at", "from"]),
    ("tone", &["lasts", "at", "from"]),
    ("level", &["within_db", "lasts", "at", "from"]),
    ("gap", &[]),
    ("keys", &["at", "from", "within"]),
    ("status", &["at", "from", "within"]),
    ("header", &["like", "in"]),
    ("codec", &[]),
    ("ended", &["at", "from", "within"]),
];

/// The highest tone that sound at 8 kHz holds.
const HIGHEST_HZ: f32 = 4_000.0;

impl Check<'_> {
    pub(super) fn expectation(&mut self, text: &ExpectText) -> Option<Expectation> {
        let phone = self.phone(&text.who);
        let when = self.when(text);
        let what = self.what(text);
        phone?;
        Some(Expectation {
            who: text.who.get_ref().clone(),
            what: what?,
            when: when?,
        })
    }

    fn what(&mut self, text: &ExpectText) -> Option<What> {
        let (subjects, more) = (subjects(text), more(text));
        match &subjects[..] {
            [] => {
                let names: Vec<&str> = SUBJECTS.iter().map(|(name, _)| *name).collect();
                let help = Sentence::of("sim.right.one-of").with("names", names.join(", "));
                let title = Sentence::of("sim.expects-nothing");
                self.document.fault(text.who.span(), title, help);
                None
            }
            [(name, _)] => {
                self.all_is_judged(name, more);
                self.subject(text)
            }
            [_, (_, second), ..] => {
                let span = second.clone();
                self.fault(span, "sim.expects-two", "sim.right.one-subject");
                None
            }
        }
    }

    /// What is said of an expectation and does not belong to it would be passed over.
    fn all_is_judged(&mut self, subject: &str, more: Vec<Written>) {
        let belongs = SUBJECTS.iter().find(|(name, _)| *name == subject);
        let belongs = belongs.map_or(&[][..], |(_, belongs)| belongs);
        let strange = more.into_iter().filter(|(name, _)| !belongs.contains(name));
        for (name, span) in strange {
            let title = Sentence::of("sim.not-judged")
                .with("name", name)
                .with("subject", subject);
            let help = Sentence::of("sim.right.leave-out");
            self.document.fault(span, title, help);
        }
    }

    fn subject(&mut self, text: &ExpectText) -> Option<What> {
        if let Some(id) = &text.hears {
            return self.hears(id, text);
        }
        if let Some(ids) = &text.hears_in_order {
            let ids = ids.get_ref().iter().map(|id| self.phrase(id));
            // All are looked at before one is missed.
            let ids: Vec<Option<PromptId>> = ids.collect();
            return ids
                .into_iter()
                .collect::<Option<_>>()
                .map(What::HearsInOrder);
        }
        if let Some(id) = &text.never_hears {
            return self.phrase(id).map(What::NeverHears);
        }
        if let Some(keys) = &text.keys {
            return self.keys(keys).map(What::Keys);
        }
        if let Some(header) = &text.header {
            return self.header(header, text);
        }
        if let Some(gap) = &text.gap {
            return Some(What::Gap(gap.get_ref().get()));
        }
        if let Some(code) = &text.status {
            return Some(What::Status(*code.get_ref()));
        }
        if let Some(codec) = &text.codec {
            return Some(What::Codec(codec.get_ref().codec()));
        }
        if let Some(end) = &text.ended {
            return Some(What::Ended(*end.get_ref()));
        }
        self.lasting(text)
    }

    /// What is listened to for a while, from a moment on.
    fn lasting(&mut self, text: &ExpectText) -> Option<What> {
        let lasts = text.lasts.as_ref();
        let lasts = lasts.map_or(LASTS, |lasts| lasts.get_ref().get());
        let (what, span) = match (&text.silence, &text.tone, &text.level) {
            (Some(silence), ..) => (What::Silence(silence.get_ref().get()), silence.span()),
            (_, Some(hz), _) => {
                if !(1.0..HIGHEST_HZ).contains(hz.get_ref()) {
                    self.fault(hz.span(), "sim.no-tone", "sim.right.tone");
                }
                let what = What::Tone {
                    hz: *hz.get_ref(),
                    lasts,
                };
                (what, hz.span())
            }
            (_, _, Some(dbov)) => {
                let level = level(dbov, text);
                (What::Level { level, lasts }, dbov.span())
            }
            (None, None, None) => return None,
        };
        if text.at.is_none() {
            self.fault(span, "sim.no-at", "sim.right.at");
            return None;
        }
        Some(what)
    }

    fn hears(&mut self, id: &Spanned<String>, text: &ExpectText) -> Option<What> {
        let nth = text.nth.as_ref().map_or(1, |nth| *nth.get_ref());
        if let Some(span) = text.nth.as_ref().filter(|_| nth == 0).map(Spanned::span) {
            self.fault(span, "sim.no-nth", "sim.right.nth");
        }
        if let (None, Some(db)) = (&text.level, &text.within_db) {
            self.fault(db.span(), "sim.no-level", "sim.right.level");
        }
        Some(What::Hears(Phrase {
            id: self.phrase(id)?,
            language: text
                .language
                .as_ref()
                .map_or(self.language, |it| *it.get_ref()),
            nth: nth.max(1),
            may_be_cut: text.cut.as_ref().is_some_and(|it| *it.get_ref()),
            level: text.level.as_ref().map(|dbov| level(dbov, text)),
            gap: text.gap.as_ref().map(|gap| gap.get_ref().get()),
        }))
    }

    fn phrase(&mut self, name: &Spanned<String>) -> Option<PromptId> {
        self.sound(name)?;
        name.get_ref().parse().ok()
    }

    fn header(&mut self, name: &Spanned<String>, text: &ExpectText) -> Option<What> {
        let Some(like) = &text.like else {
            self.fault(name.span(), "sim.no-like", "sim.right.like");
            return None;
        };
        let of = match &text.of {
            None => HeaderOf::Response(200),
            Some(of) => match of.get_ref().parse() {
                Ok(code) => HeaderOf::Response(code),
                Err(_) => HeaderOf::Request(of.get_ref().to_ascii_uppercase()),
            },
        };
        Some(What::Header {
            name: name.get_ref().clone(),
            like: like.get_ref().clone(),
            of,
        })
    }

    /// None where it is faulty; `Some(None)` where it says no time.
    fn when(&mut self, text: &ExpectText) -> Option<Option<When>> {
        let from = match &text.from {
            Some(from) => self.event(from)?,
            None => Event::Invite,
        };
        match (&text.at, &text.from) {
            (None, Some(from)) => {
                self.fault(from.span(), "sim.no-at", "sim.right.at");
                None
            }
            (None, None) => {
                if let Some(within) = &text.within {
                    self.fault(within.span(), "sim.no-at", "sim.right.at");
                }
                Some(None)
            }
            (Some(at), _) => Some(Some(When {
                from,
                at: at.get_ref().get(),
                within: text
                    .within
                    .as_ref()
                    .map_or(WITHIN, |within| within.get_ref().get()),
            })),
        }
    }
}

fn level(dbov: &Spanned<f32>, text: &ExpectText) -> Level {
    Level {
        dbov: *dbov.get_ref(),
        give_db: text
            .within_db
            .as_ref()
            .map_or(WITHIN_DB, |it| *it.get_ref()),
    }
}

/// A key of an expectation, and where its value stands.
type Written = (&'static str, Range<usize>);

fn at<T>(name: &'static str, value: Option<&Spanned<T>>) -> Option<Written> {
    value.map(|value| (name, value.span()))
}

/// The subjects; the level and the gaps of a phrase are none of their own.
fn subjects(text: &ExpectText) -> Vec<Written> {
    let is_own = text.hears.is_none();
    let all = [
        at("hears", text.hears.as_ref()),
        at("hears_in_order", text.hears_in_order.as_ref()),
        at("never_hears", text.never_hears.as_ref()),
        at("silence", text.silence.as_ref()),
        at("tone", text.tone.as_ref()),
        at("level", text.level.as_ref()).filter(|_| is_own),
        at("gap", text.gap.as_ref()).filter(|_| is_own),
        at("keys", text.keys.as_ref()),
        at("status", text.status.as_ref()),
        at("header", text.header.as_ref()),
        at("codec", text.codec.as_ref()),
        at("ended", text.ended.as_ref()),
    ];
    all.into_iter().flatten().collect()
}

/// What is said of the subject.
fn more(text: &ExpectText) -> Vec<Written> {
    let all = [
        at("language", text.language.as_ref()),
        at("nth", text.nth.as_ref()),
        at("cut", text.cut.as_ref()),
        at("within_db", text.within_db.as_ref()),
        at("lasts", text.lasts.as_ref()),
        at("like", text.like.as_ref()),
        at("in", text.of.as_ref()),
        at("at", text.at.as_ref()),
        at("from", text.from.as_ref()),
        at("within", text.within.as_ref()),
    ];
    all.into_iter().flatten().collect()
}
