//! Two endpoints whose desks and network do what the bytes say; then everybody hangs up and the network falls silent.
//!
//! What must hold: no event for a leg that is over, and after the silence nothing is left.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use thirdring::sip::{
    Dialogs, Endpoint, Event, Invite, LegId, Listening, NameAddr, Refusal, Settings, Transmit,
};
use thirdring::words::{Entropy, Moment};

/// The most steps of a program.
const STEPS_MAX: usize = 400;
/// The most datagrams under way; more are lost.
const UNDER_WAY_MAX: usize = 128;
/// An answer without its ACK is given up after 32 s, its BYE after 32 s more; twice that, and a margin.
const SILENCE: Duration = Duration::from_secs(200);

/// How a leg stands by what its desk was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Alive,
    Over,
}

/// An endpoint and the legs its desk knows.
struct End {
    endpoint: Endpoint,
    legs: BTreeMap<LegId, Standing>,
}

impl End {
    fn new(side: u8) -> Self {
        let settings = Settings {
            dialogs: Dialogs::default(),
            listening: Listening::udp_only(address(side)),
            user: "hotline".to_owned(),
            user_agent: "Thirdring".to_owned(),
            calls_max: 8,
        };
        Self {
            endpoint: Endpoint::new(settings, Entropy::from_number(side.into())),
            legs: BTreeMap::new(),
        }
    }

    fn invite(&mut self, to: SocketAddr, now: Moment) {
        let uri = "sip:anna@192.0.2.1".parse().expect("a URI");
        let invite = Invite {
            target: "sip:hotline@192.0.2.1".parse().expect("a URI"),
            next_hop: to.into(),
            from: NameAddr::new(None, uri),
            symmetric: false,
            login: None,
            call_id: None,
            offer: Bytes::from("offer"),
            headers: Vec::new(),
        };
        if let Ok(leg) = self.endpoint.invite(invite, now) {
            self.legs.insert(leg, Standing::Alive);
        }
    }

    /// Some leg, over or not: desks err, too.
    fn leg(&self, number: u8) -> Option<LegId> {
        let at = usize::from(number) % self.legs.len().max(1);
        self.legs.keys().nth(at).copied()
    }

    /// An order of the desk; most are not possible most of the time.
    fn order(&mut self, step: u8, leg: LegId, now: Moment) {
        let sdp = || Bytes::from("sdp");
        let endpoint = &mut self.endpoint;
        let done = match step {
            1 => endpoint.ring(leg, now),
            2 => endpoint.answer(leg, sdp(), now),
            3 => endpoint.reject(leg, &Refusal::new(486), now),
            4 => endpoint.cancel(leg, now),
            5 => endpoint.bye(leg, None, now),
            6 => endpoint.reoffer(leg, sdp(), now),
            7 => endpoint.accept_offer(leg, sdp(), now),
            _ => endpoint.refuse_offer(leg, now),
        };
        if done.is_ok() && matches!(step, 3 | 5) {
            self.legs.insert(leg, Standing::Over);
        }
    }

    /// Hangs up in whatever way is possible.
    fn end_all(&mut self, now: Moment) {
        for leg in self.alive() {
            for step in [5, 3, 4] {
                self.order(step, leg, now);
            }
        }
    }

    fn alive(&self) -> Vec<LegId> {
        let alive = self.legs.iter().filter(|(_, it)| **it == Standing::Alive);
        alive.map(|(leg, _)| *leg).collect()
    }

    fn hear(&mut self, now: Moment) {
        while let Some((leg, event)) = self.endpoint.poll_event() {
            let known = self.legs.get(&leg).copied();
            // Of a leg that is over there is nothing to tell.
            let begins = matches!(event, Event::Invited(_));
            let expected = (!begins).then_some(Standing::Alive);
            assert_eq!(known, expected, "{leg:?}: {event:?}");
            let over = matches!(
                event,
                Event::Cancelled { .. }
                    | Event::Refused { .. }
                    | Event::NoResponse
                    | Event::HungUp { .. }
                    | Event::Lost { .. }
                    | Event::PrackMissing
                    | Event::Expired
            );
            let standing = if over {
                Standing::Over
            } else {
                Standing::Alive
            };
            self.legs.insert(leg, standing);
            if matches!(event, Event::AckMissing) {
                self.order(5, leg, now);
            }
        }
    }
}

