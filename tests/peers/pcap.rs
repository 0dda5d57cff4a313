use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use thirdring::media::RtpPacket;

use super::hearing::{Packet, Recording};
use super::phone::SOON;
use super::scratch::Scratch;

/// tcpdump on some UDP ports: what was on the wire, for peers that keep no RTP timestamps.
pub(crate) struct Capture {
    child: Child,
    _stderr: BufReader<std::process::ChildStderr>,
    file: PathBuf,
    _scratch: Scratch,
    started: Instant,
    /// Sends itself the last datagram of a capture on loopback.
    marker: UdpSocket,
    is_loopback: bool,
}

/// What comes after all that is to be captured.
const MARKER: &[u8] = b"the capture ends here";

/// Room for a second of thirty calls, should tcpdump have to wait for a processor.
const KERNEL_BUFFER_KIB: &str = "16384";

/// What may come behind the marker before it is seen.
const KIB_AFTER_MARKER: usize = 64;

/// A UDP datagram that was captured.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) at: Instant,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    /// How routers treat it (RFC 2474).
    pub(crate) dscp: u8,
    pub(crate) payload: Vec<u8>,
}

impl Capture {
    pub(crate) fn start(interface: &str, (first, last): (u16, u16)) -> Self {
        let scratch = Scratch::new("capture");
        let file = scratch.path("wire.pcap");
        let marker = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let marked = marker.local_addr().expect("it is bound").port();
        let filter = format!("udp portrange {first}-{last} or udp port {marked}");
        // Without --immediate-mode the last second is lost; -U writes each packet at once.
        let mut child = Command::new("tcpdump")
            .args([
                "--immediate-mode",
                "-U",
                "-n",
                "-B",
                KERNEL_BUFFER_KIB,
                "-i",
                interface,
                "-w",
            ])
            .arg(&file)
            .arg(filter)
            .stderr(Stdio::piped())
            .spawn()
            .expect("start tcpdump");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            let length = stderr.read_line(&mut line).expect("tcpdump tells");
            assert!(length > 0, "tcpdump did not start");
        }
        Self {
            child,
            _stderr: stderr,
            file,
            _scratch: scratch,
            started: Instant::now(),
            marker,
            is_loopback: interface == "lo",
        }
    }

    /// Ends it and reads what was captured.
    pub(crate) fn finish(mut self) -> Vec<Datagram> {
        if self.is_loopback {
            self.catch_up();
        }
        let interrupted = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(interrupted.is_ok_and(|status| status.success()));
        self.child.wait().expect("it was ours");
        let bytes = fs::read(&self.file).expect("tcpdump wrote it");
        let mut datagrams = read(&bytes, self.started);
        datagrams.retain(|datagram| datagram.payload != MARKER);
        datagrams
    }

    /// What tcpdump has not written when it is interrupted is lost: waits until it has.
    fn catch_up(&self) {
        let ourselves = self.marker.local_addr().expect("it is bound");
        self.marker
            .send_to(MARKER, ourselves)
            .expect("loopback takes it");
        let until = Instant::now() + SOON;
        while !self.has_marker() {
            assert!(Instant::now() < until, "tcpdump has stopped");
            thread::yield_now();
        }
    }

    fn has_marker(&self) -> bool {
        let bytes = fs::read(&self.file).expect("tcpdump writes it");
        let last = bytes.len().saturating_sub(KIB_AFTER_MARKER * 1_024);
        bytes[last..].windows(MARKER.len()).any(|at| at == MARKER)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // After `finish` it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The audio that went to one of these ports.
pub(crate) fn recording_towards(datagrams: &[Datagram], (first, last): (u16, u16)) -> Recording {
    let towards = datagrams
        .iter()
        .filter(|datagram| (first..=last).contains(&datagram.to.port()));
    let packets: Vec<Packet> = towards.filter_map(packet).collect();
    Recording::of(&packets)
}

fn packet(datagram: &Datagram) -> Option<Packet> {
    let packet = RtpPacket::parse(&datagram.payload)?;
    Some(Packet {
        at: datagram.at,
        header: packet.header,
        payload: packet.payload.to_vec(),
    })
}

/// The file's header, in bytes, and that of each packet.
const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// The Ethernet header before the IPv4 header; loopback has one, too.
const ETHERNET_HEADER: usize = 14;
const UDP_HEADER: usize = 8;

/// A classic little-endian pcap file with microseconds (the machine's own tcpdump wrote it).
fn read(bytes: &[u8], started: Instant) -> Vec<Datagram> {
    let number = |at: usize| -> Option<u32> {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let mut datagrams = Vec::new();
    let mut at = FILE_HEADER;
    let mut first = None;
    while let (Some(seconds), Some(micros), Some(length)) =
        (number(at), number(at + 4), number(at + 8))
    {
        let time = Duration::new(seconds.into(), micros * 1_000);
        let since = time.saturating_sub(*first.get_or_insert(time));
        let frame = at + PACKET_HEADER;
        at = frame + length as usize;
        let frame = bytes.get(frame..at).unwrap_or_default();
        datagrams.extend(udp(frame, started + since));
    }
    datagrams
}

fn udp(frame: &[u8], at: Instant) -> Option<Datagram> {
    let ip = frame.get(ETHERNET_HEADER..)?;
    let header = usize::from(ip.first()? & 0x0f) * 4;
    let udp = ip.get(header..)?;
    let port = |at: usize| Some(u16::from_be_bytes([*udp.get(at)?, *udp.get(at + 1)?]));
    let address = |at: usize| -> Option<IpAddr> {
        let four: [u8; 4] = ip.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(four)))
    };
    Some(Datagram {
        at,
        dscp: ip.get(1)? >> 2,
        from: SocketAddr::new(address(12)?, port(0)?),
        to: SocketAddr::new(address(16)?, port(2)?),
        payload: udp.get(UDP_HEADER..)?.to_vec(),
    })
}
