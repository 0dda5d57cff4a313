//! L1, pure. One call, from INVITE to record: inputs and the time go in, actions come out.
//!
//! Invariants: `handle` is total; nothing here reads a clock, makes a sound or knows a packet;
//! who hears whom is a function of the state (`patch`), so no state can forget to restore it.
//!
//! One file a state. What every state treats alike is in `always`, `noting` and `commands`; what the
//! states share (legs, phrases, timers, the actions to be) is the `Board`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a state does not name goes to Board::unexpected, which answers commands and counts the rest"
)]

mod action;
mod always;
mod answering;
mod asking;
mod board;
mod bridged;
mod choices;
mod commands;
mod connecting;
mod doctor;
mod farewell;
mod fetching;
mod greeting;
mod grid;
mod holding;
mod input;
mod ladder;
mod legs;
mod line;
mod machine;
mod noting;
mod own_phone;
mod patch;
mod phone_keys;
mod promising;
mod rating;
mod reached;
mod recording;
mod repair;
mod ringing;
mod speech;
mod taking_number;
mod talking;
mod terms;
mod timers;
mod transferring;
mod waiting;

use std::sync::Arc;

use crate::words::{CallId, ConsentFor, Language, Moment, Party, PhoneNumber, Pii, PromptId};

pub use action::{
    Action, Callee, ConsentBy, Notice, Outcome, Particulars, Recording, Refusal, Say,
};
pub use input::{Input, Judgement, LegNews, PhraseNews, Promised};
pub use line::Line;
pub use machine::AtMachine;
pub use patch::{Hears, Patch};
pub use phone_keys::{KeyAct, PhoneKeys};
pub use reached::{Cause, Refused, Sign};
pub use repair::RepairNews;
pub use speech::Utterance;
pub use terms::{Arrival, Behind, First, Handoff, PromiseKind, TargetTerms, Terms, Ticket};
pub use timers::Timer;

use board::Board;
use recording::Recorded;

/// One call of the desk.
#[derive(Debug)]
pub struct Call {
    id: CallId,
    board: Board,
    /// `None` only while a state is being handled.
    state: Option<State>,
    patch: Patch,
}

/// Where a call is. Each state holds only what it needs, and is consumed by its next input.
#[derive(Debug)]
enum State {
    Ringing(ringing::Ringing),
    Answering(answering::Answering),
    Noticing(recording::Noticing),
    Greeting(greeting::Greeting),
    Waiting(waiting::Waiting),
    Talking(talking::Talking),
    Laddering(ladder::Laddering),
    Asking(asking::Asking),
    Holding(holding::Holding),
    Transferring(transferring::Transferring),
    Bridged(bridged::Bridged),
    TakingNumber(taking_number::TakingNumber),
    Promising(promising::Promising),
    Closing(farewell::Closing),
    Farewell(farewell::Farewell),
    Rating(rating::Rating),
    FetchingRep(fetching::FetchingRep),
    Dialling(fetching::Dialling),
    Opening(fetching::Opening),
    Connecting(connecting::Connecting),
    Messaging(machine::Messaging),
    Ended,
}

/// How a call begins.
#[derive(Clone, Debug)]
pub struct Beginning {
    pub id: CallId,
    /// The other side's number, where we know it.
    pub number: Option<Pii<PhoneNumber>>,
    pub language: Language,
    /// He hears the notice and is recorded (D32).
    pub records: bool,
}

impl Call {
    /// A caller rings (R1).
    pub fn incoming(
        terms: Arc<Terms>,
        beginning: Beginning,
        arrival: Arrival,
        now: Moment,
    ) -> (Self, Vec<Action>) {
        let enter = |board: &mut Board, now| ringing::enter(board, arrival, now);
        Self::begin(terms, beginning, enter, now)
    }

    /// The rep dials: his seat first, then the number.
    pub fn outgoing(terms: Arc<Terms>, beginning: Beginning, now: Moment) -> (Self, Vec<Action>) {
        Self::begin(
            terms,
            beginning,
            |board, now| fetching::enter(board, None, now),
            now,
        )
    }

