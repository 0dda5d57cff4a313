//! HD voice with baresip 4 and pjproject: heard both ways. The pjproject that Python has comes without Opus.

use std::collections::BTreeMap;

use thirdring::media::RtpPacket;
use thirdring::records::What;

use super::agent::House;
use super::missing::{Need, can_run};
use super::pcap::Datagram;
use super::phone::{Phone, SOON};
use super::phones::HOST;
use super::program::{Brand, Softphone};
use super::scene::{self, A_PART, NUMBER};

fn house() -> House {
    House::fast().set("media.codecs = [\"PCMA\", \"PCMU\", \"G722\", \"opus\"]")
}

/// Nearly all packets to the phone are of one payload type; returns it, and the mean length of what is in them.
fn spoken_to(phone: &Softphone, wire: &[Datagram]) -> (u8, usize) {
    let (first, last) = phone.ports();
    let mut heard: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for datagram in wire {
        let is_sound = (first + 2..=last).contains(&datagram.to.port());
        let packet = RtpPacket::parse(&datagram.payload).filter(|_| is_sound);
        if let Some(packet) = packet {
            let lengths = heard.entry(packet.header.payload_type).or_default();
            lengths.push(packet.payload.len());
        }
    }
    let (payload_type, lengths) = heard
        .into_iter()
        .max_by_key(|(_, lengths)| lengths.len())
        .expect("something was sent to it");
    assert!(lengths.len() > A_PART);
    (payload_type, lengths.iter().sum::<usize>() / lengths.len())
}

fn is_codec(codec: &str, (payload_type, length): (u8, usize)) {
    match codec {
        "g722" => assert_eq!((payload_type, length), (9, 160)),
        _ => assert!(
            payload_type >= 96 && length < 100,
            "{payload_type}, {length} bytes"
        ),
    }
}

/// The caller has G.711: what the rep hears and says is made anew.
fn a_rep_is_heard_both_ways(brand: Brand, codec: &str) {
    let mut rep = Softphone::speaking(brand, HOST, codec);
    let house = house().phone_seat("rep1", rep.address);
    let wire = scene::a_rep_is_heard_both_ways(house, &mut rep);
    is_codec(codec, spoken_to(&rep, &wire));
}

#[test]
fn a_baresip_rep_with_g722_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_rep_is_heard_both_ways(Brand::Baresip, "g722");
    }
}

#[test]
fn a_pjsip_rep_with_g722_is_heard_both_ways() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_rep_is_heard_both_ways(Brand::Pjsip, "g722");
    }
}

#[test]
fn a_baresip_rep_with_opus_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_rep_is_heard_both_ways(Brand::Baresip, "opus");
    }
}

fn a_caller_is_heard_both_ways(brand: Brand, codec: &str) {
    let rep = Phone::open("rep");
    let mut caller = Softphone::speaking(brand, HOST, codec);
    let house = house().phone_seat("rep1", rep.address);
    let wire = scene::a_caller_is_heard_both_ways(house, &rep, &mut caller);
    is_codec(codec, spoken_to(&caller, &wire));
}

#[test]
fn a_baresip_caller_with_g722_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_is_heard_both_ways(Brand::Baresip, "g722");
    }
}

#[test]
fn a_pjsip_caller_with_g722_is_heard_both_ways() {
    if can_run(&[Need::Pjsip, Need::Capture]) {
        a_caller_is_heard_both_ways(Brand::Pjsip, "g722");
    }
}

#[test]
fn a_baresip_caller_with_opus_is_heard_both_ways() {
    if can_run(&[Need::Baresip, Need::Capture]) {
        a_caller_is_heard_both_ways(Brand::Baresip, "opus");
    }
}

/// Where HD voice is not spoken, its caller is told so, and the admin what was offered.
#[test]
fn a_caller_with_nothing_for_us_is_refused_and_told_of() {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    let port = caller.address.port() + 2;
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 18 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    );
    caller.invite_with(agent.sip, &offer);
    let refused = caller.response("INVITE", 488, SOON);
    assert_eq!(
        refused.header("Warning"),
        "305 thirdring \"no common codec: PCMA PCMU G722 opus here, G729 there\""
    );
    events.wait("the refusal", SOON, |entry| {
        matches!(&entry.what, What::OfferRefused { why, offered }
            if why == "no-common-codec" && offered == &["G729"])
    });
}
