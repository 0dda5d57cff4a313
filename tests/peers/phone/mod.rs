//! A telephone of the tests' own: SIP over UDP by hand, real RTP, and nothing shared with the agent but G.711 and the RTP header.

mod dialog;
mod inbox;
mod line;
mod message;
mod sound;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use thirdring::media::{Codec, RtpHeader};
use thirdring::words::{Entropy, Key, Language, MasterKey, SrtpKeys, SrtpProfile};

use self::dialog::Dialog;
use self::line::Line;
pub(crate) use self::line::Manner;
pub(crate) use self::message::Message;
use self::sound::Sound;
pub(crate) use self::sound::{Voice, rtp_sockets};
use super::hearing::{Recording, spoken};

/// How long any single SIP answer may take.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// What a phone takes for its address behind a router.
const NOWHERE: &str = "10.99.99.99";

/// One telephone with at most one call.
pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    sound: Sound,
    line: Arc<Line>,
}

impl Phone {
    pub(crate) fn open(name: &str) -> Self {
        Self::open_at(name, IpAddr::from([127, 0, 0, 1]))
    }

    pub(crate) fn open_at(name: &str, host: IpAddr) -> Self {
        let sound = Sound::open(host);
        let line = Line::open(name, host, sound.clone());
        Self {
            address: line.address,
            sound,
            line,
        }
    }

    pub(crate) fn manner(self, manner: Manner) -> Self {
        self.line.handset().manner = manner;
        self
    }

