//! An echo of our own, on loopback: for a PBX that has none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::time::interval;

use crate::desk::clock;
use crate::media::FRAME_TIME;
use crate::net::{Dscp, PortPool, UdpPort};
use crate::sip::offer_answer::{self, Codecs, Origin};
use crate::sip::{Dialogs, Endpoint, Event, Invited, LegId, Listening, Refusal, Settings, Uri};
use crate::words::Entropy;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Of SIP on loopback and of RTP.
const DATAGRAM_MAX: usize = 65_535;
const ORIGIN: Origin = Origin { id: 2, version: 1 };

/// Answers whoever calls, and sends back each packet as it comes.
pub(super) struct Mirror {
    sip: UdpPort,
    rtp: UdpSocket,
    /// Bound so that reports find a listener.
    _rtcp: UdpSocket,
    endpoint: Endpoint,
}

impl Mirror {
    pub(super) fn open(entropy: Entropy) -> io::Result<Self> {
        let sip = UdpPort::bind(SocketAddr::new(LOOPBACK, 0))?;
        let pair = PortPool::new(None, Dscp::default()).bind(LOOPBACK)?;
        let settings = Settings {
            listening: Listening::udp_only(sip.local_addr()?),
            user: "echo".to_owned(),
            user_agent: "thirdring echo".to_owned(),
            calls_max: 1,
            dialogs: Dialogs::default(),
        };
        Ok(Self {
            sip,
            rtp: UdpSocket::from_std(pair.rtp)?,
            _rtcp: UdpSocket::from_std(pair.rtcp)?,
            endpoint: Endpoint::new(settings, entropy),
        })
    }

    pub(super) fn uri(&self) -> io::Result<Uri> {
        Ok(Uri::sip("echo", self.sip.local_addr()?))
    }

    /// For as long as somebody waits for it.
    pub(super) async fn live(mut self) {
        let mut frames = interval(FRAME_TIME);
        let (mut message, mut packet) = (vec![0; DATAGRAM_MAX], vec![0; DATAGRAM_MAX]);
        loop {
            tokio::select! {
                Ok((length, from)) = self.sip.receive(&mut message) => {
                    let datagram = message.get(..length).unwrap_or_default();
                    self.endpoint.receive(datagram, from, clock::now());
                }
                Ok((length, from)) = self.rtp.recv_from(&mut packet) => {
                    // A packet that finds no room now is lost, as on any line.
                    let _ = self.rtp.try_send_to(packet.get(..length).unwrap_or_default(), from);
                }
                _ = frames.tick() => self.endpoint.handle_timeout(clock::now()),
            }
            while let Some((leg, event)) = self.endpoint.poll_event() {
                if let Event::Invited(invited) = event {
                    self.answer(leg, &invited);
                }
            }
            while let Some(transmit) = self.endpoint.poll_transmit() {
                // What is lost is repeated by its transaction.
                let _ = self.sip.send(&transmit.bytes, transmit.to.address).await;
            }
        }
    }

    /// An order that is refused was overtaken: whoever called has gone.
    fn answer(&mut self, leg: LegId, invited: &Invited) {
        let now = clock::now();
        let _ = match self.described(invited) {
            Some(answer) => self.endpoint.answer(leg, answer, now),
            None => self.endpoint.reject(leg, &Refusal::new(488), now),
        };
    }

    fn described(&self, invited: &Invited) -> Option<bytes::Bytes> {
        let offer = offer_answer::read(invited.offer.as_ref()?).ok()?;
        let local = self.rtp.local_addr().ok()?;
        let (answer, _) = offer_answer::answer(&offer, local, ORIGIN, &Codecs::default()).ok()?;
        Some(answer)
    }
}
