//! A telephone of the tests' own: SIP over UDP by hand, real RTP, and nothing shared with the agent but G.711 and the RTP header.

mod dialog;
mod message;
mod sound;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use thirdring::media::Codec;
use thirdring::words::{Key, Language};

use self::dialog::Dialog;
pub(crate) use self::message::Message;
use self::sound::Sound;
pub(crate) use self::sound::Voice;
use super::hearing::{Recording, spoken};

/// How long any single SIP answer may take.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// How often the phone's thread looks whether its phone is gone.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Rings and is picked up at once.
    PicksUp,
    /// Rings until the test says more.
    Rings,
    Refuses(u16),
}

/// One telephone with at most one call.
pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    sound: Sound,
    line: Arc<Line>,
}

struct Line {
    name: String,
    socket: UdpSocket,
    address: SocketAddr,
    sound: Sound,
    desk: Mutex<Desk>,
    news: Condvar,
}

struct Desk {
    manner: Manner,
    dialog: Option<Dialog>,
    /// Their INVITE, once it came; and our 200, once we gave it.
    invited: Option<Message>,
    answered: Option<String>,
    messages: Vec<(Message, Read)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Yes,
    No,
}

impl Phone {
    pub(crate) fn open(name: &str) -> Self {
        Self::open_at(name, IpAddr::from([127, 0, 0, 1]))
    }

    pub(crate) fn open_at(name: &str, host: IpAddr) -> Self {
        let socket = UdpSocket::bind((host, 0)).expect("a port is free");
        socket
            .set_read_timeout(Some(LOOK_EVERY))
            .expect("it is a socket");
        let address = socket.local_addr().expect("it is bound");
        let sound = Sound::open(host);
        let line = Arc::new(Line {
            name: name.to_owned(),
            socket: socket.try_clone().expect("it is a socket"),
            address,
            sound: sound.clone(),
            desk: Mutex::new(Desk {
                manner: Manner::PicksUp,
                dialog: None,
                invited: None,
                answered: None,
                messages: Vec::new(),
            }),
            news: Condvar::new(),
        });
        let weak = Arc::downgrade(&line);
        thread::spawn(move || listen(&socket, &weak));
        Self {
            address,
            sound,
            line,
        }
    }

    pub(crate) fn manner(self, manner: Manner) -> Self {
        self.line.desk().manner = manner;
        self
    }

    pub(crate) fn change_manner(&self, manner: Manner) {
        self.line.desk().manner = manner;
    }

    // --- what a person does with it

    pub(crate) fn voice(&self, voice: Voice) {
        self.sound.voice(voice);
    }

    /// Speaks: a sentence the agent never says by itself, in the other language, over and over.
    pub(crate) fn speak(&self) {
        let words = Arc::new(spoken(Language::En, "report_upward"));
        self.sound.voice(Voice::Says(words));
    }

    pub(crate) fn press(&self, key: char) {
        self.sound.press(Key::try_from(key).expect("a key"));
    }

    pub(crate) fn use_codec(&self, codec: Codec) {
        self.sound.codec(codec);
    }

    pub(crate) fn use_frame(&self, frame: Duration) {
        self.sound.frame(frame);
    }

    pub(crate) fn change_source(&self) {
        self.sound.new_source();
    }

    /// Calls and waits until somebody answers.
    pub(crate) fn call(&self, to: SocketAddr) -> Message {
        self.invite(to);
        self.response("INVITE", 180, SOON);
        let answer = self.response("INVITE", 200, Duration::from_secs(20));
        self.ack(&answer);
        answer
    }

    pub(crate) fn hang_up(&self) {
        self.request("BYE", "", "");
        self.response("BYE", 200, SOON);
    }

    // --- what it does on the wire

    pub(crate) fn call_id(&self) -> String {
        let desk = self.line.desk();
        let dialog = desk.dialog.as_ref().expect("there is a call");
        dialog.call_id.clone()
    }

    /// Waits until somebody calls, and returns their INVITE.
    pub(crate) fn called(&self, within: Duration) -> Message {
        self.wait("an INVITE", within, |message| {
            message.first_line.starts_with("INVITE")
        })
    }

