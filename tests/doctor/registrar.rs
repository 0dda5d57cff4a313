//! Accounts: what their registrars say of them, of the time, and of where we are.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use super::Patient;
use crate::peers::agent::House;
use crate::peers::kamailio::{Kamailio, PASSWORD, Setup};
use crate::peers::missing::{Need, can_run};
use crate::peers::phone::Message;
use crate::peers::program::{free_ports, has_socket};
use crate::peers::registrar::Registrar;
use crate::peers::scene::A_WHILE;
use crate::peers::scratch::Scratch;

/// Who asks there by this password.
fn asking(at: &str, password: &str, more: &str) -> Patient {
    Patient::with(&format!(
        "{more}[[sip.account]]\nname = \"pbx\"\nusername = \"hotline\"\npassword = \"{password}\"\n\
         domain = \"pbx.example\"\noutbound_proxy = \"{at}\"\n"
    ))
}

/// A registrar that answers the next REGISTER so.
fn answering(
    registrar: Registrar,
    answer: impl Fn(&Registrar, &Message) + Send + 'static,
) -> JoinHandle<Message> {
    thread::spawn(move || {
        let request = registrar.asked(A_WHILE);
        answer(&registrar, &request);
        request
    })
}

#[test]
fn kamailio_knows_the_account_and_nobodys_registration_is_touched() {
    if !can_run(&[Need::Kamailio]) {
        return;
    }
    let kamailio = Kamailio::start(&Setup::default());
    let at = kamailio.address.to_string();
    let known = asking(&at, PASSWORD, "").examined("registration");
    let cause = known.is("ok", "registration.known");
    assert!(cause.contains("0 phones"), "{cause}");
    let again = asking(&at, PASSWORD, "").examined("registration");
    let cause = again.is("ok", "registration.known");
    assert!(
        cause.contains("0 phones"),
        "the first one has left no binding: {cause}"
    );
    let wrong = asking(&at, "sesame", "").examined("registration");
    wrong.is("fault", "registration.password");
    assert!(!format!("{wrong:?}").contains("sesame"));
}

/// SIPp proves the password itself.
#[test]
fn sipp_refuses_a_wrong_password() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    for (password, verdict, key) in [
        ("s3cret", "ok", "registration.known"),
        ("sesame", "fault", "registration.forbidden"),
    ] {
        let sipp = Proving::start("s3cret");
        let patient = asking(&sipp.at, password, "");
        patient.examined("registration").is(verdict, key);
    }
}

/// `tests/peers/sipp/registrar.xml` in a process of its own.
struct Proving {
    child: Child,
    at: String,
    _scratch: Scratch,
}

impl Proving {
    fn start(password: &str) -> Self {
        let scratch = Scratch::new("proving");
        let scenario = include_str!("../peers/sipp/registrar.xml")
            .replace("{{CODE}}", "401")
            .replace("{{ASK}}", "WWW-Authenticate")
            .replace("{{QOP}}", ", qop=\"auth\"")
            .replace("{{PASSWORD}}", password)
            .replace("{{INVITE_CHECK}}", "")
            .replace("{{INVITE_GATE}}", "");
        let file = scratch.write("registrar.xml", scenario);
        let port = free_ports("127.0.0.1".parse().expect("an address"));
        let mut child = Command::new("sipp")
            .arg("-sf")
            .arg(file)
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start SIPp");
        // Who tries the port himself keeps it from SIPp.
        while !has_socket(([127, 0, 0, 1], port).into()) {
            assert!(matches!(child.try_wait(), Ok(None)), "SIPp runs");
            thread::yield_now();
        }
        Self {
            child,
            at: format!("127.0.0.1:{port}"),
            _scratch: scratch,
        }
    }
}

impl Drop for Proving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn our_own_registrar_knows_its_seat_over_tcp_and_no_other() {
    let agent = House::fast()
        .set("sip.listen_tcp = \"127.0.0.1:0\"")
        .registered_seat("rep1", "hotline", "open sesame")
        .open();
    let at = agent.sip_tcp.expect("it listens").to_string();
    let asked = |password: &str| {
        let by_tcp = asking(&at, password, "");
        let words = ["--json", "--only", "registration"];
        let mut command = by_tcp.doctor(&words);
        let file = by_tcp.path("thirdring.toml");
        let text = std::fs::read_to_string(&file).expect("we wrote it");
        let text = text.replace("pbx.example", "127.0.0.1") + "transport = \"tcp\"\n";
        std::fs::write(&file, text).expect("it is ours");
        command.env("LC_ALL", "C");
        super::told(command)
    };
    asked("open sesame").is("ok", "registration.known");
    asked("sesame").is("fault", "registration.password");
}

