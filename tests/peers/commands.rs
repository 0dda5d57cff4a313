//! What the rep does by the API in the middle of a talk, and what of it reaches a real telephone.

use std::process::Command;

use serde_json::{Value, json};
use thirdring::records::What;
use thirdring::words::{Key, Language};

use super::agent::{Agent, House, TOKEN};
use super::events::{Events, of};
use super::hearing::Recording;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::phones::{Maker, dial, only_call, speaker};
use super::program::Softphone;
use super::scene::A_WHILE;
use super::scratch::Scratch;

/// A caller at a real telephone, who has said a word and listens.
struct Talk {
    agent: Agent,
    events: Events,
    caller: Softphone,
    capture: Capture,
    id: String,
    _words: Scratch,
}

impl Talk {
    fn begin(house: House, maker: Maker) -> Self {
        let words = Scratch::new("words");
        let mut caller = speaker(maker, &words);
        let agent = house.open();
        let mut events = agent.events();
        let capture = Capture::start("lo", caller.ports());
        dial(&agent, &mut caller);
        let id = only_call(&mut events);
        events.state(&id, "talking", A_WHILE);
        caller.tell("speak");
        events.voice(&id, true);
        // A whole sentence is a human's voice beyond doubt.
        caller.wait("said", A_WHILE);
        caller.tell("quiet");
        events.voice(&id, false);
        Self {
            agent,
            events,
            caller,
            capture,
            id,
            _words: words,
        }
    }

    fn command(&self, word: &str, body: Value) {
        let call = self.agent.call_of(&self.id);
        self.agent.command(&call, word, body);
    }

    /// The same from a shell.
    fn command_line(&self, words: &str) {
        let told = Command::new(env!("CARGO_BIN_EXE_thirdring"))
            .args(["--api", &format!("http://{}", self.agent.api)])
            .args(words.split(' '))
            .env("THIRDRING_TOKEN", TOKEN)
            .output()
            .expect("start the program");
        assert!(told.status.success(), "{words}: {told:?}");
    }

    fn phrase_over(&mut self, id: &str) {
        self.events.phrase_over(&self.id, id, A_WHILE);
    }

    fn hang_up(&mut self) {
        self.caller.tell("hangup");
        self.events.ended(&self.id, SOON);
    }

    /// What the caller heard until now.
    fn heard(self) -> Recording {
        recording_towards(&self.capture.finish(), self.caller.ports())
    }
}

/// Hears two standard phrases, the second in the language the rep has changed to.
fn a_caller_hears_what_the_rep_lets_say(maker: Maker) {
    let mut talk = Talk::begin(House::fast().seat("rep1", "silent"), maker);
    talk.command("say", json!({"phrase": "please_write_down"}));
    talk.phrase_over("please_write_down");
    talk.command("language", json!({"to": "en"}));
    talk.command("say", json!({"phrase": "explained_clearly"}));
    talk.phrase_over("explained_clearly");
    talk.hang_up();
    let heard = talk.heard();
    let phrases = heard.phrases();
    let whole = phrases.iter().filter(|phrase| phrase.whole);
    let told: Vec<_> = whole.map(|phrase| (&*phrase.id, phrase.language)).collect();
    let expected = [
        ("greeting", Language::ZhCn),
        ("please_write_down", Language::ZhCn),
        ("explained_clearly", Language::En),
    ];
    assert_eq!(told, expected, "{heard}");
}

#[test]
fn a_baresip_caller_hears_what_the_rep_lets_say() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_hears_what_the_rep_lets_say(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_caller_hears_what_the_rep_lets_say() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_hears_what_the_rep_lets_say(Softphone::pjsip);
    }
}

/// Gets the keys the rep presses, each once.
fn a_caller_gets_the_reps_keys(maker: Maker) {
    let mut talk = Talk::begin(House::fast().seat("rep1", "silent"), maker);
    talk.command("dtmf", json!({"digits": "15#"}));
    for key in ["1", "5", "#"] {
        assert_eq!(talk.caller.wait("key", SOON)["key"], key);
    }
    talk.hang_up();
}

#[test]
fn a_baresip_caller_gets_the_reps_keys() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_gets_the_reps_keys(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_caller_gets_the_reps_keys() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_gets_the_reps_keys(Softphone::pjsip);
    }
}

/// After five seconds (D7); the microphone that opens again is the return.
fn a_caller_is_not_left_with_a_muted_rep(maker: Maker) {
    let mut talk = Talk::begin(House::fast().seat("rep1", "silent"), maker);
    talk.command("mute", json!({"on": true}));
    let id = talk.id.clone();
    let consent = talk.events.wait("a consent", A_WHILE, |entry| {
        of(entry, &id) && matches!(entry.what, What::Consent { .. })
    });
    assert!(
        matches!(&consent.what, What::Consent { given: false, by, .. } if by == "muted"),
        "{consent:?}"
    );
    talk.phrase_over("hold_wait");
    talk.command("mute", json!({"on": false}));
    talk.phrase_over("hold_return");
    talk.hang_up();
    let heard = talk.heard();
    assert_eq!(heard.ids(), ["greeting", "hold_wait", "hold_return"]);
}

#[test]
fn a_baresip_caller_is_not_left_with_a_muted_rep() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_is_not_left_with_a_muted_rep(Softphone::baresip);
    }
}

#[test]
fn a_baresip_caller_is_held_taken_back_and_parted_from_by_the_command_line() {
    if !can_run(&[Need::Baresip, Need::Capture]) {
        return;
    }
    let mut talk = Talk::begin(House::fast().seat("rep1", "silent"), Softphone::baresip);
    talk.command_line("hold --reason lookup --agreed");
    talk.phrase_over("hold_wait");
    talk.command_line("return");
    talk.phrase_over("hold_return");
    talk.command_line("hangup");
    talk.caller.wait("closed", A_WHILE);
    let heard = talk.heard();
    let expected = ["greeting", "hold_wait", "hold_return", "closing"];
    assert_eq!(heard.ids(), expected, "{heard}");
}

/// The rep hangs up, the caller's leg lives on; he rates by a real key, is thanked, and hung up.
fn a_caller_rates_the_call(maker: Maker) {
    let rep = Phone::open("rep");
    let house = House::fast().phone_seat("rep1", rep.address);
    let mut talk = Talk::begin(house.policy("rating", "on", "true"), maker);
    rep.hang_up();
    talk.phrase_over("rating_ask");
    talk.phrase_over("rating_menu");
    talk.caller.tell("key 1");
    talk.caller.wait("closed", A_WHILE);
    let id = talk.id.clone();
    let rated = talk.events.wait("a rating", SOON, |entry| {
        of(entry, &id) && matches!(entry.what, What::Rating { .. })
    });
    let one = Key::try_from('1').expect("a key");
    assert_eq!(rated.what, What::Rating { key: one });
    let heard = talk.heard();
    let expected = ["greeting", "rating_ask", "rating_menu", "rating_thanks"];
    assert_eq!(heard.ids(), expected, "{heard}");
}

#[test]
fn a_baresip_caller_rates_the_call_by_key() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_rates_the_call(Softphone::baresip);
    }
}

#[test]
fn a_pjsip_caller_rates_the_call_by_key() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_rates_the_call(Softphone::pjsip);
    }
}
