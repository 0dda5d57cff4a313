//! The servers behind a registrar's name: which is asked, and which next.

use super::*;

#[test]
fn a_dead_target_hands_over_to_the_next_and_the_living_one_is_kept() {
    let mut trial = Trial::new(samples::account());
    trial.resolves(3, Some(0));
    trial.begin();
    trial.silence();
    trial.answer(503, &[]);
    assert_eq!(trial.targets(), [0, 1, 2]);
    trial.answer(200, &[]);
    trial.wait();
    assert_eq!(trial.targets(), [0, 1, 2, 2]);
    trial.silence();
    assert_eq!(trial.targets(), [0, 1, 2, 2, 0]);
}

#[test]
fn when_all_targets_are_dead_the_waits_grow_to_half_an_hour() {
    let mut trial = Trial::new(samples::account());
    trial.resolves(2, Some(0));
    trial.begin();
    let mut bound = 30;
    for _ in 0..10 {
        trial.silence();
        trial.silence();
        assert!(matches!(trial.state(), State::Unreachable { .. }));
        let waited = trial.wait();
        assert!(waited >= SECOND * bound / 2 && waited <= SECOND * bound);
        bound = (bound * 2).min(1_800);
    }
    assert!(trial.alarms.is_empty());
    trial.answer(200, &[]);
    trial.wait();
    trial.silence();
    trial.silence();
    assert!(trial.wait() <= SECOND * 30);
}

#[test]
fn a_name_that_stands_for_nobody_is_as_good_as_no_answer() {
    let mut trial = Trial::new(samples::account());
    trial.resolves(0, None);
    trial.begin();
    assert!(trial.sent.is_empty());
    assert!(matches!(trial.state(), State::Unreachable { .. }));
    trial.resolves(1, None);
    assert_eq!(trial.targets(), [0], "who was found is not kept waiting");
}

#[test]
fn the_target_in_use_is_kept_wherever_it_stands_in_the_new_list() {
    let mut trial = Trial::registered();
    trial.resolves(3, Some(2));
    trial.wait();
    assert_eq!(trial.targets(), [0, 2]);
    trial.answer(200, &[("Expires", "600")]);
    // It is not among them any more: nothing is broken until it is refreshed.
    trial.resolves(2, None);
    assert_eq!(trial.targets(), [0, 2]);
    trial.wait();
    assert_eq!(trial.targets(), [0, 2, 0]);
}

#[test]
fn a_server_that_is_new_in_the_list_ends_a_back_off_and_an_old_one_does_not() {
    let mut trial = Trial::begun();
    trial.silence();
    trial.resolves(1, Some(0));
    assert!(matches!(trial.state(), State::Unreachable { .. }));
    trial.resolves(1, None);
    assert_eq!((trial.state(), trial.sent.len()), (State::Trying, 2));
}

#[test]
fn a_target_that_calls_found_dead_is_left_where_there_is_another() {
    let mut trial = Trial::registered();
    trial.loses_target();
    assert_eq!(trial.targets(), [0]);
    trial.resolves(2, Some(0));
    trial.loses_target();
    assert_eq!(trial.targets(), [0, 1]);
}
