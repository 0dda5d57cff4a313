mod joined;

use super::*;
use crate::sip::Transport;
use crate::sip::digest::{Challenge, Credentials, Login, Md5};
use crate::sip::registrar::PhoneLogin;

const SECOND: Duration = Duration::from_secs(1);
const INSTANCE: &str = ";+sip.instance=\"<urn:uuid:1>\";reg-id=1";

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn seat(id: &str) -> SeatId {
    id.parse().unwrap()
}

fn at(seconds: u64) -> Moment {
    Moment::ZERO + SECOND * u32::try_from(seconds).unwrap()
}

fn udp(address: &str) -> Hop {
    Hop::udp(address.parse().unwrap())
}

fn tcp(address: &str, flow: u64) -> Hop {
    Hop {
        flow: Some(FlowId(flow)),
        ..Hop::to(Transport::Tcp, address.parse().unwrap())
    }
}

fn registrar() -> Registrar {
    let login = |username: &str| PhoneLogin {
        username: pii(username),
        password: pii("s3cret"),
    };
    let settings = RegistrarSettings {
        domain: "thirdring".to_owned(),
        phones: BTreeMap::from([
            (seat("rep1"), login("13800138001")),
            (seat("rep2"), login("13800138002")),
        ]),
        expires: ExpiryLimits::default(),
        md5: Md5::Never,
    };
    Registrar::new(settings, Entropy::from_number(1))
}

/// A phone that registers as a real one does.
struct Phone {
    login: Login,
    entropy: Entropy,
    to: String,
    call_id: &'static str,
    cseq: u32,
    hop: Hop,
}

impl Phone {
    fn new(username: &str, password: &str) -> Self {
        Self {
            login: Login::new(Credentials::new(username, pii(password))),
            entropy: Entropy::from_number(2),
            to: format!("<sip:{username}@thirdring>"),
            call_id: "call-1",
            cseq: 0,
            hop: udp("192.0.2.9:5060"),
        }
    }

    fn rep1() -> Self {
        Self::new("13800138001", "s3cret")
    }

    fn request(&mut self, headers: &[(&str, &str)]) -> Message {
        self.cseq += 1;
        let mut request = Message::request("REGISTER", "sip:thirdring");
        request.push("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1");
        request.push("From", format!("{};tag=f", self.to));
        request.push("To", self.to.as_str());
        request.push("Call-ID", self.call_id);
        request.push("CSeq", format!("{} REGISTER", self.cseq));
        for (name, value) in headers {
            request.push(name, *value);
        }
        self.login.sign(&mut request);
        request
    }

    /// Sends once; a challenge is kept for the next time.
    fn send(
        &mut self,
        registrar: &mut Registrar,
        headers: &[(&str, &str)],
        now: Moment,
    ) -> Outcome {
        let request = self.request(headers);
        let outcome = registrar.register(&request, self.hop, now);
        if outcome.code == 401 {
            self.login.forget();
            let response = as_message(&outcome);
            self.login.challenged(&response, &mut self.entropy).unwrap();
        }
        outcome
    }

    /// Sends, and again with the password when asked for it.
    fn register(
        &mut self,
        registrar: &mut Registrar,
        headers: &[(&str, &str)],
        now: Moment,
    ) -> Outcome {
        match self.send(registrar, headers, now) {
            outcome if outcome.code == 401 => self.send(registrar, headers, now),
            outcome => outcome,
        }
    }

    fn binds(&mut self, registrar: &mut Registrar, contact: &str, now: Moment) -> Outcome {
        self.register(registrar, &[("Contact", contact)], now)
    }
}

fn as_message(outcome: &Outcome) -> Message {
    let mut message = Message::response(outcome.code, outcome.reason);
    for (name, value) in &outcome.headers {
        message.push(name, value.reveal().as_str());
    }
    message
}

fn values(outcome: &Outcome) -> Vec<&str> {
    let headers = outcome.headers.iter();
    headers.map(|(_, value)| value.reveal().as_str()).collect()
}

#[test]
fn a_phone_is_found_where_its_register_came_from() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    let outcome = phone.binds(&mut registrar, "<sip:rep1@10.0.0.5:5070>", at(0));
    assert_eq!(
        (outcome.code, outcome.changed.as_ref()),
        (200, Some(&seat("rep1")))
    );
    assert_eq!(values(&outcome), ["<sip:rep1@10.0.0.5:5070>;expires=600"]);
    let binding = registrar.locate(&seat("rep1"), at(1)).unwrap();
    assert_eq!(binding.contact.as_str(), "sip:rep1@10.0.0.5:5070");
    assert_eq!(binding.hop, udp("192.0.2.9:5060"));
    assert!(registrar.locate(&seat("rep2"), at(1)).is_none());
}

