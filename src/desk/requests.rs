//! The API's questions, answered from what the desk knows.

use tokio::sync::oneshot;

use crate::call::{Input, Refusal};
use crate::console::{
    Answer, Ask, CallView, Code, HealthView, LineView, Problem, Request, SeatOrder,
};
use crate::records::store::{SipMessages, Timelines};
use crate::seating::Choice;
use crate::words::{CallId, Command, Moment, Party};

use super::by_hand::Wanted;
use super::calls::DeskCall;
use super::draining::Stage;
use super::keeper::Job;
use super::{Desk, clock, quality, wishes};

pub(super) type Reply = oneshot::Sender<Result<Answer, Problem>>;

impl Desk {
    pub(super) fn request(&mut self, request: Request, now: Moment) {
        let Request { ask, reply } = request;
        if let Ask::Timeline(id) = ask {
            return self.timeline(id, reply);
        }
        if let Ask::SipMessages(id) = ask {
            return self.sip_messages(id, reply);
        }
        if let Ask::Delete(asked) = ask {
            self.delete_number(asked, reply, now);
            return self.settle(now);
        }
        if let Ask::ListCallbacks = ask {
            return self.list_callbacks(reply);
        }
        if let Ask::ExportCallbacks(export) = ask {
            return self.export_promises(export, reply);
        }
        if let Ask::GetCallback(id) = ask {
            return self.show_callback(id, reply);
        }
        if let Ask::Dial { to: number } = ask {
            let wanted = Wanted {
                number,
                seat: None,
                reply: Some(reply),
            };
            self.dial_by_hand(wanted, now);
            return self.settle(now);
        }
        if let Ask::AddCallback(new) = ask {
            self.add_callback(new, reply, now);
            return self.settle(now);
        }
        if let Ask::Wish { id, wish, by } = ask {
            self.wish(id, wish, by, reply, now);
            return self.settle(now);
        }
        if let Ask::OrderSeat {
            id,
            order: SeatOrder::Choose(Choice::Offline),
        } = ask
        {
            return self.leave(id, reply, now);
        }
        let answer = self.answer_ask(ask, now);
        self.settle(now);
        // A client that left does not want to know.
        let _ = reply.send(answer);
    }

    fn answer_ask(&mut self, ask: Ask, now: Moment) -> Result<Answer, Problem> {
        match ask {
            Ask::ListCalls { sip_call_id } => {
                Ok(Answer::Calls(self.list_calls(sip_call_id.as_deref(), now)))
            }
            Ask::GetCall(id) => self
                .call_view(id, now)
                .map(|view| Answer::Call(Box::new(view))),
            Ask::Timeline(_)
            | Ask::SipMessages(_)
            | Ask::Delete(_)
            | Ask::ListCallbacks
            | Ask::ExportCallbacks(_)
            | Ask::GetCallback(_)
            | Ask::AddCallback(_)
            | Ask::Wish { .. }
            | Ask::Dial { .. } => {
                unreachable!("answered by the files and the book")
            }
            Ask::Command { call, command } => {
                self.command(call, command, now).map(|()| Answer::Done)
            }
            Ask::ListRegistrations => Ok(Answer::Registrations(self.accounts.views(now))),
            Ask::GetDrain => Ok(Answer::Drain(self.drain_view())),
            Ask::Drain { on } => {
                self.drain(on, now);
                Ok(Answer::Drain(self.drain_view()))
            }
            Ask::ListSeats => Ok(Answer::Seats(self.list_seats(now))),
            Ask::GetSeat(id) => self.seat_view(&id, now).map(Answer::Seat),
            Ask::OrderSeat { id, order } => self.order_seat(&id, order, now),
            Ask::Health => Ok(Answer::Health(self.health())),
        }
    }

    // Calls

    fn list_calls(&self, sip_call_id: Option<&str>, now: Moment) -> Vec<CallView> {
        let wanted =
            |call: &&DeskCall| sip_call_id.is_none_or(|wanted| call.facts.sip_call_id == wanted);
        let live = self.calls.iter().filter(wanted).map(|call| view(call, now));
        // Named by its Call-ID a call is found after its end, too.
        let ended = self.ended.by_sip_call_id(sip_call_id).cloned();
        live.chain(ended).collect()
    }

    pub(super) fn call_view(&self, id: CallId, now: Moment) -> Result<CallView, Problem> {
        let unknown = || Problem::from(Code::UnknownCall).with("call", id);
        let live = self.calls.get(id).map(|call| view(call, now));
        let mut view = live
            .or_else(|| self.ended.get(id).cloned())
            .ok_or_else(unknown)?;
        view.timeline = self.chronicle.events.of_call(id);
        Ok(view)
    }

    /// Reads the file beside the desk: a long timeline must not hold up a call.
    fn timeline(&self, id: CallId, reply: Reply) {
        let state = self.house.state.clone();
        tokio::task::spawn_blocking(move || {
            let answer = match Timelines::open(&state).and_then(|files| files.read(id)) {
                Ok(entries) if entries.is_empty() => {
                    Err(Problem::from(Code::UnknownCall).with("call", id))
                }
                Ok(entries) => Ok(Answer::Timeline(entries)),
                Err(problem) => {
                    tracing::error!(call = %id, %problem, "read a timeline");
                    Err(Code::StoreFailed.into())
                }
            };
            let _ = reply.send(answer);
        });
    }

