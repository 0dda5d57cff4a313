//! L3. Composition: owns the calls and the clock.
//!
//! Invariants: only the desk turns actions into I/O and I/O into inputs; the clock is read here and
//! handed down; everything a call does passes through `settle`, one input after the other.

mod accounts;
mod at_hand;
mod book;
mod by_hand;
mod calls;
mod candidates;
mod chronicle;
pub mod clock;
mod deleting;
mod draining;
mod ended;
mod exporting;
mod file_watch;
mod finder;
mod guide;
mod headset_buttons;
mod headsets;
mod house;
mod inspection;
mod invited;
mod journals;
mod keeper;
mod keeping;
mod keys_once;
mod leaving;
mod lines;
mod media_news;
mod media_thread;
mod moving;
mod numbers;
mod opening;
mod own_phone;
mod own_seats;
mod parting;
mod pbx;
mod perform;
mod phones;
mod promises;
mod prompts;
mod provisioning;
mod public_address;
mod quality;
mod reach;
mod recordings;
mod reloading;
mod renewal;
mod repairing;
mod replacing;
mod requests;
mod ringing;
mod run;
mod run_error;
mod second_call;
mod signalling;
mod signals;
mod sip_news;
mod sockets;
mod sound;
mod standing;
mod strangers;
mod supervisor;
mod tapping;
mod uncertain;
mod urgency;
mod vows;
mod ways;
mod whereabouts;
mod wishes;
mod working;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Weak;
use std::time::Duration;

use crate::call::{Action, Input, Refusal, Timer};
use crate::callbacks::{self, LiveCall};
use crate::console::CallView;
use crate::dialling::Tally;
use crate::media::{Attended, LegSpec};
use crate::records::What;
use crate::seating::{Openings, Seating};
use crate::sip::offer_answer::{Codecs, Negotiated};
use crate::words::{CallId, Ending, Entropy, Moment, Party, PhoneNumber, Pii};

pub use accounts::{Enrolled, enrolled, registrar_of};
pub use house::{Unfit, promising, read_policy};
pub use inspection::{inspect, warnings};
pub use prompts::{in_folder as phrases_in, open as phrasebook};
pub use provisioning::{Answer, Asked, Newer, Question, provision, server_of};
pub use run::{Addresses, Agent, RunOptions, Summary};
pub use run_error::RunError;
pub use sockets::tls as tls_files;
pub use urgency::{run_after_others, run_before_others};
pub use working::until;

use accounts::Accounts;
use calls::Calls;
use chronicle::{About, Chronicle};
use deleting::Deleting;
use draining::Stage;
use ended::Ended;
use headsets::Worn;
use house::House;
use keeper::{Job, Keeper};
use leaving::Leaving;
use pbx::Pbx;
use phones::Phones;
use promises::Promises;
use recordings::Recordings;
use signalling::Signalling;
use sound::Sound;
use standing::Since;
use strangers::Strangers;
use supervisor::Supervisor;
use tapping::CallIds;
use whereabouts::Whereabouts;

/// The desk: every call of this machine, and all that they share.
struct Desk {
    house: House,
    accounts: Accounts,
    whereabouts: Whereabouts,
    calls: Calls,
    signalling: Signalling,
    /// Whose SIP messages are whose, where they are kept.
    call_ids: CallIds,
    phones: Phones,
    sound: Sound,
    seating: Seating,
    /// It is told how the seats stand.
    pbx: Pbx,
    /// Where a seat of this PC has one.
    worn: Option<Worn>,
    /// Since when each seat stands as it does.
    since: Since,
    promises: Promises,
    leaving: Leaving,
    recordings: Recordings,
    keeper: Keeper,
    chronicle: Chronicle,
    ended: Ended,
    duty: Duty,
    entropy: Entropy,
    /// Inputs that came of actions; empty whenever the desk waits.
    todo: VecDeque<(CallId, Input)>,
}

