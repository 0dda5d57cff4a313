//! One open question a call: phrase, keys, and what follows from the answer (D11).

use std::collections::VecDeque;

use crate::words::{Command, ConsentFor, Key, Moment, Party, PromptId, TransferMode};

use super::speech::Manner;
use super::transferring::{By, Plan, Request};
use super::{
    Board, CALLER, ConsentBy, Input, LegNews, Notice, Patch, PhraseNews, PromiseKind, Refusal,
    State, Timer, always, holding, own_phone, promising, talking, transferring, waiting,
};

/// The caller is being asked; the rep hears him, unheard (D5).
#[derive(Debug)]
pub(super) struct Asking {
    topic: Topic,
    back: Back,
    /// What is still to be said.
    words: VecDeque<PromptId>,
    /// Keys count from the question's first word.
    begun: bool,
    /// How often the keys may still be named.
    repeats_left: u8,
    wrong_key_said: bool,
}

/// What is asked.
#[derive(Debug)]
enum Topic {
    Hold,
    Transfer(Plan),
    /// Shall we call back?
    Callback(PromiseKind),
}

/// Where a question came from, and where a no leads.
#[derive(Debug)]
pub(super) enum Back {
    Talking,
    Holding(holding::Holding),
    Waiting(waiting::Waiting),
    /// The rep has asked by his own phone and hung up (D23): nobody is there to go back to.
    RepGone,
}

impl Back {
    /// As if nothing had been asked.
    pub(super) fn stay(self, board: &mut Board, now: Moment) -> State {
        match self {
            Self::Talking => State::Talking(talking::Talking),
            Self::Holding(holding) => State::Holding(holding),
            Self::Waiting(waiting) => State::Waiting(waiting),
            Self::RepGone => always::rep_lost(board, Manner::FIRM, now),
        }
    }

    /// The point of the grid the question falls on.
    fn grid_point(&self) -> Option<Moment> {
        match self {
            Self::Talking | Self::RepGone => None,
            Self::Holding(holding) => Some(holding.grid.point()),
            Self::Waiting(waiting) => Some(waiting.grid.point()),
        }
    }

    fn resume(self, board: &mut Board, now: Moment) -> State {
        match self {
            Self::Talking => own_phone::back(board, None, now),
            Self::Holding(holding) => holding.resume(board, now),
            Self::Waiting(waiting) => waiting.resume(board, now),
            Self::RepGone => always::rep_lost(board, Manner::FIRM, now),
        }
    }
}

/// May the rep put you on hold? (R18)
pub(super) fn to_hold(board: &mut Board, question: &PromptId, now: Moment) -> State {
    let words = with_keys(question, board);
    Asking::new(Topic::Hold, Back::Talking, words).begin(Manner::YIELDING, board, now)
}

/// May we connect you to somebody else? (R30, R31)
pub(super) fn to_transfer(
    board: &mut Board,
    question: &PromptId,
    plan: Plan,
    back: Back,
    now: Moment,
) -> State {
    let words = with_keys(question, board);
    Asking::new(Topic::Transfer(plan), back, words).begin(Manner::YIELDING, board, now)
}

/// Shall we call you back? On a grid the offer takes the place of that point's phrase (D4).
pub(super) fn offer(
    board: &mut Board,
    question: &PromptId,
    kind: PromiseKind,
    back: Back,
    now: Moment,
) -> State {
    let manner = back.grid_point().map_or(Manner::YIELDING, |point| Manner {
        gives_way: true,
        ..Manner::on_grid(point)
    });
    to_call_back(question, kind, back).begin(manner, board, now)
}

/// The same, off the grid.
pub(super) fn offer_now(
    board: &mut Board,
    question: &PromptId,
    kind: PromiseKind,
    back: Back,
    now: Moment,
) -> State {
    to_call_back(question, kind, back).begin(Manner::YIELDING, board, now)
}

fn to_call_back(question: &PromptId, kind: PromiseKind, back: Back) -> Asking {
    Asking::new(Topic::Callback(kind), back, [question.clone()].into())
}

fn with_keys(question: &PromptId, board: &Board) -> VecDeque<PromptId> {
    [question.clone(), board.policy().consent.say.clone()].into()
}

