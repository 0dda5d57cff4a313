//! Announced, consented, and nobody is lost (R30-R35; D20, D21).

use crate::policy::AskedBy;
use crate::words::{Command, ConsentFor, Key, Moment, Party, PromptId, TransferMode};

use super::grid::Grid;
use super::holding::Asked;
use super::speech::Manner;
use super::{
    Action, Board, CALLER, Input, LegNews, Notice, Patch, PhraseNews, PromiseKind, Refusal, State,
    Timer, always, asking, bridged, own_phone, talking, waiting,
};

/// Where the caller is to go, and how.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    target: String,
    mode: TransferMode,
    pub(super) by: By,
}

/// How the rep has asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By the desk's own words.
    Desk,
    /// By his own phone, which waits for what becomes of it (D23).
    Phone,
}

/// A transfer as the rep asks for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) target: String,
    /// Else the policy's.
    pub(super) mode: Option<TransferMode>,
    /// The rep has asked, the caller said yes.
    pub(super) agreed: bool,
    pub(super) by: By,
}

/// The caller is on the grid while the target is called, consulted or briefed.
#[derive(Debug)]
pub(super) struct Transferring {
    plan: Plan,
    grid: Grid,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Calling,
    /// Rep and target talk.
    Consulting,
    /// The target hears who is coming; said this often.
    Briefing(u8),
}

/// The caller is asked, unless he has agreed. One consent covers a transfer and its hold (D11).
pub(super) fn request(
    board: &mut Board,
    request: Request,
    back: asking::Back,
    now: Moment,
) -> State {
    if let Some(refusal) = request.refusal(board) {
        board.refuse(refusal);
        return back.stay(board, now);
    }
    let vouched = board.rep_vouches(ConsentFor::Transfer, request.agreed);
    let plan = request.plan(board);
    if vouched {
        return enter(board, plan, Asked::Before, now);
    }
    let question = plan.question(board);
    asking::to_transfer(board, &question, plan, back, now)
}

impl Request {
    pub(super) fn by_desk(target: String, mode: Option<TransferMode>, agreed: bool) -> Self {
        Self {
            target,
            mode,
            agreed,
            by: By::Desk,
        }
    }

    /// Nobody has said yet that the caller agrees.
    pub(super) fn by_phone(target: String, mode: TransferMode) -> Self {
        Self {
            target,
            mode: Some(mode),
            agreed: false,
            by: By::Phone,
        }
    }

    /// Why it cannot be: the target, its mode, or the consent that the rep should have.
    pub(super) fn refusal(&self, board: &Board) -> Option<Refusal> {
        let plan = self.plan(board);
        plan.refusal(board).or_else(|| {
            let asks = board.terms.policy.transfer.asked_by == AskedBy::Agent;
            let has_consent = self.agreed || board.has_tick(ConsentFor::Transfer);
            (!asks && !has_consent).then_some(Refusal::ConsentRequired)
        })
    }

    fn plan(&self, board: &Board) -> Plan {
        Plan {
            target: self.target.clone(),
            mode: self.mode.unwrap_or(board.terms.policy.transfer.mode),
            by: self.by,
        }
    }
}

impl Plan {
    /// His phone hears what became of it; what the desk was asked for, the desk shows.
    pub(super) fn tell_phone(&self, joined: bool, board: &mut Board) {
        if self.by == By::Phone {
            board.act(Action::PhoneTransferOver { joined });
        }
    }

    /// A phone that has handed the caller over hangs up (D23); whoever wants to talk to the target does not.
    pub(super) fn goes_on_without_rep(&self) -> bool {
        self.by == By::Phone && self.mode != TransferMode::Consult
    }

    fn refusal(&self, board: &Board) -> Option<Refusal> {
        match board.terms.targets.get(&self.target) {
            None => Some(Refusal::UnknownTarget),
            Some(terms) if self.mode == TransferMode::Blind && !terms.blind => {
                Some(Refusal::BlindNotAllowed)
            }
            Some(_) => None,
        }
    }

