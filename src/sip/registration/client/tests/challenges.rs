//! How the registrar's challenges are answered.

use super::*;

#[test]
fn a_challenge_is_answered_once_and_its_nonce_kept() {
    let mut trial = Trial::begun();
    assert_eq!(trial.last().value("Authorization"), None);
    trial.challenge("1", "");
    let answer = trial.last().value("Authorization").unwrap();
    assert!(answer.contains("username=\"8001-auth\"") && answer.ends_with("nc=00000001"));
    trial.answer(200, &[]);
    trial.wait();
    let answer = trial.last().value("Authorization").unwrap();
    assert!(answer.contains("nonce=\"1\"") && answer.ends_with("nc=00000002"));
    // The registrar has forgotten the nonce, and does not call it stale.
    trial.challenge("2", "");
    trial.answer(200, &[]);
    assert!(trial.alarms.is_empty());
}

#[test]
fn a_wrong_password_stops_for_ten_minutes_with_an_alarm() {
    let mut trial = Trial::begun();
    trial.challenge("1", "");
    trial.challenge("2", "");
    assert_eq!(trial.sent.len(), 2);
    let why = Some(NotAnswered::Refused);
    assert_eq!(trial.alarms, [Alarm::Refused { code: 401, why }]);
    assert!(matches!(trial.state(), State::Refused { code: 401, .. }));
    let waited = trial.wait();
    assert!(waited >= SECOND * 600 && waited <= SECOND * 900);
    assert_eq!(trial.last().value("Authorization"), None);
    trial.challenge("3", "");
    trial.answer(200, &[]);
    assert!(matches!(trial.state(), State::Registered { .. }));
}

#[test]
fn a_stale_nonce_is_no_wrong_password() {
    let mut trial = Trial::begun();
    trial.challenge("1", "");
    trial.challenge("2", ",stale=true");
    let answer = trial.last().value("Authorization").unwrap();
    assert!(answer.contains("nonce=\"2\"") && answer.ends_with("nc=00000001"));
    trial.answer(200, &[]);
    assert!(trial.alarms.is_empty());
}

#[test]
fn a_foreign_realm_gets_no_password() {
    let mut trial = Trial::begun();
    let fishing = "Digest realm=\"evil\",nonce=\"1\"";
    trial.answer(401, &[("WWW-Authenticate", fishing)]);
    let why = Some(NotAnswered::ForeignRealm);
    assert_eq!(trial.alarms, [Alarm::Refused { code: 401, why }]);
    assert_eq!(trial.sent.len(), 1);
}

#[test]
fn the_next_target_is_not_sent_the_first_ones_nonce() {
    let mut trial = Trial::new(samples::account());
    trial.resolves(2, Some(0));
    trial.begin();
    trial.challenge("1", "");
    trial.silence();
    assert_eq!(trial.last().value("Authorization"), None);
    trial.challenge("2", "");
    trial.answer(200, &[]);
    assert!(trial.alarms.is_empty());
}
