//! Genuine one-way audio: SIP works, and RTP is lost on the cable in one direction.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use thirdring::records::What;
use thirdring::words::{Language, Party};

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::hearing::{Recording, spoken};
use super::missing::{Need, can_run};
use super::netns::{Host, Lab};
use super::pcap::{Capture, recording_towards};
use super::phone::SOON;
use super::program::Softphone;
use super::scene::A_WHILE;
use super::scratch::{Scratch, wav};

/// Two reports, 5 s apart (RFC 3550 6.2), each half as late again.
const TWO_REPORTS: Duration = Duration::from_secs(20);

/// The wait for a report after each of two new offers, and a little more (R26).
const REPAIRS: Duration = Duration::from_secs(20);

/// The peer's RTP ports.
const RTP: (u16, u16) = (12_000, 12_020);

/// What the phone says.
const ECHOED: &str = "report_upward";

type Maker = fn(SocketAddr, u16, Option<&str>) -> Softphone;

/// An agent at one end of the cable, a real phone at the other.
struct Line {
    agent: Agent,
    events: Events,
    phone: Softphone,
    capture: Capture,
    /// Named last: the hosts outlive what runs there.
    lab: Lab,
    _words: Scratch,
}

impl Line {
    fn open(maker: Maker) -> Self {
        let lab = Lab::build();
        let words = Scratch::new("words");
        let speech = wav(&spoken(Language::En, ECHOED));
        let file = words.write("words.wav", speech);
        let (agent, events) = lab.at(Host::Agent, || {
            let house = House::fast().seat("rep1", "echo");
            let agent = house.at(Host::Agent.address()).open();
            let events = agent.events();
            (agent, events)
        });
        let address = SocketAddr::new(Host::Peer.address(), 5060);
        let phone = lab.at(Host::Peer, || maker(address, RTP.0, file.to_str()));
        let link = lab.link(Host::Peer);
        let capture = lab.at(Host::Peer, || Capture::start(&link, RTP));
        Self {
            agent,
            events,
            phone,
            capture,
            lab,
            _words: words,
        }
    }

    /// The phone calls and speaks; returns the call's SIP Call-ID.
    fn call(&mut self) -> String {
        self.phone
            .tell(&format!("dial sip:hotline@{}", self.agent.sip));
        self.phone.wait("established", A_WHILE);
        let begun = self.events.wait("a call", SOON, |entry| {
            matches!(entry.what, What::Begun { .. })
        });
        begun.sip_call_id.expect("it came by SIP")
    }

    fn talk(&mut self) -> String {
        let id = self.call();
        self.events.state(&id, "talking", A_WHILE);
        self.phone.tell("speak");
        self.events.voice(&id, true);
        id
    }

    /// Waits for this news of a repair of the caller's leg.
    fn repair(&mut self, id: &str, by: &str, news: &str, within: Duration) {
        let what = format!("repair by {by}: {news}");
        self.events.wait(&what, within, |entry| {
            let expected = What::Repair {
                party: Party::Caller,
                by: by.to_owned(),
                news: news.to_owned(),
            };
            of(entry, id) && entry.what == expected
        });
    }

    fn verdict(&mut self, id: &str, verdict: &str, within: Duration) {
        self.events.wait(verdict, within, |entry| {
            let caller = Party::Caller;
            of(entry, id)
                && matches!(&entry.what, What::Line { party, verdict: is } if *party == caller && is == verdict)
        });
    }

    /// The call goes on at other ports of ours, and nothing was said to the caller about it: he
    /// hangs up himself.
    fn talks_on(mut self, id: &str) {
        self.phone.tell("hangup");
        let ending = self.events.ended(id, SOON);
        assert_eq!(ending.because.as_str(), "hung-up");
        let wire = self.capture.finish();
        let agent = Host::Agent.address();
        let from = wire.iter().map(|it| it.from);
        let to = wire.iter().map(|it| it.to);
        let ports = |ours: &mut dyn Iterator<Item = SocketAddr>| -> BTreeSet<u16> {
            let rtp = ours.filter(|it| it.ip() == agent && it.port() % 2 == 0);
            rtp.map(|it| it.port()).collect()
        };
        let (left, reached) = (ports(&mut from.into_iter()), ports(&mut to.into_iter()));
        assert_eq!((left.len(), &left), (2, &reached), "our RTP ports");
        let sent = recording_towards(&wire, RTP);
        // The rep's seat echoes what the phone says.
        let said: Vec<String> = sent.ids().into_iter().filter(|id| id != ECHOED).collect();
        assert_eq!(said, ["greeting"], "{sent}");
    }

    /// Waits for the agent's BYE; returns why, how many callbacks are owed, and what was sent to the phone.
    fn end(mut self, id: &str) -> (&'static str, usize, Recording) {
        self.phone.wait("closed", A_WHILE * 2);
        let ending = self.events.ended(id, SOON);
        let owed = self.lab.at(Host::Agent, || self.agent.callbacks().len());
        let sent = recording_towards(&self.capture.finish(), RTP);
        (ending.because.as_str(), owed, sent)
    }
}

