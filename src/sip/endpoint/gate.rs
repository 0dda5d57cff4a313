use super::messages::{ACCEPT, ALLOW, SUPPORTED, phrase, reply};
use super::reason;
use crate::sip::wire::{BadUri, Essentials, Message, Uri};
use crate::sip::{Hop, Standing};

/// The methods we know and do not take: 405, where an unknown one gets 501.
const KNOWN: [&str; 4] = ["REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE"];
const TAKEN: [&str; 10] = [
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY",
];

/// A request whose essentials are sound.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) message: Message,
    pub(super) essentials: Essentials,
    pub(super) uri: String,
    pub(super) from: Hop,
    pub(super) standing: Standing,
    pub(super) symmetric: bool,
}

impl Request {
    pub(super) fn method(&self) -> &str {
        &self.essentials.cseq.method
    }

    pub(super) fn reply_to(&self) -> Hop {
        match self.symmetric {
            true => self.from,
            false => self.essentials.via.reply_to(self.from),
        }
    }

    pub(super) fn reply(&self, code: u16, reason: &str, tag: &str) -> Message {
        let via = self.essentials.via.stamped(self.from);
        reply(&self.message, &via, (code, reason), tag)
    }

    /// The Reason header (RFC 3326) as it came, all its values.
    pub(super) fn reason(&self) -> Option<String> {
        reason::of(&self.message)
    }
}

/// A refusal before anything is remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) header: Option<(&'static str, String)>,
}

impl Rejection {
    pub(super) fn new(code: u16) -> Self {
        Self {
            code,
            reason: phrase(code),
            header: None,
        }
    }

    pub(super) fn with(code: u16, name: &'static str, value: impl Into<String>) -> Self {
        Self {
            header: Some((name, value.into())),
            ..Self::new(code)
        }
    }
}

/// Whether the request is SIP at all: its Request-URI, where it is. Everybody is told.
pub(super) fn read(request: &Request) -> Result<Uri, Rejection> {
    let uri = request_uri(&request.uri)?;
    max_forwards(&request.message)?;
    Ok(uri)
}

/// Whether a stranger wants to begin something. A registrar judges by itself.
pub(super) fn is_strange(request: &Request, registrar: bool) -> bool {
    let is_in_dialog = request.essentials.to.tag().is_some();
    let is_judged = is_in_dialog || registrar && request.method() == "REGISTER";
    request.standing == Standing::Stranger && !is_judged
}

/// The checks of RFC 3261 8.2 in their order.
pub(super) fn check(request: &Request, registrar: bool) -> Result<(), Rejection> {
    method(request.method(), registrar)?;
    has_arrived(request)?;
    extensions(&request.message)?;
    body(request)?;
    wanted(request)
}

fn method(method: &str, registrar: bool) -> Result<(), Rejection> {
    if TAKEN.contains(&method) || (registrar && method == "REGISTER") {
        Ok(())
    } else if KNOWN.contains(&method) {
        Err(Rejection::with(405, "Allow", ALLOW))
    } else {
        Err(Rejection::with(501, "Allow", ALLOW))
    }
}

fn request_uri(text: &str) -> Result<Uri, Rejection> {
    let uri: Uri = text.parse().map_err(|fault| match fault {
        BadUri::Scheme | BadUri::User | BadUri::Host | BadUri::Port | BadUri::Character => {
            Rejection::new(400)
        }
    })?;
    match uri.scheme() {
        "sip" | "sips" | "tel" => Ok(uri),
        _ => Err(Rejection::new(416)),
    }
}

/// RFC 2543 senders have none.
fn max_forwards(message: &Message) -> Result<Option<u8>, Rejection> {
    let value = message.value("Max-Forwards").map(str::parse);
    value.transpose().map_err(|_| Rejection::new(400))
}

/// RFC 3261 11: OPTIONS with 0 asks who is at this hop; the others have arrived.
fn has_arrived(request: &Request) -> Result<(), Rejection> {
    let hops = max_forwards(&request.message)?;
    if hops == Some(0) && request.method() == "OPTIONS" {
        return Err(Rejection::new(483));
    }
    Ok(())
}

/// RFC 3261 8.2.2.3: what they require must be ours; CANCEL is exempt.
fn extensions(message: &Message) -> Result<(), Rejection> {
    let ours = |tag: &&str| {
        SUPPORTED
            .split(", ")
            .any(|supported| supported.eq_ignore_ascii_case(tag))
    };
    let unknown = message.tokens("Require").filter(|tag| !ours(tag));
    let unknown: Vec<&str> = unknown.collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Rejection::with(420, "Unsupported", unknown.join(", ")))
}

/// RFC 3261 21.4.7: a caller who cannot read SDP has no use for our answer.
fn wanted(request: &Request) -> Result<(), Rejection> {
    let reads_sdp = |media_range: &str| {
        let kind = media_range.split(';').next().unwrap_or_default().trim();
        ["application/sdp", "application/*", "*/*"].contains(&kind.to_ascii_lowercase().as_str())
    };
    let mut accepted = request.message.tokens("Accept").peekable();
    if request.method() != "INVITE" || accepted.peek().is_none() || accepted.any(reads_sdp) {
        return Ok(());
    }
    Err(Rejection::new(406))
}

fn body(request: &Request) -> Result<(), Rejection> {
    let message = &request.message;
    let Some(media_type) = message.body_type() else {
        return Ok(());
    };
    let disposition = message.value("Content-Disposition").unwrap_or_default();
    let optional = disposition
        .to_ascii_lowercase()
        .contains("handling=optional");
    let taken = match request.method() {
        "INVITE" | "UPDATE" | "PRACK" => message.sdp().is_some(),
        "INFO" => ["application/dtmf-relay", "application/dtmf"].contains(&media_type.as_str()),
        _ => true, // nobody reads the bodies of the others
    };
    if !taken && !optional {
        return Err(Rejection::with(415, "Accept", ACCEPT));
    }
    let encoding = message.value("Content-Encoding").unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return Err(Rejection::with(415, "Accept-Encoding", "identity"));
    }
    Ok(())
}
