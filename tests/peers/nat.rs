//! A phone that does not know where it is, and an agent that does: both behind a router.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;
use thirdring::media::{Codec, RtpHeader, RtpPacket};

use super::agent::{Agent, House};
use super::missing::{Need, can_run};
use super::netns::{Host, Lab};
use super::phone::{Message, Phone, SOON};
use super::scene::{A_WHILE, NUMBER};
use super::scratch::Scratch;

/// What the phone takes for its address; nobody is there.
const INSIDE: &str = "10.99.99.99";
const CALL_ID: &str = "from-behind-a-router";

/// Its SIP and its sound, as they leave the router.
struct Hidden {
    sip: UdpSocket,
    /// At the port its Via names, where it sends nothing from.
    named: UdpSocket,
    sound: UdpSocket,
    agent: SocketAddr,
    /// Of its INVITE, its ACK; another in each place.
    cseq: u32,
}

impl Hidden {
    fn towards(agent: &Agent) -> Self {
        Self::at([127, 0, 0, 2], agent.sip, 1)
    }

    /// Behind another router, in the same call.
    fn moved(&self) -> Self {
        Self::at([127, 0, 0, 3], self.agent, self.cseq + 1)
    }

    fn at(host: [u8; 4], agent: SocketAddr, cseq: u32) -> Self {
        let host = IpAddr::from(host);
        let bind = || UdpSocket::bind((host, 0)).expect("all of 127/8 is loopback");
        Self {
            sip: bind(),
            named: bind(),
            sound: bind(),
            agent,
            cseq,
        }
    }

    fn say(&self, method: &str, to_tag: &str, body: &str) {
        let text = format!(
            "{method} sip:hotline@{agent} SIP/2.0\r\nVia: SIP/2.0/UDP {INSIDE}:{named};branch=z9hG4bK{method}{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:13800138000@{INSIDE}>;tag=f\r\nTo: <sip:hotline@{agent}>{to_tag}\r\n\
             Call-ID: {CALL_ID}\r\nCSeq: {cseq} {method}\r\nContact: <sip:13800138000@{INSIDE}:5999>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
            agent = self.agent,
            cseq = self.cseq,
            named = self.named.local_addr().expect("it is bound").port(),
        );
        let sent = self.sip.send_to(text.as_bytes(), self.agent);
        sent.expect("the network is up");
    }

    fn invite(&self) {
        self.offer("");
    }

