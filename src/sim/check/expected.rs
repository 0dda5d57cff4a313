//! One expectation: exactly one thing that is to be so, with what belongs to it, and when.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::Check;
use crate::sim::scenario::{End, Event, Expectation, HeaderOf, Level, Phrase, What, When};
use crate::sim::text::{EndWord, ExpectText};
use crate::words::{PromptId, Sentence};

/// Give or take, where a scenario does not say how much.
const WITHIN: Duration = Duration::from_millis(200);
const WITHIN_DB: f32 = 3.0;
/// How long a tone or a level is listened to, where a scenario does not say.
const LASTS: Duration = Duration::from_secs(1);

/// What may be expected.
const SUBJECTS: &str = "hears, hears_in_order, never_hears, silence, tone, level, gap, keys, status, header, codec, ended";

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
        match &subjects(text)[..] {
            [] => {
                let help = Sentence::of("sim.right.one-of").with("names", SUBJECTS);
                let title = Sentence::of("sim.expects-nothing");
                self.document.fault(text.who.span(), title, help);
                None
            }
            [_] => self.subject(text),
            [_, second, ..] => {
                let span = second.clone();
                self.fault(span, "sim.expects-two", "sim.right.one-subject");
                None
            }
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
            return Some(What::Ended(end_of(*end.get_ref())));
        }
        self.lasting(text)
    }

    /// What is listened to for a while, from a moment on.
    fn lasting(&mut self, text: &ExpectText) -> Option<What> {
        let lasts = text.lasts.map_or(LASTS, |lasts| lasts.get());
        let (what, span) = match (&text.silence, &text.tone, &text.level) {
            (Some(silence), ..) => (What::Silence(silence.get_ref().get()), silence.span()),
            (_, Some(hz), _) => {
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
        Some(What::Hears(Phrase {
            id: self.phrase(id)?,
            language: text.language.unwrap_or(self.language),
            nth: nth.max(1),
            may_be_cut: text.cut.unwrap_or(false),
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
            (None, None) => Some(None),
            (Some(at), _) => Some(Some(When {
                from,
                at: at.get_ref().get(),
                within: text.within.map_or(WITHIN, |within| within.get()),
            })),
        }
    }
}

fn level(dbov: &Spanned<f32>, text: &ExpectText) -> Level {
    Level {
        dbov: *dbov.get_ref(),
        give_db: text.within_db.unwrap_or(WITHIN_DB),
    }
}

fn end_of(word: EndWord) -> End {
    match word {
        EndWord::ByUs => End::ByUs,
        EndWord::ByThem => End::ByThem,
        EndWord::Refused => End::Refused,
        EndWord::Cancelled => End::Cancelled,
    }
}

/// Where the subjects stand; the level and the gaps of a phrase are no subjects of their own.
fn subjects(text: &ExpectText) -> Vec<Range<usize>> {
    fn at<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
        value.as_ref().map(Spanned::span)
    }
    let own = |span: Option<Range<usize>>| span.filter(|_| text.hears.is_none());
    let all = [
        at(&text.hears),
        at(&text.hears_in_order),
        at(&text.never_hears),
        at(&text.silence),
        at(&text.tone),
        own(at(&text.level)),
        own(at(&text.gap)),
        at(&text.keys),
        at(&text.status),
        at(&text.header),
        at(&text.codec),
        at(&text.ended),
    ];
    all.into_iter().flatten().collect()
}