/// They do not hear us: their reports say so, and they are phoned back.
fn a_caller_who_hears_nothing(maker: Maker) {
    let mut line = Line::open(maker);
    let id = line.talk();
    // A report says at first that they hear us.
    line.lab.deafen(Host::Peer);
    line.verdict(&id, "they-do-not-receive", TWO_REPORTS);
    line.repair(&id, "fresh-ports", "taken", SOON);
    line.repair(&id, "other-codec", "taken", REPAIRS);
    line.events.phrase(&id, "fault_caller_cannot_hear", REPAIRS);
    let noted = line.events.wait("the promise", SOON, |entry| {
        of(entry, &id) && matches!(entry.what, What::Promise { .. })
    });
    assert!(
        matches!(&noted.what, What::Promise { news, .. } if news == "noted"),
        "{noted:?}"
    );
    let (because, owed, sent) = line.end(&id);
    assert_eq!((because, owed), ("caller-cannot-hear", 1));
    let ids = sent.ids();
    let last: Vec<&str> = ids.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(
        last,
        ["closing_short", "fault_caller_cannot_hear"],
        "{sent}"
    );
}

#[test]
fn a_baresip_caller_who_hears_nothing_is_noticed_by_his_reports() {
    if can_run(&[Need::Baresip, Need::Namespaces, Need::Capture]) {
        a_caller_who_hears_nothing(Softphone::baresip_at);
    }
}

#[test]
fn a_pjsip_caller_who_hears_nothing_is_noticed_by_his_reports() {
    if can_run(&[Need::Pjsip, Need::Namespaces, Need::Capture]) {
        a_caller_who_hears_nothing(Softphone::pjsip_at);
    }
}

#[test]
fn a_caller_whose_audio_never_comes_is_told_that_he_is_connected() {
    if !can_run(&[Need::Baresip, Need::Namespaces, Need::Capture]) {
        return;
    }
    let mut line = Line::open(Softphone::baresip_at);
    line.lab.deafen(Host::Agent);
    let id = line.call();
    line.phone.tell("speak");
    let (because, _, sent) = line.end(&id);
    assert_eq!(because, "silent-caller");
    let expected = [
        "greeting",
        "connected_please_speak",
        "no_voice_repeat",
        "fault_cannot_hear_caller",
        "closing_short",
    ];
    assert_eq!(sent.ids(), expected, "{sent}");
}

#[test]
fn a_caller_whose_audio_stops_is_told_and_phoned_back() {
    if !can_run(&[Need::Pjsip, Need::Namespaces, Need::Capture]) {
        return;
    }
    let mut line = Line::open(Softphone::pjsip_at);
    let id = line.talk();
    line.lab.deafen(Host::Agent);
    let (because, owed, sent) = line.end(&id);
    assert_eq!((because, owed), ("media-lost", 1));
    let ids = sent.ids();
    let last: Vec<&str> = ids.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(
        last,
        ["closing_short", "fault_cannot_hear_caller"],
        "{sent}"
    );
}

/// A router on the way has forgotten their sound: it finds another way, and nobody hears of it.
fn a_caller_whose_audio_is_lost_on_one_way(maker: Maker) {
    let mut line = Line::open(maker);
    line.lab.remember_rtp(Host::Agent);
    let id = line.talk();
    line.lab.lose_remembered_rtp(Host::Agent);
    line.verdict(&id, "media-stopped", A_WHILE);
    line.repair(&id, "fresh-ports", "taken", SOON);
    line.verdict(&id, "fine", SOON);
    line.repair(&id, "fresh-ports", "mended", SOON);
    line.talks_on(&id);
}

#[test]
fn a_baresip_caller_whose_audio_stopped_is_heard_at_fresh_ports() {
    if can_run(&[Need::Baresip, Need::Namespaces, Need::Capture]) {
        a_caller_whose_audio_is_lost_on_one_way(Softphone::baresip_at);
    }
}

#[test]
fn a_pjsip_caller_whose_audio_stopped_is_heard_at_fresh_ports() {
    if can_run(&[Need::Pjsip, Need::Namespaces, Need::Capture]) {
        a_caller_whose_audio_is_lost_on_one_way(Softphone::pjsip_at);
    }
}

/// A router on their side has forgotten our sound.
fn a_caller_who_loses_our_sound(maker: Maker) {
    let mut line = Line::open(maker);
    line.lab.remember_rtp(Host::Peer);
    let id = line.talk();
    line.lab.lose_remembered_rtp(Host::Peer);
    line.verdict(&id, "they-do-not-receive", TWO_REPORTS);
    line.repair(&id, "fresh-ports", "taken", SOON);
    line.verdict(&id, "fine", REPAIRS);
    line.repair(&id, "fresh-ports", "mended", REPAIRS);
    line.talks_on(&id);
}

#[test]
fn a_baresip_caller_who_lost_our_sound_hears_us_from_fresh_ports() {
    if can_run(&[Need::Baresip, Need::Namespaces, Need::Capture]) {
        a_caller_who_loses_our_sound(Softphone::baresip_at);
    }
}

#[test]
fn a_pjsip_caller_who_lost_our_sound_hears_us_from_fresh_ports() {
    if can_run(&[Need::Pjsip, Need::Namespaces, Need::Capture]) {
        a_caller_who_loses_our_sound(Softphone::pjsip_at);
    }
}