    fn offer(&self, to_tag: &str) {
        let version = self.cseq;
        let sdp = format!(
            "v=0\r\no=- 1 {version} IN IP4 {INSIDE}\r\ns=-\r\nc=IN IP4 {INSIDE}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        );
        self.say("INVITE", to_tag, &sdp);
    }

    /// The next message whose first line begins so.
    fn hear(&self, begin: &str, within: Duration) -> Option<Message> {
        hear(&self.sip, begin, within)
    }

    fn acknowledge(&self, answer: &Message) {
        self.say("ACK", &to_tag(answer), "");
    }

    /// Speaks until it hears the agent's sound; where that came from.
    fn hear_sound(&self, to: SocketAddr) -> SocketAddr {
        let frame = Duration::from_millis(20);
        self.sound.set_read_timeout(Some(frame)).expect("a socket");
        let mut bytes = [0; 2_048];
        for sequence in 0..250_u16 {
            let mut packet = Vec::new();
            let header = RtpHeader {
                payload_type: Codec::Pcma.payload_type(),
                marker: false,
                sequence,
                timestamp: u32::from(sequence) * 160,
                ssrc: 7,
            };
            header.write(&mut packet);
            packet.extend([0xd5; 160]);
            self.sound.send_to(&packet, to).expect("the network is up");
            match self.sound.recv_from(&mut bytes) {
                Ok((length, from)) if RtpPacket::parse(&bytes[..length]).is_some() => return from,
                Ok(_) => {}
                Err(none) if none.kind() == ErrorKind::WouldBlock => {}
                Err(fault) => panic!("listen to the agent: {fault}"),
            }
        }
        panic!("the agent is not heard");
    }
}

fn to_tag(answer: &Message) -> String {
    let (_, tag) = answer.header("to").split_once(";tag=").expect("a tag");
    format!(";tag={tag}")
}

fn hear(socket: &UdpSocket, begin: &str, within: Duration) -> Option<Message> {
    socket.set_read_timeout(Some(within)).expect("a socket");
    let mut bytes = [0; 4_096];
    loop {
        let (length, from) = socket.recv_from(&mut bytes).ok()?;
        let message = Message::parse(&bytes[..length], from).expect("the agent writes well");
        if message.first_line.starts_with(begin) {
            return Some(message);
        }
    }
}

fn house(nat: bool) -> House {
    let lines = format!("name = \"branch\"\naddress = [\"127.0.0.2/31\"]\nnat = {nat}");
    House::fast().seat("rep1", "echo").peer(&lines)
}

#[test]
fn who_does_not_know_his_address_is_answered_heard_and_called_back_where_he_sends_from() {
    let agent = house(true).open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hidden.hear("SIP/2.0 200", A_WHILE).expect("an answer");
    hidden.acknowledge(&answer);
    let audio = answer.audio_address().expect("it sounds there");
    assert_eq!(hidden.hear_sound(audio), audio);
    agent.events().state(CALL_ID, "talking", A_WHILE);
    let call = agent.call_of(CALL_ID);
    let forced = json!({"force": true, "reason": "the test is over"});
    agent.command(&call, "hangup", forced);
    let bye = hidden.hear("BYE", SOON).expect("a BYE");
    // Behind its router the address it told is right.
    assert!(bye.first_line.contains(INSIDE), "{}", bye.first_line);
}

#[test]
fn who_offers_anew_from_behind_another_router_is_heard_there() {
    let agent = house(true).open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hidden.hear("SIP/2.0 200", A_WHILE).expect("an answer");
    hidden.acknowledge(&answer);
    let audio = answer.audio_address().expect("it sounds there");
    assert_eq!(hidden.hear_sound(audio), audio);
    let moved = hidden.moved();
    moved.offer(&to_tag(&answer));
    let answer = moved.hear("SIP/2.0 200", SOON).expect("an answer");
    moved.acknowledge(&answer);
    assert_eq!(moved.hear_sound(audio), audio);
}

#[test]
fn a_stun_server_whose_name_nobody_knows_is_an_alarm_and_calls_are_answered() {
    let house = house(true).set("sip.stun = \"stun.invalid\"");
    let agent = house.open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hidden.hear("SIP/2.0 200", A_WHILE).expect("an answer");
    hidden.acknowledge(&answer);
    assert_eq!(agent.alarms(), json!(["stun-silent"]));
}

#[test]
fn where_nothing_is_set_answers_go_where_the_via_says() {
    let agent = house(false).open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hear(&hidden.named, "SIP/2.0 180", A_WHILE);
    assert!(answer.is_some(), "nothing came to the Via's port");
}

#[test]
fn a_public_address_is_told_and_the_ports_are_opened_here() {
    let public = "203.0.113.5";
    let house = house(true).set(&format!("sip.public_address = \"{public}\""));
    let agent = house.open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hidden.hear("SIP/2.0 200", A_WHILE).expect("an answer");
    hidden.acknowledge(&answer);
    let told = answer.audio_address().expect("it sounds there");
    assert_eq!(told.ip().to_string(), public);
    let contact = format!("@{public}:{}", agent.sip.port());
    assert!(
        answer.header("contact").contains(&contact),
        "{}",
        answer.header("contact")
    );
    let here = SocketAddr::new(agent.sip.ip(), told.port());
    assert_eq!(hidden.hear_sound(here), here);
}

/// Tells everybody the same address, 203.0.113.5:4444, after an answer to something nobody asked.
fn stun_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.2:0").expect("all of 127/8 is loopback");
    let address = socket.local_addr().expect("it is bound");
    thread::spawn(move || {
        let mut request = [0; 1_024];
        // It ends with the tests' process.
        while let Ok((length, from)) = socket.recv_from(&mut request) {
            let answer = |id: &[u8], last: u8| {
                let head = [0x01, 0x01, 0, 12, 0x21, 0x12, 0xa4, 0x42];
                // XOR-MAPPED-ADDRESS (RFC 8489 14.2)
                let port = 4_444_u16 ^ 0x2112;
                let ip = [203 ^ 0x21, 0x12, 113 ^ 0xa4, last ^ 0x42];
                let attribute = [0x00, 0x20, 0x00, 0x08, 0x00, 0x01];
                [&head[..], id, &attribute, &port.to_be_bytes(), &ip].concat()
            };
            let id = request.get(8..20).filter(|_| length == 20);
            let Some(id) = id else { continue };
            for answer in [answer(&[7; 12], 66), answer(id, 5)] {
                socket.send_to(&answer, from).expect("the network is up");
            }
        }
    });
    address
}

