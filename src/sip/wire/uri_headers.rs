//! The headers of a URI (RFC 3261 19.1.1): `sip:a@b?Replaces=x%3Bto-tag%3D1`. Only Refer-To has
//! a use for them.

use super::uri::{Uri, escaped_header, unescaped};

impl Uri {
    /// The URI with one header more.
    pub(crate) fn with_header(&self, name: &str, value: &str) -> Option<Self> {
        let joint = match self.split_headers().1 {
            Some(_) => '&',
            None => '?',
        };
        let value = escaped_header(value);
        format!("{self}{joint}{name}={value}").parse().ok()
    }

    /// The first header of this name, with `%hh` undone.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.split_headers().1?.split('&');
        headers.find_map(|header| {
            let (found, value) = header.split_once('=')?;
            found.eq_ignore_ascii_case(name).then(|| unescaped(value))
        })
    }

    /// The URI as a target: no headers.
    pub(crate) fn without_headers(&self) -> Self {
        let (bare, headers) = self.split_headers();
        match headers {
            Some(_) => bare.parse().unwrap_or_else(|_| self.clone()),
            None => self.clone(),
        }
    }

    fn split_headers(&self) -> (&str, Option<&str>) {
        let text = self.as_str();
        // A `?` before the `@` is the user's (RFC 3261 25.1 user-unreserved).
        let host = text.find('@').unwrap_or_default();
        let (user, rest) = text.split_at(host);
        match rest.split_once('?') {
            Some((place, headers)) => {
                let end = user.len().saturating_add(place.len());
                (text.get(..end).unwrap_or(text), Some(headers))
            }
            None => (text, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_escaped_there_and_back() {
        let bare: Uri = "sip:a?b@192.0.2.1;lr".parse().unwrap();
        let value = "1@x;to-tag=a;from-tag=b";
        let with = bare.with_header("Replaces", value).unwrap();
        assert!(
            with.as_str()
                .ends_with(";lr?Replaces=1%40x%3Bto-tag%3Da%3Bfrom-tag%3Db")
        );
        assert_eq!(with.header("replaces").as_deref(), Some(value));
        assert_eq!(with.without_headers(), bare);
        let two = with.with_header("Require", "replaces").unwrap();
        assert_eq!(two.header("Require").as_deref(), Some("replaces"));
        assert_eq!(bare.header("Replaces"), None);
    }
}
