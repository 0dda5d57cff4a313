use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::message::{self, Answer, Id};
use crate::words::{Entropy, Moment};

/// RFC 8489 6.2.1: the first pause, doubled each time; requests in all; the last one's patience.
const PAUSE: Duration = Duration::from_millis(500);
const REQUESTS: u32 = 7;
const LAST_PAUSE: Duration = Duration::from_secs(8);
/// So often the way through the router is kept open, and a new address noticed (RFC 4787 REQ-5 asks
/// routers for two minutes; 30 s is what they keep).
const ASK_EVERY: Duration = Duration::from_secs(25);

/// Asks one server, over and over, as which address it sees us.
#[derive(Debug)]
pub struct StunClient {
    server: SocketAddr,
    entropy: Entropy,
    asked: Option<Asked>,
    ask_at: Moment,
    seen_as: Option<SocketAddr>,
}

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Asked {
    id: Id,
    sent: u32,
    next: Moment,
    pause: Duration,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Another address than before, or the first.
    SeenAs(SocketAddr),
    /// No answer, or none that names an address peers could reach us at; it is asked again.
    Silent,
}

impl StunClient {
    /// Asks at once.
    pub fn new(server: SocketAddr, entropy: Entropy) -> Self {
        Self {
            server,
            entropy,
            asked: None,
            ask_at: Moment::ZERO,
            seen_as: None,
        }
    }

    /// Where the requests go; only its answers count.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    pub fn timeout(&self) -> Moment {
        self.asked.map_or(self.ask_at, |asked| asked.next)
    }

    /// Our address may be another: asks at once, whatever was asked before.
    pub fn ask_anew(&mut self, now: Moment) {
        self.asked = None;
        self.ask_at = now;
    }

    /// The request that is due, and that nobody answered the last one.
    pub fn handle_timeout(&mut self, now: Moment) -> (Option<Vec<u8>>, Option<News>) {
        if now < self.timeout() {
            return (None, None);
        }
        match &mut self.asked {
            Some(asked) if asked.sent < REQUESTS => (Some(asked.repeat(now)), None),
            Some(_) => (None, Some(self.silent(now))),
            None => {
                let asked = Asked::new(self.entropy.bytes(), now);
                self.asked = Some(asked);
                (Some(message::request(asked.id)), None)
            }
        }
    }

    /// Takes a datagram from anywhere; what is not our server's answer is passed over.
    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Moment) -> Option<News> {
        let asked = self.asked.filter(|_| from == self.server)?;
        match message::read(datagram, asked.id)? {
            Answer::Mapped(address) if may_be_ours(address, self.server) => {
                self.rest(now);
                let before = self.seen_as.replace(address);
                (before != Some(address)).then_some(News::SeenAs(address))
            }
            Answer::Mapped(_) | Answer::Refused => Some(self.silent(now)),
        }
    }

    /// The next answer is news, even if it says what the last one did.
    fn silent(&mut self, now: Moment) -> News {
        self.rest(now);
        self.seen_as = None;
        News::Silent
    }

    fn rest(&mut self, now: Moment) {
        self.asked = None;
        self.ask_at = now + ASK_EVERY;
    }
}

impl Asked {
    fn new(id: Id, now: Moment) -> Self {
        Self {
            id,
            sent: 1,
            next: now + PAUSE,
            pause: PAUSE,
        }
    }

    fn repeat(&mut self, now: Moment) -> Vec<u8> {
        self.sent += 1;
        self.pause *= 2;
        self.next = match self.sent {
            REQUESTS => now + LAST_PAUSE,
            _ => now + self.pause,
        };
        message::request(self.id)
    }
}

