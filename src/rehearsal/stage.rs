use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::call::{
    Action, Beginning, Call, Input, Judgement, LegNews, PhraseNews, PromiseKind, Say, Utterance,
};
use crate::journal::{Began, Head, Journal};
use crate::words::{CallId, Country, Language, Moment, Party, PhoneNumber, Pii, PromptId};

use super::scene::Scene;
use super::witness::Witness;

/// From our 200 to their ACK.
const ACK_AFTER: Duration = Duration::from_millis(50);
/// From a promise to its committed row.
const NOTED_AFTER: Duration = Duration::from_millis(5);
/// From our new offer to their answer.
const REPLY_AFTER: Duration = Duration::from_millis(20);
/// From a cut to the last packet's end: one frame.
const CUT_AFTER: Duration = Duration::from_millis(20);

/// How a call begins.
#[derive(Clone, Copy, Debug)]
pub enum Beginnings {
    Invite,
    RepDials,
    CallBack(PromiseKind),
}

impl Scene {
    pub(super) fn begin(&self, beginning: Beginnings, now: Moment) -> (Call, Vec<Action>) {
        let (terms, facts) = (self.terms.clone(), self.facts());
        match beginning {
            Beginnings::Invite => Call::incoming(terms, facts, self.arrival, now),
            Beginnings::RepDials => Call::outgoing(terms, facts, now),
            Beginnings::CallBack(kind) => Call::callback(terms, facts, kind, now),
        }
    }

    fn facts(&self) -> Beginning {
        let number = PhoneNumber::parse("13800138000").ok().map(Pii::new);
        Beginning {
            id: CallId::new(0, [0; 10]),
            number: number.filter(|_| !self.anonymous),
            language: self.language,
            records: self.records,
        }
    }
}

/// A call with its media, its store and its clock, all of them virtual.
#[derive(Debug)]
pub struct Stage {
    pub call: Call,
    pub now: Moment,
    /// Everything done so far, each at its time; a phrase at its onset.
    pub done: Vec<(Moment, Action)>,
    pub said: BTreeMap<Utterance, PromptId>,
    pub inputs: Vec<(Moment, Input)>,
    pub(super) witness: Witness,
    began: (Beginnings, Moment),
    scene: Scene,
    /// What will happen by itself, in the order it was caused.
    coming: BTreeMap<(Moment, u64), Input>,
    caused: u64,
}

impl Stage {
    pub fn begin(scene: Scene, beginning: Beginnings, now: Moment) -> Self {
        let (call, actions) = scene.begin(beginning, now);
        let mut stage = Self {
            call,
            now,
            done: Vec::new(),
            said: BTreeMap::new(),
            began: (beginning, now),
            inputs: Vec::new(),
            witness: Witness::new(scene.terms.clone()),
            scene,
            coming: BTreeMap::new(),
            caused: 0,
        };
        stage.witness.sees(None, &actions, &stage.call, now);
        stage.perform(actions);
        stage
    }

    /// Promises to the caller that were broken so far.
    pub fn breaches(&self) -> &[String] {
        &self.witness.breaches
    }

