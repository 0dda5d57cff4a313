//! Sessions of 90 s, the shortest there are (RFC 4028): refreshed by either side they last, or a farewell ends them.

use std::time::Duration;

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::missing::{Need, can_run};
use super::pcap::{Capture, Datagram, recording_towards};
use super::phone::{Phone, SOON};
use super::phones::{HOST, only_call};
use super::program::Softphone;
use super::scene::say_a_word;
use super::scene::{A_WHILE, NUMBER};

const SESSION: Duration = Duration::from_secs(90);
/// After a session nobody refreshes, in the standard's and in any phrases, the BYE has gone out.
const LEFT_WITHIN: Duration = Duration::from_secs(80);

/// The call on hold is told something when its first session has been over for a while.
fn a_phrase_past_the_session(events: &mut Events, id: &str) {
    let since = events.state(id, "talking", A_WHILE).at;
    events.wait("a phrase much later", SESSION + 2 * A_WHILE, |entry| {
        of(entry, id)
            && matches!(entry.what, What::PhraseEnded { .. })
            && entry.at.since(since) > SESSION + Duration::from_secs(5)
    });
}

/// The UPDATEs that a phone sent, and those sent to it.
fn updates(wire: &[Datagram], phone: &Softphone) -> (usize, usize) {
    let updates = wire
        .iter()
        .filter(|datagram| datagram.payload.starts_with(b"UPDATE sip:"));
    let (sent, got): (Vec<_>, Vec<_>) = updates
        .filter(|it| [it.from, it.to].contains(&phone.address))
        .partition(|it| it.from == phone.address);
    (sent.len(), got.len())
}

/// The caller is joined with the rep, held, told a phrase when 90 s are over, and hangs up.
fn a_held_call_past_its_session(
    caller: &mut Softphone,
    rep: &mut Softphone,
    agent: &Agent,
    events: &mut Events,
) {
    caller.tell(&format!("dial sip:hotline@{}", agent.sip));
    rep.wait("incoming", SOON);
    rep.tell("answer");
    caller.wait("established", A_WHILE);
    let id = only_call(events);
    events.state(&id, "talking", A_WHILE);
    let call = agent.call_of(&id);
    agent.command(&call, "hold", json!({"agreed": true}));
    a_phrase_past_the_session(events, &id);
    caller.tell("hangup");
    assert_eq!(events.ended(&id, SOON).by.as_str(), "caller");
}

#[test]
fn pjsip_refreshes_its_call_and_we_refresh_ours_to_pjsip() {
    if !can_run(&[Need::Pjsip, Need::Capture]) {
        return;
    }
    let mut caller = Softphone::pjsip_refreshing(HOST);
    let mut rep = Softphone::pjsip_refreshing(HOST);
    let house = House::standard().set("sip.session_expires = \"90s\"");
    let agent = house.phone_seat("rep1", rep.address).open();
    let mut events = agent.events();
    let captures = [&caller, &rep].map(|phone| Capture::start("lo", phone.ports()));
    a_held_call_past_its_session(&mut caller, &mut rep, &agent, &mut events);
    let [to_caller, to_rep] = captures.map(Capture::finish);
    let (theirs, ours) = (updates(&to_caller, &caller), updates(&to_rep, &rep));
    println!("UPDATEs of the caller's {theirs:?}, of the rep's {ours:?} (sent, got)");
    assert!(theirs.0 >= 2 && theirs.1 == 0, "{theirs:?}");
    assert!(ours.1 >= 2 && ours.0 == 0, "{ours:?}");
    let heard = recording_towards(&to_caller, caller.ports());
    let phrases = heard.phrases();
    let last = phrases.last().expect("something was said");
    assert!(last.whole && last.unbroken, "{heard}");
}

#[test]
fn a_phone_without_session_timers_is_never_cut_for_them() {
    if !can_run(&[Need::Baresip]) {
        return;
    }
    let mut caller = Softphone::baresip(HOST, None);
    let mut rep = Softphone::baresip(HOST, None);
    let house = House::standard().set("sip.session_expires = \"90s\"");
    let agent = house.phone_seat("rep1", rep.address).open();
    let mut events = agent.events();
    a_held_call_past_its_session(&mut caller, &mut rep, &agent, &mut events);
}

#[test]
fn a_caller_who_stops_refreshing_hears_the_farewell_before_the_bye() {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    let session = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    caller.invite_saying(agent.sip, session);
    let answer = caller.response("INVITE", 200, A_WHILE);
    assert_eq!(answer.header("session-expires"), "90;refresher=uac");
    caller.ack(&answer);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    say_a_word(&caller, &mut events, &id);
    caller.requested("BYE", LEFT_WITHIN);
    let ending = events.ended(&id, SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("agent", "session-over")
    );
    let heard = caller.recording();
    let phrases = heard.phrases();
    let last: Vec<_> = phrases.iter().rev().take(2).collect();
    let words: Vec<&str> = last.iter().map(|phrase| phrase.id.as_str()).collect();
    assert_eq!(words, ["closing_short", "system_fault"], "{heard}");
    assert!(last.iter().all(|phrase| phrase.whole), "{heard}");
    assert_eq!(agent.callbacks().len(), 1);
}
