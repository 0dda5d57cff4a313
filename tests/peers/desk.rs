use std::time::Duration;

use thirdring::records::{Entry, What};

use super::agent::{Agent, House};
use super::events::Events;
use super::program::{Brand, Enrolment, PicksUp, Softphone};
use super::scene::A_WHILE;

const USER: &str = "8001";
const PASSWORD: &str = "sesame-8001";

/// What the phones register for: longer than any of these tests.
const EXPIRES_S: u32 = 60;

/// An agent with one seat, whose phone registers over UDP.
pub(super) struct Desk {
    pub(super) agent: Agent,
    pub(super) events: Events,
}

impl Desk {
    pub(super) fn open(house: House) -> Self {
        let agent = house.registered_seat("rep1", USER, PASSWORD).open();
        let events = agent.events();
        Self { agent, events }
    }

    /// A real phone of the seat that has registered.
    pub(super) fn phone(&self, brand: Brand, picks_up: PicksUp) -> Softphone {
        let mut phone = self.phone_with(brand, picks_up, PASSWORD);
        phone.wait("registered", A_WHILE);
        phone
    }

    /// One that has begun to register, by this password.
    pub(super) fn phone_with(&self, brand: Brand, picks_up: PicksUp, password: &str) -> Softphone {
        let at = Enrolment {
            registrar: self.agent.sip,
            user: USER,
            password,
            expires_s: EXPIRES_S,
        };
        let mut phone = Softphone::registering(brand, picks_up, at);
        phone.tell("register");
        phone
    }

    /// Waits until the seat's phone has come, or is gone.
    pub(super) fn told(&mut self, state: &str, within: Duration) {
        let is_phone =
            |entry: &Entry| matches!(&entry.what, What::Phone { state: is, .. } if is == state);
        self.events.wait(state, within, is_phone);
    }
}
