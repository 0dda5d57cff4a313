//! Sound that is not the caller's: strangers' packets by the thousand, and forged ones in his own name (hardening rows
//! 12 and 13).

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

use thirdring::media::{Codec, RtpHeader};
use thirdring::words::{Entropy, SrtpProfile};

use super::strangers::LOUD;
use super::wire::stranger;
use crate::peers::agent::{Agent, House};
use crate::peers::events::Events;
use crate::peers::phone::{Message, Phone, SOON, Voice};
use crate::peers::scene::{A_WHILE, NUMBER};

const SEED: u64 = 3_711;

/// Packets in 20 ms make 10,000 a second.
const IN_A_FRAME: u16 = 200;
const STRAY_FRAMES: u16 = 150;

const FORGED: u32 = 100_000;
/// Between two packets that are genuine.
const FORGED_IN_A_FRAME: u32 = 500;

/// A caller whom a rep's seat echoes: whatever is let in of him, he hears.
fn echoed(house: House, call: impl FnOnce(&Phone, &Agent)) -> (Agent, Events, Phone) {
    let agent = house.seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    call(&caller, &agent);
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller.speak();
    events.voice(&caller.call_id(), true);
    caller.forget_sound();
    (agent, events, caller)
}

/// The caller heard all of his echo and nothing else; the call is alive, and ends as he wishes.
fn unharmed(agent: &Agent, mut events: Events, caller: &Phone) {
    caller.hears_more(25);
    let heard = caller.recording();
    let is_loud = |payload: &[u8]| payload.windows(16).any(|part| part == &LOUD[..16]);
    assert!(heard.packets.iter().all(|packet| !is_loud(&packet.payload)));
    assert_eq!(heard.lost(), 0);
    assert_eq!(agent.call_of(&caller.call_id()).state, "talking");
    caller.voice(Voice::Silence);
    caller.hang_up();
    events.ended(&caller.call_id(), SOON);
}

fn counted(agent: &Agent, cause: &str) -> u64 {
    let name = format!("thirdring_rtp_packets_total{{cause=\"{cause}\"}}");
    agent.metric(&name).unwrap_or_default()
}

fn loud(header: RtpHeader) -> Vec<u8> {
    let mut packet = Vec::new();
    header.write(&mut packet);
    packet.extend_from_slice(&LOUD);
    packet
}

fn has_heard_nothing(stranger: &UdpSocket) -> bool {
    stranger
        .set_read_timeout(Some(Duration::from_millis(1)))
        .expect("it is a socket");
    let heard = stranger.recv(&mut [0; 16]);
    heard.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn ten_thousand_stray_packets_a_second_are_neither_heard_nor_answered() {
    let mut ours = None;
    let (agent, events, caller) = echoed(House::fast(), |caller, agent| {
        ours = caller.call(agent.sip).audio_address();
    });
    let (ours, stranger) = (ours.expect("we sound there"), stranger());
    // Its SSRC and its next numbers are the caller's own.
    let genuine = caller.source();
    for frame in 0..STRAY_FRAMES {
        for number in 0..IN_A_FRAME {
            let sequence = genuine.sequence.wrapping_add(frame * IN_A_FRAME + number);
            let packet = loud(RtpHeader {
                sequence,
                ..genuine
            });
            stranger.send_to(&packet, ours).expect("the network is up");
        }
        caller.hears_more(1);
    }
    unharmed(&agent, events, &caller);
    assert!(has_heard_nothing(&stranger));
    let strays = u64::from(IN_A_FRAME) * u64::from(STRAY_FRAMES);
    assert!(counted(&agent, "stranger") > strays / 2);
}

/// Rubbish, a loud tone with a tag of its own, and a loud tone in clear, all from the caller's own address.
fn forge(number: u32, genuine: RtpHeader, entropy: &mut Entropy) -> Vec<u8> {
    let header = RtpHeader {
        payload_type: Codec::Pcma.payload_type(),
        sequence: genuine.sequence.wrapping_add(entropy.below(64) as u16),
        timestamp: genuine.timestamp,
        ..genuine
    };
    let mut packet = loud(header);
    match number % 3 {
        0 => packet
            .iter_mut()
            .skip(1)
            .for_each(|byte| *byte = entropy.u16() as u8),
        1 => packet.extend_from_slice(&entropy.bytes::<10>()),
        _ => {}
    }
    packet
}

fn a_hundred_thousand_forged_packets(profile: SrtpProfile) {
    let house = House::fast().set("media.srtp = \"require\"");
    let (agent, events, caller) = echoed(house, |caller, agent| {
        caller.call_protected(agent.sip, profile);
    });
    let mut entropy = Entropy::from_number(SEED);
    for number in 0..FORGED {
        caller.inject(&forge(number, caller.source(), &mut entropy));
        if number % FORGED_IN_A_FRAME == 0 {
            caller.hears_more(1);
        }
    }
    unharmed(&agent, events, &caller);
    assert!(counted(&agent, "forged") > u64::from(FORGED) / 2);
}

#[test]
fn a_hundred_thousand_forged_packets_are_not_heard_and_the_call_lives() {
    a_hundred_thousand_forged_packets(SrtpProfile::AesCm128HmacSha1_80);
}

#[test]
fn a_hundred_thousand_forged_packets_are_not_heard_under_galois_counter_mode() {
    a_hundred_thousand_forged_packets(SrtpProfile::AeadAes128Gcm);
}

/// The key in a session description of the agent's.
fn key_of(message: &Message) -> &str {
    let mut lines = message.body.lines();
    let found = lines.find_map(|line| line.split_once("inline:"));
    found.expect("a key").1
}

#[test]
fn a_repair_by_fresh_ports_is_as_protected_as_before_with_other_keys() {
    let house = House::fast().set("media.srtp = \"require\"");
    let mut before = String::new();
    let (_agent, _events, caller) = echoed(house, |caller, agent| {
        let profile = SrtpProfile::AesCm128HmacSha1_80;
        let answer = caller.call_protected(agent.sip, profile);
        key_of(&answer).clone_into(&mut before);
    });
    // His sound stops, and the agent offers anew (R26).
    caller.voice(Voice::Nothing);
    let again = caller.called(A_WHILE);
    assert!(again.body.contains("RTP/SAVP"), "{again:?}");
    assert_ne!(key_of(&again), before);
}

#[test]
fn what_is_required_never_becomes_rtp_by_an_offer_or_by_a_new_one() {
    let house = House::fast().set("media.srtp = \"require\"");
    let (agent, events, caller) = echoed(house, |caller, agent| {
        let stranger = Phone::open(NUMBER);
        stranger.invite(agent.sip);
        let refused = stranger.response("INVITE", 488, SOON);
        assert!(refused.header("warning").starts_with("302 "), "{refused:?}");
        caller.call_protected(agent.sip, SrtpProfile::AesCm128HmacSha1_80);
    });
    // A re-INVITE in clear, as somebody on the way would write it.
    caller.reinvite("sendrecv");
    caller.response("INVITE", 488, SOON);
    unharmed(&agent, events, &caller);
}
