use std::time::Duration;

use thirdring::console::CallView;
use thirdring::words::Ending;

use super::agent::{Agent, House};
use super::events::Events;
use super::phone::{Phone, SOON, Voice};

/// Any answer, greeting and first word take less.
pub(crate) const A_WHILE: Duration = Duration::from_secs(30);

/// The number our caller has: callbacks are promised to it.
pub(crate) const NUMBER: &str = "13800138000";

/// One caller who talks to a rep.
pub(crate) struct Scene {
    pub(crate) agent: Agent,
    pub(crate) events: Events,
    pub(crate) caller: Phone,
    pub(crate) id: String,
    pub(crate) call: CallView,
}

impl Scene {
    /// Calls, is greeted, says something, and is quiet again.
    pub(crate) fn talking(house: House) -> Self {
        Self::calling(house, Phone::open(NUMBER))
    }

    pub(crate) fn calling(house: House, caller: Phone) -> Self {
        Self::with(house.open(), caller)
    }

    pub(crate) fn with(agent: Agent, caller: Phone) -> Self {
        let mut events = agent.events();
        caller.call(agent.sip);
        let id = caller.call_id();
        events.state(&id, "talking", A_WHILE);
        say_a_word(&caller, &mut events, &id);
        let call = agent.call_of(&id);
        Self {
            agent,
            events,
            caller,
            id,
            call,
        }
    }

    pub(crate) fn state(&mut self, state: &str) {
        self.events.state(&self.id, state, A_WHILE);
    }

    pub(crate) fn phrase(&mut self, id: &str) {
        self.events.phrase(&self.id, id, A_WHILE);
    }

    /// Waits until the phrase has ended, whole or cut.
    pub(crate) fn phrase_over(&mut self, id: &str) {
        self.events.phrase_over(&self.id, id, A_WHILE);
    }

    pub(crate) fn hang_up(&mut self) -> Ending {
        self.caller.hang_up();
        self.events.ended(&self.id, SOON)
    }

    /// What the caller heard so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.caller.recording().ids()
    }

    /// Asserts that the caller heard these phrases in this order, others between them or not.
    pub(crate) fn heard_in_order(&self, expected: &[&str]) {
        let heard = self.heard();
        let mut rest = heard.iter();
        let all = expected
            .iter()
            .all(|wanted| rest.any(|phrase| phrase == wanted));
        assert!(all, "expected {expected:?}, heard {heard:?}");
    }
}

/// The caller speaks for long enough to be a human beyond doubt, and is quiet then.
pub(crate) fn say_a_word(caller: &Phone, events: &mut Events, id: &str) {
    caller.speak();
    events.voice(id, true);
    caller.hears_more(50);
    caller.voice(Voice::Silence);
}
