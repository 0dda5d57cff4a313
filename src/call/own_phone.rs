//! The buttons of the rep's own phone: its hold arrives when it is deaf already (D23).

use crate::policy::ByPhone;
use crate::words::{ConsentFor, Moment, PromptId};

use super::speech::Manner;
use super::{Board, ConsentBy, Notice, State, asking, holding, talking};

/// The rep holds: ticked before, or agreed to before every hold of the house, the caller is told; else no rep is
/// audible, and the agent asks at once (D10).
pub(super) fn hold(board: &mut Board, now: Moment) -> State {
    talking::join(board);
    let policy = board.policy();
    let agreed = policy.hold.by_phone == ByPhone::Told;
    if board.rep_vouches(ConsentFor::Hold, agreed) {
        return holding::enter(board, holding::Asked::Before, now);
    }
    asking::to_hold(board, policy.hold.question(None), now)
}

/// Back to the rep with these words; while his phone holds he cannot hear, and the caller is held on with them.
pub(super) fn back(board: &mut Board, words: Option<(&PromptId, Manner)>, now: Moment) -> State {
    if board.rep.is_deaf() {
        return go_on_holding(board, words.map(|(words, _)| words), now);
    }
    let state = talking::enter(board, talking::Opening::Over, now);
    if let Some((words, manner)) = words {
        board.keep_company(words, manner, now);
    }
    state
}

/// Whatever the caller said, his rep is deaf: where nobody agreed the consent is missing, as after a mute (D7).
fn go_on_holding(board: &mut Board, words: Option<&PromptId>, now: Moment) -> State {
    if !board.rep.may_hold {
        board.consent(ConsentFor::Hold, false, ConsentBy::Phone);
        board.tell(Notice::PhoneIsHold);
    }
    let policy = board.policy();
    holding::enter_saying(board, words.unwrap_or(&policy.hold.say), now)
}