    /// The target's own question, where it has one (D12).
    fn question(&self, board: &Board) -> PromptId {
        let own = board.terms.targets.get(&self.target);
        own.and_then(|terms| terms.ask.clone())
            .unwrap_or_else(|| board.terms.policy.transfer.ask.clone())
    }
}

pub(super) fn enter(board: &mut Board, plan: Plan, asked: Asked, now: Moment) -> State {
    board.timers.begin_state();
    let policy = board.policy();
    if asked == Asked::Before {
        board.keep_company(&policy.transfer.say, Manner::FIRM, now);
    }
    let grid = Grid::begin(board, None, now);
    board.call_target(&plan.target);
    board.timers.arm(
        Timer::TargetRings,
        now + policy.transfer.answer_within.get(),
    );
    State::Transferring(Transferring {
        plan,
        grid,
        stage: Stage::Calling,
    })
}

impl Transferring {
    pub(super) fn name(&self) -> &'static str {
        match self.stage {
            Stage::Calling => "transferring",
            Stage::Consulting => "consulting",
            Stage::Briefing(_) => "announcing",
        }
    }

    pub(super) fn target(&self) -> &str {
        &self.plan.target
    }

    pub(super) fn patch(&self, board: &Board) -> Patch {
        let bed = board.bed();
        match (self.plan.mode, self.stage) {
            // While it rings the rep hears the target's ringing, too.
            (TransferMode::Consult, Stage::Calling | Stage::Consulting) => {
                Patch::consulting(bed, board.rep.muted)
            }
            _ => Patch::held(bed),
        }
    }

    pub(super) fn handle(mut self, input: Input, board: &mut Board, now: Moment) -> State {
        match input {
            Input::Leg(Party::Target, news) => self.target_news(news, board, now),
            Input::Leg(Party::Rep, news) if always::is_loss(news) || news == LegNews::HungUp => {
                self.rep_gone(board, now)
            }
            Input::Leg(Party::Rep, news @ (LegNews::Holds | LegNews::Resumes)) => {
                self.phone_hold(news, board, now)
            }
            Input::Key(Party::Target, key) => self.target_key(key, board, now),
            Input::TimedOut(Timer::TargetRings | Timer::Accept) => self.failed(board, now),
            Input::TimedOut(Timer::Grid) => self.grid_point(board, now),
            Input::Phrase(_, PhraseNews::Ended { .. }) => {
                self.grid.phrase_ended(board, now);
                State::Transferring(self)
            }
            Input::Leg(Party::Caller, LegNews::Holds) => {
                board.hush(CALLER);
                board.timers.disarm(Timer::Grid);
                State::Transferring(self)
            }
            Input::Leg(Party::Caller, LegNews::Resumes) => {
                let sorry = board.policy().hold.on_return.clone();
                board.say(&sorry, Manner::FIRM, now);
                self.grid = Grid::begin(board, None, now);
                State::Transferring(self)
            }
            Input::Command(command) => self.command(command, board, now),
            Input::Leg(..)
            | Input::Phrase(..)
            | Input::Voice { .. }
            | Input::Line(..)
            | Input::Key(..) => State::Transferring(self),
            input => board.unexpected(input, State::Transferring(self)),
        }
    }

    fn command(self, command: Command, board: &mut Board, now: Moment) -> State {
        match command {
            Command::Join if self.stage == Stage::Consulting => self.join(board),
            Command::Abandon | Command::Return if board.rep.leg.is_up() => {
                self.given_up(board, now)
            }
            Command::Hangup { .. } => {
                board.refuse(Refusal::FarewellRequired);
                State::Transferring(self)
            }
            command => board.unexpected(Input::Command(command), State::Transferring(self)),
        }
    }

    /// The target is let go; the rep is back, or his phone still holds.
    fn given_up(self, board: &mut Board, now: Moment) -> State {
        self.plan.tell_phone(false, board);
        board.hang_up(Party::Target);
        board.hush(CALLER);
        if board.rep.is_deaf() {
            return own_phone::back(board, None, now);
        }
        let sorry = board.policy().hold.on_return.clone();
        board.say(&sorry, Manner::FIRM, now);
        talking::enter(board, talking::Opening::Over, now)
    }

    /// A consent to the transfer covers his phone's hold (D11); off hold he wants the caller back.
    fn phone_hold(self, news: LegNews, board: &mut Board, now: Moment) -> State {
        if news == LegNews::Resumes && self.plan.by == By::Phone {
            return self.given_up(board, now);
        }
        board.rep.may_hold = news == LegNews::Holds;
        State::Transferring(self)
    }

    fn target_news(mut self, news: LegNews, board: &mut Board, now: Moment) -> State {
        match news {
            LegNews::PickedUp => {
                board.timers.disarm(Timer::TargetRings);
                match self.plan.mode {
                    TransferMode::Blind => return self.join(board),
                    TransferMode::Consult => self.consult(board),
                    TransferMode::Announced => self.brief(1, board, now),
                }
                State::Transferring(self)
            }
            LegNews::Refused(_) | LegNews::NoAnswer | LegNews::Lost | LegNews::HungUp => {
                self.failed(board, now)
            }
            _ => State::Transferring(self),
        }
    }

    fn consult(&mut self, board: &mut Board) {
        self.stage = Stage::Consulting;
        if self.plan.by == By::Phone {
            board.act(Action::AnswerPhone);
        }
    }

    fn brief(&mut self, times: u8, board: &mut Board, now: Moment) {
        self.stage = Stage::Briefing(times);
        let briefing = board.policy().transfer.briefing.clone();
        board.say_to(Party::Target, &briefing, Manner::FIRM, now);
    }

    /// The briefing is said twice, then the target has ten seconds.
    pub(super) fn briefing_news(
        mut self,
        news: PhraseNews,
        board: &mut Board,
        now: Moment,
    ) -> State {
        if let (Stage::Briefing(times), PhraseNews::Ended { .. }) = (self.stage, news) {
            let transfer = &board.policy().transfer;
            if times < transfer.briefings {
                self.brief(times + 1, board, now);
            } else {
                board
                    .timers
                    .arm(Timer::Accept, now + transfer.accept_within.get());
            }
        }
        State::Transferring(self)
    }

    fn target_key(self, key: Key, board: &mut Board, now: Moment) -> State {
        let consent = &board.policy().consent;
        match self.stage {
            Stage::Briefing(_) if key == consent.yes => self.join(board),
            Stage::Briefing(_) if key == consent.no => self.failed(board, now),
            Stage::Briefing(_) | Stage::Calling | Stage::Consulting => State::Transferring(self),
        }
    }

    /// Somebody has taken the caller; only now the rep is let go.
    fn join(self, board: &mut Board) -> State {
        board.hush(Party::Target);
        self.plan.tell_phone(true, board);
        bridged::enter(board, self.plan.target)
    }

    /// Busy, late or refused: back to the rep, or a callback is offered (D21).
    fn failed(self, board: &mut Board, now: Moment) -> State {
        board.hush(Party::Target);
        board.hang_up(Party::Target);
        board.hush(CALLER);
        board.manners.transfer_failed = true;
        board.tell(Notice::TransferFailed);
        self.plan.tell_phone(false, board);
        let transfer = &board.policy().transfer;
        if board.rep.leg.is_up() {
            return own_phone::back(board, Some((&transfer.failed, Manner::POLITE)), now);
        }
        board.call_seat();
        let back = asking::Back::Waiting(waiting::begin(board, now));
        asking::offer_now(board, &transfer.offer, PromiseKind::Expert, back, now)
    }

    /// An announced caller is on his way without the rep; a consultation is not (D6).
    fn rep_gone(self, board: &mut Board, now: Moment) -> State {
        match self.plan.mode {
            TransferMode::Announced | TransferMode::Blind => State::Transferring(self),
            TransferMode::Consult => always::rep_lost(board, Manner::FIRM, now),
        }
    }

    fn grid_point(mut self, board: &mut Board, now: Moment) -> State {
        let still = board.policy().hold.still.clone();
        let point = self.grid.point();
        board.say(&still, Manner::on_grid(point), now);
        self.grid.said(board, now);
        State::Transferring(self)
    }
}
