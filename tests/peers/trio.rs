use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use thirdring::console::CallView;
use thirdring::records::What;
use thirdring::words::Language;

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::{Recording, spoken};
use super::pcap::{Capture, Datagram, recording_towards};
use super::phone::{Phone, SOON, Voice};
use super::phones::{Maker, speaker};
use super::program::Softphone;
use super::scene::A_WHILE;
use super::scratch::Scratch;

/// What the rep says, over and over: the agent never says it by itself, nor do the phones.
pub(super) const REPS_WORDS: &str = "thanks_please_note";

/// Packets of 20 ms until the rep has said his sentence.
const REPS_PACKETS: usize = 250;

/// All legs end within a second; the phones look every 20 ms whether there is news.
const ALL_OVER_WITHIN: Duration = Duration::from_secs(2);

/// And then there is silence.
const SILENT_FOR: Duration = Duration::from_millis(500);

/// A caller, a rep, and the target the caller is led to.
pub(super) struct Trio {
    pub(super) agent: Agent,
    events: Events,
    caller: Softphone,
    rep: Phone,
    pub(super) target: Softphone,
    /// The SIP Call-IDs of all calls so far.
    calls: Vec<String>,
    _words: Scratch,
}

/// One call that is being transferred, and the wires of both phones.
pub(super) struct Attempt {
    mode: &'static str,
    id: String,
    pub(super) call: CallView,
    callers_wire: Capture,
    targets_wire: Capture,
}

impl Trio {
    pub(super) fn open(caller: Maker, target: Maker) -> Self {
        let words = Scratch::new("words");
        let (caller, target) = (speaker(caller, &words), speaker(target, &words));
        let rep = Phone::open("rep");
        let house = House::fast().phone_seat("rep1", rep.address).policy(
            "transfer",
            "answer_within",
            "\"8s\"",
        );
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
    pub(super) fn transfer(&mut self, mode: &'static str) -> Attempt {
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
    pub(super) fn target_picks_up(&mut self, attempt: &Attempt) {
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
    pub(super) fn caller_is_back(&mut self, attempt: Attempt, told: &str) -> Vec<Datagram> {
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

    pub(super) fn target_is_left(&mut self) {
        self.target.wait("closed", ALL_OVER_WITHIN);
    }

    /// The caller hangs up, and nobody is left on the line. Returns what was on the target's wire.
    pub(super) fn all_are_left(&mut self, attempt: Attempt) -> Vec<Datagram> {
        self.caller_leaves(&attempt.id);
        self.target_is_left();
        assert!(self.rep.hears_nothing(SILENT_FOR));
        attempt.targets_wire.finish()
    }
}

/// These phrases from their first to their last sample and in this order, others between them or not.
pub(super) fn hears_whole(heard: &Recording, expected: &[&str]) {
    let phrases = heard.phrases();
    let mut whole = phrases.iter().filter(|phrase| phrase.whole);
    let all = expected
        .iter()
        .all(|wanted| whole.any(|phrase| phrase.id == *wanted));
    assert!(all, "expected {expected:?}, heard {heard}");
}

/// Whether a message that begins so was sent from or to this address.
pub(super) fn passed(wire: &[Datagram], start: &str, at: SocketAddr) -> bool {
    wire.iter().any(|datagram| {
        let ours = datagram.from == at || datagram.to == at;
        ours && datagram.payload.starts_with(start.as_bytes())
    })
}
