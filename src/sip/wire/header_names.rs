use rsip::Header;
use rsip::headers::UntypedHeader;

/// The one table between header names and rsip's variants. It is a macro because each variant
/// holds a type of its own.
macro_rules! named_headers {
    ($($variant:ident $name:literal),* $(,)?) => {
        pub(super) fn header(name: &str, value: String) -> Header {
            $(if name.eq_ignore_ascii_case($name) {
                return Header::$variant(rsip::headers::$variant::new(value));
            })*
            Header::Other(name.to_owned(), value)
        }

        pub(super) fn name_and_value(header: &Header) -> (&str, &str) {
            match header {
                $(Header::$variant(inner) => ($name, inner.value()),)*
                Header::Other(name, value) => (name, value),
            }
        }
    };
}

named_headers! {
    Via "Via", From "From", To "To", CallId "Call-ID", CSeq "CSeq", Contact "Contact",
    MaxForwards "Max-Forwards", RecordRoute "Record-Route", Route "Route",
    ContentLength "Content-Length", ContentType "Content-Type", Allow "Allow",
    Supported "Supported", Require "Require", UserAgent "User-Agent", Server "Server",
    Accept "Accept", AcceptEncoding "Accept-Encoding", AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info", AuthenticationInfo "Authentication-Info",
    Authorization "Authorization", CallInfo "Call-Info",
    ContentDisposition "Content-Disposition", ContentEncoding "Content-Encoding",
    ContentLanguage "Content-Language", Date "Date", ErrorInfo "Error-Info", Event "Event",
    Expires "Expires", InReplyTo "In-Reply-To", MimeVersion "MIME-Version",
    MinExpires "Min-Expires", Organization "Organization", Priority "Priority",
    ProxyAuthenticate "Proxy-Authenticate", ProxyAuthorization "Proxy-Authorization",
    ProxyRequire "Proxy-Require", ReplyTo "Reply-To", RetryAfter "Retry-After",
    Subject "Subject", SubscriptionState "Subscription-State", Timestamp "Timestamp",
    Unsupported "Unsupported", Warning "Warning", WwwAuthenticate "WWW-Authenticate",
}

/// The full name of a compact form (RFC 3261 7.3.3 and the IANA registry); other names unchanged.
pub(super) fn full_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else {
        return name;
    };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}