#[test]
fn the_address_a_stun_server_sees_is_told() {
    let house = house(true).set(&format!("sip.stun = \"{}\"", stun_server()));
    let agent = house.open();
    let hidden = Hidden::towards(&agent);
    hidden.invite();
    let answer = hidden.hear("SIP/2.0 200", A_WHILE).expect("an answer");
    hidden.acknowledge(&answer);
    let contact = answer.header("contact");
    assert!(contact.contains("@203.0.113.5:4444"), "{contact}");
    let told = answer.audio_address().expect("it sounds there");
    assert_eq!(told.ip().to_string(), "203.0.113.5");
    let here = SocketAddr::new(agent.sip.ip(), told.port());
    assert_eq!(hidden.hear_sound(here), here);
}

/// A running coturn; it ends with its owner.
struct Coturn {
    child: Child,
    _folder: Scratch,
}

impl Coturn {
    fn at(host: IpAddr) -> Self {
        let folder = Scratch::new("coturn");
        let mut child = Command::new("turnserver")
            .args([
                "-n",
                "-S",
                "--no-cli",
                "--no-tls",
                "--no-dtls",
                "--log-file",
                "stdout",
            ])
            .args(["--listening-port", "3478", "--listening-ip"])
            .arg(host.to_string())
            .arg("--pidfile")
            .arg(folder.path("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start coturn");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut lines = stdout.lines().map_while(Result::ok);
        let listens = lines.any(|line| line.contains("Total General servers"));
        assert!(listens, "coturn did not start");
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            _folder: folder,
        }
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_caller_on_the_other_side_of_our_router_is_greeted() {
    if !can_run(&[Need::Namespaces, Need::Coturn]) {
        return;
    }
    let lab = Lab::build();
    let inside: IpAddr = "10.77.77.1".parse().expect("an address");
    lab.hide(inside);
    let (outside, peer) = (Host::Agent.address(), Host::Peer.address());
    let _coturn = lab.at(Host::Peer, || Coturn::at(peer));
    let caller = lab.at(Host::Peer, || Phone::open_at(NUMBER, peer));
    lab.at(Host::Agent, || {
        let house = House::fast().at(inside).seat("rep1", "echo");
        let agent = house
            .set(&format!("sip.stun = \"{peer}\""))
            .peer(&format!("name = \"pbx\"\naddress = [\"{peer}\"]"))
            .open();
        let answer = caller.call(SocketAddr::new(outside, 5060));
        let contact = answer.header("contact");
        assert!(contact.contains(&format!("@{outside}:5060")), "{contact}");
        let told = answer.audio_address().map(|audio| audio.ip());
        assert_eq!(told, Some(outside));
        agent.events().state(&caller.call_id(), "talking", A_WHILE);
        caller.hears_more(10);
        let greeted = caller.recording().ids();
        assert_eq!(greeted.first().map(String::as_str), Some("greeting"));
        caller.hang_up();
        agent.events().ended(&caller.call_id(), SOON);
    });
}
