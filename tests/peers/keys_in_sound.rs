//! Keys in the sound itself (D11): pjproject, which offers no telephone-event, calls without a number, types the one
//! he wants to be called at, hears it, and is called there.

use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use thirdring::words::Party;

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::hidden_number::is_read_back;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::SOON;
use super::phones::{dial, only_call, speaker};
use super::program::Softphone;
use super::scene::{A_WHILE, NUMBER};
use super::scratch::Scratch;

/// Until the call that was promised comes, with a try in vain before it.
const CALLED_WITHIN: Duration = Duration::from_secs(60);

/// The caller, and the agent whose trunk he is.
struct Hidden {
    caller: Softphone,
    agent: Agent,
    events: Events,
    id: String,
}

impl Hidden {
    /// He is greeted, and says a word.
    fn talks() -> Self {
        let scratch = Scratch::new("hidden");
        let mut caller = speaker(Softphone::anonymous_with_tones, &scratch);
        let house = House::fast()
            .seat("rep1", "echo")
            .set("callbacks.quiet_hours.every_day = \"none\"")
            .set("callbacks.due.rep = \"12s\"")
            .set(&format!("sip.trunk = \"{}\"", caller.address));
        let agent = house.open();
        let mut events = agent.events();
        dial(&agent, &mut caller);
        let id = only_call(&mut events);
        events.state(&id, "talking", A_WHILE);
        caller.tell("speak");
        events.voice(&id, true);
        caller.wait("said", A_WHILE);
        caller.tell("quiet");
        Self {
            caller,
            agent,
            events,
            id,
        }
    }

    fn is_promised(&mut self) {
        let call = self.agent.call_of(&self.id);
        let promise = json!({ "reason": "the bill of May" });
        self.agent.command(&call, "promise", promise);
    }

    /// While we speak: he need not wait for our last word.
    fn types_into(&mut self, phrase: &str, keys: &str) {
        self.events.phrase(&self.id, phrase, A_WHILE);
        self.caller.tell(&format!("key {keys}"));
        self.caller.wait("keyed", A_WHILE);
    }

    /// Of his call, whatever they were.
    fn keys_told(&mut self) -> usize {
        self.events.catch_up();
        let is_his = |what: &What| {
            matches!(
                what,
                What::Key {
                    party: Party::Caller,
                    ..
                }
            )
        };
        let its = self.events.seen.iter().filter(|it| of(it, &self.id));
        its.filter(|it| is_his(&it.what)).count()
    }

    fn was_cut(&mut self, phrase: &str) -> bool {
        let ended = self.events.phrase_over(&self.id, phrase, SOON);
        matches!(ended.what, What::PhraseEnded { whole: false, .. })
    }

    /// What he hears of the call that was promised him, until the promise is kept.
    fn is_called(&mut self) -> Vec<String> {
        let capture = Capture::start("lo", self.caller.ports());
        let invited = self.caller.wait("incoming", CALLED_WITHIN);
        let to = invited["to"].as_str().unwrap_or_default();
        assert!(to.starts_with(&format!("sip:{NUMBER}@")), "dialled {to}");
        self.caller.tell("answer");
        self.caller.wait("established", SOON);
        self.caller.tell("speak");
        self.events.wait(
            "the kept promise",
            A_WHILE,
            |entry| matches!(&entry.what, What::Promise { news, .. } if news == "done"),
        );
        self.caller.tell("hangup");
        recording_towards(&capture.finish(), self.caller.ports()).ids()
    }
}

#[test]
fn a_number_typed_in_the_sound_is_read_back_and_called() {
    if !can_run(&[Need::Pjsip, Need::Capture]) {
        return;
    }
    let mut hidden = Hidden::talks();
    let capture = Capture::start("lo", hidden.caller.ports());
    hidden.is_promised();
    hidden.types_into("number_ask", &format!("{NUMBER}#"));
    assert!(hidden.was_cut("number_ask"), "he was spoken over");
    hidden.types_into("number_confirm", "1");
    let id = hidden.id.clone();
    hidden.events.phrase_over(&id, "callback_promise", A_WHILE);
    let heard = recording_towards(&capture.finish(), hidden.caller.ports());
    let heard = heard.ids();
    is_read_back(&heard);
    assert!(heard.contains(&"callback_promise".to_owned()), "{heard:?}");
    // None was lost, and none heard twice.
    let rows = hidden.agent.callbacks();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].number.reveal().as_str(), NUMBER);
    assert_eq!(hidden.keys_told(), NUMBER.len() + 2);

    hidden.caller.tell("hangup");
    hidden.events.ended(&id, SOON);
    let heard = hidden.is_called();
    assert!(
        heard.contains(&"callback_open_promise".to_owned()),
        "{heard:?}"
    );
}
