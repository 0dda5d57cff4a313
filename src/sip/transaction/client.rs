use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{Backoff, GIVE_UP, T4};
use crate::sip::Hop;
use crate::sip::endpoint::{AskId, LegId, Transmit};
use crate::sip::wire::Message;
use crate::words::Moment;

/// The most forks of one INVITE that are acknowledged again; a further one is acknowledged once.
const FORKS_MAX: usize = 8;

/// RFC 3261 16.6 timer C: nobody thinks longer about a re-INVITE, and its leg may be gone.
const REINVITE_MAX: Duration = Duration::from_secs(180);

/// A request of ours.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) to: Hop,
    pub(crate) used_for: Use,
    /// The request as built: its ACK, CANCEL and dialogs are made from it.
    pub(crate) request: Message,
    /// Where it would have gone by UDP, were it not too large for a datagram.
    pub(crate) grown_from: Option<Hop>,
    bytes: Bytes,
    state: State,
    /// The ACKs of a refusal (under the empty tag) or of each 2xx, by To tag.
    acks: BTreeMap<String, Transmit>,
}

/// What the request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Invite(LegId),
    Reoffer(LegId),
    Update(LegId),
    Refer(LegId),
    Bye(LegId),
    /// Who asked is told: REGISTER and the like.
    Ask(AskId),
    /// Nobody waits for its outcome: CANCEL, PRACK, NOTIFY, the BYE of an extra fork.
    Nobody,
}

#[derive(Debug)]
enum State {
    /// Nothing heard: timers A and B, or E and F. A reliable transport needs no repetition.
    Calling {
        repeat: Option<Backoff>,
        until: Moment,
    },
    /// An INVITE heard a 1xx: it waits as long as its leg does, a re-INVITE until `until`.
    Ringing { until: Option<Moment> },
    /// Another request heard a 1xx: timer E slows, F runs on.
    Proceeding {
        repeat: Option<Backoff>,
        until: Moment,
    },
    /// A final response came; what comes again is absorbed: timers D, K.
    Completed { until: Moment },
    /// RFC 6026 7.2: a 2xx came to an INVITE, and forks may follow: timer M.
    Accepted { until: Moment },
}

/// What a response means to those above.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Provisional,
    Final,
    /// One more 2xx of an INVITE: a fork, or a repetition.
    AnotherOk,
    /// A refusal again: its ACK goes out again.
    AckAgain(Transmit),
    Absorbed,
}

/// What time did to a client transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientTick {
    Nothing,
    Send(Bytes),
    /// No final response in 32 s.
    GaveUp,
    Over,
}

impl Client {
    pub(crate) fn new(request: Message, bytes: Bytes, to: Hop, used_for: Use, now: Moment) -> Self {
        let mut client = Self {
            to,
            used_for,
            request,
            grown_from: None,
            bytes,
            state: State::Ringing { until: None },
            acks: BTreeMap::new(),
        };
        let repeat = match (to.transport.is_reliable(), client.is_invite()) {
            (true, _) => None,
            (false, true) => Some(Backoff::doubling(now)),
            (false, false) => Some(Backoff::up_to_t2(now)),
        };
        let until = now + GIVE_UP;
        client.state = State::Calling { repeat, until };
        client
    }

    pub(crate) fn is_invite(&self) -> bool {
        matches!(self.used_for, Use::Invite(_) | Use::Reoffer(_))
    }

    /// Whether nothing at all has come back.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether a CANCEL makes sense: a 1xx is here and no final response (RFC 3261 9.1).
    pub(crate) fn is_ringing(&self) -> bool {
        matches!(self.state, State::Ringing { .. })
    }

    /// Keeps an ACK for the next time its response comes.
    pub(crate) fn keep_ack(&mut self, to_tag: &str, ack: Transmit) {
        if self.acks.len() < FORKS_MAX {
            self.acks.insert(to_tag.to_owned(), ack);
        }
    }

    pub(crate) fn ack(&self, to_tag: &str) -> Option<Transmit> {
        self.acks.get(to_tag).cloned()
    }

