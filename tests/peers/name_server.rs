//! A name server of one test, with the few records it needs.

use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};

/// Seconds: nothing is asked twice in one test.
const TTL: u32 = 60;

/// The server the system asks.
pub(crate) fn of_system() -> Option<IpAddr> {
    let settings = fs::read_to_string("/etc/resolv.conf").ok()?;
    let mut servers = settings
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver"));
    servers.next()?.trim().parse().ok()
}

/// Answers as that server from now on, until the test's process ends: each service is at these places, the
/// first one preferred.
pub(crate) fn serve(server: IpAddr, service: &str, places: &[SocketAddr]) {
    let socket = UdpSocket::bind((server, 53)).expect("the address stands in for it");
    let records = records(service, places);
    thread::spawn(move || {
        let mut datagram = [0; 1_024];
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            let Ok(question) = Message::from_vec(&datagram[..length]) else {
                continue;
            };
            let answer = answer(question, &records).to_vec().expect("it is short");
            // Who asked may be gone.
            let _ = socket.send_to(&answer, from);
        }
    });
}

fn records(service: &str, places: &[SocketAddr]) -> Vec<(Name, RData)> {
    let name = |text: &str| Name::from_ascii(text).expect("a name");
    let mut records = Vec::new();
    for (n, place) in (1_u16..).zip(places) {
        let host = name(&format!("place{n}.example."));
        let IpAddr::V4(ip) = place.ip() else {
            panic!("{place} is not of IPv4");
        };
        let srv = SRV::new(n, 1, place.port(), host.clone());
        records.push((name(service), RData::SRV(srv)));
        records.push((host, RData::A(A(ip))));
    }
    records
}

fn answer(question: Message, records: &[(Name, RData)]) -> Message {
    let query = question.queries[0].clone();
    let mut answer = question.into_response();
    for (owner, data) in records {
        if owner == query.name() && data.record_type() == query.query_type() {
            answer.add_answer(Record::from_rdata(owner.clone(), TTL, data.clone()));
        }
    }
    if !records.iter().any(|(owner, _)| owner == query.name()) {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}
