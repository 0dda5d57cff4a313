//! SIPp: the whole pack of tests/sipp, thirty callers at once, and a rep and a target that echo.

mod customers;
mod digest;
mod pack;
mod page;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::agent::{Agent, House};
use super::missing::{Need, can_run};
use super::pcap::{Capture, Datagram, recording_towards};
use super::program::free_ports;
use super::scene::Scene;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where SIPp takes audio and its RTCP.
const CROWD_PORTS: (u16, u16) = (15_000, 15_001);
const CROWD: usize = 30;

fn house(seats: usize) -> House {
    (1..=seats).fold(House::fast(), |house, n| {
        house.seat(&format!("rep{n}"), "echo")
    })
}

#[test]
fn thirty_callers_at_once_hear_the_whole_greeting() {
    if !can_run(&[Need::Sipp, Need::Capture]) {
        return;
    }
    let agent = house(CROWD).open();
    let capture = Capture::start("lo", CROWD_PORTS);
    let run = Command::new("bash")
        .args([
            "tests/sipp/crowd.sh",
            &agent.sip.to_string(),
            &CROWD.to_string(),
            &CROWD_PORTS.0.to_string(),
        ])
        .output()
        .expect("bash runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    // All of SIPp's calls share one port: the streams differ by the agent's.
    let mut streams: BTreeMap<u16, Vec<Datagram>> = BTreeMap::new();
    for datagram in capture.finish() {
        if datagram.to.port() == CROWD_PORTS.0 {
            let stream = streams.entry(datagram.from.port()).or_default();
            stream.push(datagram);
        }
    }
    assert_eq!(streams.len(), CROWD);
    for (port, stream) in streams {
        let heard = recording_towards(&stream, CROWD_PORTS);
        let phrases = heard.phrases();
        let greeting = phrases.first().expect("something was said");
        assert_eq!(greeting.id, "greeting", "{port}: {heard}");
        assert!(greeting.whole && greeting.unbroken, "{port}: {heard}");
        assert_eq!(heard.lost(), 0, "{port}");
    }
}

/// SIPp that answers everybody and sends his own sound back to him.
pub(crate) struct Echo {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let port = free_ports(HOST);
        let (sip, rtp) = (port.to_string(), (port + 2).to_string());
        let child = Command::new("sipp")
            .args(["-sn", "uas", "-rtp_echo", "-nostdin"])
            .args([
                "-i",
                "127.0.0.1",
                "-p",
                &sip,
                "-mi",
                "127.0.0.1",
                "-mp",
                &rtp,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start SIPp");
        // The agent's INVITE is repeated until it listens.
        let address = SocketAddr::new(HOST, port);
        Self { child, address }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The caller speaks, and hears himself through the agent and SIPp.
fn hears_himself(scene: &Scene) {
    scene.caller.forget_sound();
    scene.caller.speak();
    scene.caller.hears_more(500);
    let heard = scene.heard();
    assert!(heard.contains(&"report_upward".to_owned()), "{heard:?}");
}

#[test]
fn a_sipp_rep_is_heard_by_the_caller() {
    if can_run(&[Need::Sipp]) {
        let rep = Echo::start();
        let mut scene = Scene::talking(House::fast().phone_seat("rep1", rep.address));
        hears_himself(&scene);
        scene.hang_up();
    }
}

#[test]
fn a_sipp_target_takes_the_caller() {
    if can_run(&[Need::Sipp]) {
        let target = Echo::start();
        let house = House::fast().seat("rep1", "silent");
        let mut scene = Scene::talking(house.target("expert", target.address));
        let asked = json!({"target": "expert", "agreed": true});
        scene.agent.command(&scene.call, "transfer", asked);
        scene.state("consulting");
        scene.agent.command(&scene.call, "join", json!({}));
        scene.state("bridged");
        hears_himself(&scene);
        scene.hang_up();
    }
}

/// Whether SIPp at this host is answered within three seconds when it asks for it so.
fn makes_us_answer(agent: &Agent, host: &str, asking: &str) -> bool {
    let port = free_ports(host.parse().expect("an address"));
    let (sip, rtp) = (port.to_string(), (port + 2).to_string());
    let status = Command::new("sipp")
        .args(["-sf", "tests/peers/sipp/auto_answer.xml", "-m", "1"])
        .args(["-key", "asking", asking, "-nostdin"])
        .args(["-i", host, "-p", &sip, "-mi", host, "-mp", &rtp])
        .args(["-timeout", "20s", "-timeout_error"])
        .arg(agent.sip.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("start SIPp").success()
}

#[test]
fn sipp_makes_us_answer_where_its_line_may() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let agent = House::standard()
        .seat("rep1", "echo")
        .peer("name = \"door\"\naddress = [\"127.0.0.2\"]\nauto_answer = true")
        .open();
    let asking = [
        "Answer-Mode: Auto",
        "Call-Info: <sip:x>;answer-after=1",
        "Alert-Info: <http://x>;info=alert-autoanswer;delay=0",
    ];
    for asking in asking {
        assert!(makes_us_answer(&agent, "127.0.0.2", asking), "{asking}");
    }
    assert!(!makes_us_answer(&agent, "127.0.0.1", asking[0]));
}