    /// The same of its SIP messages, the last ones included; none where they are not kept.
    fn sip_messages(&self, id: CallId, reply: Reply) {
        let state = self.house.state.clone();
        let (told, written) = oneshot::channel();
        if !self.keeper.must(Job::Written(told)) {
            let _ = reply.send(Err(Code::StoreFailed.into()));
            return;
        }
        tokio::spawn(async move {
            if written.await.is_err() {
                return; // the agent has ended
            }
            tokio::task::spawn_blocking(move || {
                let messages = SipMessages::read(&state, id);
                let answer = messages.map(Answer::SipMessages).map_err(|problem| {
                    tracing::error!(call = %id, %problem, "read SIP messages");
                    Code::StoreFailed.into()
                });
                let _ = reply.send(answer);
            });
        });
    }

    fn command(&mut self, id: CallId, command: Command, now: Moment) -> Result<(), Problem> {
        if let Command::Note { text } = &command
            && self.calls.get(id).is_none()
            && self.note_afterwards(id, text, now)
        {
            return Ok(());
        }
        let Some(call) = self.calls.get(id) else {
            return Err(Problem::from(Code::UnknownCall).with("call", id));
        };
        let state = call.call.state();
        let command = timed(command);
        self.check_phrase(&command)?;
        self.check_move(&command)?;
        let mut target = String::new();
        if let Command::Transfer { target: asked, .. } = &command {
            target.clone_from(asked);
        }
        self.duty.refusal = None;
        self.opens_microphone(id, &command);
        if !self.picks_up_headset(id, &command, now) {
            self.later(id, Input::Command(command));
        }
        self.settle(now);
        match self.duty.refusal.take() {
            None => Ok(()),
            Some(refusal) => {
                let problem = Problem::from(code(refusal));
                Err(problem.with("state", state).with("target", target))
            }
        }
    }

    /// A phrase nobody has recorded cannot be said.
    fn check_phrase(&self, command: &Command) -> Result<(), Problem> {
        if let Command::Say { phrase } = command
            && self.sound.book.phrase(phrase).is_none()
        {
            return Err(Problem::from(Code::UnknownPhrase).with("phrase", phrase));
        }
        Ok(())
    }

    /// A call moves to a seat that is there and free.
    fn check_move(&self, command: &Command) -> Result<(), Problem> {
        let Command::Move { seat: id } = command else {
            return Ok(());
        };
        match self.seating.get(id) {
            Some(seat) if seat.is_free() => Ok(()),
            Some(_) => Err(Code::NoSeat.into()),
            None => Err(Problem::from(Code::UnknownSeat).with("seat", id)),
        }
    }

    /// Whoever asks may start anew an agent that is not well: no alarm is mended by that, and each call would be lost by it.
    fn health(&self) -> HealthView {
        HealthView {
            ok: self.duty.stage != Stage::Stopping,
            calls: self.calls.len(),
            alarms: self
                .duty
                .alarms
                .iter()
                .map(|alarm| (*alarm).to_owned())
                .collect(),
        }
    }
}

/// With the due time of a promise in place of minutes: calls have no calendar.
fn timed(mut command: Command) -> Command {
    if let Command::Promise {
        due: due @ None,
        within_min,
        ..
    } = &mut command
    {
        *due = wishes::within(within_min.take(), clock::utc());
    }
    command
}

pub(super) fn view(call: &DeskCall, now: Moment) -> CallView {
    let line = |party| {
        call.facts
            .lines
            .get(&party)
            .copied()
            .unwrap_or("unknown")
            .to_owned()
    };
    CallView {
        id: call.call.id(),
        sip_call_id: call.facts.sip_call_id.clone(),
        inbound: call.facts.inbound,
        state: call.call.state().to_owned(),
        since_utc: call.facts.began,
        waiting_s: call
            .facts
            .waiting_since
            .map_or(0, |since| now.since(since).as_secs()),
        language: call.call.language(),
        caller: call.call.number().cloned(),
        seat: call.facts.seat.clone(),
        target: call.call.target().map(str::to_owned),
        question: call.call.question(),
        line: LineView {
            caller: line(Party::Caller),
            rep: line(Party::Rep),
        },
        suggestions: call.call.suggested().cloned().into_iter().collect(),
        quality: quality::views(call),
        promised: call.facts.promised,
        calls_back: call.facts.calls_back.as_deref().cloned(),
        recording: call.call.recording().map(str::to_owned),
        warnings: Vec::new(),
        ending: None,
        timeline: Vec::new(),
    }
}

/// The API's code for a refusal of the call's.
fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::ConsentRequired => Code::ConsentRequired,
        Refusal::QuestionOpen => Code::QuestionOpen,
        Refusal::FarewellRequired => Code::FarewellRequired,
        Refusal::ReasonRequired => Code::ReasonRequired,
        Refusal::NotInThisState => Code::NotInThisState,
        Refusal::UnknownTarget => Code::UnknownTarget,
        Refusal::BlindNotAllowed => Code::ModeRefused,
        Refusal::NumberUnknown => Code::NumberUnknown,
        Refusal::NotRecorded => Code::NotRecorded,
        Refusal::HeadsetMissing => Code::HeadsetMissing,
        Refusal::PhoneOnHold => Code::PhoneOnHold,
    }
}