/// Whether peers may be told this address: it becomes our Via, Contact and SDP. Only a server on this
/// machine sees us at loopback.
fn may_be_ours(address: SocketAddr, server: SocketAddr) -> bool {
    let (ip, server) = (address.ip().to_canonical(), server.ip().to_canonical());
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    let is_one_host = !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast;
    let is_near = !ip.is_loopback() || server.is_loopback();
    address.port() != 0 && is_one_host && is_near && ip.is_ipv4() == server.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn server() -> SocketAddr {
        "198.51.100.1:3478".parse().unwrap()
    }

    fn client() -> StunClient {
        StunClient::new(server(), Entropy::from_number(1))
    }

    /// What a server answers that sees the sender at port `port` of 192.0.2.1.
    fn answer(request: &[u8], port: u16) -> Vec<u8> {
        let mut bytes = vec![0x01, 0x01, 0, 12];
        bytes.extend(&request[4..]);
        bytes.extend([0x00, 0x20, 0x00, 0x08, 0x00, 0x01]);
        bytes.extend((port ^ 0x2112).to_be_bytes());
        bytes.extend([0xe1, 0x12, 0xa6, 0x43]);
        bytes
    }

    fn ask(client: &mut StunClient, now: Moment) -> Vec<u8> {
        client.handle_timeout(now).0.expect("it asks")
    }

    #[test]
    fn an_address_is_told_once_and_again_when_it_changes() {
        let mut client = client();
        let seen = |port: u16| News::SeenAs(SocketAddr::from(([192, 0, 2, 1], port)));
        let mut now = Moment::ZERO;
        for (port, news) in [
            (5060, Some(seen(5060))),
            (5060, None),
            (6000, Some(seen(6000))),
        ] {
            let request = ask(&mut client, now);
            now += SECOND;
            assert_eq!(client.receive(&answer(&request, port), server(), now), news);
            assert_eq!(client.timeout(), now + ASK_EVERY);
            now = client.timeout();
        }
    }

    #[test]
    fn only_the_server_that_was_asked_and_only_its_answer_to_this_request_count() {
        let mut client = client();
        let request = ask(&mut client, Moment::ZERO);
        let good = answer(&request, 5060);
        let elsewhere = "198.51.100.2:3478".parse().unwrap();
        assert_eq!(client.receive(&good, elsewhere, Moment::ZERO), None);
        let mut older = good.clone();
        older[19] ^= 1;
        assert_eq!(client.receive(&older, server(), Moment::ZERO), None);
        assert!(client.receive(&good, server(), Moment::ZERO).is_some());
        // A second answer to the same request is late.
        assert_eq!(client.receive(&good, server(), Moment::ZERO), None);
    }

    #[test]
    fn who_may_have_moved_asks_at_once_and_an_old_answer_counts_no_more() {
        let (mut client, now) = (client(), Moment::ZERO);
        let old = ask(&mut client, now);
        client.ask_anew(now + SECOND);
        let new = ask(&mut client, now + SECOND);
        assert_eq!(
            client.receive(&answer(&old, 1), server(), now + SECOND),
            None
        );
        let news = client.receive(&answer(&new, 2), server(), now + SECOND);
        assert!(matches!(news, Some(News::SeenAs(seen)) if seen.port() == 2));
    }

    #[test]
    fn a_silent_server_is_asked_seven_times_in_40_s_and_then_again() {
        let mut client = client();
        let mut asked = Vec::new();
        loop {
            let now = client.timeout();
            match client.handle_timeout(now) {
                (Some(_), None) => asked.push(now.since(Moment::ZERO).as_millis()),
                (None, Some(News::Silent)) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(asked, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        let given_up = Moment::ZERO + Duration::from_millis(39_500);
        assert_eq!(client.timeout(), given_up + ASK_EVERY);
    }

    #[test]
    fn after_a_silence_the_same_address_is_news() {
        let mut client = client();
        let request = ask(&mut client, Moment::ZERO);
        let good = answer(&request, 5060);
        assert!(client.receive(&good, server(), Moment::ZERO).is_some());
        let mut now = client.timeout();
        while client.handle_timeout(now).1.is_none() {
            now = client.timeout();
        }
        now = client.timeout();
        let good = answer(&ask(&mut client, now), 5060);
        assert!(client.receive(&good, server(), now).is_some());
    }

    #[test]
    fn an_address_that_nobody_could_reach_us_at_is_no_answer() {
        let mut client = client();
        let request = ask(&mut client, Moment::ZERO);
        let news = client.receive(&answer(&request, 0), server(), Moment::ZERO);
        assert_eq!(news, Some(News::Silent));
        assert_eq!(client.timeout(), Moment::ZERO + ASK_EVERY);
        let may = |address: &str, server: &str| {
            may_be_ours(address.parse().unwrap(), server.parse().unwrap())
        };
        let (v4, v6) = ("198.51.100.1:3478", "[2001:db8::1]:3478");
        assert!(may("203.0.113.5:5060", v4) && may("[2001:db8::5]:5060", v6));
        for (address, server) in [
            ("0.0.0.0:5060", v4),
            ("127.0.0.1:5060", v4),
            ("224.0.0.1:5060", v4),
            ("255.255.255.255:5060", v4),
            ("203.0.113.5:0", v4),
            ("203.0.113.5:5060", v6),
            ("[2001:db8::5]:5060", v4),
            ("[::]:5060", v6),
            ("[::1]:5060", v6),
            ("[ff02::1]:5060", v6),
            ("[::ffff:127.0.0.1]:5060", v4),
        ] {
            assert!(!may(address, server), "{address} by {server}");
        }
        assert!(may("127.0.0.1:5060", "127.0.0.2:3478"));
    }
}
