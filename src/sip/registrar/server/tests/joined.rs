//! Our own client registers at our own registrar, for days of virtual time.

use uuid::Uuid;

use super::*;
use crate::sip::registration::{Account, Action, AddressOfRecord, Registration, State};

/// No test needs more REGISTERs: a loop is a fault.
const SENT_MAX: usize = 2_000;

struct Pair {
    client: Registration,
    registrar: Registrar,
    hop: Hop,
    now: Moment,
    sent: usize,
}

impl Pair {
    fn begun(password: &str) -> Self {
        let account = Account {
            of_record: AddressOfRecord::new("13800138001", "thirdring", None).unwrap(),
            credentials: Credentials::new("13800138001", pii(password)).only_for("thirdring"),
            outbound_proxy: None,
            contact_user: pii("rep1"),
            instance: Uuid::from_u128(1),
            expires: SECOND * 600,
            start_jitter: SECOND * 30,
        };
        let hop = udp("192.0.2.9:5060");
        let mut pair = Self {
            client: Registration::new(account, hop, Entropy::from_number(3)),
            registrar: registrar(),
            hop,
            now: at(100),
            sent: 0,
        };
        let actions = pair.client.begin(pair.now);
        pair.carry(actions);
        pair
    }

    /// Carries requests there and answers back until nobody has anything to say.
    fn carry(&mut self, mut actions: Vec<Action>) {
        while let Some(action) = actions.pop() {
            if let Action::Send { request, .. } = action {
                self.sent += 1;
                assert!(self.sent < SENT_MAX);
                let response = self.answered(*request);
                actions.extend(self.client.responded(&response, self.now));
            }
        }
    }

    fn answered(&mut self, mut request: Message) -> Message {
        request.push("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1");
        let outcome = self.registrar.register(&request, self.hop, self.now);
        let mut response = as_message(&outcome);
        response.push("CSeq", request.value("CSeq").unwrap());
        response
    }

    fn run(&mut self, until: Moment) {
        while let Some(at) = self.client.timeout().filter(|at| *at <= until) {
            self.now = at;
            let actions = self.client.handle_timeout(at);
            self.carry(actions);
            if matches!(self.client.state(), State::Registered { .. }) {
                assert!(self.registrar.locate(&seat("rep1"), at).is_some());
            }
            self.registrar.handle_timeout(at);
        }
        self.now = until;
    }

    fn contact(&self) -> Option<String> {
        let binding = self.registrar.locate(&seat("rep1"), self.now)?;
        Some(binding.contact.to_string())
    }
}

#[test]
fn a_day_long_the_phone_is_found() {
    let mut pair = Pair::begun("s3cret");
    for hour in 1..=24 {
        pair.run(at(100 + hour * 3600));
        assert_eq!(pair.contact().unwrap(), "sip:rep1@192.0.2.9:5060");
    }
    // Each refresh is sent twice: the nonce of the last one is too old by then.
    let refreshes = 24 * 3600 / (600 * 9 / 10)..=24 * 3600 / (600 / 2) + 1;
    assert!(refreshes.contains(&(pair.sent / 2)), "{}", pair.sent);
}

#[test]
fn a_phone_that_moves_is_found_at_its_new_place_alone() {
    let mut pair = Pair::begun("s3cret");
    pair.run(at(200));
    pair.hop = udp("198.51.100.9:5060");
    let actions = pair.client.network_changed(pair.hop, pair.now);
    pair.carry(actions);
    assert_eq!(pair.contact().unwrap(), "sip:rep1@198.51.100.9:5060");
    let bindings = &pair.registrar.bindings;
    assert_eq!(bindings.of(&seat("rep1"), pair.now).count(), 1);
    let actions = pair.client.end(pair.now);
    pair.carry(actions);
    assert_eq!((pair.client.state(), pair.contact()), (State::Ended, None));
}

#[test]
fn a_mistyped_password_never_bars_its_own_pc() {
    let mut pair = Pair::begun("s3cert");
    pair.run(at(100 + 24 * 3600));
    assert!(matches!(
        pair.client.state(),
        State::Refused { code: 401, .. }
    ));
    let source = pair.hop.address.ip();
    assert_eq!(pair.registrar.guard.barred(source, pair.now), None);
    assert!(pair.sent <= 2 * (24 * 6 + 1), "{}", pair.sent);
}
