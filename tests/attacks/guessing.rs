//! Who guesses users and passwords of the reps' phones: SIPVicious, and what it does not learn from a watch.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use thirdring::sip::digest::{Credentials, Login, Md5};
use thirdring::sip::registrar::{ExpiryLimits, Outcome, PhoneLogin, Registrar, RegistrarSettings};
use thirdring::sip::{Hop, Message};
use thirdring::words::{Entropy, Moment, Pii};

use super::wire::stranger;
use crate::peers::agent::{Agent, House};
use crate::peers::missing::{Need, can_run};
use crate::peers::program::free_ports;
use crate::peers::scratch::Scratch;

const USER: &str = "8001";
const PASSWORD: &str = "5077";
/// Nobody has it.
const UNKNOWN: &str = "9999";

/// What an attacker may try in a minute, as it is promised.
const TRIES_MAX: u64 = 10;
/// How long a source is barred first (hardening row 7).
const BARRED: Duration = Duration::from_secs(60);
/// No run of a tool lasts longer, in seconds.
const BOUND_S: &str = "60";

/// SIPVicious and SIPp know MD5 only.
fn house() -> House {
    let house = House::fast().set("sip.phones.md5 = \"only\"");
    house.registered_seat("rep1", USER, PASSWORD)
}

/// Runs it on loopback; what it has told, on both outputs.
fn run(tool: &str, agent: &Agent, arguments: &[&str]) -> String {
    let port = agent.sip.port().to_string();
    let output = Command::new("timeout")
        .args([
            BOUND_S,
            tool,
            "-b",
            "127.0.0.1",
            "-x",
            "127.0.0.1",
            "-p",
            &port,
        ])
        .args(arguments)
        .arg("127.0.0.1")
        .output();
    let Output { stdout, stderr, .. } = output.expect("it is installed");
    [stdout, stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat()
}

fn judged(agent: &Agent, cause: &str) -> u64 {
    let name = format!("thirdring_phone_logins_total{{cause=\"{cause}\"}}");
    agent.metric(&name).unwrap_or(0)
}

/// Whether SIPp registers from this address with the right password.
fn registers(agent: &Agent, from: Ipv4Addr) -> bool {
    let scratch = Scratch::new("sipp");
    let port = free_ports(IpAddr::V4(from)).to_string();
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sipp/register.xml");
    let run = Command::new("sipp")
        .args(["-sf", scenario, &agent.sip.to_string(), "-m", "1"])
        .args(["-s", USER, "-au", USER, "-ap", PASSWORD])
        .args(["-i", &from.to_string(), "-p", &port])
        .args(["-timeout", "10", "-timeout_error", "-nostdin"])
        .current_dir(scratch.path("."))
        .output();
    run.expect("it is installed").status.success()
}

#[test]
fn svwar_finds_no_extension() {
    if !can_run(&[Need::Sipvicious]) {
        return;
    }
    let agent = house().open();
    for method in ["REGISTER", "OPTIONS"] {
        for force in [None, Some("--force")] {
            let mut arguments = vec!["-e", "7990-8010", "-m", method];
            arguments.extend(force);
            let told = run("svwar", &agent, &arguments);
            assert!(told.contains("found nothing"), "{method} {force:?}: {told}");
        }
    }
    // It gives up where nobody differs.
    assert!(judged(&agent, "asked") > 0);
    assert_eq!(judged(&agent, "wrong") + judged(&agent, "barred"), 0);
}

#[test]
fn svcrack_is_barred_after_a_few_tries_and_nobody_else_is() {
    if !can_run(&[Need::Sipvicious, Need::Sipp]) {
        return;
    }
    let agent = house().open();
    let mut events = agent.events();
    let (his, other) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2));
    // The password is among those he would try.
    let told = run("svcrack", &agent, &["-u", USER, "-r", "5000-5999"]);
    let barred_since = Instant::now();
    assert!(told.contains("found nothing"), "{told}");
    let wrong = judged(&agent, "wrong");
    assert!((1..=TRIES_MAX).contains(&wrong), "{wrong} tries");
    assert!(judged(&agent, "barred") > 0);

    assert!(!registers(&agent, his), "not even with the right password");
    assert_eq!(judged(&agent, "proven"), 0);
    assert!(registers(&agent, other));
    assert_eq!(agent.get("/seats/rep1")["state"], "available");

    let left = BARRED.saturating_sub(barred_since.elapsed());
    events.stay_without(left, |_| false);
    assert!(registers(&agent, his), "the bar has ended");
    assert_eq!(judged(&agent, "wrong"), wrong);
}

