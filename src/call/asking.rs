//! One open question a call: phrase, keys, and what follows from the answer (D11).

use std::collections::VecDeque;

use crate::words::{Command, ConsentFor, Key, Moment, Party, PromptId};

use super::speech::Manner;
use super::transferring::Plan;
use super::{
    Board, CALLER, ConsentBy, Input, LegNews, Notice, Patch, PhraseNews, PromiseKind, Refusal,
    State, Timer, always, holding, promising, talking, transferring, waiting,
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
}

impl Back {
    /// As if nothing had been asked.
    pub(super) fn stay(self) -> State {
        match self {
            Self::Talking => State::Talking(talking::Talking),
            Self::Holding(holding) => State::Holding(holding),
            Self::Waiting(waiting) => State::Waiting(waiting),
        }
    }

    /// The point of the grid the question falls on.
    fn grid_point(&self) -> Option<Moment> {
        match self {
            Self::Talking => None,
            Self::Holding(holding) => Some(holding.grid.point()),
            Self::Waiting(waiting) => Some(waiting.grid.point()),
        }
    }

    fn resume(self, board: &mut Board, now: Moment) -> State {
        match self {
            Self::Talking => talking::enter(board, talking::Opening::Over, now),
            Self::Holding(holding) => holding.resume(board, now),
            Self::Waiting(waiting) => waiting.resume(board, now),
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
    Asking::new(Topic::Callback(kind), back, [question.clone()].into()).begin(manner, board, now)
}

/// The same, off the grid.
pub(super) fn offer_now(
    board: &mut Board,
    question: &PromptId,
    kind: PromiseKind,
    back: Back,
    now: Moment,
) -> State {
    let words = [question.clone()].into();
    Asking::new(Topic::Callback(kind), back, words).begin(Manner::YIELDING, board, now)
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
            Back::Holding(_) | Back::Waiting(_) => Patch::held(board.bed()),
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
            // The rep takes his question back, or comes back himself.
            Command::Return => {
                board.hush(CALLER);
                match self.back {
                    Back::Talking => talking::enter(board, talking::Opening::Over, now),
                    Back::Holding(holding) => holding.rep_returns(board, now),
                    Back::Waiting(waiting) => waiting.resume(board, now),
                }
            }
            command => board.unexpected(Input::Command(command), State::Asking(self)),
        }
    }

    fn rep_news(self, news: LegNews, board: &mut Board, now: Moment) -> State {
        let gone = always::is_loss(news) || news == LegNews::HungUp;
        match (self.back, news) {
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
            Topic::Transfer(_) => transfer_declined(self.back, board, now),
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
        Back::Talking | Back::Holding(_) => talking::enter(board, talking::Opening::Over, now),
        Back::Waiting(waiting) => waiting.resume(board, now),
    };
    board.keep_company(&declined, Manner::POLITE, now);
    state
}
