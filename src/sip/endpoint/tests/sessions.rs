//! Session timers (RFC 4028).

use super::refusals::{follow_up, invite};
use super::*;

const SECOND: u64 = 1000;

/// A stranger's call with these headers, answered at 0: the leg and our 200.
fn answered(wire: &mut Wire, headers: &str) -> (LegId, Message) {
    let headers = format!("{headers}Content-Type: application/sdp\r\n");
    wire.probe(&invite(&headers, "offer"));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.answer(leg, Bytes::from("ours"), at(0)).unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    wire.probe(&follow_up(&answer, "ACK", 1, ""));
    (leg, answer)
}

/// What the callee sends when time takes it to `ms`.
fn sent_at(wire: &mut Wire, ms: u64) -> Vec<Message> {
    wire.callee.handle_timeout(at(ms));
    let sent = std::iter::from_fn(|| wire.callee.poll_transmit());
    sent.map(|it| read_message(&it.bytes).unwrap()).collect()
}

fn method(message: &Message) -> &str {
    match &message.start {
        Start::Request { method, .. } => method,
        Start::Response { .. } => "",
    }
}

#[test]
fn the_caller_refreshes_at_half_of_the_interval_by_update() {
    let mut wire = Wire::new();
    wire.talk();
    let answer = wire.last(Side::Callee, "200");
    assert_eq!(answer.value("Session-Expires"), Some("1800;refresher=uac"));
    assert_eq!(answer.value("Require"), Some("timer"));
    wire.run_until(4000 * SECOND);
    let updates = wire.times(Side::Caller, "UPDATE");
    assert_eq!(updates, [901_010, 1_801_030, 2_701_050, 3_601_070]);
    let update = wire.last(Side::Caller, "UPDATE");
    assert_eq!(update.value("Session-Expires"), Some("1800;refresher=uac"));
    assert_eq!(wire.heard(Side::Caller), ["Answered"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked"]);
}

#[test]
fn the_callee_refreshes_where_they_ask_it_to() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 600;refresher=uas\r\n";
    let (_, answer) = answered(&mut wire, headers);
    assert_eq!(answer.value("Session-Expires"), Some("600;refresher=uas"));
    assert!(sent_at(&mut wire, 299 * SECOND).is_empty());
    let refresh = &sent_at(&mut wire, 300 * SECOND)[0];
    assert_eq!((method(refresh), refresh.sdp()), ("UPDATE", None));
    let roles = refresh.value("Session-Expires");
    assert_eq!(roles, Some("600;refresher=uac"));
}

#[test]
fn who_takes_no_update_is_refreshed_by_a_re_invite_that_says_the_same_again() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n";
    answered(&mut wire, headers);
    let refresh = &sent_at(&mut wire, 300 * SECOND)[0];
    assert_eq!(method(refresh), "INVITE");
    assert_eq!(refresh.sdp().as_deref(), Some(&b"ours"[..]));
}

#[test]
fn an_update_refused_with_405_becomes_a_re_invite() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 600;refresher=uas\r\n";
    answered(&mut wire, headers);
    let update = &sent_at(&mut wire, 300 * SECOND)[0];
    let via = update.value("Via").unwrap();
    let refusal = messages::reply(update, via, (405, "No"), "x");
    let refusal = write(&refusal);
    wire.now = at(300 * SECOND);
    let sent = wire.tell(Side::Callee, std::str::from_utf8(&refusal).unwrap());
    assert_eq!(method(&sent[0]), "INVITE");
}

