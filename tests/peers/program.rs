use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use thirdring::sip::Transport;

use super::certificates::Identity;
use super::missing::PYTHON;

/// Ports for peers whose settings want numbers: below those the system gives to others.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Ports one peer takes: SIP, and RTP with RTCP for a few calls.
pub(crate) const PORTS_EACH: u16 = 30;

/// How long a phone may take to start: at the beginning of a test run twenty do so at once.
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// Tests that start one after the other differ by one in their process: their ports are this many places apart.
const PLACES_APART: u16 = 37;

/// A real telephone in a process of its own, driven by lines.
pub(crate) struct Softphone {
    child: Child,
    stdin: ChildStdin,
    news: Receiver<Value>,
    told: Vec<Value>,
    pub(crate) address: SocketAddr,
}

/// Which of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Brand {
    Baresip,
    Pjsip,
    /// linphonec, for what a rep's phone does.
    Linphone,
}

/// Who picks up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PicksUp {
    /// The test tells it to.
    ByHand,
    /// The phone, where the call asks for it (D5); linphonec asks its own setting only.
    AsAsked,
}

/// How a phone's SIP travels, and by which certificates.
pub(crate) struct Wire {
    pub(crate) transport: Transport,
    pub(crate) ca: PathBuf,
    pub(crate) identity: Identity,
}

impl Wire {
    /// What the phones' programs read.
    fn variables(&self) -> [(&'static str, String); 5] {
        let path = |file: &PathBuf| file.display().to_string();
        [
            ("PHONE_TRANSPORT", self.transport.of_via().to_lowercase()),
            ("PHONE_CA", path(&self.ca)),
            ("PHONE_CERTIFICATE", path(&self.identity.certificate)),
            ("PHONE_KEY", path(&self.identity.key)),
            ("PHONE_CERTIFICATE_AND_KEY", path(&self.identity.both)),
        ]
    }
}

/// Where a phone registers, and how it proves who it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enrolment<'a> {
    pub(crate) registrar: SocketAddr,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) expires_s: u32,
}

impl Enrolment<'_> {
    /// What the phones' programs read.
    fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PHONE_REGISTRAR", self.registrar.to_string()),
            ("PHONE_USER", self.user.to_owned()),
            ("PHONE_PASSWORD", self.password.to_owned()),
            ("PHONE_EXPIRES", self.expires_s.to_string()),
        ]
    }
}

impl Brand {
    fn script(self) -> &'static str {
        match self {
            Self::Baresip => "tests/peers/baresip_phone.py",
            Self::Pjsip => "tests/peers/pjsip_phone.py",
            Self::Linphone => "tests/peers/linphone_phone.py",
        }
    }
}

