use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use thirdring::media::srtp::Srtp;
use thirdring::media::{Codec, RtpHeader, RtpPacket};
use thirdring::words::{Key, SrtpKeys};

use super::super::hearing::Packet;

/// What a phone sends.
#[derive(Clone)]
pub(crate) enum Voice {
    /// No packet at all.
    Nothing,
    /// Packets of digital silence.
    Silence,
    /// These samples, over and over.
    Says(Arc<Vec<i16>>),
}

/// A key sounds for 100 ms, its end is told three times (RFC 4733 2.5.1.4).
const KEY_PACKETS: u16 = 5;
const KEY_ENDS: u16 = 3;

/// The dynamic payload type of telephone-event in all our offers.
const KEY_PAYLOAD_TYPE: u8 = 101;

/// The socket half of a phone: one thread that sends each frame when it is due, and receives meanwhile.
#[derive(Clone)]
pub(super) struct Sound {
    pub(super) address: SocketAddr,
    wire: Arc<Wire>,
    /// To send what the thread would not.
    socket: Weak<UdpSocket>,
}

struct Wire {
    line: Mutex<Line>,
    news: Condvar,
}

struct Line {
    remote: Option<SocketAddr>,
    codec: Codec,
    voice: Voice,
    frame: Duration,
    position: usize,
    header: RtpHeader,
    keys: VecDeque<Key>,
    /// Packets of the key that is down, and the timestamp of all of them.
    key_sent: (u16, u32),
    received: Vec<Packet>,
    srtp: Option<Srtp>,
    unplugged: bool,
}

/// At an even port, as RTP is (RFC 3550 11): an odd one may be where the agent beside us hears RTCP, and it sends itself
/// nothing. The port above it is kept for RTCP: where it were the agent's own, the agent would refuse the offer.
pub(crate) fn rtp_sockets(host: std::net::IpAddr) -> [UdpSocket; 2] {
    loop {
        let rtp = UdpSocket::bind((host, 0)).expect("a port is free");
        let port = rtp.local_addr().expect("it is bound").port();
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind((host, port + 1))
        {
            return [rtp, rtcp];
        }
    }
}

impl Sound {
    pub(super) fn open(host: std::net::IpAddr) -> Self {
        let [socket, rtcp] = rtp_sockets(host);
        let address = socket.local_addr().expect("it is bound");
        let line = Line {
            remote: None,
            codec: Codec::Pcma,
            voice: Voice::Silence,
            frame: Duration::from_millis(20),
            position: 0,
            header: RtpHeader {
                payload_type: 8,
                marker: true,
                sequence: address.port(),
                timestamp: u32::from(address.port()) << 8,
                ssrc: u32::from(address.port()),
            },
            keys: VecDeque::new(),
            key_sent: (0, 0),
            received: Vec::new(),
            srtp: None,
            unplugged: false,
        };
        let wire = Arc::new(Wire {
            line: Mutex::new(line),
            news: Condvar::new(),
        });
        let weak = Arc::downgrade(&wire);
        let socket = Arc::new(socket);
        let own = Arc::downgrade(&socket);
        thread::spawn(move || {
            run(&socket, &weak);
            drop(rtcp);
        });
        Self {
            address,
            wire,
            socket: own,
        }
    }

    /// From now on its packets are protected.
    pub(super) fn protect(&self, keys: SrtpKeys) {
        self.change(|line| line.srtp = Some(Srtp::new(keys)));
    }

    /// Sends this from its own port, as if the packet were the phone's.
    pub(super) fn inject(&self, packet: &[u8]) {
        let remote = self.change(|line| line.remote).expect("there is a call");
        // A full buffer of the system loses it, as any network may.
        let socket = self.socket.upgrade().expect("it is not unplugged");
        let _ = socket.send_to(packet, remote);
    }

    /// Who sends, as others see it.
    pub(super) fn source(&self) -> RtpHeader {
        self.change(|line| line.header)
    }

    pub(super) fn towards(&self, remote: SocketAddr) {
        self.change(|line| line.remote = Some(remote));
    }

    pub(super) fn voice(&self, voice: Voice) {
        self.change(|line| {
            line.position = 0;
            line.voice = voice;
        });
    }

    pub(super) fn codec(&self, codec: Codec) {
        self.change(|line| line.codec = codec);
    }

    pub(super) fn frame(&self, frame: Duration) {
        self.change(|line| line.frame = frame);
    }

    /// Goes on as another source, as a phone behind a transfer does.
    pub(super) fn new_source(&self) {
        self.change(|line| {
            line.header.ssrc ^= 0x5a5a_0000;
            line.header.sequence = line.header.sequence.wrapping_add(12_345);
            line.header.timestamp = line.header.timestamp.wrapping_add(7_654_321);
        });
    }

    pub(super) fn press(&self, key: Key) {
        self.change(|line| line.keys.push_back(key));
    }

    /// Closes the socket: whoever sends to it is told by ICMP.
    pub(super) fn unplug(&self) {
        self.change(|line| line.unplugged = true);
    }