#[test]
fn a_refresh_refused_with_422_is_sent_again_with_their_interval() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 600;refresher=uas\r\n";
    let (_, answer) = answered(&mut wire, headers);
    let refused = &sent_at(&mut wire, 300 * SECOND)[0];
    let longer = |request: &Message, code, name, value| {
        let via = request.value("Via").unwrap();
        let mut answer = messages::reply(request, via, (code, "x"), "x");
        answer.push(name, value);
        String::from_utf8(write(&answer).to_vec()).unwrap()
    };
    wire.now = at(300 * SECOND);
    let again = wire.tell(Side::Callee, &longer(refused, 422, "Min-SE", "900"));
    let again = &again[0];
    assert_eq!(method(again), "UPDATE");
    let asked = |request: &Message| {
        let value = |name| request.value(name).map(str::to_owned);
        (value("Session-Expires"), value("Min-SE"))
    };
    let longest = (Some("900;refresher=uac".to_owned()), Some("900".to_owned()));
    assert_eq!(asked(again), longest);
    let agreed = longer(again, 200, "Session-Expires", "900;refresher=uac");
    assert!(wire.tell(Side::Callee, &agreed).is_empty());
    assert!(sent_at(&mut wire, 749 * SECOND).is_empty());
    // What they take at the least is known until the end (7.4).
    let next = &sent_at(&mut wire, 750 * SECOND)[0];
    assert_eq!((method(next), asked(next)), ("UPDATE", longest.clone()));
    // Also where they have refreshed it themselves meanwhile.
    wire.now = at(760 * SECOND);
    let agreed = longer(next, 200, "Session-Expires", "900;refresher=uac");
    assert!(wire.tell(Side::Callee, &agreed).is_empty());
    let lines = "Supported: timer\r\nSession-Expires: 900;refresher=uas\r\nContact:";
    let theirs = follow_up(&answer, "UPDATE", 2, "").replacen("Contact:", lines, 1);
    wire.tell(Side::Callee, &theirs);
    let next = &sent_at(&mut wire, 1_210 * SECOND)[0];
    assert_eq!((method(next), asked(next)), ("UPDATE", longest));
}

#[test]
fn a_refused_refresh_is_tried_again_until_the_session_ends() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n";
    answered(&mut wire, headers);
    let mut refreshes = 0;
    while let Some(next) = wire.callee.timeout() {
        wire.callee.handle_timeout(next);
        while let Some(transmit) = wire.callee.poll_transmit() {
            let request = read_message(&transmit.bytes).unwrap();
            refreshes += usize::from(method(&request) == "INVITE");
            let code = match method(&request) {
                "BYE" => 200,
                _ => 500,
            };
            let via = request.value("Via").unwrap();
            let answer = write(&messages::reply(&request, via, (code, "No"), "x"));
            let from = wire::address(Side::Caller);
            wire.callee.receive(&answer, from, next);
        }
    }
    assert!((2..=30).contains(&refreshes), "{refreshes}");
    assert!(wire.callee.is_idle());
}

#[test]
fn a_caller_without_timers_lets_us_refresh_what_a_proxy_asked_for() {
    let mut wire = Wire::new();
    let (_, answer) = answered(&mut wire, "Session-Expires: 600\r\n");
    assert_eq!(answer.value("Session-Expires"), Some("600;refresher=uas"));
    assert_eq!(answer.value("Require"), None);
}

#[test]
fn without_a_word_about_sessions_a_call_lasts() {
    let mut wire = Wire::new();
    let (_, answer) = answered(&mut wire, "");
    assert_eq!(answer.value("Session-Expires"), None);
    wire.callee.handle_timeout(at(40 * SECOND));
    assert_eq!(wire.callee.timeout(), None);
}

#[test]
fn a_session_nobody_refreshes_is_told_and_ends_in_a_bye_before_its_expiry() {
    let mut wire = Wire::losing(|line| ["Caller UPDATE", "Caller BYE"].contains(&line));
    wire.talk();
    wire.run_until(2000 * SECOND);
    // The answer left at 1 s: 1800 s less 32 s.
    assert_eq!(wire.times(Side::Callee, "BYE")[0], 1_769_000);
    let heard = wire.heard(Side::Callee);
    assert_eq!(heard, ["Invited", "Acked", "Expiring", "Expired"]);
    let expiring = wire.events.iter().rev().nth(1).unwrap();
    assert!(matches!(expiring.2, Event::Expiring { at: told } if told == at(1_769_000)));
}