#[test]
fn nobody_is_bound_without_the_password() {
    let mut registrar = registrar();
    for username in ["13800138001", "13999999999"] {
        let mut phone = Phone::new(username, "guess");
        let contact = [("Contact", "<sip:a@192.0.2.9>")];
        let asked = phone.send(&mut registrar, &contact, at(0));
        let wrong = phone.send(&mut registrar, &contact, at(0));
        for outcome in [&asked, &wrong] {
            assert_eq!((outcome.code, outcome.changed.as_ref()), (401, None));
            assert_eq!(outcome.headers.len(), 1);
            assert!(!Challenge::read_all(&as_message(outcome))[0].stale);
        }
    }
    assert_eq!(registrar.timeout(), None);
}

#[test]
fn every_proof_is_counted_by_what_came_of_it() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>", at(0));
    phone.send(&mut registrar, &[], at(61));
    let mut guesser = Phone::new("13800138001", "guess");
    for _ in 0..7 {
        guesser.send(&mut registrar, &[], at(61));
    }
    assert_eq!(phone.send(&mut registrar, &[], at(61)).code, 503);
    let counted: Vec<_> = registrar.judgements().iter().collect();
    let expected = [
        (Judged::Proven, 1),
        (Judged::Asked, 2),
        (Judged::Stale, 1),
        (Judged::Wrong, 5),
        (Judged::Barred, 2),
    ];
    assert_eq!(counted, expected);
}

#[test]
fn every_connection_that_leads_to_a_phone_is_known() {
    let mut registrar = registrar();
    let (mut desk, mut mobile) = (Phone::rep1(), Phone::rep1());
    (desk.hop, mobile.hop) = (tcp("192.0.2.9:5070", 7), tcp("192.0.2.9:5071", 8));
    mobile.call_id = "call-2";
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>;expires=60", at(0));
    mobile.binds(&mut registrar, "<sip:mobile@192.0.2.9>;expires=90", at(0));
    let flows = |now| registrar.flows(now).into_iter().collect::<Vec<_>>();
    assert_eq!(flows(at(59)), [FlowId(7), FlowId(8)]);
    assert_eq!(flows(at(60)), [FlowId(8)]);
}

#[test]
fn an_old_nonce_is_called_stale() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>", at(0));
    let outcome = phone.send(&mut registrar, &[], at(61));
    assert!(Challenge::read_all(&as_message(&outcome))[0].stale);
    assert_eq!(phone.send(&mut registrar, &[], at(61)).code, 200);
}

#[test]
fn a_phone_registers_only_its_own_address() {
    let mut registrar = registrar();
    for (to, code) in [
        ("<sip:13800138002@thirdring>", 403),
        ("<sip:13800138001@elsewhere.example.com>", 403),
        ("<sip:thirdring>", 403),
        ("<sip:13800138001@THIRDRING>", 200),
        ("<sip:13800138001@192.0.2.1:5060>", 200),
    ] {
        let mut phone = Phone::rep1();
        phone.to = to.to_owned();
        assert_eq!(
            phone.register(&mut registrar, &[], at(0)).code,
            code,
            "{to}"
        );
    }
}

#[test]
fn a_broken_register_is_told_what_is_broken() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    let mut request = phone.request(&[]);
    request.push("CSeq", "2 REGISTER");
    let outcome = registrar.register(&request, phone.hop, at(0));
    assert_eq!(
        (outcome.code, outcome.reason),
        (400, "Missing or Repeated CSeq")
    );
    let outcome = phone.binds(&mut registrar, "<mailto:a@b>", at(0));
    assert_eq!((outcome.code, outcome.reason), (400, "Malformed Contact"));
}

#[test]
fn too_brief_an_expiry_is_answered_with_the_least() {
    let mut registrar = registrar();
    let brief = [("Contact", "<sip:a@192.0.2.9>"), ("Expires", "59")];
    let outcome = Phone::rep1().register(&mut registrar, &brief, at(0));
    assert_eq!(outcome.code, 423);
    assert_eq!(outcome.headers, [("Min-Expires", pii("60"))]);
    assert!(registrar.locate(&seat("rep1"), at(0)).is_none());
}

