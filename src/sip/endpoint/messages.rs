use crate::sip::dialog::MAX_FORWARDS;
use crate::sip::wire::{Message, NameAddr, Start};

/// The methods we take.
pub(super) const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY";
/// The extensions we know.
pub(super) const SUPPORTED: &str = "100rel, norefersub, replaces, timer";
/// The bodies we take.
pub(super) const ACCEPT: &str =
    "application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf";

/// A response to `request` (RFC 3261 8.2.6.2), its topmost Via replaced by `via`; `tag` completes
/// a To without one, except in a 100.
pub(super) fn reply(
    request: &Message,
    via: &str,
    (code, reason): (u16, &str),
    tag: &str,
) -> Message {
    let mut response = Message::response(code, reason);
    response.push("Via", via);
    for below in request.values("Via").skip(1) {
        response.push("Via", below);
    }
    copy(request, &mut response, "From");
    let untagged = |to: &&str| NameAddr::read(to).is_ok_and(|to| to.tag().is_none());
    match request.value("To").filter(untagged) {
        Some(to) if code > 100 => response.push("To", format!("{to};tag={tag}")),
        Some(_) | None => copy(request, &mut response, "To"),
    }
    copy(request, &mut response, "Call-ID");
    copy(request, &mut response, "CSeq");
    if code == 100 {
        copy(request, &mut response, "Timestamp");
    }
    if (101..300).contains(&code) {
        for route in request.values("Record-Route") {
            response.push("Record-Route", route);
        }
    }
    response
}

/// A request that goes the way of `request` itself (RFC 3261 9.1, 17.1.1.3): its CANCEL, with its
/// own To, or the ACK of its refusal, with the response's.
pub(super) fn alongside(request: &Message, method: &str, to: &str) -> Message {
    let uri = match &request.start {
        Start::Request { uri, .. } => uri.as_str(),
        Start::Response { .. } => "",
    };
    let mut message = Message::request(method, uri);
    copy(request, &mut message, "Via");
    for route in request.values("Route") {
        message.push("Route", route);
    }
    message.push("Max-Forwards", MAX_FORWARDS);
    copy(request, &mut message, "From");
    message.push("To", to);
    copy(request, &mut message, "Call-ID");
    let cseq = request.value("CSeq").unwrap_or_default();
    let number = cseq.split(' ').next().unwrap_or_default();
    message.push("CSeq", format!("{number} {method}"));
    message
}

fn copy(from: &Message, to: &mut Message, name: &str) {
    if let Some(value) = from.value(name) {
        to.push(name, value);
    }
}

/// The reason phrase of a status code (RFC 3261 21).
pub(super) fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => class(code),
    }
}

fn class(code: u16) -> &'static str {
    match code / 100 {
        3 => "Redirected",
        4 => "Request Failure",
        5 => "Server Failure",
        6 => "Global Failure",
        _ => "Progress",
    }
}
