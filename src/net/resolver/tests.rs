//! A DNS server of our own on loopback, which counts the questions.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;

use super::*;

const TTL: u32 = 60;

struct Zone {
    records: Vec<(&'static str, RData)>,
    asked: Arc<AtomicUsize>,
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn srv(priority: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, 1, port, name(target)))
}

fn naptr(order: u16, service: &str, replacement: &str) -> RData {
    let (flags, service) = (b"s".to_vec().into(), service.as_bytes().to_vec().into());
    RData::NAPTR(NAPTR::new(
        order,
        1,
        flags,
        service,
        Box::default(),
        name(replacement),
    ))
}

fn a(last: u8) -> RData {
    RData::A(A(Ipv4Addr::new(192, 0, 2, last)))
}

impl Zone {
    fn new(records: Vec<(&'static str, RData)>) -> Self {
        Self {
            records,
            asked: Arc::default(),
        }
    }

    /// The resolver that asks it, and the count of questions.
    async fn open(self, families: Families) -> (Resolver, Arc<AtomicUsize>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::clone(&self.asked);
        tokio::spawn(self.serve(socket));
        let entropy = Entropy::from_number(1);
        (Resolver::asking(address, families, entropy), asked)
    }

    async fn serve(self, socket: UdpSocket) {
        let mut buffer = [0; 1_024];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            self.asked.fetch_add(1, Ordering::Relaxed);
            let answer = self.answer(question).to_vec().unwrap();
            socket.send_to(&answer, from).await.unwrap();
        }
    }

    fn answer(&self, question: Message) -> Message {
        let query = question.queries[0].clone();
        let mut answer = question.into_response();
        for (owner, data) in &self.records {
            let owner = name(owner);
            if owner == *query.name() && data.record_type() == query.query_type() {
                answer.add_answer(Record::from_rdata(owner, TTL, data.clone()));
            }
        }
        let known = self.records.iter().any(|(it, _)| name(it) == *query.name());
        if !known {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        answer
    }
}

fn shown(targets: &[Target]) -> Vec<String> {
    let shown = |it: &Target| format!("{} {}", it.hop.transport, it.hop.address);
    targets.iter().map(shown).collect()
}

async fn find(resolver: &mut Resolver, uri: &str) -> Vec<String> {
    let wanted = Wanted::of(&uri.parse().unwrap());
    shown(&resolver.find(&wanted).await.unwrap())
}

#[tokio::test]
async fn srv_leads_to_the_places_in_their_order_and_the_name_stays() {
    let zone = Zone::new(vec![
        ("_sip._udp.example.com.", srv(20, 5070, "two.example.com.")),
        ("_sip._udp.example.com.", srv(10, 5060, "one.example.com.")),
        ("_sips._tcp.example.com.", srv(10, 5061, "one.example.com.")),
        ("one.example.com.", a(1)),
        ("two.example.com.", a(2)),
        ("two.example.com.", a(3)),
    ]);
    let (mut resolver, _) = zone.open(Families::V4).await;
    assert_eq!(
        find(&mut resolver, "sip:a@example.com").await,
        [
            "UDP 192.0.2.1:5060",
            "UDP 192.0.2.2:5070",
            "UDP 192.0.2.3:5070",
            "TLS 192.0.2.1:5061"
        ]
    );
    let wanted = Wanted::of(&"sips:a@example.com".parse().unwrap());
    let secure = resolver.find(&wanted).await.unwrap();
    assert_eq!(shown(&secure), ["TLS 192.0.2.1:5061"]);
    assert_eq!(secure[0].name, "example.com");
}

#[tokio::test]
async fn naptr_says_which_services_and_in_which_order() {
    let zone = Zone::new(vec![
        (
            "example.com.",
            naptr(50, "SIP+D2U", "_sip._udp.example.com."),
        ),
        (
            "example.com.",
            naptr(10, "SIP+D2T", "_sip._tcp.example.com."),
        ),
        ("example.com.", naptr(5, "E2U+mailto", "mail.example.com.")),
        ("_sip._udp.example.com.", srv(1, 5060, "one.example.com.")),
        ("_sip._tcp.example.com.", srv(1, 5060, "one.example.com.")),
        ("one.example.com.", a(1)),
    ]);
    let (mut resolver, _) = zone.open(Families::V4).await;
    assert_eq!(
        find(&mut resolver, "sip:a@example.com").await,
        ["TCP 192.0.2.1:5060", "UDP 192.0.2.1:5060"]
    );
}

#[tokio::test]
async fn without_srv_and_with_a_port_the_addresses_themselves_are_taken() {
    let six: std::net::Ipv6Addr = "2001:db8::1".parse().unwrap();
    let zone = Zone::new(vec![
        ("pbx.example.com.", a(9)),
        ("pbx.example.com.", RData::AAAA(AAAA(six))),
        (
            "_sip._udp.pbx.example.com.",
            srv(1, 5099, "no.example.com."),
        ),
    ]);
    let (mut resolver, _) = zone.open(Families::Both).await;
    let with_port = find(&mut resolver, "sip:pbx.example.com:5080").await;
    assert_eq!(with_port, ["UDP 192.0.2.9:5080", "UDP [2001:db8::1]:5080"]);
    assert_eq!(
        find(&mut resolver, "sip:pbx.example.com;transport=tcp").await,
        ["TCP 192.0.2.9:5060", "TCP [2001:db8::1]:5060"]
    );
}

#[tokio::test]
async fn answers_are_kept_and_addresses_never_asked_for() {
    let zone = Zone::new(vec![("pbx.example.com.", a(9))]);
    let (mut resolver, asked) = zone.open(Families::V4).await;
    let first = find(&mut resolver, "sip:pbx.example.com:5080").await;
    let questions = asked.load(Ordering::Relaxed);
    assert_eq!(find(&mut resolver, "sip:pbx.example.com:5080").await, first);
    find(&mut resolver, "sip:a@192.0.2.77").await;
    assert_eq!(asked.load(Ordering::Relaxed), questions);
}

#[tokio::test]
async fn a_name_nobody_knows_is_told() {
    let (mut resolver, _) = Zone::new(Vec::new()).open(Families::V4).await;
    let wanted = Wanted::of(&"sip:nobody.invalid".parse().unwrap());
    let not_found = resolver.find(&wanted).await.unwrap_err();
    assert_eq!(not_found.host, "nobody.invalid");
}
