//! Random registrars, networks and admins against the promises the machine makes in any order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Answer(u16, Headers),
    /// To the REGISTER before the latest.
    LateAnswer(u16),
    Silence,
    /// To the machine's next wish.
    Wait,
    /// Not as far.
    Seconds(u16),
    Move(u8),
    /// So many targets, and which is in use.
    Resolve(usize, usize),
    LoseConnection,
    LoseTarget,
    Begin,
    End,
}

#[derive(Clone, Copy, Debug)]
enum Headers {
    None,
    Challenge,
    Stale,
    Foreign,
    MinExpires,
    RetryAfter,
    Expires(u32),
}

fn headers() -> impl Strategy<Value = Headers> {
    prop_oneof![
        Just(Headers::None),
        Just(Headers::Challenge),
        Just(Headers::Stale),
        Just(Headers::Foreign),
        Just(Headers::MinExpires),
        Just(Headers::RetryAfter),
        (0_u32..100_000).prop_map(Headers::Expires),
    ]
}

fn code() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![
        100, 200, 200, 200, 302, 401, 401, 401, 403, 407, 423, 503, 603,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (code(), headers()).prop_map(|(code, headers)| Step::Answer(code, headers)),
        1 => code().prop_map(Step::LateAnswer),
        2 => Just(Step::Silence),
        4 => Just(Step::Wait),
        1 => any::<u16>().prop_map(Step::Seconds),
        1 => any::<u8>().prop_map(Step::Move),
        1 => (0_usize..4, 0_usize..4).prop_map(|(count, at)| Step::Resolve(count, at)),
        1 => Just(Step::LoseConnection),
        1 => Just(Step::LoseTarget),
        2 => Just(Step::Begin),
        1 => Just(Step::End),
    ]
}

/// What the machine has promised so far.
#[derive(Default)]
struct Witness {
    nonces: u32,
    cseq: u32,
    /// Whether a REGISTER waits for its answer.
    under_way: bool,
    told: Option<State>,
    /// Until then nothing may be sent: a refusal is being waited out.
    silent_until: Option<Moment>,
}

impl Witness {
    fn watch(&mut self, actions: &[Action], step: &Step, now: Moment) {
        for action in actions {
            match action {
                Action::Send { cseq, request, .. } => self.sent(*cseq, request, step, now),
                Action::State(state) => {
                    assert_ne!(self.told.replace(*state), Some(*state));
                    self.silent_until = None;
                    if let State::Refused { retry_at, .. } = state {
                        assert!(now.until(*retry_at) >= SECOND * 600);
                        self.silent_until = Some(*retry_at);
                    }
                }
                Action::Alarm(_) => {}
            }
        }
    }

    fn sent(&mut self, cseq: u32, request: &Message, step: &Step, now: Moment) {
        assert_eq!(cseq, self.cseq + 1, "CSeq rises by one");
        let moved = matches!(step, Step::Move(_));
        assert!(!self.under_way || moved, "one REGISTER at a time");
        assert!(self.silent_until.is_none_or(|at| now >= at), "too early");
        assert!(self.nonces > 0 || request.value("Authorization").is_none());
        self.cseq = cseq;
        self.under_way = true;
    }
}

impl Trial {
    /// Takes one step; the actions it brought.
    fn step(&mut self, step: &Step, witness: &mut Witness) -> Vec<Action> {
        let (machine, now) = (&mut self.machine, self.now);
        match step {
            Step::Answer(code, headers) => {
                witness.under_way &= *code < 200;
                let response = response(*code, *headers, witness);
                machine.responded(&response, now)
            }
            Step::LateAnswer(code) => {
                let mut late = Message::response(*code, "");
                late.push(
                    "CSeq",
                    format!("{} REGISTER", witness.cseq.saturating_sub(1)),
                );
                machine.responded(&late, now)
            }
            Step::Silence => {
                witness.under_way = false;
                machine.unanswered(witness.cseq, now)
            }
            Step::Wait => {
                self.now = machine.timeout().map_or(now, |at| now.max(at));
                machine.handle_timeout(self.now)
            }
            Step::Seconds(seconds) => {
                self.now += SECOND * u32::from(*seconds);
                machine.handle_timeout(self.now)
            }
            Step::Move(place) => machine.network_changed(hop(&format!("192.0.2.{place}:1")), now),
            Step::Resolve(targets, at) => {
                let in_use = Some(*at).filter(|at| at < targets);
                machine.resolved(*targets, in_use, now)
            }
            Step::LoseConnection => machine.connection_lost(now),
            Step::LoseTarget => machine.target_lost(now),
            Step::Begin => {
                // An admin who starts it anew knows what he does.
                witness.silent_until = None;
                machine.begin(now)
            }
            Step::End => machine.end(now),
        }
    }
}

fn response(code: u16, headers: Headers, witness: &mut Witness) -> Message {
    let mut response = Message::response(code, "");
    response.push("CSeq", format!("{} REGISTER", witness.cseq));
    let nonce = witness.nonces + 1;
    let (name, value) = match headers {
        Headers::None => return response,
        Headers::Challenge => ("WWW-Authenticate", format!("{CHALLENGE}\"{nonce}\"")),
        Headers::Stale => (
            "WWW-Authenticate",
            format!("{CHALLENGE}\"{nonce}\",stale=true"),
        ),
        Headers::Foreign => (
            "Proxy-Authenticate",
            "Digest realm=\"evil\",nonce=\"1\"".to_owned(),
        ),
        Headers::MinExpires => ("Min-Expires", "1200".to_owned()),
        Headers::RetryAfter => ("Retry-After", "90".to_owned()),
        Headers::Expires(seconds) => ("Expires", seconds.to_string()),
    };
    if matches!(headers, Headers::Challenge | Headers::Stale) {
        witness.nonces = nonce;
    }
    response.push(name, value);
    response
}

proptest! {
    #[test]
    fn whatever_happens_the_registrar_is_not_pestered(
        steps in proptest::collection::vec(step(), 0..120)
    ) {
        let mut trial = Trial::new(samples::account());
        let mut witness = Witness::default();
        for step in &steps {
            let actions = trial.step(step, &mut witness);
            let now = trial.now;
            witness.watch(&actions, step, now);
            let trying = matches!(trial.machine.stage, Stage::Trying(_));
            prop_assert!(!trying || witness.under_way, "tries, but nothing is under way");
            let over = matches!(trial.machine.stage, Stage::Idle | Stage::Ended);
            let waits = trial.machine.timeout().is_some();
            // While a binding is refreshed its end is waited for, too.
            prop_assert!(waits || trying || over, "neither waits nor tries: {:?}", trial.machine.stage);
            prop_assert!(!(waits && over), "{:?}", trial.machine.stage);
        }
    }
}
