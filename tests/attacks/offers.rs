use std::net::SocketAddr;

use crate::peers::agent::House;
use crate::peers::phone::{Phone, SOON};
use crate::peers::scene::{A_WHILE, NUMBER};

fn description(connection: &str, port: u16, more: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN {connection}\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\n{more}"
    )
}

/// What the caller is told whose sound should go there.
fn answer_to(sip: SocketAddr, offer: &str) -> Option<u16> {
    let caller = Phone::open(NUMBER);
    caller.invite_with(sip, offer);
    caller.final_response("INVITE", SOON).status()
}

#[test]
fn an_offer_that_leads_to_us_to_a_group_or_nowhere_is_refused() {
    let agent = House::fast().seat("rep1", "echo").open();
    let caller = Phone::open(NUMBER);
    let answer = caller.call(agent.sip);
    let ours = answer.audio_address().expect("we sound there");
    let reports_to_us = format!("a=rtcp:{}\r\n", agent.sip.port());
    for (connection, port, more) in [
        ("IP4 127.0.0.1", agent.sip.port(), ""),
        ("IP4 127.0.0.1", ours.port(), ""),
        ("IP4 127.0.0.1", ours.port() + 1, ""),
        ("IP4 127.0.0.1", 40_000, reports_to_us.as_str()),
        ("IP4 224.0.0.1", 40_000, ""),
        ("IP4 255.255.255.255", 40_000, ""),
        ("IP4 240.0.0.1", 40_000, ""),
        ("IP6 ::1", 40_000, ""),
        ("IP4 127.0.0.1", 80, ""),
        ("IP4 127.0.0.1", 0, ""),
    ] {
        let offer = description(connection, port, more);
        assert_eq!(answer_to(agent.sip, &offer), Some(488), "{offer}");
    }
    caller.hears_more(10);
    caller.hang_up();
}

#[test]
fn a_caller_for_whom_no_port_is_left_is_refused() {
    let house = House::fast().seat("rep1", "echo").seat("rep2", "echo");
    // Two legs.
    let agent = house.set("media.ports = \"19990-19993\"").open();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    agent.events().state(&caller.call_id(), "talking", A_WHILE);
    let late = Phone::open(NUMBER);
    late.invite(agent.sip);
    assert_eq!(late.final_response("INVITE", A_WHILE).status(), Some(503));
    caller.hears_more(10);
    caller.hang_up();
}
