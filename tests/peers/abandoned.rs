//! Transfers that come to nothing between real telephones: the caller is taken back, or all legs end.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use thirdring::console::CallView;
use thirdring::records::What;
use thirdring::words::Language;

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::{Recording, spoken};
use super::missing::{Need, can_run};
use super::pcap::{Capture, Datagram, recording_towards};
use super::phone::{Phone, SOON, Voice};
use super::phones::{Maker, speaker};
use super::program::Softphone;
use super::scene::A_WHILE;
use super::scratch::Scratch;

const MODES: [&str; 2] = ["consult", "announced"];

/// What the rep says, over and over: the agent never says it by itself, nor do the phones.
const REPS_WORDS: &str = "thanks_please_note";

/// Packets of 20 ms until the rep has said his sentence.
const REPS_PACKETS: usize = 250;

/// All legs end within a second; the phones look every 20 ms whether there is news.
const ALL_OVER_WITHIN: Duration = Duration::from_secs(2);

/// And then there is silence.
const SILENT_FOR: Duration = Duration::from_millis(500);

const NEEDS: [Need; 3] = [Need::Baresip, Need::Pjsip, Need::Capture];

/// A caller, a rep, and the target the caller is led to.
struct Trio {
    agent: Agent,
    events: Events,
    caller: Softphone,
    rep: Phone,
    target: Softphone,
    /// The SIP Call-IDs of all calls so far.
    calls: Vec<String>,
    _words: Scratch,
}

/// One call that is being transferred, and the wires of both phones.
struct Attempt {
    mode: &'static str,
    id: String,
    call: CallView,
    callers_wire: Capture,
    targets_wire: Capture,
}

impl Trio {
    fn open(caller: Maker, target: Maker) -> Self {
        let words = Scratch::new("words");
        let (caller, target) = (speaker(caller, &words), speaker(target, &words));
        let rep = Phone::open("rep");
        let house = House::fast().phone_seat("rep1", rep.address);
        let agent = house.target("expert", target.address).open();
        Self {
            events: agent.events(),
            agent,
            caller,
            rep,
            target,
            calls: Vec::new(),
            _words: words,
        }
    }

    /// The caller talks to the rep, who has him transferred; the target rings.
    fn transfer(&mut self, mode: &'static str) -> Attempt {
        let callers_wire = Capture::start("lo", self.caller.ports());
        let targets_wire = Capture::start("lo", self.target.ports());
        let id = self.talk();
        let call = self.agent.call_of(&id);
        let asked = json!({"target": "expert", "mode": mode, "agreed": true});
        self.agent.command(&call, "transfer", asked);
        self.events.phrase_over(&id, "hold_wait", A_WHILE);
        self.target.wait("incoming", SOON);
        Attempt {
            mode,
            id,
            call,
            callers_wire,
            targets_wire,
        }
    }

    /// Calls, is greeted, and says a word; then the rep speaks. Returns the SIP Call-ID.
    fn talk(&mut self) -> String {
        self.rep.voice(Voice::Silence);
        let hotline = format!("dial sip:hotline@{}", self.agent.sip);
        self.caller.tell(&hotline);
        self.caller.wait("established", A_WHILE);
        let calls = self.calls.clone();
        let begun = self.events.wait("a call", SOON, |entry| {
            let id = entry.sip_call_id.as_ref();
            matches!(entry.what, What::Begun { .. }) && id.is_some_and(|id| !calls.contains(id))
        });
        let id = begun.sip_call_id.expect("it came by SIP");
        self.calls.push(id.clone());
        self.events.state(&id, "talking", A_WHILE);
        self.caller.tell("speak");
        self.events.voice(&id, true);
        self.caller.tell("quiet");
        self.rep_speaks();
        id
    }

    /// From the first word of his sentence.
    fn rep_speaks(&self) {
        let words = spoken(Language::En, REPS_WORDS);
        self.rep.voice(Voice::Says(words.into()));
    }

    /// Answers, and hears what he should: the rep, or who is coming.
    fn target_picks_up(&mut self, attempt: &Attempt) {
        self.target.tell("answer");
        self.target.wait("established", SOON);
        if attempt.mode == "consult" {
            self.events.state(&attempt.id, "consulting", SOON);
            self.rep_speaks();
            self.rep.hears_more(REPS_PACKETS);
        } else {
            self.events
                .phrase_over(&attempt.id, "target_briefing", A_WHILE);
        }
    }

    /// The caller hears why, and the rep again; then he hangs up. Returns what was on the target's wire.
    fn caller_is_back(&mut self, attempt: Attempt, told: &str) -> Vec<Datagram> {
        self.events.phrase_over(&attempt.id, told, A_WHILE);
        assert_eq!(self.agent.call_of(&attempt.id).state, "talking");
        self.rep_speaks();
        self.rep.hears_more(REPS_PACKETS);
        self.caller_leaves(&attempt.id);
        let wire = attempt.callers_wire.finish();
        let heard = recording_towards(&wire, self.caller.ports());
        hears_whole(&heard, &["greeting", "hold_wait", told, REPS_WORDS]);
        attempt.targets_wire.finish()
    }

