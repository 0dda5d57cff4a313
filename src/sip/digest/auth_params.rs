use crate::sip::wire::split;

/// The most challenges read of one header value; more are passed over.
const CHALLENGES_MAX: usize = 8;
/// The most parameters read of one challenge or answer; more are passed over.
const PARAMS_MAX: usize = 32;

/// A scheme with its `name=value` parameters: one challenge, or one answer to it.
#[derive(Debug)]
pub(super) struct AuthParams<'a> {
    scheme: &'a str,
    params: Vec<(&'a str, &'a str)>,
}

impl<'a> AuthParams<'a> {
    /// Reads a header value; several challenges may stand in it, each begun by its scheme
    /// (RFC 9110 11.6.1).
    pub(super) fn read_all(value: &'a str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for piece in split(value).filter(|piece| !piece.is_empty()) {
            let (scheme, param) = scheme_and_param(piece);
            if let Some(scheme) = scheme {
                if found.len() == CHALLENGES_MAX {
                    break;
                }
                let params = Vec::new();
                found.push(Self { scheme, params });
            }
            if let (Some(last), Some(param)) = (found.last_mut(), param)
                && last.params.len() < PARAMS_MAX
            {
                last.params.push(param);
            }
        }
        found
    }

    /// The challenges or answers of `value` whose scheme is Digest.
    pub(super) fn digests(value: &'a str) -> impl Iterator<Item = Self> {
        let all = Self::read_all(value).into_iter();
        all.filter(|it| it.scheme.eq_ignore_ascii_case("Digest"))
    }

    /// The value of the first parameter `name`: what stands between its quotes, escapes and all.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let mut params = self.params.iter();
        params
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// What a piece between commas holds: `Scheme name=value`, `name=value` or `Scheme`.
fn scheme_and_param(piece: &str) -> (Option<&str>, Option<(&str, &str)>) {
    let Some((left, value)) = piece.split_once('=') else {
        return (piece.split_whitespace().next(), None);
    };
    let left = left.trim();
    let (scheme, name) = match left.rsplit_once([' ', '\t']) {
        Some((scheme, name)) => (Some(scheme.trim_end()), name),
        None => (None, left),
    };
    (scheme, Some((name, between_quotes(value.trim()))))
}

fn between_quotes(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// `name="value"`, so that a quote in the value ends nothing.
pub(super) fn quoted(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", escaped(value))
}

/// A backslash before each quote and backslash (RFC 3261 25.1 `quoted-string`).
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_spaces_around_equals_are_read() {
        let value = "digest realm = \"a, b=c\",\tNONCE=\"x\\\"y\" , stale=TRUE,, odd";
        let all = AuthParams::read_all(value);
        let first = all.first().unwrap();
        assert_eq!(first.get("Realm"), Some("a, b=c"));
        assert_eq!(first.get("nonce"), Some("x\\\"y"));
        assert_eq!(first.get("stale"), Some("TRUE"));
        assert_eq!(first.get("opaque"), None);
    }

    #[test]
    fn joined_challenges_are_told_apart() {
        let value = "Basic realm=\"b\", Digest realm=\"d\", nonce=\"1\", NTLM";
        let realms: Vec<_> = AuthParams::digests(value)
            .map(|it| it.get("realm"))
            .collect();
        assert_eq!(realms, [Some("d")]);
        assert_eq!(AuthParams::read_all(value).len(), 3);
    }

    #[test]
    fn both_numbers_are_bounded() {
        let many = "Digest a=1,".repeat(1_000);
        assert_eq!(AuthParams::read_all(&many).len(), CHALLENGES_MAX);
        let long = format!("Digest {}", "a=1,".repeat(1_000));
        assert_eq!(AuthParams::read_all(&long)[0].params.len(), PARAMS_MAX);
    }
}