    pub(crate) fn change_manner(&self, manner: Manner) {
        self.line.handset().manner = manner;
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

    /// Nobody listens at its audio port any more.
    pub(crate) fn unplug(&self) {
        self.sound.unplug();
    }

    /// Calls and waits until somebody answers.
    pub(crate) fn call(&self, to: SocketAddr) -> Message {
        self.invite(to);
        self.response("INVITE", 180, SOON);
        let answer = self.response("INVITE", 200, Duration::from_secs(20));
        self.ack(&answer);
        answer
    }

    /// The same with SRTP or not at all; what it says is protected from then on.
    pub(crate) fn call_protected(&self, to: SocketAddr, profile: SrtpProfile) -> Message {
        let ours = MasterKey::random(
            profile,
            &mut Entropy::from_number(self.address.port().into()),
        );
        let offer = self
            .line
            .description("sendrecv", 1)
            .replace("RTP/AVP", "RTP/SAVP");
        let (suite, key) = (profile.name(), BASE64.encode(ours.reveal()));
        self.invite_with(to, &format!("{offer}a=crypto:1 {suite} inline:{key}\r\n"));
        let answer = self.response("INVITE", 200, Duration::from_secs(20));
        let theirs = answer
            .body
            .split_once(&format!("a=crypto:1 {suite} inline:"));
        let theirs = theirs.and_then(|(_, key)| BASE64.decode(key.lines().next()?).ok());
        let theirs = theirs.and_then(|key| MasterKey::new(profile, &key));
        self.sound.protect(SrtpKeys {
            profile,
            ours,
            theirs: theirs.expect("a key in the answer"),
        });
        self.ack(&answer);
        answer
    }

    /// Sends this from its audio port, as if the packet were its own.
    pub(crate) fn inject(&self, packet: &[u8]) {
        self.sound.inject(packet);
    }

    /// Its stream, as others see it: the header of its next packet.
    pub(crate) fn source(&self) -> RtpHeader {
        self.sound.source()
    }

    pub(crate) fn hang_up(&self) {
        self.request("BYE", "", "");
        self.response("BYE", 200, SOON);
    }

    // --- what it does on the wire

    pub(crate) fn call_id(&self) -> String {
        let handset = self.line.handset();
        let dialog = handset.dialog.as_ref().expect("there is a call");
        dialog.call_id.clone()
    }

    /// What names its call to the other side, in the INVITE of somebody else (RFC 3891 6.1).
    pub(crate) fn replaces(&self) -> String {
        let handset = self.line.handset();
        let dialog = handset.dialog.as_ref().expect("there is a call");
        dialog.replaces()
    }

    /// Waits until somebody calls, and returns their INVITE.
    pub(crate) fn called(&self, within: Duration) -> Message {
        self.wait("an INVITE", within, |message| {
            message.first_line.starts_with("INVITE")
        })
    }

    /// Waits until somebody calls this user of its domain.
    pub(crate) fn dialled(&self, user: &str, within: Duration) -> Message {
        let begins = format!("INVITE sip:{user}@");
        self.wait(&begins, within, |it| it.first_line.starts_with(&begins))
    }

    pub(crate) fn invite(&self, to: SocketAddr) {
        self.invite_with(to, &self.line.description("sendrecv", 1));
    }

    pub(crate) fn invite_with(&self, to: SocketAddr, offer: &str) {
        self.begin(to);
        self.request("INVITE", "", offer);
    }

    /// Calls with more headers.
    pub(crate) fn invite_saying(&self, to: SocketAddr, lines: &str) {
        self.begin(to);
        self.request("INVITE", lines, &self.line.description("sendrecv", 1));
    }

    /// The same, with a place for its sound where nobody is.
    pub(crate) fn invite_hidden(&self, to: SocketAddr, lines: &str) {
        let own = self.address.ip().to_string();
        let offer = self.line.description("sendrecv", 1);
        self.begin(to);
        self.request("INVITE", lines, &offer.replace(&own, NOWHERE));
    }

    /// Dials somebody there; what follows is about this call.
    pub(crate) fn dial(&self, user: &str, at: SocketAddr) {
        let dialog = Dialog::dialling(&self.line.name, self.address, user, at);
        self.line.handset().dialog = Some(dialog);
        self.request("INVITE", "", &self.line.description("sendrecv", 1));
    }

    /// Asks who it talks to to call somebody else (RFC 3515).
    pub(crate) fn refer(&self, to: &str) {
        let contact = format!("<sip:{}@{}>", self.line.name, self.address);
        let lines = format!("Refer-To: <{to}>\r\nReferred-By: {contact}\r\n");
        self.request("REFER", &lines, "");
    }

    fn begin(&self, to: SocketAddr) {
        let dialog = Dialog::calling(&self.line.name, self.address, to);
        self.line.handset().dialog = Some(dialog);
    }

    /// Any other request in the call.
    pub(crate) fn request(&self, method: &str, lines: &str, body: &str) {
        self.line
            .send_in_dialog(|dialog| dialog.request(method, lines, body));
    }

    /// Offers the same media in another direction: `sendonly` is hold.
    pub(crate) fn reinvite(&self, direction: &str) {
        self.line.send_in_dialog(|dialog| {
            let offer = self.line.description(direction, dialog.cseq + 1);
            dialog.request("INVITE", "", &offer)
        });
    }

    /// The old way of holding (RFC 3264 8.4).
    pub(crate) fn reinvite_nowhere(&self) {
        self.line.send_in_dialog(|dialog| {
            let offer = self.line.description("sendrecv", dialog.cseq + 1);
            let own = format!("c=IN IP4 {}", self.address.ip());
            dialog.request("INVITE", "", &offer.replace(&own, "c=IN IP4 0.0.0.0"))
        });
    }

    pub(crate) fn cancel(&self) {
        self.line.send_in_dialog(|dialog| dialog.cancel(""));
    }

    pub(crate) fn cancel_because(&self, reason: &str) {
        let reason = format!("Reason: {reason}\r\n");
        self.line.send_in_dialog(|dialog| dialog.cancel(&reason));
    }

    /// Takes tag and contact from a response: what follows is in its dialog.
    pub(crate) fn learn(&self, response: &Message) {
        let mut handset = self.line.handset();
        let dialog = handset.dialog.as_mut().expect("there is a call");
        dialog.learn(response);
    }

    /// Acknowledges an answer, and sends sound where it says.
    pub(crate) fn ack(&self, answer: &Message) {
        self.learn(answer);
        if let Some(remote) = answer.audio_address() {
            self.sound.towards(remote);
        }
        self.line.send_in_dialog(|dialog| dialog.ack(answer));
    }

    /// Sends the last 200 once more, as if its ACK had been lost.
    pub(crate) fn repeat_answer(&self) {
        let answer = self.line.handset().answered.clone();
        let answer = answer.expect("it was picked up");
        self.line.send_in_dialog(|_| answer);
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
        self.line.inbox.count(method)
    }

    /// Waits until there were more of such requests than before; false when the time is over.
    pub(crate) fn counts_more(&self, method: &str, before: usize, within: Duration) -> bool {
        self.line.inbox.counts_more(method, before, within)
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
            .handset()
            .dialog
            .as_ref()
            .map(|dialog| dialog.cseq);
        self.wait("answer to the second INVITE", within, |message| {
            message.status().is_some_and(|status| status >= 200) && Some(message.cseq()) == cseq
        })
    }

    /// Whether such a message came in so far.
    pub(crate) fn has_got(&self, wanted: impl Fn(&Message) -> bool) -> bool {
        self.line.inbox.take(Duration::ZERO, wanted).is_ok()
    }

    /// A message that was not read before.
    pub(crate) fn wait(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Message {
        let taken = self.line.inbox.take(within, wanted);
        taken.unwrap_or_else(|came| {
            panic!(
                "{}: no {what} within {within:?}; came: {came:?}",
                self.line.name
            )
        })
    }

    /// What it has received so far.
    pub(crate) fn recording(&self) -> Recording {
        Recording::of(&self.sound.received())
    }

    /// The keys it was sent by RFC 4733, each once.
    pub(crate) fn keys_heard(&self) -> String {
        self.sound.keys()
    }

    /// Begins a new tape.
    pub(crate) fn forget_sound(&self) {
        self.sound.forget();
    }

    /// Waits until so many more packets came in, 20 ms each; a twentieth may be lost on a busy machine.
    pub(crate) fn hears_more(&self, packets: usize) {
        let within = Duration::from_millis(21 * packets as u64) + SOON;
        let heard = self.sound.hears_more(packets, within);
        assert!(heard, "{}: no {packets} packets more", self.line.name);
    }

    /// Whether nothing comes in for this long.
    pub(crate) fn hears_nothing(&self, within: Duration) -> bool {
        !self.sound.hears_more(1, within)
    }
}