    /// Hangs up, and no leg is left.
    fn caller_leaves(&mut self, id: &str) {
        self.caller.tell("hangup");
        self.rep.requested("BYE", ALL_OVER_WITHIN);
        let ending = self.events.ended(id, SOON);
        assert_eq!(
            (ending.by.as_str(), ending.because.as_str()),
            ("caller", "hung-up")
        );
        self.caller.wait("closed", SOON);
    }

    fn target_is_left(&mut self) {
        self.target.wait("closed", ALL_OVER_WITHIN);
    }

    /// The caller hangs up, and nobody is left on the line. Returns what was on the target's wire.
    fn all_are_left(&mut self, attempt: Attempt) -> Vec<Datagram> {
        self.caller_leaves(&attempt.id);
        self.target_is_left();
        assert!(self.rep.hears_nothing(SILENT_FOR));
        attempt.targets_wire.finish()
    }
}

/// These phrases from their first to their last sample and in this order, others between them or not.
fn hears_whole(heard: &Recording, expected: &[&str]) {
    let phrases = heard.phrases();
    let mut whole = phrases
        .iter()
        .filter(|phrase| phrase.whole && phrase.unbroken);
    let all = expected
        .iter()
        .all(|wanted| whole.any(|phrase| phrase.id == *wanted));
    assert!(all, "expected {expected:?}, heard {heard}");
}

/// Whether a message that begins so was sent from or to this address.
fn passed(wire: &[Datagram], start: &str, at: SocketAddr) -> bool {
    wire.iter().any(|datagram| {
        let ours = datagram.from == at || datagram.to == at;
        ours && datagram.payload.starts_with(start.as_bytes())
    })
}

// --- the rep abandons it

fn the_rep_abandons_the_ringing(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.agent.command(&attempt.call, "abandon", json!({}));
        trio.target_is_left();
        let wire = trio.caller_is_back(attempt, "hold_return");
        assert!(passed(&wire, "CANCEL ", trio.target.address), "{mode}");
        assert!(passed(&wire, "SIP/2.0 487 ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_pjsip_target_stops_ringing_when_the_rep_abandons_it() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_ringing(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_baresip_target_stops_ringing_when_the_rep_abandons_it() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_ringing(Softphone::pjsip, Softphone::baresip);
    }
}

fn the_rep_abandons_the_answered(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.target_picks_up(&attempt);
        trio.agent.command(&attempt.call, "abandon", json!({}));
        trio.target_is_left();
        let wire = trio.caller_is_back(attempt, "hold_return");
        let heard = recording_towards(&wire, trio.target.ports());
        let expected = match mode {
            "consult" => REPS_WORDS,
            _ => "target_briefing",
        };
        hears_whole(&heard, &[expected]);
    }
}

#[test]
fn a_pjsip_target_who_answered_is_left_when_the_rep_abandons_him() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_answered(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_baresip_target_who_answered_is_left_when_the_rep_abandons_him() {
    if can_run(&NEEDS) {
        the_rep_abandons_the_answered(Softphone::pjsip, Softphone::baresip);
    }
}

// --- the target does not want it

/// Rejects with each of these commands, which its phone makes the response of that status.
fn the_target_rejects(caller: Maker, target: Maker, rejections: &[(&str, u16)]) {
    let mut trio = Trio::open(caller, target);
    for (rejection, status) in rejections {
        for mode in MODES {
            let attempt = trio.transfer(mode);
            trio.target.tell(rejection);
            trio.target_is_left();
            let wire = trio.caller_is_back(attempt, "transfer_failed");
            let response = format!("SIP/2.0 {status} ");
            assert!(passed(&wire, &response, trio.target.address), "{mode}");
        }
    }
}

#[test]
fn a_busy_or_refusing_pjsip_target_sends_a_baresip_caller_back() {
    if can_run(&NEEDS) {
        let rejections = [("reject 486", 486), ("reject 603", 603)];
        the_target_rejects(Softphone::baresip, Softphone::pjsip, &rejections);
    }
}

#[test]
fn a_busy_baresip_target_sends_a_pjsip_caller_back() {
    if can_run(&NEEDS) {
        the_target_rejects(Softphone::pjsip, Softphone::baresip, &[("reject", 486)]);
    }
}

// --- the caller leaves

fn the_caller_leaves_the_ringing(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        let wire = trio.all_are_left(attempt);
        assert!(passed(&wire, "CANCEL ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_baresip_caller_who_leaves_stops_the_ringing_of_a_pjsip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_ringing(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_pjsip_caller_who_leaves_stops_the_ringing_of_a_baresip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_ringing(Softphone::pjsip, Softphone::baresip);
    }
}

fn the_caller_leaves_the_answered(caller: Maker, target: Maker) {
    let mut trio = Trio::open(caller, target);
    for mode in MODES {
        let attempt = trio.transfer(mode);
        trio.target_picks_up(&attempt);
        let wire = trio.all_are_left(attempt);
        assert!(passed(&wire, "BYE ", trio.target.address), "{mode}");
    }
}

#[test]
fn a_baresip_caller_who_leaves_ends_the_leg_of_a_pjsip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_answered(Softphone::baresip, Softphone::pjsip);
    }
}

#[test]
fn a_pjsip_caller_who_leaves_ends_the_leg_of_a_baresip_target() {
    if can_run(&NEEDS) {
        the_caller_leaves_the_answered(Softphone::pjsip, Softphone::baresip);
    }
}
