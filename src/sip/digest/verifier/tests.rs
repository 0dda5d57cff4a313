use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::sip::digest::{Challenge, Credentials, Login};

fn at(ms: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(ms)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn password(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn verifier(md5: Md5) -> Verifier {
    let passwords = BTreeMap::from([(password("rep1"), password("s3cret"))]);
    Verifier::new("thirdring", passwords, md5, &mut Entropy::from_number(1))
}

/// A phone that answers what the verifier asks.
struct Phone {
    login: Login,
    entropy: Entropy,
    source: IpAddr,
}

impl Phone {
    fn new(username: &str, secret: &str) -> Self {
        Self {
            login: Login::new(Credentials::new(username, password(secret))),
            entropy: Entropy::from_number(2),
            source: ip("192.0.2.1"),
        }
    }

    fn asked(&mut self, verifier: &mut Verifier, now: Moment) {
        let mut response = Message::response(401, "Unauthorized");
        for value in verifier.challenges(&Verdict::Unproven, self.source, now) {
            response.push("WWW-Authenticate", value);
        }
        self.login.challenged(&response, &mut self.entropy).unwrap();
    }

    fn signed(&mut self) -> Message {
        let mut request = Message::request("REGISTER", "sip:thirdring");
        self.login.sign(&mut request);
        request
    }
}

/// A phone that was asked at once, and its answer.
fn answered(username: &str, secret: &str) -> (Verifier, Phone, Message) {
    let mut verifier = verifier(Md5::Never);
    let mut phone = Phone::new(username, secret);
    phone.asked(&mut verifier, at(0));
    let request = phone.signed();
    (verifier, phone, request)
}

fn genuine() -> Verdict {
    Verdict::Genuine {
        username: password("rep1"),
    }
}

#[test]
fn the_password_is_known_again() {
    for md5 in [Md5::Offered, Md5::Never, Md5::Only] {
        let mut verifier = verifier(md5);
        let mut phone = Phone::new("rep1", "s3cret");
        phone.asked(&mut verifier, at(0));
        for _ in 0..3 {
            let request = phone.signed();
            assert_eq!(verifier.verify(&request, phone.source, at(1)), genuine());
        }
    }
}

#[test]
fn sha_256_comes_first_and_md5_only_by_setting() {
    let algorithms = |md5| {
        let values = verifier(md5).challenges(&Verdict::Unproven, ip("192.0.2.1"), at(0));
        let named = values
            .iter()
            .map(|value| value.contains("algorithm=SHA-256"));
        named.collect::<Vec<bool>>()
    };
    assert_eq!(algorithms(Md5::Offered), [true, false]);
    assert_eq!(algorithms(Md5::Never), [true]);
    assert_eq!(algorithms(Md5::Only), [false]);
}

#[test]
fn an_answer_by_md5_proves_nothing_where_it_is_refused() {
    let mut verifier = verifier(Md5::Offered);
    let mut phone = Phone::new("rep1", "s3cret");
    let offered = verifier.challenges(&Verdict::Unproven, phone.source, at(0));
    let mut response = Message::response(401, "Unauthorized");
    response.push("WWW-Authenticate", offered[1].as_str());
    phone
        .login
        .challenged(&response, &mut phone.entropy)
        .unwrap();
    let request = phone.signed();
    verifier.md5 = Md5::Never;
    assert_eq!(
        verifier.verify(&request, phone.source, at(1)),
        Verdict::Unproven
    );
    verifier.md5 = Md5::Offered;
    assert_eq!(verifier.verify(&request, phone.source, at(1)), genuine());
}

#[test]
fn known_and_unknown_users_with_wrong_passwords_look_alike() {
    let mut verifier = verifier(Md5::Never);
    for username in ["rep1", "nobody"] {
        let mut phone = Phone::new(username, "guess");
        phone.asked(&mut verifier, at(0));
        let request = phone.signed();
        assert!(matches!(
            verifier.verify(&request, phone.source, at(1)),
            Verdict::Wrong { .. }
        ));
    }
}

#[test]
fn not_even_the_decoy_opens_for_an_unknown_user() {
    let mut verifier = verifier(Md5::Never);
    let decoy = verifier.decoy.reveal().clone();
    let mut phone = Phone::new("nobody", &decoy);
    phone.asked(&mut verifier, at(0));
    let request = phone.signed();
    assert!(matches!(
        verifier.verify(&request, phone.source, at(1)),
        Verdict::Wrong { .. }
    ));
}

#[test]
fn a_repeated_request_is_stale() {
    let (mut verifier, phone, request) = answered("rep1", "s3cret");
    assert_eq!(verifier.verify(&request, phone.source, at(1)), genuine());
    assert_eq!(
        verifier.verify(&request, phone.source, at(2)),
        Verdict::Stale
    );
}

#[test]
fn after_a_minute_the_nonce_is_merely_old() {
    let (mut verifier, phone, request) = answered("rep1", "s3cret");
    assert_eq!(
        verifier.verify(&request, phone.source, at(60_000)),
        Verdict::Stale
    );
    let again = verifier.challenges(&Verdict::Stale, phone.source, at(60_000));
    let mut response = Message::response(401, "Unauthorized");
    response.push("WWW-Authenticate", again[0].as_str());
    assert!(Challenge::read_all(&response)[0].stale);
}

#[test]
fn a_guess_with_an_old_nonce_is_wrong_not_stale() {
    let (mut verifier, phone, request) = answered("rep1", "guess");
    assert!(matches!(
        verifier.verify(&request, phone.source, at(60_000)),
        Verdict::Wrong { .. }
    ));
}

#[test]
fn a_wrong_answer_is_asked_again_by_the_same_nonce() {
    let (mut verifier, _, request) = answered("rep1", "guess");
    let nonce = |verifier: &mut Verifier, ms| {
        let verdict = verifier.verify(&request, ip("192.0.2.1"), at(ms));
        let values = verifier.challenges(&verdict, ip("192.0.2.1"), at(ms));
        let mut response = Message::response(401, "Unauthorized");
        response.push("WWW-Authenticate", values[0].as_str());
        Challenge::read_all(&response).remove(0).nonce
    };
    let authorization = request.value("Authorization").unwrap();
    assert!(authorization.contains(&nonce(&mut verifier, 1)));
    assert!(!authorization.contains(&nonce(&mut verifier, 60_000)));
}

#[test]
fn an_answer_from_another_source_proves_nothing() {
    let (mut verifier, _, request) = answered("rep1", "s3cret");
    let elsewhere = ip("192.0.2.66");
    assert_eq!(
        verifier.verify(&request, elsewhere, at(1)),
        Verdict::Unproven
    );
}

#[test]
fn an_answer_made_for_another_method_or_uri_is_wrong() {
    let mut verifier = verifier(Md5::Never);
    for (method, uri) in [("INVITE", "sip:thirdring"), ("REGISTER", "sip:elsewhere")] {
        let mut phone = Phone::new("rep1", "s3cret");
        phone.asked(&mut verifier, at(0));
        let signed = phone.signed();
        let mut moved = Message::request(method, uri);
        moved.headers = signed.headers;
        assert!(matches!(
            verifier.verify(&moved, phone.source, at(1)),
            Verdict::Wrong { .. }
        ));
    }
}

#[test]
fn what_is_no_answer_to_us_proves_nothing() {
    let mut verifier = verifier(Md5::Never);
    for value in [
        "",
        "Digest",
        "Basic cmVwMTpzM2NyZXQ=",
        "Digest username=\"rep1\", realm=\"elsewhere\", nonce=\"1\", uri=\"sip:thirdring\", \
         response=\"0\", algorithm=SHA-256, cnonce=\"c\", qop=auth, nc=00000001",
        "Digest username=\"rep1\", realm=\"thirdring\", nonce=\"1\", uri=\"sip:thirdring\", \
         response=\"0\", algorithm=SHA-256, cnonce=\"c\", qop=auth, nc=1",
    ] {
        let mut request = Message::request("REGISTER", "sip:thirdring");
        request.push("Authorization", value);
        let verdict = verifier.verify(&request, ip("192.0.2.1"), at(1));
        assert_eq!(verdict, Verdict::Unproven, "{value}");
    }
}

#[test]
fn users_and_passwords_are_not_printed_for_developers() {
    let text = format!("{:?} {:?}", verifier(Md5::Never), genuine());
    assert!(!text.contains("rep1") && !text.contains("s3cret"), "{text}");
}

proptest! {
    #[test]
    fn any_authorization_is_judged_without_panic(value in "\\PC{0,200}") {
        let mut verifier = verifier(Md5::Offered);
        let mut request = Message::request("REGISTER", "sip:thirdring");
        request.push("Authorization", format!("Digest {value}"));
        let verdict = verifier.verify(&request, ip("192.0.2.1"), at(1));
        prop_assert_eq!(verdict, Verdict::Unproven);
    }
}