    /// We keep a promise (R26, R41): the rep first, or a seat kept for him, then the number, then the opening phrase (D25).
    pub fn callback(
        terms: Arc<Terms>,
        beginning: Beginning,
        kind: PromiseKind,
        now: Moment,
    ) -> (Self, Vec<Action>) {
        Self::begin(
            terms,
            beginning,
            |board, now| fetching::enter(board, Some(kind), now),
            now,
        )
    }

    fn begin(
        terms: Arc<Terms>,
        beginning: Beginning,
        enter: impl FnOnce(&mut Board, Moment) -> State,
        now: Moment,
    ) -> (Self, Vec<Action>) {
        let mut board = Board::new(terms, beginning.number, beginning.language);
        if beginning.records {
            board.manners.recorded = Recorded::Due;
        }
        let state = enter(&mut board, now);
        let mut call = Self {
            id: beginning.id,
            board,
            state: Some(state),
            patch: Patch::default(),
        };
        let actions = call.finish();
        (call, actions)
    }

    /// Takes one input at its time and says what to do. Total: it never fails and never blocks.
    pub fn handle(&mut self, input: Input, now: Moment) -> Vec<Action> {
        let state = self.state.take().unwrap_or(State::Ended);
        self.state = Some(always::handle(state, input, &mut self.board, now));
        self.finish()
    }

    /// When to call `handle` next with `Input::TimedOut`, and with which timer.
    pub fn timeout(&self) -> Option<(Moment, Timer)> {
        self.board.timers.next()
    }

    pub fn id(&self) -> CallId {
        self.id
    }

