//! What the words of a scenario mean together; all that does not fit is found in one reading.

mod expected;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::scenario::{Actor, After, Callee, Deed, Event, Scenario, Step};
use super::sounds::Sounds;
use super::spoiling::MediaFault;
use super::text::{DeedWord, PhoneText, ScenarioText, StepText};
use crate::media::Clip;
use crate::phone::{PhoneAddress, Sends};
use crate::settings::{Document, SettingsError};
use crate::sip::Uri;
use crate::words::{Key, Language, PromptId, Sentence};

/// What a phone may send while it says nothing, beside sounds by their names.
const QUIET: [&str; 3] = ["silence", "nothing", "tone"];

/// Events that are no phrase and no status.
const EVENTS: [&str; 6] = ["invite", "ack", "ring 1", "ended", "key", "last-phrase"];

pub(super) fn read(
    name: &str,
    text: &str,
    folder: &Path,
    target: Option<&Uri>,
) -> Result<Scenario, SettingsError> {
    let (document, text) = Document::read::<ScenarioText>(name, text)?;
    let mut check = Check::new(document, &text, folder);
    let target = target.cloned().or_else(|| check.target(&text));
    if text.step.is_empty() {
        let title = Sentence::of("sim.nothing-happens");
        check
            .document
            .fault(0..0, title, Sentence::of("sim.right.step"));
    }
    // One that is no address has been told as that.
    check.has_target = target.is_some() || text.target.is_some();
    let phones = text.phone.iter();
    let phones = phones.map(|(name, phone)| (name.clone(), check.actor(name, phone)));
    let phones: BTreeMap<_, _> = phones.collect();
    let mut steps: Vec<Step> = text.step.iter().filter_map(|it| check.step(it)).collect();
    reorder(&mut steps, &text.phone);
    let expected = text.expect.iter().filter_map(|it| check.expectation(it));
    let expectations = expected.collect();
    let Check {
        document, sounds, ..
    } = check;
    document.faults()?;
    Ok(Scenario {
        title: text.title.unwrap_or_else(|| name.to_owned()),
        target,
        language: text.language,
        at_most: text.at_most.get(),
        phones,
        steps,
        expectations,
        sounds,
    })
}

struct Check<'t> {
    document: Document,
    sounds: Sounds,
    language: Language,
    phones: &'t BTreeMap<String, PhoneText>,
    has_target: bool,
}

impl<'t> Check<'t> {
    fn new(mut document: Document, text: &'t ScenarioText, folder: &Path) -> Self {
        let mut sounds = Sounds::default();
        for (name, file) in &text.sound {
            let title = match (name.parse::<PromptId>(), folder.join(file.get_ref())) {
                (Err(why), _) => why,
                (Ok(_), path) => match sounds.add(name, &path) {
                    Ok(()) => continue,
                    Err(why) => Sentence::of("sim.no-recording")
                        .with("file", file.get_ref().display())
                        .with("why", why),
                },
            };
            let help = Sentence::of("sim.right.recording");
            document.fault(file.span(), title, help);
        }
        Self {
            document,
            sounds,
            language: text.language,
            phones: &text.phone,
            has_target: false,
        }
    }

    fn fault(&mut self, span: Range<usize>, title: &str, help: &str) {
        let (title, help) = (Sentence::of(title), Sentence::of(help));
        self.document.fault(span, title, help);
    }

    fn target(&mut self, text: &ScenarioText) -> Option<Uri> {
        self.uri(text.target.as_ref()?)
    }

    fn uri(&mut self, text: &Spanned<String>) -> Option<Uri> {
        let uri = text.get_ref().parse().ok();
        if uri.is_none() {
            self.fault(text.span(), "sim.no-uri", "sim.right.uri");
        }
        uri
    }

    fn actor(&mut self, name: &str, text: &PhoneText) -> Actor {
        if let Some(rtp) = text.rtp.as_ref().filter(|port| *port.get_ref() % 2 != 0) {
            self.fault(rtp.span(), "sim.odd-port", "sim.right.even");
        }
        let quiet = text.quiet.as_ref();
        let quiet = quiet.and_then(|quiet| self.sends(quiet));
        Actor {
            user: text.user.clone().unwrap_or_else(|| name.to_owned()),
            at: PhoneAddress {
                sip: text.at,
                rtp: text.rtp.as_ref().map(|port| *port.get_ref()),
                behind: text.behind,
            },
            through: text.through,
            codec: text.codec.codec(),
            quiet: match text.fault == Some(MediaFault::OneWay) {
                true => Sends::Nothing,
                false => quiet.unwrap_or(Sends::Silence),
            },
            rtcp: text.rtcp,
        }
    }