    pub(crate) fn invite(&self, to: SocketAddr) {
        self.invite_with(to, &self.line.description("sendrecv", 1));
    }

    pub(crate) fn invite_with(&self, to: SocketAddr, offer: &str) {
        let mut desk = self.line.desk();
        let mut dialog = Dialog::calling(&self.line.name, self.address, to);
        let text = dialog.request("INVITE", "", offer);
        desk.dialog = Some(dialog);
        drop(desk);
        self.line.send(&text, to);
    }

    /// Any other request in the call.
    pub(crate) fn request(&self, method: &str, lines: &str, body: &str) {
        let mut desk = self.line.desk();
        let dialog = desk.dialog.as_mut().expect("there is a call");
        let (text, peer) = (dialog.request(method, lines, body), dialog.peer);
        drop(desk);
        self.line.send(&text, peer);
    }

    /// Offers the same media in another direction: `sendonly` is hold.
    pub(crate) fn reinvite(&self, direction: &str) {
        let version = {
            let desk = self.line.desk();
            desk.dialog.as_ref().map_or(1, |dialog| dialog.cseq + 1)
        };
        self.request("INVITE", "", &self.line.description(direction, version));
    }

    pub(crate) fn cancel(&self) {
        let desk = self.line.desk();
        let dialog = desk.dialog.as_ref().expect("there is a call");
        let (text, peer) = (dialog.cancel(), dialog.peer);
        drop(desk);
        self.line.send(&text, peer);
    }

    /// Takes tag and contact from a response: what follows is in its dialog.
    pub(crate) fn learn(&self, response: &Message) {
        let mut desk = self.line.desk();
        desk.dialog
            .as_mut()
            .expect("there is a call")
            .learn(response);
    }

    /// Acknowledges an answer, and sends sound where it says.
    pub(crate) fn ack(&self, answer: &Message) {
        let mut desk = self.line.desk();
        let dialog = desk.dialog.as_mut().expect("there is a call");
        dialog.learn(answer);
        let (text, peer) = (dialog.ack(answer), dialog.peer);
        drop(desk);
        if let Some(remote) = answer.audio_address() {
            self.sound.towards(remote);
        }
        self.line.send(&text, peer);
    }

    /// Sends the last 200 once more, as if its ACK had been lost.
    pub(crate) fn repeat_answer(&self) {
        let desk = self.line.desk();
        let answer = desk.answered.clone().expect("it was picked up");
        let peer = desk.dialog.as_ref().expect("there is a call").peer;
        drop(desk);
        self.line.send(&answer, peer);
    }

    // --- what it waits for

    /// A response that was not read before, within the time.
    pub(crate) fn response(&self, method: &str, status: u16, within: Duration) -> Message {
        self.wait(&format!("{status} to {method}"), within, |message| {
            message.status() == Some(status) && message.method() == method
        })
    }

    /// The next final response to a request of this method.
    pub(crate) fn final_response(&self, method: &str, within: Duration) -> Message {
        self.wait(&format!("answer to {method}"), within, |message| {
            message.status().is_some_and(|status| status >= 200) && message.method() == method
        })
    }

    /// A request that was not read before.
    pub(crate) fn requested(&self, method: &str, within: Duration) -> Message {
        self.wait(method, within, |message| {
            message.status().is_none() && message.method() == method
        })
    }

    /// How many such requests came in so far.
    pub(crate) fn count(&self, method: &str) -> usize {
        let desk = self.line.desk();
        let requests = desk.messages.iter().map(|(message, _)| message);
        requests
            .filter(|message| message.status().is_none() && message.method() == method)
            .count()
    }

    /// Waits until there were more of such requests than before; false when the time is over.
    pub(crate) fn counts_more(&self, method: &str, before: usize, within: Duration) -> bool {
        let until = Instant::now() + within;
        while self.count(method) <= before {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let desk = self.line.desk();
            // The count decides, whatever woke us.
            drop(self.line.news.wait_timeout(desk, left.min(LOOK_EVERY)));
        }
        true
    }

