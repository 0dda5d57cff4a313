use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::dialog::Dialog;
use super::inbox::Inbox;
use super::message::Message;
use super::sound::Sound;

/// How often the phone's thread looks whether its phone is gone.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Rings and is picked up at once.
    PicksUp,
    /// Rings until the caller gives up.
    Rings,
    Refuses(u16),
    /// Not a word, as if nobody were there.
    Silent,
}

/// The SIP half of a phone: a thread that does what phones do by themselves, and keeps what came in.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) address: SocketAddr,
    socket: UdpSocket,
    sound: Sound,
    handset: Mutex<Handset>,
    pub(super) inbox: Inbox,
}

/// Its one call.
pub(super) struct Handset {
    pub(super) manner: Manner,
    pub(super) dialog: Option<Dialog>,
    /// Their INVITE, once it came; and our 200, once we gave it.
    invited: Option<Message>,
    pub(super) answered: Option<String>,
}

impl Line {
    pub(super) fn open(name: &str, host: IpAddr, sound: Sound) -> Arc<Self> {
        let socket = UdpSocket::bind((host, 0)).expect("a port is free");
        socket
            .set_read_timeout(Some(LOOK_EVERY))
            .expect("it is a socket");
        let line = Arc::new(Self {
            name: name.to_owned(),
            address: socket.local_addr().expect("it is bound"),
            socket: socket.try_clone().expect("it is a socket"),
            sound,
            handset: Mutex::new(Handset {
                manner: Manner::PicksUp,
                dialog: None,
                invited: None,
                answered: None,
            }),
            inbox: Inbox::default(),
        });
        let weak = Arc::downgrade(&line);
        thread::spawn(move || listen(&socket, &weak));
        line
    }

    pub(super) fn handset(&self) -> MutexGuard<'_, Handset> {
        self.handset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what this makes of the call's dialog to where the dialog leads.
    pub(super) fn send_in_dialog(&self, text: impl FnOnce(&mut Dialog) -> String) {
        let mut handset = self.handset();
        let dialog = handset.dialog.as_mut().expect("there is a call");
        let (text, peer) = (text(dialog), dialog.peer);
        drop(handset);
        self.send(&text, peer);
    }

    pub(super) fn send(&self, text: &str, to: SocketAddr) {
        self.socket
            .send_to(text.as_bytes(), to)
            .expect("the network is up");
    }

    pub(super) fn description(&self, direction: &str, version: u32) -> String {
        let (host, port) = (self.sound.address.ip(), self.sound.address.port());
        format!(
            "v=0\r\no=- {port} {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n"
        )
    }

    fn reply(&self, request: &Message, status: u16) {
        let head = request.response(status, &self.tag());
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.name, self.address);
        self.send(
            &format!("{head}{contact}Content-Length: 0\r\n\r\n"),
            request.from,
        );
    }

    fn tag(&self) -> String {
        format!("t{}", self.address.port())
    }

    /// 200 with our description; a second offer gets the same.
    fn answer(&self, invite: &Message) {
        let head = invite.response(200, &self.tag());
        let body = self.description("sendrecv", 1);
        let text = format!(
            "{head}Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            self.name,
            self.address,
            body.len()
        );
        if let Some(remote) = invite.audio_address() {
            self.sound.towards(remote);
        }
        if self.handset().answered.is_none() && !self.handset().has_begun(invite) {
            // A new call is a new tape: packets of the last one may have come after its end.
            self.sound.forget();
        }
        self.handset().answered = Some(text.clone());
        self.send(&text, invite.from);
    }

    /// What a phone does by itself.
    fn react(&self, message: &Message) {
        match (message.status(), message.method()) {
            (Some(300..), "INVITE") => self.ack_refusal(message),
            (Some(_), _) | (None, "ACK") => {}
            (None, "INVITE") => self.rung(message),
            (None, "CANCEL") => self.cancelled(message),
            (None, _) => self.reply(message, 200),
        }
    }

    fn ack_refusal(&self, response: &Message) {
        if self.handset().dialog.is_some() {
            self.send_in_dialog(|dialog| dialog.ack(response));
        }
    }

    fn rung(&self, invite: &Message) {
        let mut handset = self.handset();
        let before = handset.invited.replace(invite.clone());
        let known = before.filter(|before| before.call_id() == invite.call_id());
        match (&known, handset.answered.take()) {
            (Some(known), Some(answer)) if known.cseq() == invite.cseq() => {
                handset.answered = Some(answer.clone());
                return self.send(&answer, invite.from);
            }
            (Some(_), _) => {}
            (None, _) if handset.has_begun(invite) => {}
            (None, _) => {
                let dialog = Dialog::called(&self.name, self.address, invite, &self.tag());
                handset.dialog = Some(dialog);
            }
        }
        let manner = handset.manner;
        drop(handset);
        match manner {
            Manner::PicksUp => {
                self.reply(invite, 180);
                self.answer(invite);
            }
            Manner::Rings => self.reply(invite, 180),
            Manner::Refuses(status) => self.reply(invite, status),
            Manner::Silent => {}
        }
    }

    fn cancelled(&self, cancel: &Message) {
        self.reply(cancel, 200);
        let invite = self.handset().invited.clone();
        if let Some(invite) = invite {
            self.reply(&invite, 487);
        }
    }
}

impl Handset {
    /// Whether this is a new offer in the call that this phone has made.
    fn has_begun(&self, invite: &Message) -> bool {
        let dialog = self.dialog.as_ref();
        dialog.is_some_and(|dialog| dialog.has_begun() && dialog.call_id == invite.call_id())
    }
}

/// Until the phone is gone.
fn listen(socket: &UdpSocket, line: &Weak<Line>) {
    let mut datagram = [0; 65_535];
    loop {
        let received = socket.recv_from(&mut datagram);
        let Some(line) = line.upgrade() else {
            return;
        };
        // A timeout, or an ICMP error about somebody who is gone.
        let Ok((length, from)) = received else {
            continue;
        };
        let Some(message) = Message::parse(&datagram[..length], from) else {
            continue;
        };
        line.react(&message);
        line.inbox.put(message);
    }
}
