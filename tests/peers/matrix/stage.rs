use std::fmt;
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::console::CallView;
use thirdring::records::What;
use ureq::http::Method;

use super::super::agent::{Agent, House};
use super::super::events::{Events, of};
use super::super::phone::{Manner, Phone, SOON};
use super::super::scene::say_a_word;
use super::super::scene::{A_WHILE, NUMBER};

/// Louder than line noise: a phrase, music or a voice.
const SOUND_DBOV: f64 = -60.0;

/// Where the call is when it is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Ringing,
    Greeting,
    Question,
    Held,
    Consulting,
    Ladder,
    Farewell,
    Rating,
    Callback,
}

impl Stage {
    pub(super) const ALL: [Self; 9] = [
        Self::Ringing,
        Self::Greeting,
        Self::Question,
        Self::Held,
        Self::Consulting,
        Self::Ladder,
        Self::Farewell,
        Self::Rating,
        Self::Callback,
    ];

    /// The rep has hung up; only the caller is left.
    pub(super) fn is_after_the_rep(self) -> bool {
        matches!(self, Self::Farewell | Self::Rating)
    }

    /// What the rep must hear while the call goes on, where the standard says it (D5).
    pub(super) fn rep_must_hear(self) -> Option<&'static str> {
        match self {
            Self::Held => Some("silence"),
            Self::Farewell | Self::Rating => Some("nothing"),
            Self::Ringing
            | Self::Greeting
            | Self::Question
            | Self::Consulting
            | Self::Ladder
            | Self::Callback => None,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// One call with its own agent, rep and target.
pub(super) struct Cell {
    pub(super) agent: Agent,
    pub(super) events: Events,
    pub(super) caller: Phone,
    pub(super) rep: Phone,
    target: Phone,
    pub(super) id: String,
}

impl Cell {
    pub(super) fn open(stage: Stage) -> Self {
        let (caller, rep) = (Phone::open(NUMBER), Phone::open("rep"));
        let target = Phone::open("billing");
        rep.speak();
        let house = House::fast()
            .phone_seat("rep1", rep.address)
            .target("billing", target.address)
            .policy("rating", "on", &(stage == Stage::Rating).to_string())
            .set(&format!("sip.trunk = \"{}\"", caller.address));
        let house = if stage == Stage::Ringing {
            house.policy("answer", "ring_tone", "\"2s\"")
        } else {
            house
        };
        let agent = house.open();
        let events = agent.events();
        Self {
            agent,
            events,
            caller,
            rep,
            target,
            id: String::new(),
        }
    }

    /// Brings the call there.
    pub(super) fn reach(&mut self, stage: Stage) {
        match stage {
            Stage::Ringing => self.ring(),
            Stage::Greeting => self.say("greeting"),
            Stage::Question => {
                self.talk();
                self.command("transfer", json!({"target": "billing"}));
                self.sounds("transfer_ask");
            }
            Stage::Held => {
                self.talk();
                self.command("hold", json!({"agreed": true}));
                self.events.state(&self.id, "holding", SOON);
                self.caller.hears_more(100);
            }
            Stage::Consulting => {
                self.talk();
                self.command("transfer", json!({"target": "billing", "agreed": true}));
                self.events.state(&self.id, "consulting", SOON);
            }
            Stage::Ladder => self.say("please_speak"),
            Stage::Farewell => {
                self.talk();
                self.command("hangup", json!({}));
                self.sounds("closing");
            }
            Stage::Rating => {
                self.talk();
                self.command("hangup", json!({}));
                self.sounds("rating_ask");
            }
            Stage::Callback => self.phone_back(),
        }
    }

    fn ring(&mut self) {
        self.caller.invite(self.agent.sip);
        self.id = self.caller.call_id();
        let rings = self.caller.response("INVITE", 180, SOON);
        self.caller.learn(&rings);
        self.rep.called(SOON);
    }

    /// Calls, and stays silent until this phrase is being said.
    fn say(&mut self, phrase: &str) {
        self.caller.call(self.agent.sip);
        self.id = self.caller.call_id();
        self.sounds(phrase);
    }

    fn talk(&mut self) {
        self.caller.call(self.agent.sip);
        self.id = self.caller.call_id();
        self.events.state(&self.id, "talking", A_WHILE);
        say_a_word(&self.caller, &mut self.events, &self.id);
    }

    fn phone_back(&mut self) {
        let wanted = json!({"number": NUMBER, "reason": "asked"});
        let (status, told) = self.agent.ask(Method::POST, "/callbacks", &wanted);
        assert_eq!(status, 201, "{told}");
        self.caller.change_manner(Manner::PicksUp);
        let invite = self.caller.called(A_WHILE);
        invite.call_id().clone_into(&mut self.id);
        self.sounds("callback_open_promise");
    }

    fn sounds(&mut self, phrase: &str) {
        self.events.phrase(&self.id, phrase, A_WHILE);
        self.caller.hears_more(25);
    }

    fn command(&self, word: &str, body: serde_json::Value) {
        self.agent.command(&self.call(), word, body);
    }

    fn call(&self) -> CallView {
        self.agent.call_of(&self.id)
    }

    /// Whether nobody but the agent still has a leg, after so much time.
    pub(super) fn all_legs_end(&mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        self.events.ended(&self.id, within);
        [&self.rep, &self.target]
            .into_iter()
            .filter(|phone| phone.count("INVITE") > 0)
            .all(|phone| phone.is_left_by(until))
    }

    /// Picks up the caller's end of a call that still rang when it was struck.
    pub(super) fn be_answered(&self) {
        let answer = self.caller.response("INVITE", 200, A_WHILE);
        self.caller.ack(&answer);
    }

    /// Hangs up what still stands; a farewell may have ended meanwhile.
    pub(super) fn end(&mut self) {
        if self.caller.count("BYE") == 0 {
            self.caller.request("BYE", "", "");
            self.caller.final_response("BYE", SOON);
        }
        assert!(self.all_legs_end(SOON), "a leg outlived the call");
    }

    /// What caller and rep hear from now on: `sound`, `silence`, or `nothing` at all.
    pub(super) fn who_hears_what(&self, over: bool) -> (String, String) {
        if over {
            return ("-".to_owned(), "-".to_owned());
        }
        (what_is_heard(&self.caller), what_is_heard(&self.rep))
    }

    /// What is left in the books: the call's timeline with one ending, and the promise if there was one.
    pub(super) fn row(&mut self) -> String {
        self.events.catch_up();
        let endings = self
            .events
            .seen
            .iter()
            .filter(|entry| of(entry, &self.id) && matches!(entry.what, What::Ended { .. }));
        let endings = endings.count();
        let kept = if endings == 1 { "kept" } else { "LOST" };
        let promises = self.agent.callbacks();
        let promise = promises
            .first()
            .map(|promise| format!(", promise {}", promise.state));
        format!("{kept}{}", promise.unwrap_or_default())
    }
}

fn what_is_heard(phone: &Phone) -> String {
    phone.forget_sound();
    if phone.hears_nothing(Duration::from_millis(500)) {
        return "nothing".to_owned();
    }
    phone.hears_more(50);
    let level = phone.recording().level_dbov(1_000);
    let heard = if level > SOUND_DBOV {
        "sound"
    } else {
        "silence"
    };
    heard.to_owned()
}