    pub(crate) fn receive(&mut self, code: u16, now: Moment) -> Received {
        match &mut self.state {
            State::Calling { .. } | State::Ringing { .. } | State::Proceeding { .. }
                if code >= 200 =>
            {
                self.finish(code, now);
                Received::Final
            }
            State::Calling { repeat, until } => {
                let (mut repeat, until) = (*repeat, *until);
                if let Some(repeat) = &mut repeat {
                    repeat.slow_down(now);
                }
                let first = matches!(self.used_for, Use::Invite(_));
                self.state = match self.is_invite() {
                    true => State::Ringing {
                        until: (!first).then(|| now + REINVITE_MAX),
                    },
                    false => State::Proceeding { repeat, until },
                };
                Received::Provisional
            }
            State::Ringing { .. } | State::Proceeding { .. } => Received::Provisional,
            State::Accepted { .. } if (200..300).contains(&code) => Received::AnotherOk,
            State::Completed { .. } if code >= 300 => {
                self.ack("").map_or(Received::Absorbed, Received::AckAgain)
            }
            State::Completed { .. } | State::Accepted { .. } => Received::Absorbed,
        }
    }

    fn finish(&mut self, code: u16, now: Moment) {
        // Timers D and K absorb repetitions, which only UDP needs (RFC 3261 17.1.1.2, 17.1.2.2).
        let repetitions = |wait| match self.to.transport.is_reliable() {
            true => now,
            false => now + wait,
        };
        self.state = match (self.is_invite(), code < 300) {
            (true, true) => State::Accepted {
                until: now + GIVE_UP,
            },
            (true, false) => State::Completed {
                until: repetitions(GIVE_UP),
            },
            (false, _) => State::Completed {
                until: repetitions(T4),
            },
        };
    }

    pub(crate) fn timeout(&self) -> Option<Moment> {
        match &self.state {
            State::Calling { repeat, until } | State::Proceeding { repeat, until } => {
                let next = repeat.map_or(*until, |repeat| repeat.next());
                Some(next.min(*until))
            }
            State::Ringing { until } => *until,
            State::Completed { until } | State::Accepted { until } => Some(*until),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Moment) -> ClientTick {
        match &mut self.state {
            State::Calling { until, .. } | State::Proceeding { until, .. } if now >= *until => {
                ClientTick::GaveUp
            }
            State::Calling { repeat, .. } | State::Proceeding { repeat, .. } => {
                match repeat.as_mut().is_some_and(|repeat| repeat.is_due(now)) {
                    true => ClientTick::Send(self.bytes.clone()),
                    false => ClientTick::Nothing,
                }
            }
            State::Ringing { until: Some(until) } if now >= *until => ClientTick::GaveUp,
            State::Completed { until } | State::Accepted { until } if now >= *until => {
                ClientTick::Over
            }
            State::Ringing { .. } | State::Completed { .. } | State::Accepted { .. } => {
                ClientTick::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to() -> Hop {
        let address: std::net::SocketAddr = "192.0.2.1:5060".parse().unwrap();
        address.into()
    }

    fn client(used_for: Use) -> Client {
        let to = to();
        let request = Message::request("X", "sip:a@b");
        Client::new(request, Bytes::from("X"), to, used_for, Moment::ZERO)
    }

    fn sent(client: &mut Client) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(now) = client.timeout() {
            match client.handle_timeout(now) {
                ClientTick::Send(_) => times.push(now.as_nanos() / 1_000_000),
                ClientTick::Nothing => {}
                ClientTick::GaveUp | ClientTick::Over => {
                    times.push(now.as_nanos() / 1_000_000);
                    break;
                }
            }
        }
        times
    }

    #[test]
    fn an_unheard_invite_is_repeated_by_timer_a_until_timer_b() {
        let times = sent(&mut client(Use::Invite(LegId::first())));
        assert_eq!(times, [500, 1500, 3500, 7500, 15500, 31500, 32000]);
    }

    #[test]
    fn another_request_is_repeated_by_timer_e_until_timer_f() {
        let times = sent(&mut client(Use::Nobody));
        assert_eq!(
            times,
            [
                500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000
            ]
        );
    }

    #[test]
    fn a_ringing_invite_waits_without_repeating() {
        let mut client = client(Use::Invite(LegId::first()));
        assert_eq!(client.receive(180, Moment::ZERO), Received::Provisional);
        assert_eq!(client.timeout(), None);
        assert_eq!(client.receive(486, Moment::ZERO), Received::Final);
        let ack = Transmit {
            to: client.to,
            bytes: Bytes::from("ACK"),
        };
        client.keep_ack("", ack.clone());
        assert_eq!(client.receive(486, Moment::ZERO), Received::AckAgain(ack));
    }
}
