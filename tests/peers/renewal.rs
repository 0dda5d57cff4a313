//! A certificate is renewed while the agent works.

use std::fs;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::json;
use thirdring::records::What;

use super::agent::House;
use super::certificates::Authority;
use super::phone::SOON;
use super::tls_line::TlsLine;

const HOST: &str = "127.0.0.1";

/// The certificate the agent shows to who connects now.
fn shown(to: SocketAddr, authority: &Authority) -> Vec<u8> {
    let mut line = TlsLine::open(to, authority, None);
    assert!(line.is_answered());
    line.shown()
}

#[test]
fn a_renewed_certificate_counts_for_new_connections_and_a_bad_one_changes_nothing() {
    let authority = Authority::new();
    let ours = authority.identity("agent", HOST);
    let agent = House::fast()
        .set("sip.listen_tls = \"127.0.0.1:0\"")
        .set(&format!("sip.tls.certificate = {:?}", ours.certificate))
        .set(&format!("sip.tls.key = {:?}", ours.key))
        .open();
    let mut events = agent.events();
    let tls = agent.sip_tls.expect("it listens");
    let first = shown(tls, &authority);
    let mut open = TlsLine::open(tls, &authority, None);
    assert!(open.is_answered());

    authority.identity("agent", HOST);
    agent.renew();
    let by = Instant::now() + SOON;
    let mut renewed = first.clone();
    while renewed == first && Instant::now() < by {
        renewed = shown(tls, &authority);
    }
    assert_ne!(renewed, first);
    assert!(open.is_answered(), "an open connection goes on");

    fs::write(&ours.certificate, "no certificate").expect("the folder is ours");
    agent.renew();
    events.wait(
        "an alarm",
        SOON,
        |entry| matches!(&entry.what, What::Alarm { alarm } if alarm == "certificates-unfit"),
    );
    assert_eq!(shown(tls, &authority), renewed);
    // `settings-unfit` comes, too, once all that the settings name was read.
    let alarms = agent.alarms();
    let alarms = alarms.as_array().expect("a list");
    assert!(alarms.contains(&json!("certificates-unfit")), "{alarms:?}");
}
