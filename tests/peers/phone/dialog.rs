use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use super::message::Message;

/// One call of a phone, as SIP sees it.
#[derive(Clone, Debug)]
pub(super) struct Dialog {
    pub(super) call_id: String,
    /// Our From, with its tag.
    local: String,
    /// Their To; it has a tag once they answered.
    remote: String,
    target: String,
    pub(super) peer: SocketAddr,
    contact: String,
    pub(super) cseq: u32,
    /// Of the last INVITE: its CANCEL and the ACK of a refusal repeat it.
    invite: (u32, String),
    branches: u32,
}

impl Dialog {
    /// Before the INVITE has left.
    pub(super) fn calling(name: &str, own: SocketAddr, peer: SocketAddr) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{}-{}-{count}", std::process::id(), own.port());
        Self {
            call_id: format!("{name}-{unique}"),
            local: format!("<sip:{name}@{own}>;tag={unique}"),
            remote: format!("<sip:hotline@{peer}>"),
            target: format!("sip:hotline@{peer}"),
            peer,
            contact: format!("<sip:{name}@{own}>"),
            cseq: 0,
            invite: (0, String::new()),
            branches: 0,
        }
    }

    /// The same, to somebody else than the hotline.
    pub(super) fn dialling(name: &str, own: SocketAddr, user: &str, peer: SocketAddr) -> Self {
        Self {
            remote: format!("<sip:{user}@{peer}>"),
            target: format!("sip:{user}@{peer}"),
            ..Self::calling(name, own, peer)
        }
    }

    /// After their INVITE came in.
    pub(super) fn called(name: &str, own: SocketAddr, invite: &Message, tag: &str) -> Self {
        Self {
            call_id: invite.call_id().to_owned(),
            local: format!("{};tag={tag}", invite.header("to")),
            remote: invite.header("from").to_owned(),
            target: invite.contact().to_owned(),
            peer: invite.from,
            contact: format!("<sip:{name}@{own}>"),
            cseq: 0,
            invite: (0, String::new()),
            branches: 0,
        }
    }

    /// Whether an INVITE of ours began it, or changed it.
    pub(super) fn has_begun(&self) -> bool {
        self.invite.0 > 0
    }

    /// Learns tag and contact of who answers.
    pub(super) fn learn(&mut self, response: &Message) {
        if response.header("to").contains(";tag=") {
            response.header("to").clone_into(&mut self.remote);
        }
        if !response.contact().is_empty() {
            response.contact().clone_into(&mut self.target);
        }
    }

    pub(super) fn replaces(&self) -> String {
        let tag = |side: &str| side.split_once(";tag=").map(|(_, tag)| tag.to_owned());
        let (theirs, ours) = (tag(&self.remote), tag(&self.local));
        let (theirs, ours) = (theirs.expect("it was answered"), ours.expect("we have one"));
        format!("{};to-tag={theirs};from-tag={ours}", self.call_id)
    }

    /// The next request; `INVITE` begins a transaction that `CANCEL` and `ACK` refer to.
    pub(super) fn request(&mut self, method: &str, lines: &str, body: &str) -> String {
        self.cseq += 1;
        self.branches += 1;
        let branch = format!("z9hG4bK-{}-{}", self.call_id, self.branches);
        if method == "INVITE" {
            self.invite = (self.cseq, branch.clone());
        }
        self.write(method, self.cseq, &branch, lines, body)
    }

    pub(super) fn cancel(&self, lines: &str) -> String {
        let (cseq, branch) = &self.invite;
        let mut first = self.clone();
        // RFC 3261 9.1: the To of a CANCEL is that of its request, without a tag.
        first.remote = first.remote.split(";tag=").next().unwrap_or("").to_owned();
        first.write("CANCEL", *cseq, branch, lines, "")
    }

    /// For a 2xx a transaction of its own, else part of the INVITE's (RFC 3261 13.2.2.4, 17.1.1.3).
    pub(super) fn ack(&mut self, response: &Message) -> String {
        let cseq = response.cseq();
        if response.status().is_some_and(|status| status >= 300) {
            let branch = self.invite.1.clone();
            return self.write("ACK", cseq, &branch, "", "");
        }
        self.branches += 1;
        let branch = format!("z9hG4bK-{}-{}", self.call_id, self.branches);
        self.write("ACK", cseq, &branch, "", "")
    }

    fn write(&self, method: &str, cseq: u32, branch: &str, lines: &str, body: &str) -> String {
        let own = self.contact.trim_start_matches("<sip:");
        let own = own.trim_end_matches('>').rsplit('@').next().unwrap_or(own);
        let kind = if body.starts_with("v=0") {
            "Content-Type: application/sdp\r\n"
        } else {
            ""
        };
        let Self {
            target,
            local,
            remote,
            call_id,
            contact,
            ..
        } = self;
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch={branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nContact: {contact}\r\n{kind}{lines}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}
