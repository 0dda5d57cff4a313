//! What the states of a call share: its legs, phrases, timers, and the actions to be.

use std::sync::Arc;

use crate::policy::{Bed, Policy};
use crate::words::{
    Because, ConsentFor, EndedBy, Ending, Language, Moment, Party, PhoneNumber, Pii, PromptId,
};

use super::doctor::Told;
use super::legs::{CallerLeg, Leg, RepLeg};
use super::recording::Recorded;
use super::repair::Repairs;
use super::speech::{Begins, Manner, Pending, Speech};
use super::timers::Timers;
use super::{
    Action, CALLER, Callee, ConsentBy, Input, Notice, Outcome, Particulars, PromiseKind, Refusal,
    Say, State, Terms, Ticket, Timer, repair,
};

/// Shared by the states of one call.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) terms: Arc<Terms>,
    pub(super) number: Option<Pii<PhoneNumber>>,
    pub(super) language: Language,
    pub(super) caller: CallerLeg,
    pub(super) rep: RepLeg,
    pub(super) target: Leg,
    pub(super) speech: Speech,
    pub(super) timers: Timers,
    pub(super) promises: Promises,
    pub(super) manners: Manners,
    pub(super) told: Told,
    pub(super) repairs: Repairs,
    pub(super) unexpected: u64,
    actions: Vec<Action>,
}

/// What this call promised, or was made to keep.
#[derive(Debug, Default)]
pub(super) struct Promises {
    last: u32,
    /// A phrase that is said once its row is committed (D24).
    pub(super) to_say: Option<(Ticket, ToSay)>,
    /// A row was committed in this call.
    pub(super) made: bool,
    /// The kind of promise for which we call.
    pub(super) keeps: Option<PromiseKind>,
    /// We call him, and it is not known yet what comes of it.
    pub(super) attempt_open: bool,
    /// Whom we called may be a machine: being joined to it keeps nothing yet.
    pub(super) doubtful: bool,
}

/// What is said of a promise that is noted.
#[derive(Debug)]
pub(super) enum ToSay {
    /// The rep's own phrase.
    Phrase(PromptId),
    /// The words that follow the due time.
    When,
}

/// What was said and agreed so far, as far as it changes what comes.
#[derive(Debug, Default)]
pub(super) struct Manners {
    /// The rep ticked a consent before he used it (D10).
    pub(super) consented: Option<ConsentFor>,
    /// The rep has said the farewell himself (D28).
    pub(super) closing_said: bool,
    pub(super) joined: bool,
    pub(super) transfer_failed: bool,
    /// A phrase was said after which nobody is asked for a rating (D28).
    pub(super) unratable: bool,
    pub(super) line_faulted: bool,
    pub(super) unclear_said: Option<Moment>,
    pub(super) recorded: Recorded,
}

impl Board {
    pub(super) fn new(
        terms: Arc<Terms>,
        number: Option<Pii<PhoneNumber>>,
        language: Language,
    ) -> Self {
        Self {
            terms,
            number,
            language,
            caller: CallerLeg::default(),
            rep: RepLeg::default(),
            target: Leg::Absent,
            speech: Speech::default(),
            timers: Timers::default(),
            promises: Promises::default(),
            manners: Manners::default(),
            told: Told::default(),
            repairs: Repairs::default(),
            unexpected: 0,
            actions: Vec::new(),
        }
    }