#[test]
fn a_binding_ends_when_its_time_is_up() {
    let mut registrar = registrar();
    Phone::rep1().binds(&mut registrar, "<sip:a@192.0.2.9>;expires=60", at(0));
    assert_eq!(registrar.timeout(), Some(at(60)));
    assert!(registrar.handle_timeout(at(59)).is_empty());
    assert!(registrar.locate(&seat("rep1"), at(59)).is_some());
    assert!(registrar.locate(&seat("rep1"), at(60)).is_none());
    assert_eq!(registrar.handle_timeout(at(60)), [seat("rep1")]);
    assert_eq!(registrar.timeout(), None);
}

#[test]
fn a_refresh_moves_the_end_and_the_hop() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>;expires=60", at(0));
    phone.hop = udp("192.0.2.9:6060");
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>;expires=60", at(30));
    assert_eq!(registrar.timeout(), Some(at(90)));
    let binding = registrar.locate(&seat("rep1"), at(30)).unwrap();
    assert_eq!(binding.hop, udp("192.0.2.9:6060"));
}

#[test]
fn the_phone_that_came_last_is_called_and_a_refresh_is_no_coming() {
    let mut registrar = registrar();
    let mut desk = Phone::rep1();
    let mut mobile = Phone::rep1();
    mobile.call_id = "call-2";
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>", at(0));
    let outcome = mobile.binds(&mut registrar, "<sip:mobile@192.0.2.9>", at(1));
    assert_eq!(outcome.headers.len(), 2);
    let called = |registrar: &Registrar| {
        let binding = registrar.locate(&seat("rep1"), at(9)).unwrap();
        binding.contact.user().unwrap()
    };
    assert_eq!(called(&registrar), "mobile");
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>", at(2));
    assert_eq!(called(&registrar), "mobile");
    // Started anew, where it was before.
    desk.call_id = "call-3";
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>", at(3));
    assert_eq!(called(&registrar), "desk");
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>;expires=0", at(4));
    assert_eq!(called(&registrar), "mobile");
}

#[test]
fn a_device_that_moved_leaves_no_binding_behind() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.binds(
        &mut registrar,
        &format!("<sip:a@192.0.2.9:1>{INSTANCE}"),
        at(0),
    );
    phone.call_id = "after a restart";
    let outcome = phone.binds(
        &mut registrar,
        &format!("<sip:a@192.0.2.9:2>{INSTANCE}"),
        at(1),
    );
    let expected = format!("<sip:a@192.0.2.9:2>;expires=600{INSTANCE}");
    assert_eq!(values(&outcome), [expected]);
}

#[test]
fn a_seat_has_eight_phones_at_most_and_the_oldest_goes() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    for n in 0..9 {
        let outcome = phone.binds(&mut registrar, &format!("<sip:{n}@192.0.2.9>"), at(n));
        assert!(outcome.headers.len() <= 8);
    }
    let outcome = phone.register(&mut registrar, &[], at(9));
    assert_eq!(outcome.headers.len(), 8);
    assert!(values(&outcome).iter().all(|it| !it.contains("sip:0@")));
}

#[test]
fn an_overtaken_register_changes_nothing() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.cseq = 10;
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>", at(0));
    for headers in [
        [("Contact", "<sip:a@192.0.2.9>"), ("Expires", "0")],
        [("Contact", "*"), ("Expires", "0")],
    ] {
        phone.cseq = 5;
        let outcome = phone.register(&mut registrar, &headers, at(1));
        assert_eq!((outcome.code, outcome.changed), (500, None));
        assert!(registrar.locate(&seat("rep1"), at(1)).is_some());
    }
    phone.cseq = 5;
    phone.call_id = "another";
    let removed = [("Contact", "<sip:a@192.0.2.9>"), ("Expires", "0")];
    assert_eq!(phone.register(&mut registrar, &removed, at(1)).code, 200);
    assert!(registrar.locate(&seat("rep1"), at(1)).is_none());
}

#[test]
fn a_star_removes_every_phone_of_one_seat() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>", at(0));
    phone.binds(&mut registrar, "<sip:b@192.0.2.9>", at(0));
    Phone::new("13800138002", "s3cret").binds(&mut registrar, "<sip:c@192.0.2.9>", at(0));
    let star = [("Contact", "*"), ("Expires", "0")];
    let outcome = phone.register(&mut registrar, &star, at(1));
    assert_eq!((outcome.code, outcome.headers.len()), (200, 0));
    assert_eq!(outcome.changed, Some(seat("rep1")));
    assert!(registrar.locate(&seat("rep1"), at(1)).is_none());
    assert!(registrar.locate(&seat("rep2"), at(1)).is_some());
}