    /// All packets that came in.
    pub(super) fn received(&self) -> Vec<Packet> {
        self.change(|line| line.received.clone())
    }

    /// Each event once: its packets have one timestamp (RFC 4733 2.2).
    pub(super) fn keys(&self) -> String {
        let mut packets = self.received();
        packets.retain(|packet| packet.header.payload_type == KEY_PAYLOAD_TYPE);
        packets.dedup_by_key(|packet| packet.header.timestamp);
        let keys = packets
            .iter()
            .filter_map(|it| Key::from_event(*it.payload.first()?));
        keys.map(Key::as_char).collect()
    }

    /// Begins a new tape.
    pub(super) fn forget(&self) {
        self.change(|line| line.received.clear());
    }

    /// Waits until so many more packets came in; false when the time is over.
    pub(super) fn hears_more(&self, packets: usize, within: Duration) -> bool {
        let line = self.wire.line();
        let enough = line.received.len() + packets;
        let waited = self
            .wire
            .news
            .wait_timeout_while(line, within, |line| line.received.len() < enough);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Line) -> T) -> T {
        change(&mut self.wire.line())
    }
}

impl Wire {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until the phone is gone, or its sound.
fn run(socket: &UdpSocket, wire: &Weak<Wire>) {
    let mut due = Instant::now();
    let mut datagram = [0; 2_048];
    loop {
        let wait = due.saturating_duration_since(Instant::now());
        let wait = wait.max(Duration::from_micros(100));
        socket.set_read_timeout(Some(wait)).expect("it is a socket");
        // A timeout, or an ICMP error that the next packet will not share.
        let received = socket.recv(&mut datagram);
        let Some(wire) = wire.upgrade() else {
            return;
        };
        let mut line = wire.line();
        if line.unplugged {
            return;
        }
        if let Ok(length) = received {
            line.receive(&mut datagram[..length]);
            wire.news.notify_all();
        }
        while due <= Instant::now() {
            line.send(socket);
            due += line.frame;
        }
    }
}

impl Line {
    fn receive(&mut self, datagram: &mut [u8]) {
        let length = match &mut self.srtp {
            Some(srtp) => srtp.unprotect_rtp(datagram),
            None => Some(datagram.len()),
        };
        let plain = length.and_then(|length| datagram.get(..length));
        if let Some(packet) = plain.and_then(RtpPacket::parse) {
            self.received.push(Packet {
                at: Instant::now(),
                header: packet.header,
                payload: packet.payload.to_vec(),
            });
        }
    }

    fn send(&mut self, socket: &UdpSocket) {
        let samples = (self.frame.as_millis() * 8) as usize;
        let payload = self.next(samples);
        if let (Some((payload_type, timestamp, payload)), Some(remote)) = (payload, self.remote) {
            let mut packet = Vec::new();
            let header = RtpHeader {
                payload_type,
                timestamp,
                ..self.header
            };
            header.write(&mut packet);
            packet.extend_from_slice(&payload);
            if let Some(srtp) = &mut self.srtp {
                assert!(srtp.protect_rtp(&mut packet, 0), "an index was used before");
            }
            // Nobody listens any more: lost, as on any network.
            let _ = socket.send_to(&packet, remote);
            self.header.marker = false;
            self.header.sequence = self.header.sequence.wrapping_add(1);
        }
        self.header.timestamp = self.header.timestamp.wrapping_add(samples as u32);
    }

    fn next(&mut self, samples: usize) -> Option<(u8, u32, Vec<u8>)> {
        if let Some(key) = self.keys.front().copied() {
            return Some(self.next_of(key, samples));
        }
        let codec = self.codec;
        let law = codec.law().expect("these phones speak G.711");
        let payload = match &self.voice {
            Voice::Nothing => return None,
            Voice::Silence => vec![law.silence(); samples],
            Voice::Says(words) => {
                let from = self.position;
                self.position = from + samples;
                let sample = |n| words[(from + n) % words.len()];
                (0..samples).map(|n| law.encode(sample(n))).collect()
            }
        };
        Some((codec.payload_type(), self.header.timestamp, payload))
    }

    /// RFC 4733 2.3: event, end bit and volume, duration; one timestamp for the whole event.
    fn next_of(&mut self, key: Key, samples: usize) -> (u8, u32, Vec<u8>) {
        let (mut sent, mut began) = self.key_sent;
        if sent == 0 {
            began = self.header.timestamp;
            self.header.marker = true;
        }
        sent += 1;
        let duration = sent.min(KEY_PACKETS) * samples as u16;
        let end = if sent > KEY_PACKETS { 0x80 } else { 0 };
        let [high, low] = duration.to_be_bytes();
        self.key_sent = (sent, began);
        if sent == KEY_PACKETS + KEY_ENDS {
            self.keys.pop_front();
            self.key_sent = (0, 0);
        }
        (
            KEY_PAYLOAD_TYPE,
            began,
            vec![key.event(), end | 10, high, low],
        )
    }
}