    /// The state's name in the API, the timeline and the metrics.
    pub fn state(&self) -> &'static str {
        self.state.as_ref().map_or("ended", State::name)
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.state, Some(State::Ended) | None)
    }

    /// The rep's microphone is closed (D7).
    pub fn is_muted(&self) -> bool {
        self.board.rep.muted
    }

    /// What the caller is being asked, while a question is open (D11).
    pub fn question(&self) -> Option<ConsentFor> {
        self.state.as_ref().and_then(State::question)
    }

    pub fn language(&self) -> Language {
        self.board.language
    }

    pub fn number(&self) -> Option<&Pii<PhoneNumber>> {
        self.board.number.as_ref()
    }

    /// Somebody else has taken the caller's place (RFC 3891): what is promised is promised to him, and who has
    /// heard half of a notice is not recorded (D32).
    pub fn set_number(&mut self, number: Option<Pii<PhoneNumber>>) {
        self.board.number = number;
        if matches!(self.state, Some(State::Noticing(_))) {
            self.board.manners.recorded = Recorded::No;
        }
    }

    /// The target's name, while one is called or joined.
    pub fn target(&self) -> Option<&str> {
        match &self.state {
            Some(State::Transferring(transferring)) => Some(transferring.target()),
            Some(State::Bridged(bridged)) => Some(bridged.target()),
            _ => None,
        }
    }

    /// The phrase that the rep had better say to the caller, as long as there is a reason for it (D18).
    pub fn suggested(&self) -> Option<&PromptId> {
        let talks = matches!(self.state, Some(State::Talking(_)));
        self.board.told.suggested.as_ref().filter(|_| talks)
    }

    /// `running` or `paused`, while the call is recorded.
    pub fn recording(&self) -> Option<&'static str> {
        self.board.manners.recorded.word()
    }

    /// Who hears whom at this moment.
    pub fn patch(&self) -> Patch {
        self.patch
    }

    /// How often an input came that the state had no use for.
    pub fn unexpected(&self) -> u64 {
        self.board.unexpected
    }

    /// The actions of this step; who hears whom comes last, after consents and phrases.
    /// Where all legs have ended there is nobody left to hear anything.
    fn finish(&mut self) -> Vec<Action> {
        let patch = self
            .state
            .as_ref()
            .map_or_else(Patch::default, |state| state.patch(&self.board));
        let patch = phone_keys::held_back(patch, &self.board.terms.phone_keys);
        if patch != self.patch && !self.has_ended() {
            self.board.act(Action::Patch(patch));
            self.patch = patch;
        }
        self.board.take_actions()
    }
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Ringing(_) => "ringing",
            Self::Answering(_) => "answering",
            Self::Noticing(_) => "noticing",
            Self::Greeting(_) => "greeting",
            Self::Waiting(_) => "waiting",
            Self::Talking(_) => "talking",
            Self::Laddering(_) => "laddering",
            Self::Asking(_) => "asking",
            Self::Holding(_) => "holding",
            Self::Transferring(transferring) => transferring.name(),
            Self::Bridged(bridged) => bridged.name(),
            Self::TakingNumber(_) => "taking-number",
            Self::Promising(_) => "promising",
            Self::Closing(_) => "closing",
            Self::Farewell(_) => "farewell",
            Self::Rating(_) => "rating",
            Self::FetchingRep(_) => "fetching-rep",
            Self::Dialling(_) => "dialling",
            Self::Opening(_) => "opening",
            Self::Connecting(_) => "connecting",
            Self::Messaging(_) => "messaging",
            Self::Ended => "ended",
        }
    }

    fn question(&self) -> Option<ConsentFor> {
        match self {
            Self::Asking(asking) => Some(asking.asks_for()),
            _ => None,
        }
    }

    /// Whether the call is already on its way out: nothing new is begun on it.
    fn is_leaving(&self) -> bool {
        matches!(
            self,
            Self::Promising(_)
                | Self::Closing(_)
                | Self::Farewell(_)
                | Self::Rating(_)
                | Self::Messaging(_)
                | Self::Ended
        )
    }

    /// Whether rep and caller have yet to be joined; who holds the caller's attention is the agent.
    fn is_before_talk(&self) -> bool {
        matches!(
            self,
            Self::Ringing(_) | Self::Answering(_) | Self::Noticing(_) | Self::Greeting(_)
        )
    }

    /// Whether the caller's first voice changes something here (D15).
    fn minds_life(&self) -> bool {
        matches!(
            self,
            Self::Talking(_) | Self::Laddering(_) | Self::Opening(_)
        )
    }

    /// Hands the input to the state.
    fn handle(self, input: Input, board: &mut Board, now: Moment) -> Self {
        match self {
            Self::Ringing(state) => state.handle(input, board),
            Self::Answering(state) => state.handle(input, board, now),
            Self::Noticing(state) => state.handle(input, board, now),
            Self::Greeting(state) => state.handle(input, board, now),
            Self::Waiting(state) => state.handle(input, board, now),
            Self::Talking(state) => state.handle(input, board, now),
            Self::Laddering(state) => state.handle(input, board, now),
            Self::Asking(state) => state.handle(input, board, now),
            Self::Holding(state) => state.handle(input, board, now),
            Self::Transferring(state) => state.handle(input, board, now),
            Self::Bridged(state) => state.handle(input, board, now),
            Self::TakingNumber(state) => state.handle(input, board, now),
            Self::Promising(state) => state.handle(input, board, now),
            Self::Closing(state) => state.handle(input, board, now),
            Self::Farewell(state) => state.handle(input, board, now),
            Self::Rating(state) => state.handle(input, board, now),
            Self::FetchingRep(state) => state.handle(input, board, now),
            Self::Dialling(state) => state.handle(input, board, now),
            Self::Opening(state) => state.handle(input, board, now),
            Self::Connecting(state) => state.handle(input, board, now),
            Self::Messaging(state) => state.handle(input, board, now),
            Self::Ended => board.unexpected(input, Self::Ended),
        }
    }

    /// Who hears whom, in this state with these legs.
    fn patch(&self, board: &Board) -> Patch {
        match self {
            Self::Talking(_) | Self::Laddering(_) => Patch::talking(board.rep.muted),
            Self::Bridged(_) => Patch::bridged(),
            Self::Holding(_) | Self::Waiting(_) | Self::Connecting(_) => Patch::held(board.bed()),
            Self::Transferring(state) => state.patch(board),
            Self::Asking(state) => state.patch(board),
            Self::Dialling(_)
            | Self::Noticing(_)
            | Self::Greeting(_)
            | Self::Opening(_)
            | Self::TakingNumber(_) => Patch::rep_listens(),
            Self::Ringing(_)
            | Self::Answering(_)
            | Self::Promising(_)
            | Self::Closing(_)
            | Self::Farewell(_)
            | Self::Rating(_)
            | Self::Messaging(_)
            | Self::FetchingRep(_)
            | Self::Ended => Patch::default(),
        }
    }
}

/// The party whose audio a timer, verdict or phrase is about is the caller unless said otherwise.
const CALLER: Party = Party::Caller;
