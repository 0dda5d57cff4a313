mod hotline;
mod random;

use super::super::account::samples;
use super::super::stage::Alarm;
use super::*;
use crate::sip::Transport;
use crate::sip::digest::NotAnswered;

const SECOND: Duration = Duration::from_secs(1);
const CHALLENGE: &str = "Digest realm=\"pbx\",qop=\"auth\",algorithm=SHA-256,nonce=";

/// A registration in virtual time, and the registrar's part by hand.
struct Trial {
    machine: Registration,
    now: Moment,
    sent: Vec<(u32, usize, Message)>,
    states: Vec<State>,
    alarms: Vec<Alarm>,
}

fn hop(address: &str) -> Hop {
    Hop::to(Transport::Udp, address.parse().unwrap())
}

impl Trial {
    fn new(account: Account) -> Self {
        let entropy = Entropy::from_number(1);
        Self {
            machine: Registration::new(account, hop("192.0.2.1:5060"), entropy),
            now: Moment::ZERO + SECOND * 1_000,
            sent: Vec::new(),
            states: Vec::new(),
            alarms: Vec::new(),
        }
    }

    fn begun() -> Self {
        let mut trial = Self::new(samples::account());
        trial.begin();
        trial
    }

    fn registered() -> Self {
        let mut trial = Self::begun();
        trial.answer(200, &[("Expires", "600")]);
        trial
    }

    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send {
                    cseq,
                    request,
                    target,
                } => self.sent.push((cseq, target, *request)),
                Action::State(state) => self.states.push(state),
                Action::Alarm(alarm) => self.alarms.push(alarm),
            }
        }
    }

    fn begin(&mut self) {
        let actions = self.machine.begin(self.now);
        self.take(actions);
    }

    fn end(&mut self) {
        let actions = self.machine.end(self.now);
        self.take(actions);
    }

    fn answer(&mut self, code: u16, headers: &[(&str, &str)]) {
        let cseq = self.last().value("CSeq").unwrap().to_owned();
        self.answer_to(&cseq, code, headers);
    }

    fn answer_to(&mut self, cseq: &str, code: u16, headers: &[(&str, &str)]) {
        let mut response = Message::response(code, "");
        response.push("CSeq", cseq);
        for (name, value) in headers {
            response.push(name, *value);
        }
        let actions = self.machine.responded(&response, self.now);
        self.take(actions);
    }

    fn challenge(&mut self, nonce: &str, more: &str) {
        let value = format!("{CHALLENGE}\"{nonce}\"{more}");
        self.answer(401, &[("WWW-Authenticate", value.as_str())]);
    }

    fn silence(&mut self) {
        let (cseq, _, _) = *self.sent.last().as_ref().unwrap();
        let actions = self.machine.unanswered(*cseq, self.now);
        self.take(actions);
    }

    fn resolves(&mut self, targets: usize, in_use: Option<usize>) {
        let actions = self.machine.resolved(targets, in_use, self.now);
        self.take(actions);
    }

    fn loses_connection(&mut self) {
        let actions = self.machine.connection_lost(self.now);
        self.take(actions);
    }

    fn loses_target(&mut self) {
        let actions = self.machine.target_lost(self.now);
        self.take(actions);
    }

    fn moves_to(&mut self, address: &str) {
        let actions = self.machine.network_changed(hop(address), self.now);
        self.take(actions);
    }

    /// Lets the time pass up to the machine's next wish; how long that was.
    fn wait(&mut self) -> Duration {
        let at = self.machine.timeout().unwrap();
        let waited = self.now.until(at);
        self.now = self.now.max(at);
        let actions = self.machine.handle_timeout(self.now);
        self.take(actions);
        waited
    }

    fn last(&self) -> &Message {
        &self.sent.last().unwrap().2
    }

    fn state(&self) -> State {
        *self.states.last().unwrap()
    }

    fn targets(&self) -> Vec<usize> {
        self.sent.iter().map(|(_, target, _)| *target).collect()
    }
}

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
fn retry_after_of_an_overloaded_registrar_is_kept() {
    let mut trial = Trial::begun();
    trial.answer(503, &[("Retry-After", "300")]);
    assert_eq!(trial.wait(), SECOND * 300);
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
fn a_target_that_calls_found_dead_is_left_where_there_is_another() {
    let mut trial = Trial::registered();
    trial.loses_target();
    assert_eq!(trial.targets(), [0]);
    trial.resolves(2, Some(0));
    trial.loses_target();
    assert_eq!(trial.targets(), [0, 1]);
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
fn a_binding_that_was_not_granted_is_no_registration() {
    let mut trial = Trial::begun();
    trial.answer(200, &[("Expires", "0")]);
    assert!(matches!(trial.state(), State::Unreachable { .. }));
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

#[test]
fn neither_number_nor_password_is_printed_for_developers() {
    let mut machine = Registration::new(
        samples::account(),
        hop("192.0.2.1:5060"),
        Entropy::from_number(1),
    );
    let actions = machine.begin(Moment::ZERO);
    let text = format!("{machine:?} {actions:?}");
    for secret in ["8001", "hotline", "s3cret"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
