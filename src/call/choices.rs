//! The keys by which somebody chooses at the moment; all other digits mean the same to the call.

use crate::words::{Key, Party};

use super::{Call, State, Terms};

impl Call {
    /// What all calls of the desk have in common.
    pub fn terms(&self) -> &Terms {
        &self.board.terms
    }

    /// The keys that make a difference when this party presses them.
    pub fn choices(&self, party: Party) -> Vec<Key> {
        let policy = &self.board.terms.policy;
        let yes_or_no = || vec![policy.consent.yes, policy.consent.no];
        match (party, self.state.as_ref()) {
            (Party::Rep, _) if self.board.rep.typed.has_begun() => digits(),
            (Party::Rep, _) => Vec::new(),
            (Party::Caller, Some(State::Asking(_))) => yes_or_no(),
            (Party::Caller, Some(State::TakingNumber(taking))) if taking.is_checking() => {
                yes_or_no()
            }
            (Party::Caller, Some(State::Rating(_))) => {
                let keys = policy.rating.keys.chars();
                keys.filter_map(|key| Key::try_from(key).ok()).collect()
            }
            (Party::Target, Some(State::Transferring(_))) => yes_or_no(),
            (Party::Caller | Party::Target, _) => Vec::new(),
        }
    }
}

fn digits() -> Vec<Key> {
    let digits = '0'..='9';
    digits
        .filter_map(|digit| Key::try_from(digit).ok())
        .collect()
}
