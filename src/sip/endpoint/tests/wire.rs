use std::net::SocketAddr;

use super::*;

/// How long a datagram is under way.
const DELAY: Duration = Duration::from_millis(10);
/// No test needs more steps: a loop is a fault.
const STEPS_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Caller,
    Callee,
}

/// A caller and a callee; every datagram is kept as `ms side first-line`.
pub(super) struct Wire {
    pub(super) caller: Endpoint,
    pub(super) callee: Endpoint,
    pub(super) now: Moment,
    pub(super) seen: Vec<String>,
    said: Vec<(Side, String, Bytes)>,
    pub(super) events: Vec<(Side, LegId, Event)>,
    under_way: Vec<(Moment, Side, Bytes)>,
    lose: Box<dyn FnMut(&str) -> bool>,
}

pub(super) fn address(side: Side) -> SocketAddr {
    match side {
        Side::Caller => "192.0.2.1:5060".parse().unwrap(),
        Side::Callee => "192.0.2.2:5060".parse().unwrap(),
    }
}

pub(super) fn endpoint(side: Side, calls_max: usize) -> Endpoint {
    let (user, seed) = match side {
        Side::Caller => ("anna", 1),
        Side::Callee => ("hotline", 2),
    };
    let settings = Settings {
        listening: Listening::udp_only(address(side)),
        user: user.to_owned(),
        user_agent: "Thirdring".to_owned(),
        calls_max,
        dialogs: Dialogs::default(),
    };
    Endpoint::new(settings, Entropy::from_number(seed))
}

impl Wire {
    pub(super) fn new() -> Self {
        Self {
            caller: endpoint(Side::Caller, 10),
            callee: endpoint(Side::Callee, 10),
            now: Moment::ZERO,
            seen: Vec::new(),
            said: Vec::new(),
            events: Vec::new(),
            under_way: Vec::new(),
            lose: Box::new(|_| false),
        }
    }

    /// Loses each datagram for whose first line `lose` says so.
    pub(super) fn losing(lose: impl FnMut(&str) -> bool + 'static) -> Self {
        Self {
            lose: Box::new(lose),
            ..Self::new()
        }
    }

    pub(super) fn end(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// The caller invites the callee.
    pub(super) fn call(&mut self) -> LegId {
        self.call_with("Call-Info", "<sip:x>;answer-after=0")
    }

    /// The caller invites the callee with one more header.
    pub(super) fn call_with(&mut self, name: &str, value: &str) -> LegId {
        let invite = Invite {
            target: "sip:hotline@192.0.2.2".parse().unwrap(),
            next_hop: address(Side::Callee).into(),
            from: NameAddr::new(Some("Anna"), "sip:anna@192.0.2.1".parse().unwrap()),
            symmetric: false,
            login: None,
            call_id: None,
            offer: Bytes::from("offer"),
            headers: vec![(name.into(), value.into())],
        };
        let now = self.now;
        self.caller.invite(invite, now).unwrap()
    }

    /// A call that rings from 50 ms on, at 100 ms: the legs of caller and callee.
    pub(super) fn ring(&mut self) -> (LegId, LegId) {
        let caller = self.call();
        self.run_until(50);
        let callee = self.leg(Side::Callee);
        let now = self.now;
        self.callee.ring(callee, now).unwrap();
        self.run_until(100);
        (caller, callee)
    }

    /// A call that is answered at 1 s and acknowledged: the legs of caller and callee.
    pub(super) fn talk(&mut self) -> (LegId, LegId) {
        let caller = self.call();
        self.run_until(1000);
        let callee = self.leg(Side::Callee);
        let now = self.now;
        self.callee
            .answer(callee, Bytes::from("answer"), now)
            .unwrap();
        self.run_until(1500);
        (caller, callee)
    }

    /// The last message of a side that begins with this word.
    pub(super) fn last(&self, side: Side, word: &str) -> Message {
        let mut said = self.said.iter().rev();
        let (_, _, bytes) = said
            .find(|(of, begin, _)| *of == side && begin == word)
            .unwrap();
        read_message(bytes).unwrap()
    }

    /// The last event of a side.
    pub(super) fn last_event(&self, side: Side) -> &Event {
        let mut events = self.events.iter().rev();
        &events.find(|(of, _, _)| *of == side).unwrap().2
    }

    /// Runs until `ms` and accepts every offer with `answer` within 50 ms.
    pub(super) fn run_accepting(&mut self, ms: u64, answer: &'static str) {
        let mut next = self.now.as_nanos() / 1_000_000;
        while next < ms {
            next = (next + 50).min(ms);
            let known = self.events.len();
            self.run_until(next);
            let news = self.events.iter().skip(known);
            let offers = news.filter(|(_, _, event)| matches!(event, Event::Offered { .. }));
            let offers: Vec<(Side, LegId)> = offers.map(|(side, leg, _)| (*side, *leg)).collect();
            let now = self.now;
            for (side, leg) in offers {
                let accepted = self.end(side).accept_offer(leg, Bytes::from(answer), now);
                accepted.unwrap();
            }
        }
    }

    /// The leg of the first event on a side.
    pub(super) fn leg(&self, side: Side) -> LegId {
        let mut events = self.events.iter();
        events.find(|(of, _, _)| *of == side).unwrap().1
    }

    /// Steps from wake-up to wake-up until `ms`.
    pub(super) fn run_until(&mut self, ms: u64) {
        for _ in 0..STEPS_MAX {
            self.collect();
            let wakes = [self.caller.timeout(), self.callee.timeout()];
            let next = wakes
                .into_iter()
                .flatten()
                .chain(self.under_way.iter().map(|it| it.0));
            match next.min().filter(|next| *next <= at(ms)) {
                Some(next) => self.step(next),
                None => {
                    self.now = at(ms);
                    return;
                }
            }
        }
        panic!("the endpoints never come to rest: {:?}", self.seen.last());
    }

    fn step(&mut self, next: Moment) {
        self.now = self.now.max(next);
        let now = self.now;
        let (arrived, later) = self.under_way.drain(..).partition(|it| it.0 <= now);
        self.under_way = later;
        let arrived: Vec<(Moment, Side, Bytes)> = arrived;
        for (_, from, bytes) in arrived {
            match from {
                Side::Caller => self.callee.receive(&bytes, address(from), now),
                Side::Callee => self.caller.receive(&bytes, address(from), now),
            }
        }
        self.caller.handle_timeout(now);
        self.callee.handle_timeout(now);
    }

    fn collect(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            while let Some(transmit) = self.end(side).poll_transmit() {
                self.put(side, transmit);
            }
            while let Some((leg, event)) = self.end(side).poll_event() {
                self.events.push((side, leg, event));
            }
        }
    }

