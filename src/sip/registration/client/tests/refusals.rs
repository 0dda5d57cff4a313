//! A registrar that does not take us.

use super::*;

#[test]
fn forbidden_and_redirected_are_refusals() {
    for code in [302, 403, 404, 603] {
        let mut trial = Trial::begun();
        let elsewhere = ("Contact", "<sip:evil.example.com>");
        trial.answer(code, &[elsewhere]);
        assert_eq!(trial.alarms, [Alarm::Refused { code, why: None }]);
        assert!(trial.wait() >= SECOND * 600);
        assert_eq!(trial.targets(), [0, 0]);
    }
}

#[test]
fn a_refusal_waits_longer_where_the_registrar_says_so() {
    let mut trial = Trial::begun();
    trial.answer(403, &[("Retry-After", "1800")]);
    assert_eq!(trial.wait(), SECOND * 1800);
}

#[test]
fn too_brief_an_expiry_is_raised_once() {
    let mut trial = Trial::begun();
    trial.answer(423, &[("Min-Expires", "1200")]);
    assert_eq!(trial.last().value("Expires"), Some("1200"));
    trial.answer(423, &[("Min-Expires", "2400")]);
    assert!(matches!(trial.state(), State::Refused { code: 423, .. }));
    for nonsense in ["60", "99999999", "soon"] {
        let mut trial = Trial::begun();
        trial.answer(423, &[("Min-Expires", nonsense)]);
        assert!(matches!(trial.state(), State::Refused { code: 423, .. }));
    }
}

#[test]
fn retry_after_of_an_overloaded_registrar_is_kept() {
    let mut trial = Trial::begun();
    trial.answer(503, &[("Retry-After", "300")]);
    assert_eq!(trial.wait(), SECOND * 300);
}

#[test]
fn a_binding_that_was_not_granted_is_no_registration() {
    let mut trial = Trial::begun();
    trial.answer(200, &[("Expires", "0")]);
    assert!(matches!(trial.state(), State::Unreachable { .. }));
}
