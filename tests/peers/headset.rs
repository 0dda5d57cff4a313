//! A rep with a headset: a real sound server, two null sinks for the ear and the microphone, and the ear that judges both.

use std::sync::Arc;
use std::time::Duration;

use thirdring::ear::hear_all;
use thirdring::media::resampling::{resample, to_i16};
use thirdring::records::{Entry, What};
use thirdring::words::Language;

use super::agent::{Agent, House};
use super::events::Events;
use super::hearing::{repertoire, spoken};
use super::phone::Phone;
use super::pulse::virtual_headset::{RATE, VirtualHeadset, tone};
use super::scene::{A_WHILE, NUMBER, WORDS};

/// A seat whose headset is on this sound server.
fn house(headset: &VirtualHeadset) -> House {
    let server = format!("unix:{}", headset.socket().display());
    House::fast()
        .set("headset.prefer = [\"HeadsetEar\", \"HeadsetMic\", \"other_*\"]")
        .seat("rep1", "headset")
        .env("PULSE_SERVER", server)
}

/// The agent once its headset is ready: a microphone that gives digital zero is taken for a dead one.
fn ready(headset: &VirtualHeadset) -> (Agent, Events) {
    let _rustling = headset.speak(&tone(10 * RATE, 0.000_1));
    let agent = house(headset).open();
    let mut events = agent.events();
    headset_is("ready", &mut events);
    (agent, events)
}

fn headset_is(wanted: &str, events: &mut Events) -> Entry {
    events.wait(
        &format!("headset {wanted}"),
        A_WHILE,
        |entry| matches!(&entry.what, What::Headset { state, .. } if state == wanted),
    )
}

/// A caller who talks to the rep.
fn talking(agent: &Agent, events: &mut Events) -> Phone {
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller
}

/// Words for the microphone, twice with a pause.
fn words() -> Vec<f32> {
    let narrow: Vec<f32> = spoken(Language::ZhCn, WORDS)
        .iter()
        .map(|sample| f32::from(*sample) / 32_768.0)
        .collect();
    let once = resample(&narrow, 8_000, RATE as u32).expect("both are rates of sound cards");
    let pause = vec![0.0; RATE];
    [pause.clone(), once.clone(), pause, once].concat()
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
    let headset = VirtualHeadset::start("headset");
    let (agent, mut events) = ready(&headset);
    let caller = talking(&agent, &mut events);
    let speaking = headset.speak(&words());
    caller.hears_more(450);
    assert!(
        caller.recording().ids().contains(&WORDS.to_owned()),
        "{}",
        caller.recording()
    );
    drop(speaking);
    caller.speak();
    let ear = headset.hear(8 * RATE);
    assert!(said(&ear).contains(&WORDS.to_owned()), "{:?}", said(&ear));
    caller.hang_up();
    events.ended(&caller.call_id(), Duration::from_secs(5));
}
