//! The binding is taken away.

use super::*;

#[test]
fn the_end_takes_the_binding_away() {
    let mut trial = Trial::registered();
    trial.end();
    assert_eq!(trial.last().value("Expires"), Some("0"));
    assert_eq!(trial.state(), State::Trying);
    trial.challenge("1", "");
    assert_eq!(trial.last().value("Expires"), Some("0"));
    trial.answer(200, &[]);
    assert_eq!(
        (trial.state(), trial.machine.timeout()),
        (State::Ended, None)
    );
    assert!(trial.machine.service_route().is_empty());
}

#[test]
fn the_end_waits_for_the_register_under_way() {
    let mut trial = Trial::begun();
    trial.end();
    assert_eq!(trial.sent.len(), 1);
    trial.answer(200, &[]);
    assert_eq!(trial.last().value("Expires"), Some("0"));
    trial.silence();
    assert_eq!(trial.state(), State::Ended);
}

#[test]
fn the_end_of_what_never_registered_sends_nothing() {
    for code in [401, 403, 408] {
        let mut trial = Trial::begun();
        trial.end();
        let value = format!("{CHALLENGE}\"1\"");
        trial.answer(code, &[("WWW-Authenticate", value.as_str())]);
        assert_eq!((trial.state(), trial.sent.len()), (State::Ended, 1));
    }
    let mut trial = Trial::new(samples::account());
    trial.end();
    assert_eq!((trial.state(), trial.sent.len()), (State::Ended, 0));
}

#[test]
fn it_may_begin_again_after_the_end() {
    let mut trial = Trial::registered();
    trial.end();
    trial.answer(200, &[]);
    trial.begin();
    trial.answer(200, &[]);
    assert!(matches!(trial.state(), State::Registered { .. }));
}
