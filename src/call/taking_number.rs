//! Who withholds his number is asked for it by keys, before anything is promised (R34, R41; D24).

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use crate::policy;
use crate::words::{Command, Key, Moment, Party, PhoneNumber, Pii, PromptId, Wait};

use super::board::ToSay;
use super::promising::{self, Occasion};
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, Judgement, LegNews, Notice, Particulars, PhraseNews, PromiseKind,
    Promised, Refusal, State, Timer, own_phone,
};

/// The shortest are emergency numbers, which are refused as what they are. E.164 has 15 digits at most; what is
/// dialled first to get out of a house and a country comes before them.
const DIGITS: RangeInclusive<usize> = 3..=20;

/// Takes the number as it stands.
const END: char = '#';
/// Takes back what he has typed so far.
const ANEW: char = '*';

/// He types his number, hears it, and says whether it is right; the rep hears what we say, unheard.
#[derive(Debug)]
pub(super) struct TakingNumber {
    purpose: Purpose,
    step: Step,
    /// What is still to be said in this step.
    words: VecDeque<PromptId>,
    /// Keys count from the step's first word.
    begun: bool,
    tries_left: u8,
}

/// What the number is for.
#[derive(Debug)]
enum Purpose {
    /// He is left once it is noted.
    Parting(Occasion, PromiseKind),
    /// The rep has promised, and goes on with him.
    Rep(Vow),
}

/// What a rep promises, and what is said of it once it is noted.
#[derive(Debug)]
pub(super) struct Vow {
    pub(super) kind: PromiseKind,
    pub(super) reason: String,
    pub(super) particulars: Particulars,
    pub(super) to_say: ToSay,
}

#[derive(Debug)]
enum Step {
    /// Digits so far.
    Typing(Pii<String>),
    /// Whether anybody may call it is being asked.
    Judging(Pii<PhoneNumber>),
    Checking(Pii<PhoneNumber>),
}

/// Before we promise and leave him; what else he must know first is said before the question.
pub(super) fn before_parting(
    board: &mut Board,
    occasion: Occasion,
    kind: PromiseKind,
    first: Option<PromptId>,
    now: Moment,
) -> State {
    enter(board, Purpose::Parting(occasion, kind), first, now)
}

/// Before the rep's promise is noted.
pub(super) fn for_rep(board: &mut Board, vow: Vow, now: Moment) -> State {
    enter(board, Purpose::Rep(vow), None, now)
}

fn enter(board: &mut Board, purpose: Purpose, first: Option<PromptId>, now: Moment) -> State {
    board.timers.begin_state();
    board.hush(CALLER);
    let number = &board.policy().number;
    let taking = TakingNumber {
        purpose,
        step: Step::Typing(Pii::new(String::new())),
        words: first.into_iter().chain([number.ask.clone()]).collect(),
        begun: false,
        tries_left: number.tries.saturating_sub(1),
    };
    taking.go_on(board, now)
}

