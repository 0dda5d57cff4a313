//! Keys of the rep's own phone that ask for something, and those that go on to whoever hears him. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::words::{Command, ConsentFor, Key, Moment, Party};

use super::{Action, Board, CALLER, Patch, State, Timer, commands};

/// A sequence that has begun waits so long for its next key; then its keys go on. linphonec's keys are 2 s apart.
const NEXT_WITHIN: Duration = Duration::from_secs(3);

/// What a sequence of keys asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAct {
    Command(Command),
    /// The caller has agreed: to the open question, else to the hold that comes (D10).
    Agreed,
}

/// What the sequences of a phone's keys ask for; none is the beginning of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneKeys(BTreeMap<Vec<Key>, KeyAct>);

/// What the keys so far come to.
enum Found<'a> {
    Act(&'a KeyAct),
    /// More keys may follow.
    Begun,
    Nothing,
}

impl PhoneKeys {
    pub fn new(acts: BTreeMap<Vec<Key>, KeyAct>) -> Self {
        Self(acts)
    }

    pub fn add(&mut self, keys: Vec<Key>, act: KeyAct) {
        self.0.insert(keys, act);
    }

    /// Each sequence with what it asks for.
    pub fn acts(&self) -> impl Iterator<Item = (&Vec<Key>, &KeyAct)> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, typed: &[Key]) -> Found<'_> {
        if let Some(act) = self.0.get(typed) {
            return Found::Act(act);
        }
        let mut sequences = self.0.keys();
        match !typed.is_empty() && sequences.any(|keys| keys.starts_with(typed)) {
            true => Found::Begun,
            false => Found::Nothing,
        }
    }
}

/// Keys that may yet become a sequence; the longest sequence bounds them.
#[derive(Debug, Default)]
pub(super) struct Typed(Vec<Key>);

impl Typed {
    /// The keys that no sequence wants, and what was asked for.
    fn press(&mut self, key: Key, keys: &PhoneKeys) -> (Vec<Key>, Option<KeyAct>) {
        let mut on = Vec::new();
        self.0.push(key);
        loop {
            match keys.find(&self.0) {
                Found::Act(act) => {
                    self.0.clear();
                    return (on, Some(act.clone()));
                }
                Found::Begun => return (on, None),
                Found::Nothing if self.0.is_empty() => return (on, None),
                Found::Nothing => on.push(self.0.remove(0)),
            }
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.0.is_empty()
    }

    fn give_up(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.0)
    }
}

/// A sequence is heard by nobody; every other key goes on to whoever hears the rep, in its place in the row.
pub(super) fn press(state: State, key: Key, board: &mut Board, now: Moment) -> State {
    let terms = std::sync::Arc::clone(&board.terms);
    let (on, act) = board.rep.typed.press(key, &terms.phone_keys);
    pass_on(on, &state, board);
    board.timers.disarm(Timer::NextKey);
    match act {
        Some(act) => obey(state, act, board, now),
        None => {
            if !board.rep.typed.0.is_empty() {
                board.timers.arm(Timer::NextKey, now + NEXT_WITHIN);
            }
            state
        }
    }
}

/// No next key came.
pub(super) fn give_up(state: &State, board: &mut Board) {
    let on = board.rep.typed.give_up();
    pass_on(on, state, board);
}

fn obey(state: State, act: KeyAct, board: &mut Board, now: Moment) -> State {
    let command = match act {
        KeyAct::Command(command) => command,
        KeyAct::Agreed => Command::Consent {
            to: state.question().unwrap_or(ConsentFor::Hold),
            agreed: true,
        },
    };
    board.act(Action::AskedByKeys(command.word()));
    commands::obey(state, command, board, now)
}

fn pass_on(keys: Vec<Key>, state: &State, board: &mut Board) {
    let patch = state.patch(board);
    let hearer = match () {
        () if keys.is_empty() => return,
        () if patch.caller.rep && patch.caller.keys => CALLER,
        () if patch.target.rep && patch.target.keys => Party::Target,
        () => return,
    };
    board.act(Action::SendKeys(hearer, keys));
}

/// The rep's keys reach others by our hand alone, so that no half of a sequence does.
pub(super) fn held_back(patch: Patch, keys: &PhoneKeys) -> Patch {
    let mut patch = patch;
    if !keys.is_empty() {
        for hears in [&mut patch.caller, &mut patch.target] {
            hears.keys &= !hears.rep;
        }
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<Key> {
        text.chars().map(|c| Key::try_from(c).unwrap()).collect()
    }

    fn keys(sequences: &[&str]) -> PhoneKeys {
        let act = |text: &&str| (row(text), KeyAct::Command(Command::Return));
        PhoneKeys::new(sequences.iter().map(act).collect())
    }

    /// Types all of it; what went on, how often something was asked for, and what waits.
    fn type_in(text: &str, sequences: &[&str]) -> (String, usize, String) {
        let (mut typed, keys) = (Typed::default(), keys(sequences));
        let (mut on, mut acts) = (Vec::new(), 0);
        for key in row(text) {
            let (passed, act) = typed.press(key, &keys);
            on.extend(passed);
            acts += usize::from(act.is_some());
        }
        let text = |keys: Vec<Key>| keys.into_iter().map(char::from).collect();
        (text(on), acts, text(typed.give_up()))
    }

    #[test]
    fn a_sequence_goes_on_to_nobody() {
        assert_eq!(type_in("*1", &["*1"]), (String::new(), 1, String::new()));
        assert_eq!(type_in("5*16", &["*1"]), ("56".into(), 1, String::new()));
        assert_eq!(type_in("*1*1", &["*1"]), (String::new(), 2, String::new()));
    }

    #[test]
    fn what_is_no_sequence_goes_on_whole_and_in_order() {
        assert_eq!(
            type_in("12*9#", &["*1"]),
            ("12*9#".into(), 0, String::new())
        );
        assert_eq!(
            type_in("0123456789", &["*1"]),
            ("0123456789".into(), 0, String::new())
        );
    }

    #[test]
    fn a_second_star_may_begin_what_the_first_did_not() {
        assert_eq!(type_in("**1", &["*1"]), ("*".into(), 1, String::new()));
        assert_eq!(
            type_in("*1*12", &["*123", "*12"]).1,
            1,
            "of two the shorter is found first"
        );
        assert_eq!(type_in("*4*41", &["*41"]), ("*4".into(), 1, String::new()));
    }

    #[test]
    fn a_begun_sequence_waits() {
        assert_eq!(type_in("7*", &["*1"]), ("7".into(), 0, "*".into()));
        assert_eq!(type_in("*12", &["*123"]), (String::new(), 0, "*12".into()));
    }
}
