//! A registrar by hand: it answers when and as a test wants.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::phone::Message;

/// What a NAT is kept open with.
const KEEP_ALIVE: &[u8] = b"\r\n\r\n";

pub(crate) struct Registrar {
    pub(crate) address: SocketAddr,
    socket: UdpSocket,
}

impl Registrar {
    pub(crate) fn open(address: &str) -> Self {
        let socket = UdpSocket::bind(address).expect("it is free");
        Self {
            address: socket.local_addr().expect("it is bound"),
            socket,
        }
    }

    /// The lines of an account there, with the password "s3cret".
    pub(crate) fn account(&self) -> String {
        format!(
            "name = \"pbx\"\nusername = \"hotline\"\npassword = \"s3cret\"\n\
             domain = \"pbx.example\"\noutbound_proxy = \"{}\"\nbehind = \"direct\"",
            self.address
        )
    }

    /// The next REGISTER, a repetition or not.
    pub(crate) fn asked(&self, within: Duration) -> Message {
        self.requested("REGISTER", within)
    }

    /// The next call by an account.
    pub(crate) fn invited(&self, within: Duration) -> Message {
        self.requested("INVITE", within)
    }

    fn requested(&self, method: &str, within: Duration) -> Message {
        self.hears(method, within, |datagram, from| {
            let message = Message::parse(datagram, from)?;
            (message.method() == method).then_some(message)
        })
    }

    /// The first REGISTER after `last`.
    pub(crate) fn asked_anew(&self, last: &Message, within: Duration) -> Message {
        self.asked_again("REGISTER", last, within)
    }

    /// The same of any method.
    pub(crate) fn asked_again(&self, method: &str, last: &Message, within: Duration) -> Message {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.requested(method, left);
            if message.cseq() > last.cseq() {
                return message;
            }
        }
    }

    /// A datagram that says nothing: where it came from.
    pub(crate) fn kept_open(&self, within: Duration) -> SocketAddr {
        self.hears("an empty datagram", within, |datagram, from| {
            (datagram == KEEP_ALIVE).then_some(from)
        })
    }

    /// Registers whoever asked, for so many seconds.
    pub(crate) fn grant(&self, request: &Message, seconds: u32) {
        let granted = format!("Expires: {seconds}\r\n");
        self.answer(request, 200, &granted);
    }

    pub(crate) fn answer(&self, request: &Message, code: u16, lines: &str) {
        Self::answer_by(&self.socket, request, code, lines);
    }

    /// The same by any socket, also a stranger's.
    pub(crate) fn answer_by(socket: &UdpSocket, request: &Message, code: u16, lines: &str) {
        let answer = Self::written(request, code, lines);
        let sent = socket.send_to(answer.as_bytes(), request.from);
        sent.expect("the network is up");
    }

    /// Words of the test's own.
    pub(crate) fn say(&self, words: &str, to: SocketAddr) {
        let sent = self.socket.send_to(words.as_bytes(), to);
        sent.expect("the network is up");
    }

    pub(crate) fn written(request: &Message, code: u16, lines: &str) -> String {
        let kept = ["Via", "From", "Call-ID", "CSeq"];
        let kept: String = kept
            .iter()
            .map(|name| format!("{name}: {}\r\n", request.header(name)))
            .collect();
        let to = request.header("to");
        format!(
            "SIP/2.0 {code} Answer\r\n{kept}To: {to};tag=registrar\r\n{lines}Content-Length: 0\r\n\r\n"
        )
    }

    fn hears<T>(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&[u8], SocketAddr) -> Option<T>,
    ) -> T {
        let until = Instant::now() + within;
        let mut datagram = [0; 65_535];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} within {within:?}");
            let wait = left.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait)).expect("a limit");
            if let Ok((length, from)) = self.socket.recv_from(&mut datagram)
                && let Some(found) = wanted(&datagram[..length], from)
            {
                return found;
            }
        }
    }
}