fn address(side: u8) -> SocketAddr {
    ([192, 0, 2, 1 | (side & 1) << 1], 5060).into()
}

struct World {
    ends: [End; 2],
    under_way: Vec<(u8, Transmit)>,
    now: Moment,
}

impl World {
    fn end(&mut self, side: u8) -> &mut End {
        let [one, other] = &mut self.ends;
        if side & 1 == 0 { one } else { other }
    }

    fn step(&mut self, step: u8, with: u8) {
        let now = self.now;
        match step % 16 {
            0 => self.end(with).invite(address(with ^ 1), now),
            order @ 1..=8 => {
                let end = self.end(with);
                if let Some(leg) = end.leg(with >> 1) {
                    end.order(order, leg, now);
                }
            }
            9 => self.deliver(with, |_| true),
            10 => self.deliver(with, |_| false),
            11 => {
                let again = self.pick(with).map(|at| self.under_way[at].clone());
                self.under_way.extend(again);
            }
            12 => self.deliver(with, |bytes| {
                let at = usize::from(with) * bytes.len() / 256;
                bytes[at] = bytes[at].wrapping_add(1);
                true
            }),
            13 => self.pass(Duration::from_millis(100 * u64::from(with))),
            14 => self.pass_to_next(),
            _ => (0..UNDER_WAY_MAX).for_each(|_| self.deliver(0, |_| true)),
        }
        self.settle();
    }

    fn pick(&self, with: u8) -> Option<usize> {
        usize::from(with).checked_rem(self.under_way.len())
    }

    /// Takes a datagram off the wire; it arrives, changed or not, where `how` says so.
    fn deliver(&mut self, with: u8, how: impl Fn(&mut [u8]) -> bool) {
        let Some(at) = self.pick(with) else {
            return;
        };
        let (from, transmit) = self.under_way.remove(at);
        let mut bytes = transmit.bytes.to_vec();
        if how(&mut bytes) && transmit.to.address == address(from ^ 1) {
            let now = self.now;
            let end = self.end(from ^ 1);
            end.endpoint.receive(&bytes, address(from), now);
        }
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.next().is_some_and(|next| next <= until) {
            self.pass_to_next();
        }
        self.now = until;
    }

    fn next(&self) -> Option<Moment> {
        self.ends
            .iter()
            .filter_map(|end| end.endpoint.timeout())
            .min()
    }

    fn pass_to_next(&mut self) {
        let Some(next) = self.next() else {
            return;
        };
        self.now = self.now.max(next);
        let now = self.now;
        for end in &mut self.ends {
            end.endpoint.handle_timeout(now);
            let later = end.endpoint.timeout().is_none_or(|next| next > now);
            assert!(later, "a timer stays due");
        }
        self.settle();
    }

    /// Collects what the ends say and send.
    fn settle(&mut self) {
        let now = self.now;
        for (side, end) in (0..).zip(&mut self.ends) {
            end.hear(now);
            while let Some(transmit) = end.endpoint.poll_transmit() {
                if self.under_way.len() < UNDER_WAY_MAX {
                    self.under_way.push((side, transmit));
                }
            }
        }
    }

    /// Everybody hangs up, again and again, and nothing arrives any more.
    fn fall_silent(&mut self) {
        let end = self.now + SILENCE;
        while self.now < end {
            let now = self.now;
            self.ends.iter_mut().for_each(|end| end.end_all(now));
            self.settle();
            self.under_way.clear();
            self.pass(Duration::from_secs(1));
        }
    }
}

/// Runs the program: two bytes a step.
pub(crate) fn dialog(program: &[u8]) {
    let mut world = World {
        ends: [End::new(0), End::new(1)],
        under_way: Vec::new(),
        now: Moment::ZERO,
    };
    for step in program.chunks_exact(2).take(STEPS_MAX) {
        world.step(step[0], step[1]);
    }
    world.fall_silent();
    for end in &world.ends {
        assert!(end.alive().is_empty(), "a leg nobody can end");
        assert!(end.endpoint.is_idle(), "something is left");
        assert_eq!(end.endpoint.timeout(), None);
    }
}
