//! What an account does with what its registrar says, and with the connection it is registered over.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use super::agent::{Agent, House};
use super::phone::{Message, Phone, SOON};
use super::registrar::Registrar;
use super::scene::{A_WHILE, NUMBER, Scene};

/// Of a connection that nobody is registered over (docs/hardening.md row 15).
const IDLE_AT_MOST: Duration = Duration::from_secs(32);
const PING: &[u8] = b"\r\n\r\n";

fn dial(agent: &Agent) {
    let asked = json!({ "to": NUMBER });
    let (status, told) = agent.ask(ureq::http::Method::POST, "/calls", &asked);
    assert!((200..300).contains(&status), "{status} {told}");
}

#[test]
fn calls_take_the_registrars_route_and_identity() {
    let registrar = Registrar::open("127.0.0.1:0");
    let account = registrar.account();
    let more = "preferred_identity = \"sip:4002@pbx.example\"\ndisplay_name = \"Hotline\"";
    let house = House::fast().seat("rep1", "echo");
    let agent = house.account(&format!("{account}\n{more}")).open();
    let request = registrar.asked(A_WHILE);
    let granted = "Expires: 3600\r\nService-Route: <sip:core.pbx.example;lr>\r\n\
                   P-Associated-URI: <sip:4001@pbx.example>, <sip:4002@pbx.example>\r\n";
    registrar.answer(&request, 200, granted);
    agent.events().registered(A_WHILE);
    dial(&agent);
    let invite = registrar.invited(A_WHILE);
    let routes = format!("<sip:{};lr>, <sip:core.pbx.example;lr>", registrar.address);
    assert_eq!(invite.all("route").join(", "), routes);
    let from = invite.header("from");
    assert!(
        from.starts_with("\"Hotline\" <sip:4001@pbx.example>;tag="),
        "{from}"
    );
    let preferred = invite.header("p-preferred-identity");
    assert_eq!(preferred, "<sip:4002@pbx.example>");
}

/// An exchange takes calls of those it knows.
#[test]
fn a_target_by_a_line_is_called_in_its_name_and_told_who_calls() {
    let registrar = Registrar::open("127.0.0.1:0");
    let house = House::fast().seat("rep1", "echo");
    let house = house.account(&registrar.account());
    let elsewhere = "192.0.2.1:5060".parse().expect("an address");
    let agent = house
        .target_saying("billing", elsewhere, "via = \"pbx\"")
        .open();
    let request = registrar.asked(A_WHILE);
    registrar.answer(&request, 200, "Expires: 3600\r\n");
    agent.events().registered(A_WHILE);
    let scene = Scene::with(agent, Phone::open(NUMBER));
    let asked = json!({ "target": "billing", "agreed": true });
    scene.agent.command(&scene.call, "transfer", asked);
    let invite = registrar.invited(A_WHILE);
    let from = invite.header("from");
    assert!(from.starts_with("<sip:hotline@pbx.example>;tag="), "{from}");
    let caller = format!("<sip:{NUMBER}@");
    let asserted = invite.header("p-asserted-identity");
    assert!(asserted.starts_with(&caller), "{asserted}");
    let target = format!("INVITE sip:billing@{elsewhere} SIP/2.0");
    assert_eq!(invite.first_line, target);
}

/// The next REGISTER over this connection; pings before it are counted.
pub(super) fn register(stream: &mut TcpStream, within: Duration) -> (Message, usize) {
    stream.set_read_timeout(Some(within)).expect("a limit");
    let (mut pings, mut read) = (0, Vec::new());
    let mut chunk = [0; 4_096];
    loop {
        while read.starts_with(PING) {
            read.drain(..PING.len());
            pings += 1;
        }
        let from = stream.peer_addr().expect("it is connected");
        if let Some(message) = Message::parse(&read, from) {
            return (message, pings);
        }
        let length = stream.read(&mut chunk).expect("a REGISTER in time");
        assert!(length > 0, "they closed the connection");
        read.extend_from_slice(&chunk[..length]);
    }
}

pub(super) fn grant(stream: &mut TcpStream, request: &Message, seconds: u32) {
    let granted = format!("Expires: {seconds}\r\n");
    let answer = Registrar::written(request, 200, &granted);
    stream
        .write_all(answer.as_bytes())
        .expect("it is connected");
}

#[test]
fn the_connection_of_a_registration_is_kept_and_made_anew_when_it_closes() {
    let door = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let account = format!(
        "name = \"pbx\"\nusername = \"hotline\"\ndomain = \"pbx.example\"\n\
         outbound_proxy = \"{}\"\ntransport = \"tcp\"",
        door.local_addr().expect("it is bound")
    );
    let agent = House::fast().seat("rep1", "echo").account(&account).open();
    let (mut stream, _) = door.accept().expect("the agent connects");
    let (first, _) = register(&mut stream, SOON);
    // Its refresh comes after 40 to 72 s: past the limit of a connection that nobody needs.
    grant(&mut stream, &first, 80);
    let granted = Instant::now();
    let (refresh, pings) = register(&mut stream, 3 * IDLE_AT_MOST);
    assert!(granted.elapsed() > IDLE_AT_MOST && pings > 0, "{pings}");
    grant(&mut stream, &refresh, 3_600);
    agent.events().registered(A_WHILE);

    let closed = Instant::now();
    drop(stream);
    let (mut stream, _) = door.accept().expect("the agent connects again");
    let (anew, _) = register(&mut stream, SOON);
    println!(
        "registered over a new connection {:?} after the old one closed",
        closed.elapsed()
    );
    assert!(anew.cseq() > refresh.cseq());
    grant(&mut stream, &anew, 3_600);
    // Its calls go over it, too.
    dial(&agent);
    let (invite, _) = register(&mut stream, A_WHILE);
    assert_eq!(invite.method(), "INVITE");
}
