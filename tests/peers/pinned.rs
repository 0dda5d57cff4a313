//! A registered phone is rung by the way its REGISTER came, wherever its Contact says it is.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

use thirdring::sip::digest::{Credentials, Login};
use thirdring::sip::{Message, read_message};
use thirdring::words::{Entropy, Pii};

use super::agent::{Agent, House};
use super::phone::{Phone, SOON};
use super::scene::NUMBER;

const USER: &str = "8001";
const PASSWORD: &str = "sesame";
/// Where nobody is (RFC 5737).
const NOWHERE: &str = "192.0.2.99:5060";

/// The only way to a phone that listens nowhere else.
enum Way {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Way {
    fn udp(agent: &Agent) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("it is ours");
        socket.connect(agent.sip).expect("it is an address");
        socket.set_read_timeout(Some(SOON)).expect("it is a socket");
        Self::Udp(socket)
    }

    fn tcp(agent: &Agent) -> Self {
        let at = agent.sip_tcp.expect("it listens");
        let stream = TcpStream::connect(at).expect("it listens");
        stream.set_read_timeout(Some(SOON)).expect("it is a socket");
        Self::Tcp(stream)
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Udp(_) => "UDP",
            Self::Tcp(_) => "TCP",
        }
    }

    fn send(&mut self, text: &str) {
        match self {
            Self::Udp(socket) => socket.send(text.as_bytes()).map(drop),
            Self::Tcp(stream) => stream.write_all(text.as_bytes()),
        }
        .expect("the agent is there");
    }

    /// What comes next; over TCP nothing else is under way.
    fn next(&mut self) -> String {
        let mut bytes = [0; 4_096];
        let length = match self {
            Self::Udp(socket) => socket.recv(&mut bytes),
            Self::Tcp(stream) => stream.read(&mut bytes),
        };
        let length = length.expect("something comes");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// REGISTER with this CSeq, signed with what `login` was asked for; the answer.
    fn register(&mut self, login: &mut Login, cseq: u32) -> Message {
        let uri = "sip:127.0.0.1";
        let mut signed = Message::request("REGISTER", uri);
        login.sign(&mut signed);
        let proof = signed.value("Authorization");
        let proof = proof.map_or_else(String::new, |it| format!("Authorization: {it}\r\n"));
        self.send(&format!(
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/{} {NOWHERE};branch=z9hG4bK{cseq};rport\r\n\
             From: <sip:{USER}@127.0.0.1>;tag=f\r\nTo: <sip:{USER}@127.0.0.1>\r\nCall-ID: 1\r\n\
             CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n\
             Contact: <sip:{USER}@{NOWHERE};transport={}>\r\n{proof}Content-Length: 0\r\n\r\n",
            self.word(),
            self.word().to_lowercase(),
        ));
        read_message(self.next().as_bytes()).expect("an answer")
    }
}

fn is_rung_by_the_way_it_came(way: fn(&Agent) -> Way) {
    let agent = House::fast()
        .set("sip.listen_tcp = \"127.0.0.1:0\"")
        .registered_seat("rep1", USER, PASSWORD)
        .open();
    let mut phone = way(&agent);
    let mut login = Login::new(Credentials::new(USER, Pii::new(PASSWORD.to_owned())));
    let asked = phone.register(&mut login, 1);
    let challenged = login.challenged(&asked, &mut Entropy::from_number(1));
    challenged.expect("it is asked for its password");
    phone.register(&mut login, 2);
    assert_eq!(agent.get("/seats/rep1")["state"], "available");
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    let rung = phone.next();
    let line = format!("INVITE sip:{USER}@{NOWHERE}");
    assert!(rung.starts_with(&line), "{rung}");
}

#[test]
fn a_phone_that_listens_nowhere_is_rung_over_its_connection() {
    is_rung_by_the_way_it_came(Way::tcp);
}

#[test]
fn a_phone_whose_contact_leads_nowhere_is_rung_where_its_datagram_came_from() {
    is_rung_by_the_way_it_came(Way::udp);
}
