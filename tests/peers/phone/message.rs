use std::fmt::Write;
use std::net::SocketAddr;

/// A SIP message, as much of it as a test must understand; written apart from the agent's own parser.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) from: SocketAddr,
    pub(crate) first_line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn parse(datagram: &[u8], from: SocketAddr) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first_line = lines.next()?.to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            from,
            first_line,
            headers,
            body: body.to_owned(),
        })
    }

    /// The first header of this name, `""` without one.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let named = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map_or("", |(_, value)| value)
    }

    /// All headers of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let headers = self.headers.iter();
        let named = headers.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        let rest = self.first_line.strip_prefix("SIP/2.0 ")?;
        rest.get(..3)?.parse().ok()
    }

    /// The method of a request, or of the request a response answers.
    pub(crate) fn method(&self) -> &str {
        self.header("cseq")
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
    }

    pub(crate) fn cseq(&self) -> u32 {
        let number = self.header("cseq").split_whitespace().next();
        number.and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn call_id(&self) -> &str {
        self.header("call-id")
    }

    /// The address inside the angle brackets of Contact.
    pub(crate) fn contact(&self) -> &str {
        let contact = self.header("contact");
        let inner = contact.split_once('<').and_then(|(_, c)| c.split_once('>'));
        inner.map_or(contact, |(uri, _)| uri)
    }

    /// Where the other side wants its audio.
    pub(crate) fn audio_address(&self) -> Option<SocketAddr> {
        let line = |start: &str| self.body.lines().find_map(|line| line.strip_prefix(start));
        let port = line("m=audio ")?.split_whitespace().next()?;
        let host = line("c=IN IP4 ")?.trim();
        format!("{host}:{port}").parse().ok()
    }

    /// The direction line of the session description, `sendrecv` where there is none.
    pub(crate) fn direction(&self) -> &str {
        let directions = ["sendrecv", "sendonly", "recvonly", "inactive"];
        let lines = self.body.lines().filter_map(|line| line.strip_prefix("a="));
        let mut found = lines.filter(|line| directions.contains(line));
        found.next().unwrap_or("sendrecv")
    }

    /// The start of a response to this request; `tag` completes a To that has none.
    pub(crate) fn response(&self, status: u16, tag: &str) -> String {
        let mut text = format!("SIP/2.0 {status} {}\r\n", reason(status));
        let vias = self.headers.iter().filter(|(name, _)| name == "via");
        for (_, via) in vias {
            let _ = write!(text, "Via: {via}\r\n");
        }
        let to = self.header("to");
        let to = if to.contains(";tag=") {
            to.to_owned()
        } else {
            format!("{to};tag={tag}")
        };
        let (from, call_id, cseq) = (self.header("from"), self.call_id(), self.header("cseq"));
        let _ = write!(
            text,
            "From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n"
        );
        text
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        180 => "Ringing",
        200 => "OK",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        487 => "Request Terminated",
        603 => "Decline",
        _ => "Told By A Test",
    }
}