    fn step(&mut self, text: &StepText) -> Option<Step> {
        let phone = self.phone(&text.who);
        if let (Some(of), None) = (&text.of, &text.after) {
            self.fault(of.span(), "sim.of-nothing", "sim.right.after");
        }
        let after = text.after.as_ref().map(|after| {
            let whose = text.of.as_ref().unwrap_or(&text.who);
            let (event, whose) = (
                self.event(after),
                self.phone(whose).is_some().then_some(whose),
            );
            Some(After {
                event: event?,
                whose: whose?.get_ref().clone(),
            })
        });
        let deed = self.deed(text, phone);
        Some(Step {
            who: phone.map(|_| text.who.get_ref().clone())?,
            deed: deed?,
            after: match after {
                Some(after) => Some(after?),
                None => None,
            },
            wait: text.wait.get(),
        })
    }

    fn phone(&mut self, name: &Spanned<String>) -> Option<&'t PhoneText> {
        let phone = self.phones.get(name.get_ref());
        if phone.is_none() {
            let title = Sentence::of("sim.no-phone").with("name", name.get_ref());
            let known: Vec<&str> = self.phones.keys().map(String::as_str).collect();
            self.document
                .unknown(name.span(), title, name.get_ref(), &known);
        }
        phone
    }

    fn event(&mut self, text: &Spanned<String>) -> Option<Event> {
        let word = text.get_ref();
        let status = word.parse().ok();
        let ring = word.strip_prefix("ring ").and_then(|nth| nth.parse().ok());
        let (name, begins) = match word.strip_suffix(" begins") {
            Some(name) => (name, true),
            None => (word.as_str(), false),
        };
        Some(match (word.as_str(), status, ring) {
            ("invite", ..) => Event::Invite,
            ("ack", ..) => Event::Ack,
            ("ended", ..) => Event::Ended,
            ("key", ..) => Event::Key,
            ("last-phrase", ..) => Event::LastPhrase,
            (_, Some(code @ 100..700), _) => Event::Status(code),
            (_, _, Some(nth @ 1..)) => Event::Ring(nth),
            _ if self.sounds.clip(name, self.language).is_some() => {
                let id = name.parse().ok()?;
                if begins {
                    Event::Begins(id)
                } else {
                    Event::Phrase(id)
                }
            }
            _ => {
                let title = Sentence::of("sim.no-event").with("name", word);
                let names = self.sounds.names();
                let known: Vec<&str> = EVENTS.into_iter().chain(names).collect();
                self.document.unknown(text.span(), title, name, &known);
                return None;
            }
        })
    }

    fn deed(&mut self, text: &StepText, phone: Option<&PhoneText>) -> Option<Deed> {
        let word = *text.does.get_ref();
        let what = match (Object::of(word), &text.what) {
            (Object::None, Some(what)) => {
                let title = Sentence::of("sim.needs-no-what").with("does", word.as_str());
                let help = Sentence::of("sim.right.leave-out");
                self.document.fault(what.span(), title, help);
                return None;
            }
            (Object::Needed, None) => {
                let title = Sentence::of("sim.needs-what").with("does", word.as_str());
                let help = Sentence::of(&format!("sim.right.{}", word.as_str()));
                self.document.fault(text.does.span(), title, help);
                return None;
            }
            (_, what) => what.as_ref(),
        };
        match (word, what) {
            (DeedWord::Calls, None) if !self.has_target => {
                let span = text.does.span();
                self.fault(span, "sim.no-target", "sim.right.target");
                None
            }
            (DeedWord::Calls, None) => Some(Deed::Call(Callee::Target)),
            (DeedWord::Calls, Some(what)) => Some(Deed::Call(self.callee(what)?)),
            (DeedWord::Refers, Some(what)) => Some(Deed::Refer(self.callee(what)?)),
            (DeedWord::Refuses, Some(what)) => self.refusal(what),
            (DeedWord::Says, Some(what)) => self.says(what, phone?),
            (DeedWord::Sends, Some(what)) => Some(Deed::Send(self.sends(what)?)),
            (DeedWord::Presses, Some(what)) => Some(Deed::Press(self.keys(what)?)),
            (DeedWord::Answers, _) => Some(Deed::Answer),
            (DeedWord::Holds, _) => Some(Deed::Hold),
            (DeedWord::Resumes, _) => Some(Deed::Resume),
            (DeedWord::HangsUp, _) => Some(Deed::HangUp),
            (DeedWord::Waits, _) => Some(Deed::Wait),
            (
                DeedWord::Refers
                | DeedWord::Refuses
                | DeedWord::Says
                | DeedWord::Sends
                | DeedWord::Presses,
                None,
            ) => None,
        }
    }

    fn callee(&mut self, what: &Spanned<String>) -> Option<Callee> {
        if what.get_ref().starts_with("sip:") {
            return self.uri(what).map(Callee::Uri);
        }
        self.phone(what)
            .map(|_| Callee::Phone(what.get_ref().clone()))
    }

    fn refusal(&mut self, what: &Spanned<String>) -> Option<Deed> {
        let code = what.get_ref().parse().ok();
        let code = code.filter(|code| (300..700).contains(code));
        if code.is_none() {
            self.fault(what.span(), "sim.no-status", "sim.right.refuses");
        }
        code.map(Deed::Refuse)
    }

    /// A phone with a fault says it wrongly, or not at all.
    fn says(&mut self, what: &Spanned<String>, phone: &PhoneText) -> Option<Deed> {
        let right = self.sound(what)?;
        let Some(fault) = phone.fault else {
            return Some(Deed::Say(right));
        };
        if fault == MediaFault::OneWay {
            return Some(Deed::Wait);
        }
        let language = fault.language(self.language);
        let said = self.sounds.clip(what.get_ref(), language).unwrap_or(right);
        let spoilt = fault.spoil(said.samples(), phone.codec.codec());
        Some(Deed::Say(Clip::from_samples(spoilt).into()))
    }

    fn sends(&mut self, what: &Spanned<String>) -> Option<Sends> {
        Some(match what.get_ref().as_str() {
            "silence" => Sends::Silence,
            "nothing" => Sends::Nothing,
            "tone" => Sends::Tone,
            _ => Sends::Speech(self.sound(what)?),
        })
    }

    fn sound(&mut self, name: &Spanned<String>) -> Option<std::sync::Arc<Clip>> {
        let clip = self.sounds.clip(name.get_ref(), self.language);
        if clip.is_none() {
            let title = Sentence::of("sim.no-sound").with("name", name.get_ref());
            let names = self.sounds.names();
            let known: Vec<&str> = names.into_iter().chain(QUIET).collect();
            self.document
                .unknown(name.span(), title, name.get_ref(), &known);
        }
        clip
    }

    fn keys(&mut self, what: &Spanned<String>) -> Option<Vec<Key>> {
        let keys = what.get_ref().chars().map(|c| Key::try_from(c).ok());
        let keys: Option<Vec<Key>> = keys.collect();
        let keys = keys.filter(|keys| !keys.is_empty());
        if keys.is_none() {
            self.fault(what.span(), "sim.no-keys", "sim.right.presses");
        }
        keys
    }
}