    /// Whether our call was ended from the other side by then, with BYE, or with CANCEL while it rang.
    pub(crate) fn is_left_by(&self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        self.count("CANCEL") > 0 || self.counts_more("BYE", 0, left)
    }

    /// The final response to a second INVITE, while the first is still open.
    pub(crate) fn refusal_of_reinvite(&self, within: Duration) -> Message {
        let cseq = self
            .line
            .desk()
            .dialog
            .as_ref()
            .map_or(0, |dialog| dialog.cseq);
        self.wait("answer to the second INVITE", within, |message| {
            message.status().is_some_and(|status| status >= 200) && message.cseq() == cseq
        })
    }

    fn wait(&self, what: &str, within: Duration, wanted: impl Fn(&Message) -> bool) -> Message {
        let until = Instant::now() + within;
        let mut desk = self.line.desk();
        loop {
            let mut unread = desk
                .messages
                .iter_mut()
                .filter(|(_, read)| *read == Read::No);
            if let Some((message, read)) = unread.find(|(message, _)| wanted(message)) {
                *read = Read::Yes;
                return message.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            let came = desk.messages.iter().map(|(message, _)| &message.first_line);
            assert!(
                !left.is_zero(),
                "{}: no {what} within {within:?}; came: {:?}",
                self.line.name,
                came.collect::<Vec<_>>()
            );
            let woken = self.line.news.wait_timeout(desk, left);
            desk = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What it has received so far.
    pub(crate) fn recording(&self) -> Recording {
        Recording::of(&self.sound.received())
    }

    /// Begins a new tape.
    pub(crate) fn forget_sound(&self) {
        self.sound.forget();
    }

    /// Waits until so many more packets came in, 20 ms each.
    pub(crate) fn hears_more(&self, packets: usize) {
        let within = Duration::from_millis(20 * packets as u64) + SOON;
        let heard = self.sound.hears_more(packets, within);
        assert!(heard, "{}: no {packets} packets more", self.line.name);
    }

    /// Whether nothing comes in for this long.
    pub(crate) fn hears_nothing(&self, within: Duration) -> bool {
        !self.sound.hears_more(1, within)
    }
}

impl Line {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, text: &str, to: SocketAddr) {
        self.socket
            .send_to(text.as_bytes(), to)
            .expect("the network is up");
    }

    fn description(&self, direction: &str, version: u32) -> String {
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
        if self.desk().answered.is_none() {
            // A new call is a new tape: packets of the last one may have come after its end.
            self.sound.forget();
        }
        self.desk().answered = Some(text.clone());
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
        let mut desk = self.desk();
        if let Some(dialog) = desk.dialog.as_mut() {
            let (text, peer) = (dialog.ack(response), dialog.peer);
            drop(desk);
            self.send(&text, peer);
        }
    }

    fn rung(&self, invite: &Message) {
        let mut desk = self.desk();
        let before = desk.invited.replace(invite.clone());
        let known = before.filter(|before| before.call_id() == invite.call_id());
        match (&known, desk.answered.take()) {
            (Some(known), Some(answer)) if known.cseq() == invite.cseq() => {
                desk.answered = Some(answer.clone());
                return self.send(&answer, invite.from);
            }
            (Some(_), _) => {}
            (None, _) => {
                let dialog = Dialog::called(&self.name, self.address, invite, &self.tag());
                desk.dialog = Some(dialog);
            }
        }
        let manner = desk.manner;
        drop(desk);
        match manner {
            Manner::PicksUp => {
                self.reply(invite, 180);
                self.answer(invite);
            }
            Manner::Rings => self.reply(invite, 180),
            Manner::Refuses(status) => self.reply(invite, status),
        }
    }

    fn cancelled(&self, cancel: &Message) {
        self.reply(cancel, 200);
        let invite = self.desk().invited.clone();
        if let Some(invite) = invite {
            self.reply(&invite, 487);
        }
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
        line.desk().messages.push((message, Read::No));
        line.news.notify_all();
    }
}
