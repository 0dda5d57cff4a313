//! A rep with a headset: a real sound server, two null sinks for the ear and the microphone, and the ear that judges both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thirdring::ear::hear_all;
use thirdring::media::resampling::{resample, to_i16};
use thirdring::records::{Entry, What};
use thirdring::words::Language;

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::{repertoire, spoken};
use super::missing::{Need, can_run};
use super::phone::Phone;
use super::pulse::virtual_headset::{Playing, RATE, VirtualHeadset, tone};
use super::scene::{A_WHILE, NUMBER, WORDS, say_a_word};

/// The seat's state is right so soon after a fault.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// A caller hears something so soon, whatever happens to the headset.
const SILENCE_MAX: Duration = Duration::from_millis(1_500);

/// A headset on a sound server, the agent that uses it, and what it tells.
struct Shift {
    headset: VirtualHeadset,
    agent: Agent,
    events: Events,
    /// The last that was told of the headset.
    last: u64,
}

impl Shift {
    /// Begins once the headset is ready: a microphone that gives digital zero is taken for a dead one.
    fn begin(name: &str) -> Self {
        let headset = VirtualHeadset::start(name);
        let _rustling = headset.speak(&tone(10 * RATE, 0.000_1));
        let server = format!("unix:{}", headset.socket().display());
        let agent = House::fast()
            .set("headset.prefer = [\"HeadsetEar\", \"HeadsetMic\", \"other_*\"]")
            .seat("rep1", "headset")
            .env("PULSE_SERVER", server)
            .open();
        let events = agent.events();
        let mut shift = Self {
            headset,
            agent,
            events,
            last: 0,
        };
        shift.headset_is("ready");
        shift
    }

    fn headset_is(&mut self, wanted: &str) -> Entry {
        let last = self.last;
        let told = self
            .events
            .wait(&format!("headset {wanted}"), A_WHILE, |entry| {
                entry.seq > last
                    && matches!(&entry.what, What::Headset { state, .. } if state == wanted)
            });
        self.last = told.seq;
        told
    }

    /// A caller who has said something, and a rep who speaks on and on.
    fn talking(&mut self) -> (Phone, Playing) {
        let speaking = self.headset.speak(&words().repeat(20));
        let caller = Phone::open(NUMBER);
        caller.call(self.agent.sip);
        let id = caller.call_id();
        self.events.state(&id, "talking", A_WHILE);
        say_a_word(&caller, &mut self.events, &id);
        (caller, speaking)
    }

    /// Breaks the headset in mid-call and mends it: the caller is kept company, and the rep comes back.
    fn survives(
        mut self,
        wrong: &str,
        break_it: impl FnOnce(&mut VirtualHeadset),
        mend_it: impl FnOnce(&mut VirtualHeadset),
    ) {
        let (caller, speaking) = self.talking();
        caller.hears_more(100);
        let began = Instant::now();
        break_it(&mut self.headset);
        self.headset_is(wrong);
        println!(
            "{wrong}: told {:.0} ms after the fault",
            began.elapsed().as_secs_f64() * 1e3
        );
        assert!(
            began.elapsed() < TOLD_WITHIN,
            "{wrong}: {:?}",
            began.elapsed()
        );
        let id = caller.call_id();
        self.events.phrase_over(&id, "hold_wait", A_WHILE);
        drop(speaking);
        mend_it(&mut self.headset);
        let speaking = self.headset.speak(&words().repeat(5));
        self.headset_is("ready");
        self.events.phrase_over(&id, "hold_return", A_WHILE);
        caller.hears_more(300);
        let heard = caller.recording();
        let silence = heard.longest_silence();
        println!("{wrong}: {silence:?} of silence at most; {heard}");
        assert!(silence <= SILENCE_MAX, "{silence:?}: {heard}");
        let ids = heard.ids();
        let returned = ids
            .iter()
            .position(|id| id == "hold_return")
            .expect("it was said");
        assert!(ids[returned..].contains(&WORDS.to_owned()), "{heard}");
        drop(speaking);
        assert_eq!(caller.count("BYE"), 0);
        caller.hang_up();
        self.events.ended(&id, A_WHILE);
    }
}

/// Words for the microphone.
fn words() -> Vec<f32> {
    let narrow: Vec<f32> = spoken(Language::ZhCn, WORDS)
        .iter()
        .map(|sample| f32::from(*sample) / 32_768.0)
        .collect();
    resample(&narrow, 8_000, RATE as u32).expect("both are rates of sound cards")
}

/// What is said in samples of the ear.
fn said(samples: &[f32]) -> Vec<String> {
    let narrow = resample(samples, RATE as u32, 8_000).expect("both are rates of sound cards");
    let narrow: Vec<i16> = narrow
        .iter()
        .map(|sample| to_i16(sample * 32_768.0))
        .collect();
    let heard = hear_all(Arc::clone(repertoire()), &narrow);
    heard
        .into_iter()
        .map(|heard| heard.prompt.as_str().to_owned())
        .collect()
}

#[test]
fn a_rep_and_a_caller_hear_each_other_by_the_headset() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut shift = Shift::begin("headset");
    let (caller, speaking) = shift.talking();
    caller.hears_more(300);
    let heard = caller.recording();
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
    drop(speaking);
    caller.speak();
    let ear = said(&shift.headset.hear(8 * RATE));
    assert!(ear.contains(&WORDS.to_owned()), "{ear:?}");
    caller.hang_up();
    shift.events.ended(&caller.call_id(), A_WHILE);
}

#[test]
fn an_ear_that_is_unplugged_and_plugged_again() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let unplug = |headset: &mut VirtualHeadset| headset.unload("sink_name=headset_ear");
    let plug = |headset: &mut VirtualHeadset| headset.load_ear();
    Shift::begin("ear").survives("headset-missing", unplug, plug);
}

#[test]
fn a_microphone_that_falls_asleep_and_wakes() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let suspend =
        |headset: &mut VirtualHeadset| drop(headset.pactl(&["suspend-source", "headset_mic", "1"]));
    let wake =
        |headset: &mut VirtualHeadset| drop(headset.pactl(&["suspend-source", "headset_mic", "0"]));
    Shift::begin("asleep").survives("headset-stalled", suspend, wake);
}

#[test]
fn a_microphone_that_is_muted_at_the_server() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mute = |headset: &mut VirtualHeadset| {
        drop(headset.pactl(&["set-source-mute", "headset_mic", "1"]))
    };
    let open = |headset: &mut VirtualHeadset| {
        drop(headset.pactl(&["set-source-mute", "headset_mic", "0"]))
    };
    Shift::begin("muted").survives("microphone-muted", mute, open);
}

#[test]
fn a_sound_server_that_is_killed_and_started_again() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    Shift::begin("server").survives(
        "no-sound-server",
        VirtualHeadset::kill_server,
        VirtualHeadset::start_server,
    );
}

#[test]
fn another_headset_that_is_plugged_takes_over_when_the_first_is_gone() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut shift = Shift::begin("other");
    let (caller, speaking) = shift.talking();
    shift.headset.plug("other");
    let other = shift
        .headset
        .speak_into("other_mic_in", &words().repeat(20));
    drop(speaking);
    shift.headset.unload("sink_name=headset_ear");
    caller.hears_more(100);
    caller.forget_sound();
    caller.hears_more(400);
    let heard = caller.recording();
    println!("{heard}");
    assert!(heard.ids().contains(&WORDS.to_owned()), "{heard}");
    drop(other);
    caller.hang_up();
    shift.events.ended(&caller.call_id(), A_WHILE);
}
