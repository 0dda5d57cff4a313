//! The network changes under a registered account: another address of ours, a registrar that is gone.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::records::What;
use thirdring::sip::Transport;

use super::super::account::{grant, register};
use super::super::agent::{Agent, House};
use super::super::certificates::Authority;
use super::super::missing::{Need, can_run};
use super::super::name_server;
use super::super::netns::{Host, Lab};
use super::super::pcap::{Capture, recording_towards};
use super::super::phone::{Phone, SOON};
use super::super::phones::only_call;
use super::super::program::Softphone;
use super::super::registrar::Registrar;
use super::super::scene::{A_WHILE, NUMBER};
use super::accounts::{registered_times, stands};
use super::{Kamailio, PASSWORD, Setup};

/// A look at the network each 3 s, and the REGISTER.
const NOTICED_WITHIN: Duration = Duration::from_secs(6);
/// Timer B, and an attempt at the next place.
const FAILED_OVER_WITHIN: Duration = Duration::from_secs(50);

/// The peer's RTP ports.
const RTP: (u16, u16) = (12_000, 12_020);

fn ip(last: u8) -> IpAddr {
    IpAddr::from([198, 18, 7, last])
}

fn everywhere(lab: &Lab, account: &str) -> Agent {
    lab.at(Host::Agent, || {
        House::fast()
            .listening("0.0.0.0:5060")
            .set("media.ports = \"10000-10999\"")
            .seat("rep1", "echo")
            .account(account)
            .open()
    })
}

#[test]
fn another_address_is_registered_within_seconds_and_calls_sound_there() {
    if !can_run(&[Need::Namespaces, Need::Pjsip, Need::Capture]) {
        return;
    }
    let lab = Lab::build();
    let registrar = lab.at(Host::Peer, || Registrar::open("198.18.7.2:5070"));
    let agent = everywhere(&lab, &registrar.account());
    let first = registrar.asked(A_WHILE);
    let told = first.header("contact").to_owned();
    assert!(told.contains("@198.18.7.1:5060>"), "{told}");
    registrar.grant(&first, 3_600);
    let mut events = lab.at(Host::Agent, || agent.events());
    stands(&mut events, "registered");

    lab.readdress(Host::Agent, ip(9));
    let changed = Instant::now();
    let anew = registrar.asked_anew(&first, NOTICED_WITHIN);
    println!(
        "registered from the new address {:?} after the change",
        changed.elapsed()
    );
    for (name, place) in [
        ("contact", "@198.18.7.9:5060>"),
        ("via", " 198.18.7.9:5060;"),
    ] {
        assert!(anew.header(name).contains(place), "{}", anew.header(name));
    }
    assert_eq!(anew.from, SocketAddr::new(ip(9), 5060));
    registrar.grant(&anew, 3_600);

    let address = SocketAddr::new(Host::Peer.address(), 5060);
    let mut phone = lab.at(Host::Peer, || Softphone::pjsip_at(address, RTP.0, None));
    let link = lab.link(Host::Peer);
    let capture = lab.at(Host::Peer, || Capture::start(&link, RTP));
    phone.tell("dial sip:hotline@198.18.7.9");
    phone.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.phrase_over(&id, "greeting", A_WHILE);
    phone.tell("hangup");
    events.ended(&id, SOON);
    let heard = recording_towards(&capture.finish(), RTP);
    let first = heard.ids().first().cloned();
    assert_eq!(first.as_deref(), Some("greeting"), "{heard}");
}

fn dial(lab: &Lab, agent: &Agent) {
    let (status, told) = lab.at(Host::Agent, || {
        agent.ask(ureq::http::Method::POST, "/calls", &json!({ "to": NUMBER }))
    });
    assert!((200..300).contains(&status), "{status} {told}");
}

#[test]
fn calls_and_registration_go_on_to_the_next_registrar_when_one_is_gone() {
    let server = name_server::of_system();
    let (Some(server), true) = (
        server.filter(IpAddr::is_ipv4),
        can_run(&[Need::Namespaces, Need::Kamailio, Need::Pjsip]),
    ) else {
        return;
    };
    let lab = Lab::build();
    lab.address_too(Host::Peer, ip(3));
    let places = [ip(2), ip(3)].map(|ip| SocketAddr::new(ip, 5060));
    lab.stand_in_for(Host::Agent, server);
    lab.at(Host::Agent, || {
        name_server::serve(server, "_sip._udp.pbx.example.", &places);
    });
    let address = SocketAddr::new(ip(2), 5080);
    let mut customer = lab.at(Host::Peer, || Softphone::pjsip_at(address, RTP.0, None));
    let kamailios = places.map(|place| {
        let setup = Setup {
            customer: Some(address),
            address: Some(place),
            ..Setup::default()
        };
        lab.at(Host::Peer, || Kamailio::start(&setup))
    });
    let account = format!(
        "name = \"pbx\"\nusername = \"hotline\"\npassword = \"{PASSWORD}\"\n\
         domain = \"pbx.example\"\nbehind = \"direct\""
    );
    let agent = everywhere(&lab, &account);
    let mut events = lab.at(Host::Agent, || agent.events());
    stands(&mut events, "registered");
    let [mut first, _second] = kamailios;
    first.stop();

    let gone = Instant::now();
    dial(&lab, &agent);
    registered_times(&mut events, 2, FAILED_OVER_WITHIN);
    println!(
        "registered at the next one {:?} after a call to the first",
        gone.elapsed()
    );
    dial(&lab, &agent);
    customer.wait("incoming", SOON);
    customer.tell("answer");
    customer.wait("established", A_WHILE);
    println!("the next call went there at once");
}