/// How the desk itself is.
#[derive(Debug, Default)]
struct Duty {
    stage: Stage,
    supervisor: Supervisor,
    /// While it stops: since when there is no call.
    empty_since: Option<Moment>,
    /// Calls that are over.
    ended: u64,
    /// What an admin should see, while it stands.
    alarms: BTreeSet<&'static str>,
    /// When the counts of the other parts were last looked at.
    counted: Moment,
    /// Why the command at hand was refused.
    refusal: Option<Refusal>,
    strangers: Strangers,
    /// How often what was dialled today.
    dialled: Tally,
    /// What a headset's redial button dials.
    last_dialled: Option<Pii<PhoneNumber>>,
    /// What is deleted by number, beside the desk.
    deleting: Weak<Deleting>,
}

const COUNT_EVERY: Duration = Duration::from_secs(1);

impl Desk {
    /// Puts an input behind those that wait already.
    fn later(&mut self, id: CallId, input: Input) {
        self.todo.push_back((id, input));
    }

    /// Lets the calls handle what is waiting, and what comes of it; then the network is told.
    fn settle(&mut self, now: Moment) {
        while let Some((id, input)) = self.todo.pop_front() {
            self.step(id, input, now);
        }
        self.tell_seat_changes(now);
        self.follow_wearer();
        self.tell_pbx(now);
        self.signalling.flush(now);
        self.keep_messages(now);
    }