impl TakingNumber {
    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Phrase(_, PhraseNews::Started) => {
                self.begun = true;
                State::TakingNumber(self)
            }
            Input::Phrase(_, PhraseNews::Ended { .. }) => self.go_on(board, now),
            Input::Key(Party::Caller, key) if self.begun => self.key(key, board, now),
            Input::TimedOut(Timer::NextDigit) => self.typed(board, now),
            Input::Judged(judgement) => self.judged(judgement, board, now),
            Input::TimedOut(Timer::Question) => {
                let again = board.policy().number.again.clone();
                self.once_more(&again, board, now)
            }
            Input::Command(command) => self.command(command, board, now),
            Input::Leg(Party::Caller, LegNews::Holds) => self.give_up(board, now),
            // Without the rep it is promised all the same.
            Input::Leg(..) | Input::Voice { .. } | Input::Line(..) | Input::Key(..) => {
                State::TakingNumber(self)
            }
            input => board.unexpected(input, State::TakingNumber(self)),
        }
    }

    /// He is asked whether we have understood his number.
    pub(super) fn is_checking(&self) -> bool {
        matches!(self.step, Step::Checking(_))
    }

    /// Word by word, then the wait for a key.
    fn go_on(mut self, board: &mut Board, now: Moment) -> State {
        let policy = board.policy();
        match (self.words.pop_front(), &self.step) {
            (Some(next), _) => board.say(&next, Manner::POLITE, now),
            (None, Step::Typing(_)) => {
                let until = now + policy.number.first_within.get();
                board.timers.arm(Timer::NextDigit, until);
            }
            (None, Step::Checking(_)) => {
                board
                    .timers
                    .arm(Timer::Question, now + policy.consent.wait.get());
            }
            (None, Step::Judging(_)) => {}
        }
        State::TakingNumber(self)
    }

    fn key(mut self, key: Key, board: &mut Board, now: Moment) -> State {
        let policy = board.policy();
        match &mut self.step {
            Step::Typing(typed) => {
                board.hush(CALLER);
                self.words.clear();
                match type_in(typed, key.as_char(), &policy.number) {
                    Some(wait) => {
                        board.timers.arm(Timer::NextDigit, now + wait.get());
                        State::TakingNumber(self)
                    }
                    None => self.typed(board, now),
                }
            }
            Step::Checking(number) if key == policy.consent.yes => {
                let number = number.clone();
                board.hush(CALLER);
                promise(self.purpose, number, board, now)
            }
            Step::Checking(_) if key == policy.consent.no => {
                self.once_more(&policy.number.again, board, now)
            }
            Step::Checking(_) | Step::Judging(_) => State::TakingNumber(self),
        }
    }

    /// All of it, as far as we can know.
    fn typed(mut self, board: &mut Board, now: Moment) -> State {
        board.timers.disarm(Timer::NextDigit);
        let number = match &self.step {
            Step::Typing(typed) if DIGITS.contains(&typed.reveal().len()) => {
                PhoneNumber::parse(typed.reveal()).ok()
            }
            Step::Typing(_) | Step::Judging(_) | Step::Checking(_) => None,
        };
        let Some(number) = number.map(Pii::new) else {
            let again = board.policy().number.again.clone();
            return self.once_more(&again, board, now);
        };
        board.act(Action::Judge(number.clone()));
        self.step = Step::Judging(number);
        State::TakingNumber(self)
    }

    fn judged(mut self, judgement: Judgement, board: &mut Board, now: Moment) -> State {
        let Step::Judging(number) = self.step else {
            board.unexpected += 1;
            return State::TakingNumber(self);
        };
        let words = &board.policy().number;
        if judgement == Judgement::NeverCalled {
            self.step = Step::Judging(number);
            return self.once_more(&words.refused, board, now);
        }
        board.read_back(&words.check, &number, now);
        self.words = [words.confirm.clone()].into();
        self.step = Step::Checking(number);
        self.begun = false;
        State::TakingNumber(self)
    }

    /// From the beginning, as long as he has tries left.
    fn once_more(mut self, words: &PromptId, board: &mut Board, now: Moment) -> State {
        if self.tries_left == 0 {
            return self.give_up(board, now);
        }
        self.tries_left -= 1;
        self.step = Step::Typing(Pii::new(String::new()));
        self.words.clear();
        self.begun = false;
        board.timers.begin_state();
        board.say(words, Manner::POLITE, now);
        State::TakingNumber(self)
    }

    fn command(self, command: Command, board: &mut Board, now: Moment) -> State {
        match (command, &self.purpose) {
            (Command::Return, _) if board.rep.is_deaf() => {
                board.refuse(Refusal::PhoneOnHold);
                State::TakingNumber(self)
            }
            // He takes his promise back.
            (Command::Return | Command::Abandon, Purpose::Rep(_)) if board.rep.leg.is_up() => {
                self.give_up(board, now)
            }
            (Command::Hangup { .. }, _) if board.rep.leg.is_up() => {
                board.hang_up(Party::Rep);
                State::TakingNumber(self)
            }
            (Command::Hangup { .. }, _) => self.give_up(board, now),
            (command, _) => board.unexpected(Input::Command(command), State::TakingNumber(self)),
        }
    }

    /// Without a number nothing is promised.
    fn give_up(self, board: &mut Board, now: Moment) -> State {
        board.hush(CALLER);
        match self.purpose {
            Purpose::Parting(occasion, _) => {
                promising::depart(board, occasion, Promised::NotNoted, now)
            }
            Purpose::Rep(_) => {
                board.tell(Notice::PromiseNotNoted);
                match board.rep.leg.is_up() {
                    true => own_phone::back(board, None, now),
                    false => promising::depart(board, Occasion::Offered, Promised::NotNoted, now),
                }
            }
        }
    }
}

/// How long the next key is waited for; none where he says that this was all.
fn type_in(typed: &mut Pii<String>, key: char, policy: &policy::Number) -> Option<Wait> {
    let kept = match key {
        END => return None,
        ANEW => {
            *typed = Pii::new(String::new());
            return Some(policy.first_within);
        }
        // One digit too many is kept, and shows that there were.
        _ if key.is_ascii_digit() => typed.reveal().chars().take(*DIGITS.end()).chain([key]),
        _ => return Some(policy.next_within),
    };
    *typed = Pii::new(kept.collect());
    Some(policy.next_within)
}

/// He says that it is his: the row comes first, as for everybody (D24).
fn promise(purpose: Purpose, number: Pii<PhoneNumber>, board: &mut Board, now: Moment) -> State {
    board.number = Some(number);
    board.act(Action::KnowNumber);
    match purpose {
        Purpose::Parting(occasion, kind) => promising::enter(board, occasion, kind, now),
        Purpose::Rep(vow) => {
            let ticket = board.promise(vow.kind, &vow.reason, vow.particulars);
            if !board.rep.leg.is_up() {
                return promising::wait(board, ticket, Occasion::Offered, now);
            }
            board.promises.to_say = Some((ticket, vow.to_say));
            own_phone::back(board, None, now)
        }
    }
}
