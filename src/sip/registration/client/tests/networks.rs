//! Connections that break, and addresses that change.

use super::*;

#[test]
fn a_lost_connection_is_made_anew_within_five_seconds_and_not_by_all_at_once() {
    let mut waits = Vec::new();
    for seed in 0..50 {
        let account = Account {
            start_jitter: SECOND * 30,
            ..samples::account()
        };
        let mut trial = Trial::new(account);
        let entropy = Entropy::from_number(seed);
        trial.machine = Registration::new(trial.machine.account, hop("192.0.2.1:5060"), entropy);
        trial.begin();
        trial.wait();
        trial.answer(200, &[("Expires", "600")]);
        trial.loses_connection();
        assert_eq!(trial.state(), State::Waiting);
        waits.push(trial.wait());
        assert_eq!(trial.sent.len(), 2);
    }
    let (first, last) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*first < SECOND && *last > SECOND * 4 && *last <= SECOND * 5);
}

#[test]
fn a_connection_lost_while_a_register_is_under_way_or_waited_for_changes_nothing() {
    let mut trial = Trial::begun();
    trial.loses_connection();
    trial.answer(403, &[]);
    trial.loses_connection();
    assert_eq!(trial.sent.len(), 1);
    assert!(matches!(trial.state(), State::Refused { .. }));
}

#[test]
fn a_new_address_is_registered_at_once_and_the_old_one_taken_back() {
    let mut trial = Trial::registered();
    trial.moves_to("198.51.100.7:5060");
    assert_eq!(trial.state(), State::Trying);
    let contacts: Vec<&str> = trial.last().values("Contact").collect();
    assert!(contacts[0].starts_with("<sip:hotline@198.51.100.7:5060>;+sip.instance="));
    assert_eq!(contacts[1], "<sip:hotline@192.0.2.1:5060>;expires=0");
    trial.answer(200, &[]);
    trial.wait();
    assert_eq!(trial.last().values("Contact").count(), 1);
}

#[test]
fn a_register_under_way_is_sent_anew_from_the_new_address() {
    let mut trial = Trial::begun();
    trial.moves_to("198.51.100.7:5060");
    assert_eq!(trial.sent.len(), 2);
    // What comes late to the first one changes nothing.
    trial.answer_to("1 REGISTER", 403, &[]);
    let actions = trial.machine.unanswered(1, trial.now);
    trial.take(actions);
    assert_eq!(trial.machine.state(), State::Trying);
    trial.answer(200, &[]);
    assert!(matches!(trial.state(), State::Registered { .. }));
}

#[test]
fn a_new_address_ends_a_back_off_but_not_a_refusal() {
    let mut trial = Trial::begun();
    trial.silence();
    trial.moves_to("198.51.100.7:5060");
    assert_eq!(trial.sent.len(), 2);
    trial.answer(403, &[]);
    trial.moves_to("198.51.100.8:5060");
    assert_eq!(trial.sent.len(), 2);
}
