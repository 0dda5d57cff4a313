//! The headset of this PC, by a real sound server.

use super::{Patient, Told};
use crate::peers::missing::{Need, can_run};
use crate::peers::pulse::virtual_headset::{RATE, VirtualHeadset, tone};

const SEAT: &str = "headset.prefer = [\"HeadsetEar\", \"HeadsetMic\"]\n[[seat]]\nid = \"rep1\"\nkind = \"headset\"\n";

fn wearing(headset: &VirtualHeadset, settings: &str) -> Patient {
    let server = format!("unix:{}", headset.socket().display());
    Patient::with(settings).env("PULSE_SERVER", server)
}

fn tried(headset: &VirtualHeadset, only: &str) -> Told {
    wearing(headset, SEAT).examined(only)
}

#[test]
fn a_headset_that_is_wished_is_chosen_and_others_are_named() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("doctor-devices");
    let cause = tried(&headset, "devices,buttons").is("ok", "devices.chosen");
    assert!(
        cause.contains("HeadsetEar") && cause.contains("HeadsetMic"),
        "{cause}"
    );
    let other = SEAT
        .replace("HeadsetEar", "Jabra")
        .replace("HeadsetMic", "Poly");
    let cause = wearing(&headset, &other)
        .examined("devices")
        .is("fault", "devices.none-wished");
    assert!(cause.contains("HeadsetEar"), "{cause}");
    Patient::with("")
        .examined("devices")
        .is("skipped", "devices.no-seat");
}

#[test]
fn a_pc_without_a_sound_server_has_no_headset() {
    let deaf = Patient::with(SEAT).env("PULSE_SERVER", "unix:/nonexistent/native");
    let told = deaf.examined("devices,microphone,playback");
    told.is("fault", "devices.no-server");
    told.is("skipped", "trial.no-headset");
}

#[test]
fn a_silent_source_is_a_dead_microphone_and_a_tone_is_heard() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("doctor-microphone");
    tried(&headset, "microphone").is("fault", "microphone.dead");
    let speaking = headset.speak(&tone(10 * RATE, 0.25));
    let cause = tried(&headset, "microphone").is("ok", "microphone.fine");
    assert!(cause.contains("dBFS"), "{cause}");
    drop(speaking);
    let shouting: Vec<f32> = tone(10 * RATE, 2.0)
        .iter()
        .map(|it| it.clamp(-1.0, 1.0))
        .collect();
    let _shouting = headset.speak(&shouting);
    tried(&headset, "microphone").is("warning", "microphone.loud");
}

#[test]
fn a_muted_microphone_is_a_fault() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("doctor-muted");
    headset.pactl(&["set-source-mute", "headset_mic", "1"]);
    tried(&headset, "microphone").is("fault", "microphone.muted");
}

/// What the ear plays is led back into the microphone, soon and late.
#[test]
fn a_chirp_in_the_ear_is_timed_where_the_microphone_hears_it() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("doctor-playback");
    tried(&headset, "playback").is("ok", "playback.unheard");
    let led_back = |latency: &str| {
        headset.pactl(&[
            "load-module",
            "module-loopback",
            "source=headset_ear.monitor",
            "sink=headset_mic_in",
            latency,
        ])
    };
    let late = led_back("latency_msec=600");
    let cause = tried(&headset, "playback").is("warning", "playback.late");
    assert!(cause.contains(" ms"), "{cause}");
    headset.pactl(&["unload-module", &late]);
}
