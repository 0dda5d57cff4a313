use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::media::{Clip, Codec, FRAME_SAMPLES, Law, RtpHeader};

/// What a test seat does with a call (D8).
#[derive(Clone, Debug)]
pub enum TestKind {
    /// Sends back what it hears.
    Echo,
    /// Says this again and again.
    File(Arc<Clip>),
    /// Sends nothing.
    Silent,
}

/// A seat that answers at once and speaks RTP on loopback until it is dropped.
#[derive(Debug)]
pub struct TestSeat {
    address: SocketAddr,
    task: JoinHandle<()>,
}

const PTIME: Duration = Duration::from_millis(20);
/// 20 ms of the 8 kHz RTP clock.
const FRAME_TICKS: u32 = 160;
/// Ethernet's 1,500: no RTP packet of ours is longer.
const PACKET_MAX: usize = 1_500;

impl TestSeat {
    /// Opens the seat's socket; its sound goes to `desk`.
    pub fn open(kind: TestKind, desk: SocketAddr) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let socket = UdpSocket::from_std(socket)?;
        let task = tokio::spawn(async move {
            match kind {
                TestKind::Echo => echo(socket, desk).await,
                TestKind::File(clip) => speak(socket, desk, &clip).await,
                TestKind::Silent => listen(socket).await,
            }
        });
        Ok(Self { address, task })
    }

    /// Where the desk sends the caller's sound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TestSeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A packet that cannot be sent is lost, as on any network.
async fn echo(socket: UdpSocket, desk: SocketAddr) {
    let mut packet = [0; PACKET_MAX];
    while let Some(length) = receive(&socket, &mut packet).await {
        let _ = socket.send_to(&packet[..length], desk).await;
    }
}

async fn listen(socket: UdpSocket) {
    let mut packet = [0; PACKET_MAX];
    while receive(&socket, &mut packet).await.is_some() {}
}

/// Windows fails the read that follows a packet which found nobody; the next may not.
async fn receive(socket: &UdpSocket, packet: &mut [u8]) -> Option<usize> {
    loop {
        match socket.recv_from(packet).await {
            Ok((length, _)) => return Some(length),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(_) => return None,
        }
    }
}

async fn speak(socket: UdpSocket, desk: SocketAddr, clip: &Clip) {
    let mut tick = tokio::time::interval(PTIME);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let frames = clip.len() / FRAME_SAMPLES;
    clip.prepare(Law::A);
    let mut header = RtpHeader {
        payload_type: Codec::Pcma.payload_type(),
        marker: true,
        sequence: 0,
        timestamp: 0,
        ssrc: u32::from(desk.port()),
    };
    for position in (0..frames).map(|frame| frame * FRAME_SAMPLES).cycle() {
        tick.tick().await;
        let mut packet = Vec::with_capacity(PACKET_MAX);
        header.write(&mut packet);
        packet.extend_from_slice(clip.frame(Law::A, position).unwrap_or_default());
        let _ = socket.send_to(&packet, desk).await;
        header.marker = false;
        header.sequence = header.sequence.wrapping_add(1);
        header.timestamp = header.timestamp.wrapping_add(FRAME_TICKS);
    }
}