/// Whether `what` belongs to a deed.
enum Object {
    None,
    Optional,
    Needed,
}

impl Object {
    fn of(word: DeedWord) -> Self {
        match word {
            DeedWord::Calls => Self::Optional,
            DeedWord::Refers
            | DeedWord::Refuses
            | DeedWord::Says
            | DeedWord::Sends
            | DeedWord::Presses => Self::Needed,
            DeedWord::Answers
            | DeedWord::Holds
            | DeedWord::Resumes
            | DeedWord::HangsUp
            | DeedWord::Waits => Self::None,
        }
    }
}

/// A phone with that fault says its second phrase first.
fn reorder(steps: &mut [Step], phones: &BTreeMap<String, PhoneText>) {
    let is_faulty = |(_, phone): &(&String, &PhoneText)| phone.fault == Some(MediaFault::Reordered);
    for (name, _) in phones.iter().filter(is_faulty) {
        let says = |step: &Step| step.who == *name && matches!(step.deed, Deed::Say(_));
        let said = steps.iter().enumerate().filter(|(_, step)| says(step));
        let said: Vec<usize> = said.map(|(n, _)| n).take(2).collect();
        if let [first, second] = said[..] {
            let clip = steps[first].deed.clone();
            steps[first].deed = std::mem::replace(&mut steps[second].deed, clip);
        }
    }
}