    /// The policy, held apart from the board so that both can be used at once.
    pub(super) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.terms.policy)
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    pub(super) fn tell(&mut self, notice: Notice) {
        self.act(Action::Tell(notice));
    }

    /// Answers the command that was the input.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.act(Action::Refused(refusal));
    }

    /// The named arm for what a state has no use for: commands are answered, the rest is counted.
    pub(super) fn unexpected(&mut self, input: Input, state: State) -> State {
        match input {
            Input::Command(_) | Input::PhoneTransfer { .. } => {
                self.refuse(Refusal::NotInThisState);
            }
            _ => self.unexpected += 1,
        }
        state
    }

    // Consent

    /// Logged before anything follows from it (R19).
    pub(super) fn consent(&mut self, to: ConsentFor, given: bool, by: ConsentBy) {
        let covers_hold = match to {
            ConsentFor::Hold => given || by == ConsentBy::Phone,
            // One consent covers a transfer and its hold (D11).
            ConsentFor::Transfer => given,
            ConsentFor::Callback => false,
        };
        self.rep.may_hold |= covers_hold && self.rep.is_deaf();
        self.act(Action::Consent { to, given, by });
    }

    /// The rep has ticked it, and not used it yet (D10).
    pub(super) fn has_tick(&self, to: ConsentFor) -> bool {
        self.manners.consented == Some(to)
    }

    /// The rep's yes for the caller: said now, or ticked before.
    pub(super) fn rep_vouches(&mut self, to: ConsentFor, agreed: bool) -> bool {
        let ticked = self.has_tick(to);
        if agreed || ticked {
            self.manners.consented = None;
            self.consent(to, true, ConsentBy::Rep);
        }
        agreed || ticked
    }

    // Legs

    /// Asks the desk for a seat. It comes at once, later, or never.
    pub(super) fn call_seat(&mut self) {
        // Who was to be moved is gone, and so is the seat that rang for that.
        self.timers.disarm(Timer::Moving);
        self.rep = RepLeg {
            leg: Leg::Called,
            ..RepLeg::default()
        };
        self.act(Action::Call(Party::Rep, Callee::Seat));
    }

    /// His leg is another; that he has been heard is true all the same.
    pub(super) fn rep_moved(&mut self) {
        // The new leg's microphone is open.
        for timer in [Timer::Moving, Timer::MutedWarning, Timer::Muted] {
            self.timers.disarm(timer);
        }
        self.rep = RepLeg {
            leg: Leg::Up,
            heard: self.rep.heard,
            ..RepLeg::default()
        };
    }

    pub(super) fn call_target(&mut self, target: &str) {
        self.target = Leg::Called;
        self.act(Action::Call(
            Party::Target,
            Callee::Target(target.to_owned()),
        ));
    }

    pub(super) fn leg(&mut self, party: Party) -> &mut Leg {
        match party {
            Party::Caller => &mut self.caller.leg,
            Party::Rep => &mut self.rep.leg,
            Party::Target => &mut self.target,
        }
    }

    /// Ends a leg of ours, unless it is gone already.
    pub(super) fn hang_up(&mut self, party: Party) {
        if !self.leg(party).is_absent() {
            *self.leg(party) = Leg::Absent;
            self.act(Action::HangUp(party));
            repair::forget_leg(party, self);
        }
        if party == Party::Rep {
            self.timers.disarm(Timer::RepRings);
            self.timers.disarm(Timer::Moving);
        }
    }

    /// The call is on its way out: nobody else is brought to it.
    pub(super) fn stop_calling(&mut self) {
        for party in [Party::Rep, Party::Target] {
            if *self.leg(party) == Leg::Called {
                self.hang_up(party);
            }
        }
    }

    // The caller's line

    /// Verdicts on a line that is watched, and not on their own hold (D13, D16).
    pub(super) fn watches_caller(&self) -> bool {
        self.terms.watches_line && self.caller.leg.is_up() && !self.caller.on_hold
    }

    /// No packet for long is the end of a call (D16).
    pub(super) fn watch_media(&mut self, now: Moment) {
        if self.watches_caller() && self.caller.is_dead() {
            let lost_after = self.terms.policy.line_fault.lost_after.get();
            self.timers.arm_once(Timer::MediaLost, now + lost_after);
        }
    }

    /// What a caller on the grid hears between phrases; their own hold pauses it (D13).
    pub(super) fn bed(&self) -> Bed {
        if self.caller.on_hold {
            Bed::Silence
        } else {
            self.terms.policy.hold.bed
        }
    }

    /// The last thing a call does: every leg ends, whoever is left.
    pub(super) fn end(&mut self, by: EndedBy, because: Because) -> State {
        self.settle_attempt(match self.manners.joined {
            true => Outcome::Joined,
            false => Outcome::Abandoned,
        });
        for party in Party::ALL {
            self.hang_up(party);
        }
        self.timers.clear();
        self.act(Action::Over(Ending { by, because }));
        State::Ended
    }

    /// How the callback that this call is went; the first word counts.
    pub(super) fn settle_attempt(&mut self, outcome: Outcome) {
        if std::mem::take(&mut self.promises.attempt_open) {
            self.act(Action::Attempted(outcome));
        }
    }

    // Promises

    pub(super) fn promise(
        &mut self,
        kind: PromiseKind,
        reason: &str,
        particulars: Particulars,
    ) -> Ticket {
        self.promises.last += 1;
        let ticket = Ticket(self.promises.last);
        self.act(Action::Promise {
            ticket,
            kind,
            reason: reason.to_owned(),
            particulars,
        });
        ticket
    }

    // Speech

    /// "I cannot hear you" is said at most every ten seconds, whoever has it said (D16).
    pub(super) fn unclear_lately(&self, phrase: &PromptId, now: Moment) -> bool {
        let fault = &self.terms.policy.line_fault;
        let until = self
            .manners
            .unclear_said
            .map(|said| said + fault.unclear_every.get());
        *phrase == fault.unclear && until.is_some_and(|until| now < until)
    }

    /// Says a phrase to the caller, replacing what is being said.
    pub(super) fn say(&mut self, phrase: &PromptId, manner: Manner, now: Moment) {
        self.hush(CALLER);
        if *phrase == self.terms.policy.line_fault.unclear {
            self.manners.unclear_said = Some(now);
        }
        if manner.begins == Begins::AtPause && self.caller.speaking {
            self.speech.pending = Some(Pending {
                phrase: phrase.clone(),
                manner,
            });
            self.timers.arm(
                Timer::Pause,
                now + self.terms.policy.speaking.pause_within.get(),
            );
            return;
        }
        self.say_to(CALLER, phrase, manner, now);
    }

    /// Says a phrase of the waiting caller's; nothing is said into their own hold (D13).
    pub(super) fn keep_company(&mut self, phrase: &PromptId, manner: Manner, now: Moment) {
        if !self.caller.on_hold {
            self.say(phrase, manner, now);
        }
    }

    pub(super) fn say_to(&mut self, to: Party, phrase: &PromptId, manner: Manner, now: Moment) {
        self.utter(to, phrase, None, manner, now);
    }

    /// Says a phrase to the caller, and his number after it.
    pub(super) fn read_back(&mut self, phrase: &PromptId, number: &Pii<PhoneNumber>, now: Moment) {
        self.utter(CALLER, phrase, Some(number.clone()), Manner::FIRM, now);
    }

    fn utter(
        &mut self,
        to: Party,
        phrase: &PromptId,
        number: Option<Pii<PhoneNumber>>,
        manner: Manner,
        now: Moment,
    ) {
        let not_before = match manner.begins {
            Begins::At(moment) => moment,
            Begins::Now | Begins::AtPause => now,
        };
        self.hush(to);
        let utterance = self.speech.begin(to, manner.gives_way);
        let say = Say {
            to,
            phrase: phrase.clone(),
            number,
            language: self.language,
            utterance,
            not_before,
        };
        self.act(Action::Say(say));
    }

    /// The pause has come, or has been waited for long enough.
    pub(super) fn say_pending(&mut self, now: Moment) {
        self.timers.disarm(Timer::Pause);
        if let Some(Pending { phrase, manner }) = self.speech.pending.take() {
            self.say_to(
                CALLER,
                &phrase,
                Manner {
                    begins: Begins::Now,
                    ..manner
                },
                now,
            );
        }
    }

    /// Stops what is being said to this party, and what waits to be said; its end is no news then.
    pub(super) fn hush(&mut self, party: Party) {
        if party == CALLER {
            self.timers.disarm(Timer::Pause);
            self.timers.disarm(Timer::GiveWay);
            self.speech.pending = None;
        }
        if let Some(playing) = self.speech.end(party) {
            self.act(Action::Cut(playing.utterance));
        }
    }

    /// It is over: what would have stopped it stops nothing that comes after it.
    pub(super) fn phrase_ended(&mut self, hearer: Party) {
        self.speech.end(hearer);
        if hearer == CALLER {
            self.timers.disarm(Timer::GiveWay);
        }
    }

    /// Stops it, and its end is news: what follows a phrase follows its cut, too.
    pub(super) fn cut_short(&mut self) {
        if let Some(playing) = self.speech.playing(CALLER) {
            self.act(Action::Cut(playing.utterance));
        }
    }

    pub(super) fn is_saying(&self, party: Party) -> bool {
        self.speech.playing(party).is_some() || (party == CALLER && self.speech.pending.is_some())
    }
}