#[test]
fn the_desk_is_told_20_s_before_the_bye() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n";
    answered(&mut wire, headers);
    while wire.callee.poll_event().is_some() {}
    wire.callee.handle_timeout(at(1_747 * SECOND));
    assert!(wire.callee.poll_event().is_none());
    wire.callee.handle_timeout(at(1_748 * SECOND));
    let told = wire.callee.poll_event().unwrap().1;
    assert!(matches!(told, Event::Expiring { at: bye } if bye == at(1_768 * SECOND)));
}

#[test]
fn their_refresh_begins_the_interval_anew() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    let (_, answer) = answered(&mut wire, headers);
    let refresh = follow_up(&answer, "UPDATE", 2, "");
    let refresh = refresh.replacen("Contact:", &format!("{headers}Contact:"), 1);
    wire.now = at(45 * SECOND);
    let agreed = &wire.tell(Side::Callee, &refresh)[0];
    assert_eq!(agreed.value("Session-Expires"), Some("90;refresher=uac"));
    // Told 52.5 s after the refresh, and 20 s for the farewell.
    assert!(sent_at(&mut wire, 117_499).is_empty());
    let bye = &sent_at(&mut wire, 117_500)[0];
    assert_eq!(method(bye), "BYE");
}

#[test]
fn a_session_too_short_is_refused_with_422_and_the_least_we_take() {
    let mut wire = Wire::new();
    let headers = "Supported: timer\r\nSession-Expires: 60\r\n";
    let refusal = &wire.tell(Side::Callee, &invite(headers, ""))[0];
    assert_eq!(code_of(refusal), 422);
    assert_eq!(refusal.value("Min-SE"), Some("90"));
    assert!(wire.callee.is_idle());
}

#[test]
fn a_422_makes_us_call_again_with_their_interval() {
    let mut wire = Wire::new();
    wire.callee.settings.dialogs.min_se = Duration::from_secs(3600);
    wire.callee.settings.dialogs.session_expires = Duration::from_secs(3600);
    let (caller, _) = wire.talk();
    let sent = wire.sent(Side::Caller);
    assert_eq!(sent, ["INVITE", "ACK", "INVITE", "ACK"]);
    let invite = wire.last(Side::Caller, "INVITE");
    assert_eq!(invite.value("Session-Expires"), Some("3600"));
    assert_eq!(invite.value("Min-SE"), Some("3600"));
    assert_eq!(invite.value("CSeq"), Some("2 INVITE"));
    assert_eq!(wire.heard(Side::Caller), ["Answered"]);
    wire.caller.bye(caller, None, at(1500)).unwrap();
    wire.run_until(60_000);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_call_made_anew_after_a_422_is_the_one_a_cancel_takes_back() {
    let mut wire = Wire::new();
    wire.callee.settings.dialogs.min_se = Duration::from_secs(3600);
    let caller = wire.call();
    wire.run_until(1000);
    wire.caller.cancel(caller, at(1000)).unwrap();
    wire.run_until(60_000);
    assert_eq!(
        wire.last(Side::Caller, "CANCEL").value("CSeq"),
        Some("2 CANCEL")
    );
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Cancelled"]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_peer_that_is_never_content_is_given_up() {
    let mut wire = Wire::new();
    let caller = wire.call();
    let mut invites = 0;
    while let Some(transmit) = wire.caller.poll_transmit() {
        let message = read_message(&transmit.bytes).unwrap();
        if method(&message) != "INVITE" {
            continue;
        }
        invites += 1;
        let via = message.value("Via").unwrap();
        let mut refusal = messages::reply(&message, via, (422, "Longer"), "x");
        refusal.push("Min-SE", (invites * 10_000).to_string());
        let refusal = write(&refusal);
        let from = wire::address(Side::Callee);
        wire.caller.receive(&refusal, from, at(0));
    }
    assert_eq!(invites, 4);
    let told = wire.caller.poll_event();
    assert!(matches!(told, Some((leg, Event::Refused { code: 422, .. })) if leg == caller));
}