#[test]
fn a_refusal_is_told_by_its_status() {
    for (code, key) in [
        (403, "registration.forbidden"),
        (404, "registration.unknown"),
        (503, "registration.ill"),
        (488, "registration.refused"),
    ] {
        let registrar = Registrar::open("127.0.0.1:0");
        let patient = asking(&registrar.address.to_string(), "s3cret", "");
        let answered = answering(registrar, move |it, request| it.answer(request, code, ""));
        patient.examined("registration").is("fault", key);
        let request = answered.join().expect("it answered");
        assert_eq!(request.header("contact"), "", "it only asks");
    }
}

#[test]
fn a_registrar_that_says_nothing_and_one_without_a_name_are_faults() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let at = silent.local_addr().expect("it is bound").to_string();
    let cause = asking(&at, "s3cret", "").examined("registration");
    let cause = cause.is("fault", "registration.silent");
    assert!(cause.contains(&at), "{cause}");
    let unknown = asking("pbx.no-such-name.invalid", "s3cret", "");
    unknown
        .examined("registration")
        .is("fault", "registration.not-found");
    Patient::with("")
        .examined("registration")
        .is("skipped", "registration.no-account");
}

#[test]
fn a_clock_that_is_far_off_is_told_by_the_registrars() {
    for (date, verdict, key) in [
        ("Sat, 13 Nov 2010 23:29:00 GMT", "fault", "clock.wrong"),
        ("noon", "skipped", "clock.unreadable"),
    ] {
        let registrar = Registrar::open("127.0.0.1:0");
        let patient = asking(&registrar.address.to_string(), "s3cret", "");
        let date = format!("Date: {date}\r\n");
        let answered = answering(registrar, move |it, request| it.answer(request, 200, &date));
        patient.examined("registration,clock").is(verdict, key);
        answered.join().expect("it answered");
    }
    Patient::with("")
        .examined("clock")
        .is("skipped", "clock.nobody-tells");
}

/// Answers as one who sees the request come from 203.0.113.5.
fn sees_another(it: &Registrar, request: &Message) {
    let answer = Registrar::written(request, 200, "");
    let seen = answer.replacen(";rport;", ";rport=4444;received=203.0.113.5;", 1);
    assert_ne!(seen, answer, "it asks for its port");
    it.say(&seen, request.from);
}

#[test]
fn a_router_that_rewrites_us_is_noticed_by_the_registrars_answer() {
    let registrar = Registrar::open("127.0.0.1:0");
    let patient = asking(&registrar.address.to_string(), "s3cret", "");
    let answered = answering(registrar, sees_another);
    let cause = patient
        .examined("registration,nat")
        .is("warning", "nat.hidden");
    assert!(cause.contains("203.0.113.5:4444"), "{cause}");
    answered.join().expect("it answered");
}

/// What a STUN server answers that sees its client at 203.0.113.5:5555 (RFC 8489 14.2).
fn stun_answer(request: &[u8]) -> Vec<u8> {
    let mut answer = vec![0x01, 0x01, 0, 12];
    answer.extend(&request[4..20]);
    answer.extend([0x00, 0x20, 0x00, 0x08, 0x00, 0x01]);
    answer.extend((5_555_u16 ^ 0x2112).to_be_bytes());
    let cookie = 0x2112_A442_u32.to_be_bytes();
    let ip = [203_u8, 0, 113, 5];
    answer.extend(ip.iter().zip(cookie).map(|(byte, key)| byte ^ key));
    answer
}

#[test]
fn a_router_that_shows_us_otherwise_to_each_is_a_fault() {
    let stun = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let set = format!(
        "sip.stun = \"{}\"\n",
        stun.local_addr().expect("it is bound")
    );
    let telling = thread::spawn(move || {
        let mut request = [0; 2_048];
        let (length, from) = stun.recv_from(&mut request).expect("the doctor asks");
        stun.send_to(&stun_answer(&request[..length]), from)
            .expect("the network is up");
    });
    let registrar = Registrar::open("127.0.0.1:0");
    let patient = asking(&registrar.address.to_string(), "s3cret", &set);
    let answered = answering(registrar, sees_another);
    let cause = patient
        .examined("registration,nat")
        .is("fault", "nat.symmetric");
    assert!(
        cause.contains(":4444") && cause.contains(":5555"),
        "{cause}"
    );
    answered.join().expect("it answered");
    telling.join().expect("it told");
}

#[test]
fn a_stun_server_that_says_nothing_is_a_fault() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let set = format!(
        "sip.stun = \"{}\"\n",
        silent.local_addr().expect("it is bound")
    );
    Patient::with(&set)
        .examined("nat")
        .is("fault", "nat.stun-silent");
    let nobody = Patient::with("sip.stun = \"stun.no-such-name.invalid\"\n");
    nobody.examined("nat").is("fault", "nat.stun-not-found");
    Patient::with("")
        .examined("nat")
        .is("skipped", "nat.unknown");
}
