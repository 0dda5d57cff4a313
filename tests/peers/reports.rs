//! What a caller's RTCP says, and what the running agent makes of it.

use thirdring::records::What;
use thirdring::words::Party;

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::injector::Injector;
use super::phone::{Phone, SOON};
use super::scene::say_a_word;
use super::scene::{A_WHILE, NUMBER};

/// Reports count against us when we have sent a second of packets between them.
const A_SECOND: usize = 60;

struct Reported {
    agent: Agent,
    events: Events,
    caller: Phone,
    id: String,
    injector: Injector,
}

/// A caller who talks to a rep, and whose reports the test writes.
fn reported() -> Reported {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    let answer = caller.call(agent.sip);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    say_a_word(&caller, &mut events, &id);
    let sound = answer.audio_address().expect("we sound there");
    let injector = Injector::open(&caller, sound);
    Reported {
        agent,
        events,
        caller,
        id,
        injector,
    }
}

impl Reported {
    fn verdict(&mut self, wanted: &str) {
        let id = self.id.clone();
        self.events.wait(wanted, SOON, |entry| {
            of(entry, &id)
                && matches!(&entry.what, What::Line { party: Party::Caller, verdict } if verdict == wanted)
        });
    }

    /// The sequence number of the last packet that the caller got.
    fn highest(&self) -> u32 {
        let heard = self.caller.recording();
        let last = heard.packets.last().expect("something was heard");
        last.header.sequence.into()
    }
}

#[test]
fn a_caller_whose_reports_stand_still_does_not_hear_us() {
    let mut it = reported();
    let highest = it.highest();
    it.injector.report(highest, 0);
    it.caller.hears_more(A_SECOND);
    it.injector.report(highest, 0);
    it.verdict("they-do-not-receive");
}

#[test]
fn a_caller_whose_reports_have_nothing_of_us_does_not_hear_us() {
    let mut it = reported();
    it.injector.report(it.highest(), 0);
    for _ in 0..2 {
        it.caller.hears_more(A_SECOND);
        it.injector.report_of_nothing();
    }
    it.verdict("they-do-not-receive");
}

/// All our packets reach his host, and he hears nothing: what he says comes back to him from the seat, so we speak.
#[test]
fn a_caller_whose_reports_tell_of_silence_while_we_speak_does_not_hear_us() {
    let mut it = reported();
    it.caller.speak();
    for signal_dbm0 in [-20, -80, -127] {
        it.caller.hears_more(2 * A_SECOND);
        it.injector.report_level(it.highest(), signal_dbm0);
    }
    it.verdict("they-do-not-receive");
}

/// Half of what he gets is too late to be heard: his extended reports say so, and the API with them.
#[test]
fn extended_reports_tell_how_we_sound_there() {
    let mut it = reported();
    it.injector.extended_report(it.highest(), 128);
    let id = it.id.clone();
    let told = it.events.wait("how it sounds", A_WHILE, |entry| {
        of(entry, &id)
            && matches!(&entry.what, What::Quality { party: Party::Caller, quality, .. } if quality.sent.is_some())
    });
    let What::Quality { quality, .. } = told.what else {
        panic!("not a quality: {told:?}");
    };
    let sent = quality.sent.expect("he reports");
    assert!(
        sent.moscq < 2.6 && (49.0..=51.0).contains(&sent.nlr_percent),
        "{sent:?}"
    );
    let view = it.agent.call_of(&it.id);
    let heard = view.quality[&Party::Caller].heard.expect("he sends");
    assert!(heard.moscq > 4.0, "{heard:?}");
    it.caller.hang_up();
    let whole = it.events.wait("how the whole sounded", SOON, |entry| {
        of(entry, &id) && matches!(entry.what, What::Quality { whole: true, .. })
    });
    assert!(matches!(
        whole.what,
        What::Quality {
            party: Party::Caller,
            ..
        }
    ));
}