#[test]
fn a_closed_connection_takes_its_phone_away() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.hop = tcp("192.0.2.9:40000", 7);
    phone.binds(&mut registrar, "<sip:a@192.0.2.9;transport=tcp>", at(0));
    assert!(registrar.flow_closed(FlowId(8)).is_empty());
    assert_eq!(registrar.flow_closed(FlowId(7)), [seat("rep1")]);
    assert!(registrar.locate(&seat("rep1"), at(0)).is_none());
    // It comes back over another connection.
    phone.hop = tcp("192.0.2.9:40001", 9);
    phone.binds(&mut registrar, "<sip:a@192.0.2.9;transport=tcp>", at(1));
    let flow = registrar.locate(&seat("rep1"), at(1)).unwrap().hop.flow;
    assert_eq!(flow, Some(FlowId(9)));
}

#[test]
fn a_phone_that_does_not_answer_is_gone_and_the_seats_other_one_is_called() {
    let mut registrar = registrar();
    let (mut desk, mut mobile) = (Phone::rep1(), Phone::rep1());
    (mobile.call_id, mobile.hop) = ("call-2", udp("192.0.2.7:5060"));
    desk.binds(&mut registrar, "<sip:desk@192.0.2.9>", at(0));
    mobile.binds(&mut registrar, "<sip:mobile@192.0.2.7>", at(1));
    assert_eq!(registrar.silent(udp("192.0.2.7:5060")), [seat("rep1")]);
    let binding = registrar.locate(&seat("rep1"), at(2)).unwrap();
    assert_eq!(binding.contact.user().as_deref(), Some("desk"));
}

#[test]
fn other_requests_of_a_phone_are_known_by_their_hop() {
    let mut registrar = registrar();
    let mut phone = Phone::rep1();
    phone.hop = tcp("192.0.2.9:40000", 7);
    phone.binds(&mut registrar, "<sip:a@192.0.2.9>", at(0));
    assert_eq!(registrar.behind(phone.hop, at(1)), Some(&seat("rep1")));
    assert_eq!(registrar.behind(tcp("192.0.2.9:40000", 8), at(1)), None);
    assert_eq!(registrar.behind(udp("192.0.2.9:40000"), at(1)), None);
    assert_eq!(registrar.behind(phone.hop, at(600)), None);
}

#[test]
fn a_guesser_is_barred_but_not_the_account_he_guesses_at() {
    let mut registrar = registrar();
    let mut guesser = Phone::new("13800138001", "guess");
    guesser.hop = udp("203.0.113.66:5060");
    let mut tries = 0;
    for _ in 0..50 {
        if guesser.send(&mut registrar, &[], at(0)).code == 401 {
            tries += 1;
        }
    }
    // One to be asked, five guesses; the right password would not help any more.
    assert_eq!(tries, 6);
    let mut lucky = Phone::rep1();
    lucky.hop = guesser.hop;
    let outcome = lucky.send(&mut registrar, &[], at(1));
    assert_eq!((outcome.code, values(&outcome)), (503, vec!["60"]));
    assert_eq!(Phone::rep1().register(&mut registrar, &[], at(1)).code, 200);
    assert_eq!(lucky.register(&mut registrar, &[], at(61)).code, 200);
}

#[test]
fn a_forged_source_bars_nobody() {
    let mut registrar = registrar();
    let mut forger = Phone::new("13800138001", "guess");
    // He never sees the answers that go to the phone's address, only those to his own.
    forger.hop = udp("203.0.113.66:5060");
    forger.send(&mut registrar, &[], at(0));
    for _ in 0..50 {
        let request = forger.request(&[]);
        let outcome = registrar.register(&request, udp("192.0.2.9:5060"), at(0));
        assert_eq!(outcome.code, 401);
    }
    assert_eq!(Phone::rep1().register(&mut registrar, &[], at(1)).code, 200);
}

#[test]
fn neither_number_nor_password_is_printed_for_developers() {
    let mut registrar = registrar();
    let outcome = Phone::rep1().binds(&mut registrar, "<sip:13800138001@192.0.2.9>", at(0));
    let binding = registrar.locate(&seat("rep1"), at(0)).cloned();
    let text = format!("{registrar:?} {outcome:?} {binding:?}");
    for secret in ["13800138", "s3cret"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
