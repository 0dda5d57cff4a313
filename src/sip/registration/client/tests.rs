mod bindings;
mod challenges;
mod endings;
mod hotline;
mod networks;
mod random;
mod refusals;
mod targets;

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
