use axum::http::{HeaderMap, HeaderName};

use super::{Ask, Problem};
use crate::words::Sentence;

/// draft-ietf-httpapi-idempotency-key-header: what a client sends again when it does not know whether we heard it.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest that is kept, in characters.
const KEY_MAX: usize = 128;

/// The client's key, with the quotes of RFC 9651 3.3.3 or without.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if second.is_some() || key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(is_plain) {
        let fault = Sentence::of("bad-request.idempotency-key").with("most", KEY_MAX);
        return Err(Problem::bad_request(fault));
    }
    Ok(Some(key.to_owned()))
}

/// Only what would be doubled by a retry has a use for it.
pub(super) fn with_key(ask: Ask, key: Option<String>) -> Ask {
    if let Ask::AddCallback(mut new) = ask {
        new.key = key;
        return Ask::AddCallback(new);
    }
    ask
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            IDEMPOTENCY_KEY,
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
        idempotency_key(&headers).ok().flatten()
    }

    #[test]
    fn a_key_is_read_with_and_without_quotes() {
        assert_eq!(key("\"8e03\"").as_deref(), Some("8e03"));
        assert_eq!(key("8e03").as_deref(), Some("8e03"));
        for wrong in ["", "\"\"", "a b", "\"a", "\u{e9}"] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }
}
