//! A binding's life: granted, refreshed, gone.

use super::*;

#[test]
fn a_register_is_answered_and_refreshed_for_ever() {
    let mut trial = Trial::begun();
    assert_eq!(trial.state(), State::Trying);
    for _ in 0..5 {
        trial.answer(200, &[("Expires", "600")]);
        let until = trial.now + SECOND * 600;
        assert_eq!(trial.state(), State::Registered { until });
        let waited = trial.wait();
        assert!(
            waited >= SECOND * 300 && waited <= SECOND * 540,
            "{waited:?}"
        );
        // While it is refreshed it is registered.
        assert_eq!(trial.state(), State::Registered { until });
    }
    let ids: Vec<_> = trial
        .sent
        .iter()
        .map(|(_, _, it)| it.value("Call-ID"))
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let numbers: Vec<u32> = trial.sent.iter().map(|(cseq, _, _)| *cseq).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_start_waits_within_its_jitter() {
    let mut trial = Trial::new(Account {
        start_jitter: SECOND * 30,
        ..samples::account()
    });
    trial.begin();
    assert_eq!(
        (trial.sent.len(), trial.machine.state()),
        (0, State::Waiting)
    );
    let waited = trial.wait();
    assert!(waited > Duration::ZERO && waited <= SECOND * 30);
    assert_eq!(trial.sent.len(), 1);
}

#[test]
fn a_registrar_slower_than_its_own_expiry_is_not_asked_twice_at_a_time() {
    let mut trial = Trial::begun();
    trial.now += SECOND * 20;
    trial.answer(200, &[("Expires", "15")]);
    let until = trial.now + SECOND * 15;
    for round in 2..6 {
        trial.wait();
        assert_eq!(trial.sent.len(), round);
        let known = trial.machine.state();
        // The binding ends while its refresh is under way.
        trial.wait();
        assert_eq!(trial.machine.state(), State::Trying, "{known:?} {until:?}");
        assert_eq!(trial.machine.timeout(), None);
        trial.now += SECOND * 20;
        trial.answer(200, &[("Expires", "15")]);
        assert!(matches!(trial.state(), State::Registered { .. }));
    }
}

#[test]
fn after_the_pc_has_slept_past_the_binding_it_is_registered_anew() {
    let mut trial = Trial::registered();
    trial.now += SECOND * 36_000;
    assert_eq!(trial.wait(), Duration::ZERO);
    assert_eq!(trial.state(), State::Trying);
    trial.answer(200, &[]);
    assert!(matches!(trial.state(), State::Registered { .. }));
}

#[test]
fn the_way_out_and_our_identities_are_kept() {
    let mut trial = Trial::begun();
    trial.answer(
        200,
        &[
            ("Service-Route", "<sip:edge.example.com;lr>"),
            ("P-Associated-URI", "<sip:4001@pbx.example.com>"),
        ],
    );
    let route = trial.machine.service_route()[0].to_string();
    assert_eq!(route, "<sip:edge.example.com;lr>");
    assert_eq!(trial.machine.associated()[0].uri().user().unwrap(), "4001");
}

#[test]
fn provisional_and_foreign_responses_change_nothing() {
    let mut trial = Trial::begun();
    trial.answer(100, &[]);
    trial.answer_to("77 REGISTER", 200, &[]);
    trial.answer_to("", 200, &[]);
    assert_eq!(trial.machine.state(), State::Trying);
    trial.answer(200, &[]);
    trial.answer(403, &[]);
    assert!(matches!(trial.machine.state(), State::Registered { .. }));
}
