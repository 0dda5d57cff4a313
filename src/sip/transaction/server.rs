use std::time::Duration;

use bytes::Bytes;

use super::{Backoff, GIVE_UP, T4};
use crate::sip::Hop;
use crate::words::Moment;

/// RFC 3261 17.2.1: the 100 goes out when nothing else has by then.
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// A request we answer.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) to: Hop,
    kind: Kind,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Invite,
    Other,
}

#[derive(Debug)]
enum State {
    /// No response yet; `hurry` holds the 100 of an INVITE and when it is due.
    Trying {
        hurry: Option<(Moment, Bytes)>,
    },
    Proceeding {
        last: Bytes,
    },
    /// A final response is out: timers G and H of an INVITE, J of the others.
    Completed {
        last: Bytes,
        repeat: Option<Backoff>,
        until: Moment,
    },
    /// RFC 6026 7.1: the 2xx of an INVITE, which its leg repeats; timer L.
    Accepted {
        last: Bytes,
        until: Moment,
    },
    /// The ACK is here: what is on its way is absorbed; timer I of a refusal, L of a 2xx.
    Confirmed {
        until: Moment,
    },
}

/// What time did to a server transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServerTick {
    Nothing,
    Send(Bytes),
    Over,
}

impl Server {
    /// An INVITE, with the 100 to send when the answer is slow.
    pub(crate) fn invite(to: Hop, trying: Bytes, now: Moment) -> Self {
        let hurry = Some((now + TRYING_AFTER, trying));
        Self {
            to,
            kind: Kind::Invite,
            state: State::Trying { hurry },
        }
    }

    /// Any other request.
    pub(crate) fn other(to: Hop) -> Self {
        Self {
            to,
            kind: Kind::Other,
            state: State::Trying { hurry: None },
        }
    }

    /// A response with this code leaves: how it is repeated from here on. What needs no ACK is
    /// remembered so long that repetitions are absorbed: `linger`.
    pub(crate) fn respond(&mut self, code: u16, last: Bytes, linger: Duration, now: Moment) {
        let until = now + GIVE_UP;
        let reliable = self.to.transport.is_reliable();
        self.state = match (code, self.kind) {
            (..200, _) => State::Proceeding { last },
            (200..300, Kind::Invite) => State::Accepted { last, until },
            (_, Kind::Invite) => State::Completed {
                last,
                repeat: (!reliable).then(|| Backoff::up_to_t2(now)),
                until,
            },
            (_, Kind::Other) => State::Completed {
                last,
                repeat: None,
                // Timer J absorbs repetitions, which only UDP has.
                until: if reliable { now } else { now + linger },
            },
        };
    }

    /// Whether a final response has left.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self.state, State::Trying { .. } | State::Proceeding { .. })
    }

    /// The request came again: what goes out again, if anything.
    pub(crate) fn repeated(&self) -> Option<Bytes> {
        match &self.state {
            State::Proceeding { last }
            | State::Completed { last, .. }
            | State::Accepted { last, .. } => Some(last.clone()),
            State::Trying { hurry } => hurry.as_ref().map(|(_, trying)| trying.clone()),
            State::Confirmed { .. } => None,
        }
    }

    /// The ACK of a refusal came; in every other state it is not this transaction's.
    pub(crate) fn acknowledged(&mut self, now: Moment) -> bool {
        match self.state {
            State::Completed { .. } => {
                let absorbing = match self.to.transport.is_reliable() {
                    true => Duration::ZERO,
                    false => T4,
                };
                self.state = State::Confirmed {
                    until: now + absorbing,
                };
                true
            }
            State::Confirmed { .. } => true,
            State::Trying { .. } | State::Proceeding { .. } | State::Accepted { .. } => false,
        }
    }

    /// The ACK of a 2xx came: nobody repeats the INVITE any more, but it may come twice.
    pub(crate) fn answer_arrived(&mut self, linger: Duration, now: Moment) {
        if let State::Accepted { until, .. } = self.state {
            let until = until.min(now + linger);
            self.state = State::Confirmed { until };
        }
    }

    pub(crate) fn timeout(&self) -> Option<Moment> {
        match &self.state {
            State::Trying { hurry } => hurry.as_ref().map(|(at, _)| *at),
            State::Proceeding { .. } => None,
            State::Completed { repeat, until, .. } => {
                let next = repeat.map_or(*until, |repeat| repeat.next());
                Some(next.min(*until))
            }
            State::Accepted { until, .. } | State::Confirmed { until } => Some(*until),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Moment) -> ServerTick {
        match &mut self.state {
            State::Trying { hurry } => match hurry.take_if(|(at, _)| now >= *at) {
                Some((_, trying)) => {
                    self.state = State::Proceeding {
                        last: trying.clone(),
                    };
                    ServerTick::Send(trying)
                }
                None => ServerTick::Nothing,
            },
            State::Proceeding { .. } => ServerTick::Nothing,
            State::Completed { until, .. }
            | State::Accepted { until, .. }
            | State::Confirmed { until }
                if now >= *until =>
            {
                ServerTick::Over
            }
            State::Completed { last, repeat, .. } => {
                match repeat.as_mut().is_some_and(|repeat| repeat.is_due(now)) {
                    true => ServerTick::Send(last.clone()),
                    false => ServerTick::Nothing,
                }
            }
            State::Accepted { .. } | State::Confirmed { .. } => ServerTick::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    fn invite() -> Server {
        let to: SocketAddr = "192.0.2.1:5060".parse().unwrap();
        Server::invite(to.into(), Bytes::from("100"), at(0))
    }

    /// Runs until it is over: when what was sent.
    fn sent(server: &mut Server) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(now) = server.timeout() {
            match server.handle_timeout(now) {
                ServerTick::Send(_) => times.push(now.as_nanos() / 1_000_000),
                ServerTick::Over => break,
                ServerTick::Nothing => {}
            }
        }
        times
    }

    #[test]
    fn a_refusal_is_repeated_by_timer_g_until_timer_h() {
        let mut server = invite();
        server.respond(486, Bytes::from("486"), GIVE_UP, at(0));
        let times = sent(&mut server);
        assert_eq!(times[..5], [500, 1500, 3500, 7500, 11500]);
        assert_eq!(times.last(), Some(&31500));
    }

    #[test]
    fn the_ack_of_a_refusal_ends_its_repetition() {
        let mut server = invite();
        server.respond(486, Bytes::from("486"), GIVE_UP, at(0));
        assert!(server.acknowledged(at(100)) && server.acknowledged(at(200)));
        assert!(sent(&mut server).is_empty());
        assert_eq!(server.timeout(), Some(at(5100)));
    }

    #[test]
    fn a_slow_answer_is_preceded_by_100() {
        let mut server = invite();
        assert_eq!(sent(&mut server), [200]);
        assert_eq!(server.repeated(), Some(Bytes::from("100")));
    }
}
