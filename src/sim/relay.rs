//! Datagrams between two addresses, through two [`Path`]s.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::desk::clock;
use crate::impairment::{Path, Weather};
use crate::words::{Entropy, Moment, Sentence};

/// No datagram is longer (RFC 768).
const DATAGRAM_MAX: usize = 65_535;

/// Whoever sends to its address is heard at the other one, and answered from there.
pub struct Relay {
    front: UdpSocket,
    back: UdpSocket,
    to: SocketAddr,
    /// Who sent to us last.
    client: Option<SocketAddr>,
    there: Path,
    back_again: Path,
}

/// Which direction is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To where the relay leads.
    There,
    /// To whoever sends to the relay.
    Back,
    Both,
}

/// A line on standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `there loss 5%`: the words are those of [`Weather::changed`].
    Change {
        side: Side,
        words: String,
    },
    Statistics,
    Quit,
}

/// Why a relay cannot work.
#[derive(Debug)]
pub struct RelayError {
    pub address: SocketAddr,
    pub why: io::Error,
}

impl Relay {
    /// Binds within a tokio runtime; the entropy decides about each datagram.
    pub async fn open(
        listen: SocketAddr,
        to: SocketAddr,
        weather: [Weather; 2],
        mut entropy: Entropy,
    ) -> Result<Self, RelayError> {
        let front = bind(listen).await?;
        let back = bind(SocketAddr::new(listen.ip(), 0)).await?;
        let mut path = |weather| Path::new(weather, Entropy::from_seed(entropy.bytes()));
        let [there, back_again] = weather.map(&mut path);
        Ok(Self {
            front,
            back,
            to,
            client: None,
            there,
            back_again,
        })
    }

    /// Where it is sent to.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.front.local_addr()
    }

    pub fn there(&self) -> &Path {
        &self.there
    }

    pub fn back(&self) -> &Path {
        &self.back_again
    }

    /// From now on; the other things stay.
    pub fn change(&mut self, side: Side, words: &str) -> Result<(), Sentence> {
        let there = self.there.weather().changed(words)?;
        let back = self.back_again.weather().changed(words)?;
        if side != Side::Back {
            self.there.change(there);
        }
        if side != Side::There {
            self.back_again.change(back);
        }
        Ok(())
    }

    /// Carries datagrams without end. Cancel-safe: none is lost but those that the weather takes.
    pub async fn carry(&mut self) {
        let mut ours = vec![0; DATAGRAM_MAX];
        let mut theirs = vec![0; DATAGRAM_MAX];
        loop {
            self.send_due(clock::now());
            let due = self.due();
            tokio::select! {
                came = self.front.recv_from(&mut ours) => {
                    // Windows tells here that somebody has gone: others are carried on.
                    if let Ok((length, from)) = came {
                        self.client = Some(from);
                        let datagram = ours.get(..length).unwrap_or_default();
                        self.there.take(datagram, clock::now());
                    }
                }
                came = self.back.recv_from(&mut theirs) => {
                    if let Ok((length, from)) = came
                        && from.ip() == self.to.ip()
                    {
                        let datagram = theirs.get(..length).unwrap_or_default();
                        self.back_again.take(datagram, clock::now());
                    }
                }
                () = pass(due) => {}
            }
        }
    }

    fn due(&self) -> Option<Moment> {
        let dues = [self.there.timeout(), self.back_again.timeout()];
        dues.into_iter().flatten().min()
    }

    /// What finds no room now is lost, as on any line; what comes back before anybody sent has nowhere to go.
    fn send_due(&mut self, now: Moment) {
        while let Some(datagram) = self.there.poll(now) {
            let _ = self.back.try_send_to(&datagram, self.to);
        }
        while let Some(datagram) = self.back_again.poll(now) {
            if let Some(client) = self.client {
                let _ = self.front.try_send_to(&datagram, client);
            }
        }
    }
}

async fn bind(address: SocketAddr) -> Result<UdpSocket, RelayError> {
    let bound = UdpSocket::bind(address).await;
    bound.map_err(|why| RelayError { address, why })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a datagram's time comes by itself: that is what the relay is for"
)]
async fn pass(due: Option<Moment>) {
    match due {
        // tokio's clock counts whole milliseconds, and wakes after them.
        Some(due) => {
            let left = clock::now().until(due);
            tokio::time::sleep(left.saturating_sub(Duration::from_micros(500))).await;
        }
        None => pending().await,
    }
}

impl FromStr for Order {
    type Err = Sentence;

    fn from_str(line: &str) -> Result<Self, Sentence> {
        let (word, words) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let side = match word {
            "statistics" => return Ok(Self::Statistics),
            "quit" => return Ok(Self::Quit),
            "there" => Side::There,
            "back" => Side::Back,
            "both" => Side::Both,
            _ => return Err(Sentence::of("sim.relay.no-order").with("found", line.trim())),
        };
        // What cannot be meant is refused where it is written.
        Weather::default().changed(words)?;
        Ok(Self::Change {
            side,
            words: words.to_owned(),
        })
    }
}

impl RelayError {
    pub fn sentence(&self) -> Sentence {
        Sentence::of("sim.relay.no-port")
            .with("address", self.address)
            .with("why", Sentence::of_io(&self.why))
    }
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bind {}: {}", self.address, self.why)
    }
}

impl std::error::Error for RelayError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_or_refused_where_it_is_written() {
        let order = |line: &str| line.parse::<Order>();
        let change = Order::Change {
            side: Side::There,
            words: "loss 5%".to_owned(),
        };
        assert_eq!(order("there loss 5%\n"), Ok(change));
        assert_eq!(order("statistics"), Ok(Order::Statistics));
        assert_eq!(order(" quit "), Ok(Order::Quit));
        assert_eq!(order("loss 5%").unwrap_err().key(), "sim.relay.no-order");
        assert_eq!(order("both loss").unwrap_err().key(), "value.percent");
    }
}
