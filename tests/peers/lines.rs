//! Who may call, and on which terms: each caller has an address of his own on this machine.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::agent::{Agent, House};
use super::certificates::Authority;
use super::missing::{Need, can_run};
use super::pcap::Capture;
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER};
use super::tls_line::TlsLine;

/// Two rings of China's rhythm (D2): nobody who may not ask for it is answered before.
const TWO_RINGS: Duration = Duration::from_secs(6);

fn host(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}

/// One agent, whose lines are hosts 2 and 3; host 9 is nobody.
fn house(house: House, second: &str, third: &str) -> House {
    house
        .set("sip.trusted = []")
        .peer(&format!(
            "name = \"second\"\naddress = [\"127.0.0.2\"]\n{second}"
        ))
        .peer(&format!(
            "name = \"third\"\naddress = [\"127.0.0.3\"]\n{third}"
        ))
}

#[test]
fn each_line_has_its_own_manners_with_nobody_ready() {
    let agent = house(House::fast(), "behind = \"queue\"", "behind = \"direct\"").open();
    let (queue, direct) = (
        Phone::open_at(NUMBER, host(2)),
        Phone::open_at(NUMBER, host(3)),
    );
    queue.invite(agent.sip);
    assert_eq!(queue.final_response("INVITE", SOON).status(), Some(480));
    direct.call(agent.sip);
    agent.events().state(&direct.call_id(), "waiting", A_WHILE);
    direct.hang_up();
}

#[test]
fn two_accounts_at_one_exchange_are_told_apart_by_whom_is_called() {
    let account = |user: &str, behind: &str| {
        format!(
            "name = \"{user}\"\nusername = \"{user}\"\ndomain = \"127.0.0.4\"\n\
             register = false\nbehind = \"{behind}\""
        )
    };
    let house = house(House::fast(), "", "").account(&account("8001", "queue"));
    let agent = house.account(&account("hotline", "direct")).open();
    let exchange = Phone::open_at(NUMBER, host(4));
    exchange.call(agent.sip); // as sip:hotline@..
    exchange.hang_up();
}

#[test]
fn nobody_in_the_settings_is_refused_whatever_he_wants() {
    let agent = house(House::fast(), "", "").seat("rep1", "echo").open();
    let nobody = Phone::open_at(NUMBER, host(9));
    nobody.invite(agent.sip);
    assert_eq!(nobody.final_response("INVITE", SOON).status(), Some(403));
    for method in ["OPTIONS", "MESSAGE", "REGISTER", "SUBSCRIBE"] {
        nobody.request(method, "", "");
        assert_eq!(nobody.final_response(method, SOON).status(), Some(403));
    }
    let calls = agent.get("/calls");
    assert_eq!(calls.as_array().map(Vec::len), Some(0), "{calls}");
    let second = Phone::open_at(NUMBER, host(2));
    second.call(agent.sip);
    second.hang_up();
}

/// How long the INVITE waits for its 200.
fn answered_after(agent: &Agent, from: IpAddr, header: &str) -> Duration {
    let caller = Phone::open_at(NUMBER, from);
    let began = Instant::now();
    caller.invite_saying(agent.sip, header);
    let answer = caller.response("INVITE", 200, A_WHILE);
    let waited = began.elapsed();
    caller.ack(&answer);
    caller.hang_up();
    agent.events().ended(&caller.call_id(), SOON);
    waited
}

#[test]
fn only_a_line_that_may_makes_us_answer() {
    let agent = house(House::standard(), "auto_answer = true", "")
        .seat("rep1", "echo")
        .open();
    for header in [
        "Answer-Mode: Auto\r\n",
        "Call-Info: <sip:x>;answer-after=1\r\n",
    ] {
        let waited = answered_after(&agent, host(2), header);
        assert!(waited < TWO_RINGS / 2, "{header}: {waited:?}");
    }
    let waited = answered_after(&agent, host(3), "Answer-Mode: Auto\r\n");
    assert!(waited >= TWO_RINGS, "{waited:?}");
    let waited = answered_after(&agent, host(2), "");
    assert!(waited >= TWO_RINGS, "{waited:?}");
}

#[test]
fn routers_are_told_what_is_signalling_and_what_is_sound() {
    if !can_run(&[Need::Capture]) {
        return;
    }
    let agent = House::fast()
        .set("media.dscp = 34")
        .seat("rep1", "echo")
        .open();
    let caller = Phone::open(NUMBER);
    let sip = agent.sip.port();
    let signalling = Capture::start("lo", (sip, sip));
    let answer = caller.call(agent.sip);
    let sound = answer.audio_address().expect("we sound there").port();
    let sound = Capture::start("lo", (sound, sound));
    caller.hears_more(50);
    caller.hang_up();
    for (capture, expected) in [(signalling, 24), (sound, 34)] {
        let ours = capture.finish();
        let from_us: Vec<u8> = ours
            .iter()
            .filter(|datagram| datagram.to.ip() == caller.address.ip() && datagram.dscp != 0)
            .map(|datagram| datagram.dscp)
            .collect();
        assert!(from_us.len() >= 3, "{} of {}", from_us.len(), ours.len());
        assert!(from_us.iter().all(|dscp| *dscp == expected), "{from_us:?}");
    }
}

#[test]
fn a_peer_is_known_by_the_name_in_its_certificate() {
    let authority = Authority::new();
    let ours = authority.identity("agent", "127.0.0.1");
    let agent = House::fast()
        .set("sip.trusted = []\nsip.listen_tls = \"127.0.0.1:0\"")
        .set("sip.tls.client_certificate = \"optional\"")
        .set(&format!("sip.tls.certificate = {:?}", ours.certificate))
        .set(&format!("sip.tls.key = {:?}", ours.key))
        .set(&format!("sip.tls.ca = {:?}", authority.file()))
        .peer("name = \"pbx\"\ntls_name = \"pbx.example\"\ntransport = \"tls\"")
        .open();
    let tls = agent.sip_tls.expect("it listens");
    let pbx = authority.identity("pbx", "pbx.example");
    let other = authority.identity("other", "other.example");
    for (shows, expected) in [(Some(&pbx), "200"), (Some(&other), "403"), (None, "403")] {
        let answer = TlsLine::open(tls, &authority, shows).ask();
        assert!(answer.contains(expected), "{expected}: {answer}");
    }
}