impl Softphone {
    /// A phone whose SIP goes over TCP or TLS.
    pub(crate) fn over(brand: Brand, host: IpAddr, wire: &Wire) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let mut command = program(brand.script(), address, address.port() + 2, None);
        command.envs(wire.variables());
        Self::run(command, address)
    }

    /// A phone whose sound is SRTP: `prefer` or `require`.
    pub(crate) fn protected(brand: Brand, host: IpAddr, srtp: &str, speech: Option<&str>) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let mut command = program(brand.script(), address, address.port() + 2, speech);
        command.env("PHONE_SRTP", srtp);
        Self::run(command, address)
    }

    /// A phone that can register over UDP, and does so when it is told to.
    pub(crate) fn registering(brand: Brand, picks_up: PicksUp, at: Enrolment<'_>) -> Self {
        let host = at.registrar.ip();
        let address = SocketAddr::new(host, free_ports(host));
        let mut command = program(brand.script(), address, address.port() + 2, None);
        command.envs(at.variables());
        if let PicksUp::AsAsked = picks_up {
            command.env("PHONE_AUTO_ANSWER", "yes");
        }
        Self::run(command, address)
    }

    /// pjproject, whose keys are tones in its sound, and which withholds its number.
    pub(crate) fn anonymous_with_tones(host: IpAddr, speech: Option<&str>) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let script = Brand::Pjsip.script();
        let mut command = program(script, address, address.port() + 2, speech);
        command.env("PHONE_KEYS", "sound");
        command.env("PHONE_ANONYMOUS", "yes");
        Self::run(command, address)
    }

    /// A phone that speaks this codec and no other: `g722`, and baresip `opus`.
    pub(crate) fn speaking(brand: Brand, host: IpAddr, codec: &str) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let mut command = program(brand.script(), address, address.port() + 2, None);
        command.env("PHONE_CODEC", codec);
        Self::run(command, address)
    }

    /// A phone that can register; it does so when it is told to.
    pub(crate) fn enrolled(
        brand: Brand,
        host: IpAddr,
        wire: &Wire,
        at: Enrolment<'_>,
        speech: Option<&str>,
    ) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let mut command = program(brand.script(), address, address.port() + 2, speech);
        command.envs(wire.variables()).envs(at.variables());
        Self::run(command, address)
    }

    /// `host:port` and the transport, as its URI has it; baresip has TLS on the port above.
    pub(crate) fn reached_by(&self, transport: Transport) -> String {
        let word = transport.of_via().to_lowercase();
        let port = self.address.port() + u16::from(transport == Transport::Tls);
        format!("{}:{port};transport={word}", self.address.ip())
    }

    pub(crate) fn baresip(host: IpAddr, speech: Option<&str>) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        Self::baresip_at(address, address.port() + 2, speech)
    }

    pub(crate) fn pjsip(host: IpAddr, speech: Option<&str>) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        Self::pjsip_at(address, address.port() + 2, speech)
    }

    /// pjproject with the shortest sessions there are (RFC 4028 4).
    pub(crate) fn pjsip_refreshing(host: IpAddr) -> Self {
        let address = SocketAddr::new(host, free_ports(host));
        let script = "tests/peers/pjsip_phone.py";
        let mut command = program(script, address, address.port() + 2, None);
        command.env("PHONE_SESSION", "90");
        Self::run(command, address)
    }

    pub(crate) fn baresip_at(address: SocketAddr, rtp: u16, speech: Option<&str>) -> Self {
        Self::start("tests/peers/baresip_phone.py", address, rtp, speech)
    }

    pub(crate) fn pjsip_at(address: SocketAddr, rtp: u16, speech: Option<&str>) -> Self {
        Self::start("tests/peers/pjsip_phone.py", address, rtp, speech)
    }

    fn start(script: &str, address: SocketAddr, rtp: u16, speech: Option<&str>) -> Self {
        Self::run(program(script, address, rtp, speech), address)
    }

    fn run(mut command: Command, address: SocketAddr) -> Self {
        let mut child = command.spawn().expect("start a phone");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (teller, news) = channel();
        thread::spawn(move || {
            let events = stdout.lines().map_while(Result::ok);
            // Its libraries print, too.
            for event in events.filter_map(|line| serde_json::from_str(&line).ok()) {
                if teller.send(event).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take().expect("it is piped");
        let mut phone = Self {
            child,
            stdin,
            news,
            told: Vec::new(),
            address,
        };
        phone.wait("ready", STARTED_WITHIN);
        phone
    }

    /// All UDP ports it may use.
    pub(crate) fn ports(&self) -> (u16, u16) {
        (self.address.port(), self.address.port() + PORTS_EACH - 1)
    }

    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").expect("the phone runs");
    }

    /// Gives a command and waits until the phone has carried it out.
    pub(crate) fn obey(&mut self, command: &str, within: Duration) {
        self.told.retain(|told| told["event"] != "done");
        self.tell(command);
        while self.wait("done", within)["command"] != command {}
    }

    /// Whether it has told an event of this name that was not waited for.
    pub(crate) fn has_told(&mut self, event: &str) -> bool {
        self.told.extend(self.news.try_iter());
        self.told.iter().any(|told| told["event"] == event)
    }

    /// Waits for the next event of this name that was not waited for before.
    pub(crate) fn wait(&mut self, event: &str, within: Duration) -> Value {
        let until = Instant::now() + within;
        loop {
            if let Some(at) = self.told.iter().position(|told| told["event"] == event) {
                return self.told.remove(at);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left) {
                Ok(told) => self.told.push(told),
                Err(_) => panic!("no {event} within {within:?}; told: {:?}", self.told),
            }
        }
    }
}

fn program(script: &str, address: SocketAddr, rtp: u16, speech: Option<&str>) -> Command {
    let mut command = Command::new(PYTHON);
    command
        .arg(script)
        .arg(address.to_string())
        .arg(rtp.to_string())
        .args(speech)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

impl Drop for Softphone {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of `PORTS_EACH` ports that nobody uses; two tests at once begin at different places. The last
/// of them is taken until the test ends: a phone takes its own only when it has started.
pub(crate) fn free_ports(host: IpAddr) -> u16 {
    let places = (PORTS.end - PORTS.start) / PORTS_EACH;
    let thread = format!("{:?}{}", thread::current().id(), std::process::id());
    let start = thread.bytes().fold(7_u16, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    let start = (start % places) * PLACES_APART;
    let mut candidates = (0..places).map(|n| PORTS.start + ((start + n) % places) * PORTS_EACH);
    let first = candidates.find(|first| {
        let last = first + PORTS_EACH - 1;
        let Ok(mark) = UdpSocket::bind((host, last)) else {
            return false;
        };
        let is_free = (*first..last).all(|port| UdpSocket::bind((host, port)).is_ok());
        if is_free {
            std::mem::forget(mark);
        }
        is_free
    });
    first.expect("some ports are free")
}

/// Whether somebody has this UDP socket, as the kernel lists them (proc(5)). Who tries the port himself keeps it from
/// whoever is about to take it.
pub(crate) fn has_socket(address: SocketAddr) -> bool {
    let IpAddr::V4(ip) = address.ip() else {
        return false;
    };
    let sockets = std::fs::read_to_string("/proc/net/udp").expect("Linux has it");
    let ip = u32::from_ne_bytes(ip.octets());
    sockets.contains(&format!(" {ip:08X}:{:04X} ", address.port()))
}
