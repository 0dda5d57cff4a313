use std::net::SocketAddr;
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
pub struct Finder {
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
    /// No answer, or none that says it; it is asked again.
    Silent,
}

impl Finder {
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
            Some(_) => (None, Some(self.rest(now, News::Silent))),
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
            Answer::Refused => Some(self.rest(now, News::Silent)),
            Answer::Mapped(address) => {
                let news = self.rest(now, News::SeenAs(address));
                let before = self.seen_as.replace(address);
                (before != Some(address)).then_some(news)
            }
        }
    }

    fn rest(&mut self, now: Moment, news: News) -> News {
        self.asked = None;
        self.ask_at = now + ASK_EVERY;
        news
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn server() -> SocketAddr {
        "198.51.100.1:3478".parse().unwrap()
    }

    fn finder() -> Finder {
        Finder::new(server(), Entropy::from_number(1))
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

    fn ask(finder: &mut Finder, now: Moment) -> Vec<u8> {
        finder.handle_timeout(now).0.expect("it asks")
    }

    #[test]
    fn an_address_is_told_once_and_again_when_it_changes() {
        let mut finder = finder();
        let seen = |port: u16| News::SeenAs(SocketAddr::from(([192, 0, 2, 1], port)));
        let mut now = Moment::ZERO;
        for (port, news) in [
            (5060, Some(seen(5060))),
            (5060, None),
            (6000, Some(seen(6000))),
        ] {
            let request = ask(&mut finder, now);
            now += SECOND;
            assert_eq!(finder.receive(&answer(&request, port), server(), now), news);
            assert_eq!(finder.timeout(), now + ASK_EVERY);
            now = finder.timeout();
        }
    }

    #[test]
    fn only_the_server_that_was_asked_and_only_its_answer_to_this_request_count() {
        let mut finder = finder();
        let request = ask(&mut finder, Moment::ZERO);
        let good = answer(&request, 5060);
        let elsewhere = "198.51.100.2:3478".parse().unwrap();
        assert_eq!(finder.receive(&good, elsewhere, Moment::ZERO), None);
        let mut older = good.clone();
        older[19] ^= 1;
        assert_eq!(finder.receive(&older, server(), Moment::ZERO), None);
        assert!(finder.receive(&good, server(), Moment::ZERO).is_some());
        // A second answer to the same request is late.
        assert_eq!(finder.receive(&good, server(), Moment::ZERO), None);
    }

    #[test]
    fn who_may_have_moved_asks_at_once_and_an_old_answer_counts_no_more() {
        let (mut finder, now) = (finder(), Moment::ZERO);
        let old = ask(&mut finder, now);
        finder.ask_anew(now + SECOND);
        let new = ask(&mut finder, now + SECOND);
        assert_eq!(
            finder.receive(&answer(&old, 1), server(), now + SECOND),
            None
        );
        let news = finder.receive(&answer(&new, 2), server(), now + SECOND);
        assert!(matches!(news, Some(News::SeenAs(seen)) if seen.port() == 2));
    }

    #[test]
    fn a_silent_server_is_asked_seven_times_in_40_s_and_then_again() {
        let mut finder = finder();
        let mut asked = Vec::new();
        loop {
            let now = finder.timeout();
            match finder.handle_timeout(now) {
                (Some(_), None) => asked.push(now.since(Moment::ZERO).as_millis()),
                (None, Some(News::Silent)) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(asked, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        let given_up = Moment::ZERO + Duration::from_millis(39_500);
        assert_eq!(finder.timeout(), given_up + ASK_EVERY);
    }
}
