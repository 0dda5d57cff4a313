//! A rep with a headset: a real sound server, two null sinks for the ear and the microphone, and the ear that judges both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::ear::hear_all;
use thirdring::media::resampling::{resample, to_i16};
use thirdring::records::{Entry, What};
use thirdring::words::Language;

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::hearing::{repertoire, spoken};
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON};
use super::pulse::virtual_headset::{Playing, RATE, VirtualHeadset, tone};
use super::scene::{A_PART, A_WHILE, NUMBER, PARTS_MAX, WORDS, say_a_word};

/// The seat's state is right so soon after a fault.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// A caller hears something so soon, whatever happens to the headset.
const SILENCE_MAX: Duration = Duration::from_millis(1_500);

/// A headset on a sound server, the agent that uses it, and what it tells.
pub(super) struct Shift {
    pub(super) headset: VirtualHeadset,
    pub(super) agent: Agent,
    pub(super) events: Events,
    /// The last that was told of the headset.
    last: u64,
}

impl Shift {
    fn begin(name: &str) -> Self {
        Self::begin_with(name, |house| house)
    }

    /// Begins once the headset is ready: a microphone that gives digital zero is taken for a dead one.
    pub(super) fn begin_with(name: &str, furnish: impl FnOnce(House) -> House) -> Self {
        let headset = VirtualHeadset::start(name);
        let _rustling = headset.speak(&tone(10 * RATE, 0.000_1));
        let agent = furnish(house(&headset)).open();
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
        let speaking = self.headset.speak(&words().repeat(20));
        self.headset_is("ready");
        self.events.phrase_over(&id, "hold_return", A_WHILE);
        let heard = caller.recording();
        let silence = heard.longest_silence();
        println!("{wrong}: {silence:?} of silence at most; {heard}");
        assert!(silence <= SILENCE_MAX, "{silence:?}: {heard}");
        hears_the_rep(&caller);
        drop(speaking);
        assert_eq!(caller.count("BYE"), 0);
        caller.hang_up();
        self.events.ended(&id, A_WHILE);
    }
}

/// A seat whose headset is on this sound server.
fn house(headset: &VirtualHeadset) -> House {
    House::fast()
        .set("headset.prefer = [\"HeadsetEar\", \"HeadsetMic\", \"other_*\"]")
        .seat("rep1", "headset")
        .env(
            "PULSE_SERVER",
            format!("unix:{}", headset.socket().display()),
        )
}

/// Waits until the caller has heard the rep's words, whole.
fn hears_the_rep(caller: &Phone) {
    caller.forget_sound();
    let heard = (0..PARTS_MAX).any(|_| {
        caller.hears_more(A_PART);
        caller.recording().ids().contains(&WORDS.to_owned())
    });
    assert!(heard, "{}", caller.recording());
}

/// How much of the sound is this tone.
fn tone_share(samples: &[f32], hz: f32) -> f32 {
    let step = std::f32::consts::TAU * hz / RATE as f32;
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 1e-9);
    for (n, sample) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f32).sin_cos();
        (real, imaginary, power) = (
            real + sample * cos,
            imaginary + sample * sin,
            power + sample * sample,
        );
    }
    2.0 * (real * real + imaginary * imaginary) / (power * samples.len() as f32)
}

/// Whether it is China's ring tone for half a second of it.
fn ringing(samples: &[f32]) -> bool {
    let mut halves = samples.chunks(RATE / 2);
    halves.any(|half| tone_share(half, 450.0) > 0.9)
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
pub(crate) fn said(samples: &[f32]) -> Vec<String> {
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
    hears_the_rep(&caller);
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
    hears_the_rep(&caller);
    drop(other);
    caller.hang_up();
    shift.events.ended(&caller.call_id(), A_WHILE);
}

#[test]
fn a_rep_who_picks_up_by_hand_hears_it_ring_and_is_joined_by_one_action() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let by_hand = |house: House| {
        house
            .policy("answer", "mode", "\"manual\"")
            .policy("answer", "ring_tone", "\"1s\"")
            .policy("answer", "ring_pause", "\"4s\"")
            .policy("answer", "within_rings", "3")
    };
    let mut shift = Shift::begin_with("by-hand", by_hand);
    let caller = Phone::open(NUMBER);
    caller.invite(shift.agent.sip);
    caller.response("INVITE", 180, SOON);
    let rings = ringing(&shift.headset.hear(6 * RATE));
    assert!(rings, "the headset rings");
    let id = caller.call_id();
    let call = shift.agent.call_of(&id);
    shift.agent.command(&call, "answer", json!({}));
    let answer = caller.response("INVITE", 200, SOON);
    caller.ack(&answer);
    shift.events.state(&id, "talking", A_WHILE);
    assert!(!ringing(&shift.headset.hear(6 * RATE)), "it rings no more");
    caller.hang_up();
    shift.events.ended(&id, A_WHILE);
}

#[test]
fn a_loudspeaker_rings_and_the_headset_does_not() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let aloud = |house: House| {
        house
            .policy("answer", "mode", "\"manual\"")
            .policy("answer", "ring_tone", "\"1s\"")
            .policy("answer", "ring_pause", "\"4s\"")
            .policy("answer", "within_rings", "6")
            .set("headset.ring_on = \"loudspeaker\"")
    };
    let mut shift = Shift::begin_with("aloud", aloud);
    let caller = Phone::open(NUMBER);
    caller.invite(shift.agent.sip);
    caller.response("INVITE", 180, SOON);
    let aloud = ringing(&shift.headset.hear_at("headset_mic_in.monitor", 6 * RATE));
    assert!(aloud, "the loudspeaker rings");
    assert!(
        !ringing(&shift.headset.hear(6 * RATE)),
        "the headset does not"
    );
    caller.cancel();
    shift.events.ended(&caller.call_id(), A_WHILE);
}

#[test]
fn a_muted_rep_is_silent_for_the_caller_and_told_when_he_talks() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut shift = Shift::begin("mute");
    let (caller, _speaking) = shift.talking();
    let id = caller.call_id();
    let call = shift.agent.call_of(&id);
    shift.agent.command(&call, "mute", json!({"on": true}));
    shift
        .events
        .wait("told that he is muted", A_WHILE, |entry| {
            of(entry, &id)
                && matches!(&entry.what, What::Told { notice } if notice == "talking-while-muted")
        });
    // Muted for long is a hold (D7), and ends with it.
    shift.events.state(&id, "holding", A_WHILE);
    shift.agent.command(&call, "mute", json!({"on": false}));
    shift.events.phrase_over(&id, "hold_return", A_WHILE);
    hears_the_rep(&caller);
    caller.hang_up();
    shift.events.ended(&id, A_WHILE);
}

#[test]
fn a_dead_microphone_keeps_the_seat_from_calls() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("dead");
    let agent = house(&headset).open();
    let mut events = agent.events();
    events.wait(
        "a dead microphone",
        A_WHILE,
        |entry| matches!(&entry.what, What::Headset { state, .. } if state == "microphone-dead"),
    );
    assert_eq!(agent.get("/seats/rep1")["state"], "dead-microphone");
    // Whoever calls now is told that nobody is free.
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    events.phrase_over(&caller.call_id(), "seats_busy", A_WHILE);
}