/// The answer to a first REGISTER, without what is random in it.
fn first_answer(agent: &Agent, user: &str) -> String {
    let socket = stranger();
    let own = socket.local_addr().expect("it is bound");
    let request = format!(
        "REGISTER sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK1;rport\r\n\
         From: <sip:{user}@{sip}>;tag=f\r\nTo: <sip:{user}@{sip}>\r\nCall-ID: 1\r\n\
         CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:{user}@{own}>\r\n\
         Content-Length: 0\r\n\r\n",
        sip = agent.sip
    );
    socket
        .send_to(request.as_bytes(), agent.sip)
        .expect("the network is up");
    let mut answer = [0; 2_048];
    let length = socket.recv(&mut answer).expect("an answer");
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    let text = text.replace(&own.to_string(), "HERE").replace(user, "USER");
    let port = own.port().to_string();
    [";tag=s", "nonce=\""]
        .iter()
        .fold(text.replace(&port, "PORT"), |text, before| {
            masked(&text, before)
        })
}

/// With the hexadecimal digits behind `before` made alike.
fn masked(text: &str, before: &str) -> String {
    let Some((head, rest)) = text.split_once(before) else {
        return text.to_owned();
    };
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    format!("{head}{before}{}{}", "x".repeat(digits), &rest[digits..])
}

#[test]
fn known_and_unknown_users_get_the_same_answer() {
    let agent = house().open();
    let known = first_answer(&agent, USER);
    assert!(known.starts_with("SIP/2.0 401"), "{known}");
    assert_eq!(known, first_answer(&agent, UNKNOWN));
}

/// Guesses a user, each from a source of its own, and how long the registrar took to say no.
struct Guesser {
    registrar: Registrar,
    entropy: Entropy,
    source: u32,
}

impl Guesser {
    fn new() -> Self {
        let pii = |text: &str| Pii::new(text.to_owned());
        let phone = PhoneLogin {
            username: pii(USER),
            password: pii(PASSWORD),
        };
        let settings = RegistrarSettings {
            domain: "thirdring".to_owned(),
            phones: BTreeMap::from([("rep1".parse().expect("a seat"), phone)]),
            expires: ExpiryLimits::default(),
            md5: Md5::Never,
        };
        Self {
            registrar: Registrar::new(settings, Entropy::from_number(1)),
            entropy: Entropy::from_number(2),
            source: u32::from(Ipv4Addr::new(10, 0, 0, 0)),
        }
    }

    fn guess(&mut self, user: &str) -> Duration {
        self.source += 1;
        let from = Hop::udp(SocketAddr::from((Ipv4Addr::from(self.source), 5060)));
        let mut login = Login::new(Credentials::new(user, Pii::new("guess".to_owned())));
        let asked = self
            .registrar
            .register(&request(user, 1), from, Moment::ZERO);
        let asked = as_message(&asked);
        let challenged = login.challenged(&asked, &mut self.entropy);
        challenged.expect("it is asked by SHA-256");
        let mut guess = request(user, 2);
        login.sign(&mut guess);
        let began = Instant::now();
        let refused = self.registrar.register(&guess, from, Moment::ZERO);
        let took = began.elapsed();
        assert_eq!(refused.code, 401);
        took
    }
}

fn request(user: &str, cseq: u32) -> Message {
    let mut request = Message::request("REGISTER", "sip:thirdring");
    for (name, value) in [
        ("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1".to_owned()),
        ("From", format!("<sip:{user}@thirdring>;tag=f")),
        ("To", format!("<sip:{user}@thirdring>")),
        ("Call-ID", "1".to_owned()),
        ("CSeq", format!("{cseq} REGISTER")),
    ] {
        request.push(name, value);
    }
    request
}

fn as_message(outcome: &Outcome) -> Message {
    let mut message = Message::response(outcome.code, outcome.reason);
    for (name, value) in &outcome.headers {
        message.push(name, value.reveal().as_str());
    }
    message
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// Guesses of each user; they take turns, so that a busy machine slows both.
const GUESSES: usize = 2_000;
/// How far the medians may lie apart: 1 us in 10 is lost in the noise of any network.
const APART_MAX: f64 = 1.1;
const TRIES: usize = 8;

#[test]
fn known_and_unknown_users_are_refused_in_the_same_time() {
    let mut guesser = Guesser::new();
    let mut ratios = Vec::new();
    for _ in 0..TRIES {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..GUESSES {
            known.push(guesser.guess(USER));
            unknown.push(guesser.guess(UNKNOWN));
        }
        let ratio = median(known) / median(unknown);
        if (1.0 / APART_MAX..APART_MAX).contains(&ratio) {
            println!("known to unknown: {ratio:.3}");
            return;
        }
        ratios.push(ratio);
    }
    panic!("known to unknown, in median times: {ratios:?}");
}