    fn step(&mut self, id: CallId, input: Input, now: Moment) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let before = call.call.state();
        let word = asked_for(&input);
        let actions = call.handle(input, now);
        self.calls.rearm(id);
        self.keep_journal(id);
        if let Some(word) = word.or_else(|| asked_by_keys(&actions)) {
            self.note_command(id, word, &actions, now);
        }
        self.follow(id, before, actions, now);
    }

    fn note_command(&mut self, id: CallId, word: &str, actions: &[Action], now: Moment) {
        let refused = actions.iter().find_map(|action| {
            let Action::Refused(refusal) = action else {
                return None;
            };
            Some(refusal.code().to_owned())
        });
        self.note(
            id,
            What::Command {
                command: word.to_owned(),
                refused,
            },
            now,
        );
    }

    /// A call has just begun: its first actions.
    fn begun(&mut self, id: CallId, actions: Vec<Action>, now: Moment) {
        self.know_number(id);
        self.follow(id, "", actions, now);
        self.count_calls();
    }

    /// Consents first: they are in the log before what follows from them (R19).
    fn follow(&mut self, id: CallId, before: &'static str, actions: Vec<Action>, now: Moment) {
        let is_consent = |action: &Action| matches!(action, Action::Consent { .. });
        let (consents, actions): (Vec<_>, Vec<_>) = actions.into_iter().partition(is_consent);
        for consent in consents {
            self.perform(id, consent, now);
        }
        let state = self.calls.get(id).map_or("ended", |call| call.call.state());
        if state != before {
            self.note(
                id,
                What::State {
                    state: state.to_owned(),
                },
                now,
            );
            self.note_waiting(id, state, now);
        }
        for action in actions {
            self.perform(id, action, now);
        }
    }

    fn note_waiting(&mut self, id: CallId, state: &str, now: Moment) {
        let waits = matches!(
            state,
            "holding" | "waiting" | "connecting" | "transferring" | "consulting" | "announcing"
        );
        if let Some(call) = self.calls.get_mut(id) {
            let since = call
                .facts
                .waiting_since
                .filter(|_| waits || state == "asking");
            call.facts.waiting_since = since.or(waits.then_some(now));
        }
    }

    /// The call's timers that are due, and the queue's.
    fn tick(&mut self, now: Moment) {
        self.signalling.receive_unnoticed(now);
        self.take_sip_events(now);
        self.signalling.endpoint.handle_timeout(now);
        self.take_sip_events(now);
        self.registrations_due(now);
        self.follow_public(now);
        while let Some(id) = self.calls.due(now) {
            let timer: Option<Timer> = self
                .calls
                .get(id)
                .and_then(|call| call.call.timeout())
                .map(|(_, timer)| timer);
            if let Some(timer) = timer {
                self.later(id, Input::TimedOut(timer));
            }
            self.settle(now);
        }
        if self
            .promises
            .queue
            .timeout()
            .is_some_and(|(at, _)| at <= now)
        {
            self.tell_queue(callbacks::Input::Tick, now);
        }
        self.sweep_recordings(now);
        self.seats_due(now);
        self.settle(now);
    }

    /// When to come back if nothing happens before.
    fn timeout(&self) -> Option<Moment> {
        let queue = self.promises.queue.timeout().map(|(at, _)| at);
        let expiry = self.promises.expiry.as_ref().map(keeping::Expiry::timeout);
        [
            self.signalling.endpoint.timeout(),
            self.calls.timeout(),
            self.accounts.timeout(),
            self.signalling.stun_timeout(),
            self.whereabouts.timeout(),
            self.looks_around_at(),
            self.recordings.timeout(),
            self.seating.timeout(),
            self.pbx.timeout(),
            self.sound.timeout(),
            queue,
            expiry,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    // What all of it is made of

    fn new_call_id(&mut self) -> CallId {
        CallId::new(clock::unix_ms(), self.entropy.bytes())
    }

    fn note(&mut self, id: CallId, what: What, now: Moment) {
        let sip_call_id = self
            .calls
            .get(id)
            .map_or("", |call| &call.facts.sip_call_id);
        self.chronicle.note(
            Some(About {
                call: id,
                sip_call_id,
            }),
            what,
            now,
        );
    }

    fn note_desk(&mut self, what: What, now: Moment) {
        self.chronicle.note(None, what, now);
    }

    /// Told once, as an event.
    fn alarm(&mut self, alarm: &str, now: Moment) {
        self.note_desk(
            What::Alarm {
                alarm: alarm.to_owned(),
            },
            now,
        );
    }

    /// Told, and listed in `/healthz` until it is over. None keeps calls from being taken, and none is over sooner for a new
    /// start: the answer stays 200.
    fn standing_alarm(&mut self, alarm: &'static str, now: Moment) {
        self.duty.alarms.insert(alarm);
        self.alarm(alarm, now);
    }

    /// What a party agreed to, with the addresses it is reached at.
    fn seen(&self, id: CallId, party: Party, agreed: Negotiated) -> Negotiated {
        match self.calls.get(id) {
            Some(call) => call.seen(party, agreed),
            None => agreed,
        }
    }

    /// What is offered to a party: first what another speaks already, for then his sound is passed on as it is.
    fn codecs_for(&self, id: CallId, party: Party) -> Codecs {
        let codecs = &self.house.codecs;
        let others = [Party::Caller, Party::Rep, Party::Target].into_iter();
        let mut others = others.filter(|other| *other != party);
        let spoken = others.find_map(|other| self.calls.leg(id, other)?.codec(codecs));
        match spoken {
            Some(codec) => codecs.clone().led_by(codec),
            None => codecs.clone(),
        }
    }

    /// A leg's sound begins, or goes on somewhere else.
    fn connect(&mut self, id: CallId, party: Party, spec: LegSpec) {
        let Some(leg) = self.calls.leg_mut(id, party) else {
            return;
        };
        let Some(port) = leg.port else { return };
        (leg.payload_type, leg.codec) = (Some(spec.payload_type), Some(sound::named(spec.codec)));
        let sounds = std::mem::replace(&mut leg.sounds, true);
        self.sound.connect(port.key, spec, sounds);
        if !sounds {
            self.sound.watch(port.key);
            self.attend(id, party, Attended::Rings);
            self.patch_again(id);
        }
    }

    /// A new leg must hear what the others hear already.
    fn patch_again(&mut self, id: CallId) {
        if let Some(call) = self.calls.get(id) {
            self.sound.patch(call, call.call.patch());
        }
    }

    /// Whose call it is, so that what is kept of it can be found and deleted.
    fn know_number(&mut self, id: CallId) {
        let number = self.calls.get(id).and_then(|call| call.call.number());
        if let Some(number) = number.cloned()
            && !self.keeper.must(Job::Caller(id, number))
        {
            tracing::error!(call = %id, "whose call it is was not kept: it will not be found by number");
        }
    }

    /// From its answer on a call is in the book: nobody dials its number meanwhile (I2), and should we crash, it is phoned
    /// back (D29). An attempt without an outcome is not: whether to call again is for the rep to say (I3).
    fn answered_call(&mut self, id: CallId, now: Moment) {
        if !self.keeps_promise(id)
            && let Some(live) = self.live_call(id)
        {
            self.tell_queue(callbacks::Input::CallLive(live), now);
        }
    }

    /// As the book keeps it.
    fn live_call(&self, id: CallId) -> Option<LiveCall> {
        let call = self.calls.get(id)?;
        Some(LiveCall {
            call: id,
            number: call.call.number().cloned(),
            answered: Some(clock::utc()),
            began: Some(call.facts.began),
            seat: call.facts.seat.clone(),
            language: call.call.language(),
        })
    }

    fn over(&mut self, id: CallId, ending: Ending, now: Moment) {
        self.note_quality(id, now);
        self.end_recording(id, now);
        self.note(id, What::Ended { ending }, now);
        if let Some(call) = self.calls.get(id) {
            let ending = Some(ending);
            self.ended.remember(CallView {
                ending,
                quality: quality::last_views(call),
                ..requests::view(call, now)
            });
        }
        self.release_seat(id, now);
        if self.seating.forget(id, now) {
            // Promises waited for who waited.
            self.tell_queue_of_seats(now);
        }
        for party in Party::ALL {
            if let Some(port) = self.calls.take_leg(id, party).and_then(|leg| leg.port) {
                self.sound.close(port.key);
            }
        }
        self.calls.remove(id);
        self.promises.forget(id);
        self.tell_queue(callbacks::Input::CallOver { call: id }, now);
        self.duty.ended += 1;
        self.count_calls();
    }

    /// Brings the metrics up to what the other parts have counted, once a second at most.
    fn follow_counts(&mut self, now: Moment) {
        if now.since(self.duty.counted) >= COUNT_EVERY {
            self.duty.counted = now;
            self.signalling.release_connections();
            let sip = self.signalling.endpoint.counters();
            self.chronicle
                .follow_counts(sip, self.sound.counts(), self.signalling.unsent);
            self.chronicle
                .follow_logins(self.signalling.endpoint.judgements());
            self.tell_of_strangers(now);
            self.tell_of_wrong_logins(now);
            let metrics = &self.chronicle.metrics;
            let alarms = i64::try_from(self.duty.alarms.len()).unwrap_or(i64::MAX);
            metrics.alarms_standing.set(alarms);
            metrics.lost_inside("recorded-frames", self.recordings.lost());
            for (end, count) in self.signalling.connections_ended() {
                let metrics = &self.chronicle.metrics;
                metrics.connections_ended(end.as_str(), *count);
            }
        }
    }

    fn count_calls(&self) {
        let active = i64::try_from(self.calls.len()).unwrap_or(i64::MAX);
        self.chronicle.metrics.calls_active.set(active);
    }

    // Seats

    fn tell_queue_of_seats(&mut self, now: Moment) {
        let Openings { seats, live } = match self.duty.stage {
            Stage::Working => self.seating.openings(now),
            Stage::Draining | Stage::Stopping => Openings::default(),
        };
        self.tell_queue(callbacks::Input::SeatsReady { seats, live }, now);
    }
}

/// The word of the API for what the rep asks, whether by the desk or by his own phone.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is asked for")]
fn asked_for(input: &Input) -> Option<&'static str> {
    match input {
        Input::Command(command) => Some(command.word()),
        Input::PhoneTransfer { .. } => Some("transfer"),
        _ => None,
    }
}

fn asked_by_keys(actions: &[Action]) -> Option<&'static str> {
    actions.iter().find_map(|action| {
        let Action::AskedByKeys(word) = action else {
            return None;
        };
        Some(*word)
    })
}