impl Asking {
    fn new(topic: Topic, back: Back, words: VecDeque<PromptId>) -> Self {
        // An offer names its keys itself, and comes again.
        let repeats_left = match topic {
            Topic::Hold | Topic::Transfer(_) => 1,
            Topic::Callback(_) => 0,
        };
        Self {
            topic,
            back,
            words,
            begun: false,
            repeats_left,
            wrong_key_said: false,
        }
    }

    fn begin(mut self, manner: Manner, board: &mut Board, now: Moment) -> State {
        board.timers.begin_state();
        if let Some(first) = self.words.pop_front() {
            board.say(&first, manner, now);
        }
        State::Asking(self)
    }

    pub(super) fn asks_for(&self) -> ConsentFor {
        match self.topic {
            Topic::Hold => ConsentFor::Hold,
            Topic::Transfer(_) => ConsentFor::Transfer,
            Topic::Callback(_) => ConsentFor::Callback,
        }
    }

    pub(super) fn patch(&self, board: &Board) -> Patch {
        match self.back {
            Back::Talking => Patch::rep_listens(),
            Back::Holding(_) | Back::Waiting(_) | Back::RepGone => Patch::held(board.bed()),
        }
    }

    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Started) => {
                self.begun = true;
                State::Asking(self)
            }
            Input::Phrase(_, PhraseNews::Ended { .. }) => self.go_on(board, now),
            Input::Key(Party::Caller, key) if self.begun => self.key(key, board, now),
            Input::TimedOut(Timer::Question) => self.not_answered(board, now),
            Input::Command(command) => self.command(command, board, now),
            Input::Leg(Party::Rep, news) => self.rep_news(news, board, now),
            Input::PhoneTransfer { target, mode } => self.phone_transfer(target, mode, board, now),
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.hush(CALLER);
                self.answered(false, ConsentBy::Silence, board, now)
            }
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) | Input::Key(..) => {
                State::Asking(self)
            }
            input => board.unexpected(input, State::Asking(self)),
        }
    }

    /// Word by word, then the wait for a key.
    fn go_on(mut self, board: &mut Board, now: Moment) -> State {
        match self.words.pop_front() {
            Some(next) => board.say(&next, Manner::YIELDING, now),
            None => board
                .timers
                .arm(Timer::Question, now + board.terms.policy.consent.wait.get()),
        }
        State::Asking(self)
    }

    fn key(mut self, key: Key, board: &mut Board, now: Moment) -> State {
        let consent = &board.policy().consent;
        if key == consent.yes {
            return self.answered(true, ConsentBy::Key, board, now);
        }
        if key == consent.no {
            return self.answered(false, ConsentBy::Key, board, now);
        }
        if !std::mem::replace(&mut self.wrong_key_said, true) {
            board.timers.disarm(Timer::Question);
            board.hush(CALLER);
            board.say(&consent.on_wrong_key, Manner::YIELDING, now);
        }
        State::Asking(self)
    }

    fn not_answered(mut self, board: &mut Board, now: Moment) -> State {
        if self.repeats_left == 0 {
            return self.answered(false, ConsentBy::Silence, board, now);
        }
        self.repeats_left -= 1;
        let keys = board.policy().consent.say.clone();
        board.say(&keys, Manner::YIELDING, now);
        State::Asking(self)
    }

    fn command(self, command: Command, board: &mut Board, now: Moment) -> State {
        match command {
            Command::Consent { to, agreed } if to == self.asks_for() => {
                self.answered(agreed, ConsentBy::Rep, board, now)
            }
            Command::Hold { .. } | Command::Transfer { .. } => {
                board.refuse(Refusal::QuestionOpen);
                State::Asking(self)
            }
            Command::Hangup { .. } => {
                board.refuse(Refusal::FarewellRequired);
                State::Asking(self)
            }
            Command::Abandon if self.is_by_phone() => self.taken_back(board, now),
            Command::Return if board.rep.is_deaf() => {
                board.refuse(Refusal::PhoneOnHold);
                State::Asking(self)
            }
            Command::Return => self.taken_back(board, now),
            command => board.unexpected(Input::Command(command), State::Asking(self)),
        }
    }

    /// The rep takes his question back, or comes back himself.
    fn taken_back(self, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        self.tell_phone(board);
        match self.back {
            Back::Talking => own_phone::back(board, None, now),
            Back::Holding(holding) if board.rep.is_deaf() => holding.resume(board, now),
            Back::Holding(holding) => holding.rep_returns(board, now),
            Back::Waiting(waiting) => waiting.resume(board, now),
            Back::RepGone => always::rep_lost(board, Manner::FIRM, now),
        }
    }

    /// A phone holds first what it transfers: its question takes the place of the hold's (D11).
    fn phone_transfer(
        self,
        target: String,
        mode: TransferMode,
        board: &mut Board,
        now: Moment,
    ) -> State {
        let request = Request::by_phone(target, mode);
        if !self.is_phone_hold(board) {
            board.refuse(Refusal::QuestionOpen);
            return State::Asking(self);
        }
        if let Some(refusal) = request.refusal(board) {
            board.refuse(refusal);
            return State::Asking(self);
        }
        board.hush(CALLER);
        transferring::request(board, request, self.back, now)
    }

    fn is_phone_hold(&self, board: &Board) -> bool {
        matches!(self.topic, Topic::Hold) && board.rep.is_deaf()
    }

    /// The transfer in question was asked for by the rep's own phone.
    fn is_by_phone(&self) -> bool {
        matches!(&self.topic, Topic::Transfer(plan) if plan.by == By::Phone)
    }

    /// His phone waits for what becomes of its transfer.
    fn tell_phone(&self, board: &mut Board) {
        if let Topic::Transfer(plan) = &self.topic {
            plan.tell_phone(false, board);
        }
    }

    /// Taking his phone off hold he takes back what it asked for; to a caller on hold he returns.
    fn ends_off_hold(&self) -> bool {
        let is_hold = matches!(self.topic, Topic::Hold) || matches!(self.back, Back::Holding(_));
        is_hold || self.is_by_phone()
    }

    /// He has left the caller to his transfer, and is not missed (D23).
    fn hands_over(&self) -> bool {
        matches!(&self.topic, Topic::Transfer(plan) if plan.goes_on_without_rep())
    }

    fn rep_news(self, news: LegNews, board: &mut Board, now: Moment) -> State {
        let gone = always::is_loss(news) || news == LegNews::HungUp;
        if gone && self.hands_over() {
            let back = Back::RepGone;
            return State::Asking(Self { back, ..self });
        }
        if news == LegNews::Resumes && self.ends_off_hold() {
            return self.taken_back(board, now);
        }
        match (self.back, news) {
            (Back::Holding(holding), LegNews::Holds) => {
                board.rep.may_hold = true;
                let back = Back::Holding(holding);
                State::Asking(Self { back, ..self })
            }
            (Back::Waiting(waiting), LegNews::PickedUp) => waiting.rep_comes(board, now),
            (Back::Waiting(waiting), _) => {
                if gone {
                    board.call_seat();
                }
                State::Asking(Self {
                    back: Back::Waiting(waiting),
                    ..self
                })
            }
            (Back::Talking | Back::Holding(_), _) if gone => {
                always::rep_lost(board, Manner::FIRM, now)
            }
            (back, _) => State::Asking(Self { back, ..self }),
        }
    }

    /// The first answer wins.
    fn answered(self, yes: bool, by: ConsentBy, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        board.consent(self.asks_for(), yes, by);
        match self.topic {
            Topic::Hold if yes => holding::enter(board, holding::Asked::JustNow, now),
            Topic::Hold => {
                board.tell(Notice::NotAgreed);
                self.back.resume(board, now)
            }
            Topic::Transfer(plan) if yes => {
                transferring::enter(board, plan, holding::Asked::JustNow, now)
            }
            Topic::Transfer(plan) => {
                plan.tell_phone(false, board);
                transfer_declined(self.back, board, now)
            }
            Topic::Callback(kind) if yes => promising::as_offered(board, kind, now),
            Topic::Callback(_) => self.back.resume(board, now),
        }
    }
}

/// The caller's own no: the rep goes on with him (D21).
fn transfer_declined(back: Back, board: &mut Board, now: Moment) -> State {
    board.tell(Notice::TransferDeclined);
    let declined = board.policy().transfer.declined.clone();
    let state = match back {
        Back::Talking | Back::Holding(_) => {
            return own_phone::back(board, Some((&declined, Manner::POLITE)), now);
        }
        Back::Waiting(waiting) => waiting.resume(board, now),
        Back::RepGone => {
            board.call_seat();
            State::Waiting(waiting::begin(board, now))
        }
    };
    board.keep_company(&declined, Manner::POLITE, now);
    state
}