    fn put(&mut self, from: Side, transmit: Transmit) {
        let text = String::from_utf8_lossy(&transmit.bytes);
        let line = text.lines().next().unwrap_or_default();
        let short = line.strip_prefix("SIP/2.0 ").unwrap_or(line);
        let short = short.split(' ').next().unwrap_or_default().to_owned();
        let ms = self.now.as_nanos() / 1_000_000;
        self.seen.push(format!("{ms} {from:?} {short}"));
        self.said
            .push((from, short.clone(), transmit.bytes.clone()));
        if !(self.lose)(&format!("{from:?} {short}")) {
            self.under_way
                .push((self.now + DELAY, from, transmit.bytes));
        }
    }

    /// What a side sent, without the times.
    pub(super) fn sent(&self, side: Side) -> Vec<&str> {
        let side = format!("{side:?}");
        let pieces = self
            .seen
            .iter()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        pieces.filter(|it| it[1] == side).map(|it| it[2]).collect()
    }

    /// When a side sent datagrams with this first word, in milliseconds.
    pub(super) fn times(&self, side: Side, word: &str) -> Vec<u64> {
        let end = format!(" {side:?} {word}");
        let lines = self.seen.iter().filter_map(|line| line.strip_suffix(&end));
        lines.map(|ms| ms.parse().unwrap()).collect()
    }

    /// The names of a side's events.
    pub(super) fn heard(&self, side: Side) -> Vec<String> {
        let events = self.events.iter().filter(|(of, _, _)| *of == side);
        let name = |event: &Event| {
            let text = format!("{event:?}");
            let end = text.find([' ', '(']).unwrap_or(text.len());
            text[..end].to_owned()
        };
        events.map(|(_, _, event)| name(event)).collect()
    }

    /// Puts a datagram before the callee; what it sends back.
    pub(super) fn probe(&mut self, text: &str) -> Vec<String> {
        self.probe_as(Standing::Known, text)
    }

    /// Answers a foreign INVITE and sees it confirmed: our leg, and the answer.
    pub(super) fn answer_probe(&mut self, invite: &str) -> (LegId, Message) {
        self.probe(invite);
        let (leg, _) = self.callee.poll_event().unwrap();
        let now = self.now;
        self.callee.answer(leg, Bytes::from("answer"), now).unwrap();
        let answer = read_message(&self.callee.poll_transmit().unwrap().bytes).unwrap();
        self.probe(&refusals::follow_up(&answer, "ACK", 1, ""));
        (leg, answer)
    }

    pub(super) fn probe_as(&mut self, standing: Standing, text: &str) -> Vec<String> {
        let now = self.now;
        let from = Sender {
            standing,
            ..address(Side::Caller).into()
        };
        self.callee.receive(text.as_bytes(), from, now);
        let mut answers = Vec::new();
        while let Some(transmit) = self.callee.poll_transmit() {
            answers.push(String::from_utf8_lossy(&transmit.bytes).into_owned());
        }
        answers
    }

    /// As `probe`, for one message to either side; what it sends back, read.
    pub(super) fn tell(&mut self, to: Side, text: &str) -> Vec<Message> {
        let (now, from) = match to {
            Side::Caller => (self.now, Side::Callee),
            Side::Callee => (self.now, Side::Caller),
        };
        let end = self.end(to);
        end.receive(text.as_bytes(), address(from), now);
        let sent = std::iter::from_fn(|| end.poll_transmit());
        sent.map(|it| read_message(&it.bytes).unwrap()).collect()
    }
}