#[test]
fn a_name_that_nobody_knows_at_the_start_is_found_later() {
    let server = name_server::of_system().filter(IpAddr::is_ipv4);
    let (Some(server), true) = (server, can_run(&[Need::Namespaces])) else {
        return;
    };
    let lab = Lab::build();
    let registrar = lab.at(Host::Peer, || Registrar::open("198.18.7.2:5070"));
    let account = "name = \"pbx\"\nusername = \"hotline\"\ndomain = \"pbx.example\"";
    let agent = everywhere(&lab, account);
    let mut events = lab.at(Host::Agent, || agent.events());
    stands(&mut events, "unreachable");
    lab.stand_in_for(Host::Agent, server);
    let known = Instant::now();
    lab.at(Host::Agent, || {
        name_server::serve(server, "_sip._udp.pbx.example.", &[registrar.address]);
    });
    let request = registrar.asked(A_WHILE);
    println!(
        "the REGISTER came {:?} after the name was known",
        known.elapsed()
    );
    registrar.grant(&request, 3_600);
    stands(&mut events, "registered");
}

#[test]
fn a_name_server_that_never_answers_keeps_nobody_waiting() {
    let server = name_server::of_system().filter(IpAddr::is_ipv4);
    let (Some(server), true) = (server, can_run(&[Need::Namespaces])) else {
        return;
    };
    let lab = Lab::build();
    lab.stand_in_for(Host::Agent, server);
    let _dumb = lab.at(Host::Agent, || {
        UdpSocket::bind((server, 53)).expect("it is free")
    });
    let account = "name = \"pbx\"\nusername = \"hotline\"\ndomain = \"pbx.example\"";
    let started = Instant::now();
    let agent = everywhere(&lab, account);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    // The name is being asked for, and a caller is served.
    let caller = lab.at(Host::Agent, || Phone::open(NUMBER));
    let invited = Instant::now();
    caller.invite(SocketAddr::from(([127, 0, 0, 1], 5060)));
    caller.response("INVITE", 180, SOON);
    println!("180 came {:?} after the INVITE", invited.elapsed());
    let shown = lab.at(Host::Agent, || agent.get("/registrations"));
    assert_eq!(shown[0]["state"], "waiting", "{shown}");
}

#[test]
fn a_connection_from_a_lost_address_is_made_anew_from_the_new_one() {
    if !can_run(&[Need::Namespaces]) {
        return;
    }
    let lab = Lab::build();
    let door = lab.at(Host::Peer, || {
        TcpListener::bind("198.18.7.2:5070").expect("it is free")
    });
    let account = "name = \"pbx\"\nusername = \"hotline\"\ndomain = \"pbx.example\"\n\
                   outbound_proxy = \"198.18.7.2:5070\"\ntransport = \"tcp\"";
    let _agent = everywhere(&lab, account);
    let (mut stream, from) = door.accept().expect("the agent connects");
    assert_eq!(from.ip(), ip(1));
    let (first, _) = register(&mut stream, SOON);
    grant(&mut stream, &first, 3_600);

    lab.readdress(Host::Agent, ip(9));
    let changed = Instant::now();
    let (mut stream, from) = door.accept().expect("the agent connects again");
    assert_eq!(from.ip(), ip(9));
    let (anew, _) = register(&mut stream, SOON);
    println!(
        "registered over a new connection {:?} after the change",
        changed.elapsed()
    );
    let contact = anew.header("contact");
    assert!(
        contact.contains("@198.18.7.9:5060;transport=tcp>"),
        "{contact}"
    );
    grant(&mut stream, &anew, 3_600);
}

/// How an account stands whose registrar is found by name and shows a certificate for `shown`.
fn stands_by_tls(shown: &str, awaited: &str) {
    let server = name_server::of_system().filter(IpAddr::is_ipv4);
    let (Some(server), true) = (server, can_run(&[Need::Namespaces, Need::Kamailio])) else {
        return;
    };
    let authority = Authority::new();
    let identity = authority.identity("kamailio", shown);
    let lab = Lab::build();
    lab.stand_in_for(Host::Agent, server);
    let kamailio = lab.at(Host::Peer, || {
        Kamailio::start(&Setup {
            address: Some(SocketAddr::new(ip(2), 5060)),
            identity: Some(&identity),
            ..Setup::default()
        })
    });
    let place = kamailio.reached_by(Transport::Tls);
    lab.at(Host::Agent, || {
        name_server::serve(server, "_sips._tcp.pbx.example.", &[place]);
    });
    let agent = lab.at(Host::Agent, || {
        House::fast()
            .listening("0.0.0.0:5060")
            .set(&format!("sip.tls.ca = {:?}", authority.file()))
            .seat("rep1", "echo")
            .account(&format!(
                "name = \"pbx\"\nusername = \"hotline\"\npassword = \"{PASSWORD}\"\n\
                 domain = \"pbx.example\"\ntransport = \"tls\""
            ))
            .open()
    });
    let mut events = lab.at(Host::Agent, || agent.events());
    stands(&mut events, awaited);
    let never = if awaited == "registered" {
        "unreachable"
    } else {
        "registered"
    };
    let other = events
        .seen
        .iter()
        .any(|entry| matches!(&entry.what, What::Registration { state, .. } if state == never));
    assert!(!other, "{never}");
}

#[test]
fn a_registrar_found_by_name_proves_that_name_by_tls() {
    stands_by_tls("pbx.example", "registered");
}

#[test]
fn a_registrar_that_proves_another_name_gets_no_register() {
    stands_by_tls("place1.example", "unreachable");
}