    /// The states that the call has been in.
    pub fn states(&self) -> &BTreeSet<&'static str> {
        &self.witness.states
    }

    pub(super) fn language(&self) -> Language {
        self.scene.language
    }

    /// The call so far as the desk would have journalled it.
    pub fn journal(&self) -> Vec<u8> {
        let (beginning, at) = self.began;
        let (mut call, actions) = self.scene.begin(beginning, at);
        let began = match beginning {
            Beginnings::Invite => Began::Incoming(self.scene.arrival),
            Beginnings::RepDials => Began::Outgoing,
            Beginnings::CallBack(kind) => Began::Callback(kind),
        };
        let facts = self.scene.facts();
        let head = Head::new(&self.scene.terms, &facts, began, &actions, at);
        let mut journal = Journal::begin(&head);
        for (at, input) in &self.inputs {
            journal.handle(&mut call, input.clone(), *at);
        }
        journal.take(true).unwrap_or_default()
    }

    /// Lets an input happen now.
    pub fn input(&mut self, input: Input) {
        self.inputs.push((self.now, input.clone()));
        let actions = self.call.handle(input.clone(), self.now);
        self.witness
            .sees(Some(&input), &actions, &self.call, self.now);
        self.perform(actions);
    }

    /// Lets an input happen later.
    pub(super) fn later(&mut self, after: Duration, input: Input) {
        self.cause(self.now + after, input);
    }

    /// Lets time go by: what comes by itself, and the call's own timers, each at its moment.
    pub fn play_until(&mut self, end: Moment) {
        while let Some((at, input)) = self.next(end) {
            self.now = self.now.max(at);
            self.input(input);
        }
        self.now = self.now.max(end);
    }

    fn next(&mut self, end: Moment) -> Option<(Moment, Input)> {
        let timer = self.call.timeout().filter(|(at, _)| *at <= end);
        let coming = self.coming.first_key_value().map(|((at, _), _)| *at);
        match (coming.filter(|at| *at <= end), timer) {
            (Some(at), Some((timer_at, timer))) if timer_at < at => {
                Some((timer_at, Input::TimedOut(timer)))
            }
            (None, Some((at, timer))) => Some((at, Input::TimedOut(timer))),
            (Some(at), _) => self.coming.pop_first().map(|(_, input)| (at, input)),
            (None, None) => None,
        }
    }

    fn cause(&mut self, at: Moment, input: Input) {
        self.caused += 1;
        self.coming.insert((at, self.caused), input);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            let at = match &action {
                Action::Say(say) => say.not_before,
                _ => self.now,
            };
            self.react(&action);
            self.done.push((at, action));
        }
    }

    fn react(&mut self, action: &Action) {
        match action {
            Action::Answer if self.scene.acknowledges => {
                self.later(ACK_AFTER, Input::Leg(Party::Caller, LegNews::Acked));
            }
            Action::Say(say) => self.play(say),
            Action::Cut(utterance) => self.stop(*utterance),
            Action::Promise { ticket, .. } => {
                if let Some(promised) = self.scene.store {
                    self.later(NOTED_AFTER, Input::Promised(*ticket, promised));
                }
            }
            Action::KeepSeat if self.scene.has_seat => {
                self.later(Duration::ZERO, Input::Leg(Party::Rep, LegNews::Kept));
            }
            Action::KeepSeat => self.later(Duration::ZERO, Input::Leg(Party::Rep, LegNews::NoSeat)),
            Action::Judge(number) => {
                let is_emergency = Country::Cn.is_emergency(number.reveal());
                let judgement = match is_emergency {
                    true => Judgement::NeverCalled,
                    false => Judgement::MayBeCalled,
                };
                self.later(Duration::ZERO, Input::Judged(judgement));
            }
            Action::Repair { party, .. } => {
                if let Some(news) = self.scene.repair {
                    self.later(REPLY_AFTER, Input::Repair(*party, news));
                }
            }
            _ => {}
        }
    }

    fn play(&mut self, say: &Say) {
        let length = self.scene.prompts.length(&say.phrase, self.scene.lengths);
        self.said.insert(say.utterance, say.phrase.clone());
        let news = |news| Input::Phrase(say.utterance, news);
        self.cause(say.not_before, news(PhraseNews::Started));
        let whole = PhraseNews::Ended { whole: true };
        self.cause(say.not_before + length, news(whole));
    }

    fn stop(&mut self, utterance: Utterance) {
        let plays = |input: &Input| matches!(input, Input::Phrase(of, _) if *of == utterance);
        let before = self.coming.len();
        self.coming.retain(|_, input| !plays(input));
        if self.coming.len() < before {
            let cut = PhraseNews::Ended { whole: false };
            self.later(CUT_AFTER, Input::Phrase(utterance, cut));
        }
    }
}
