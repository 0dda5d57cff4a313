use std::fmt;
use std::hint::black_box;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Uri, header};

use super::routes::Permission;
use super::{Code, Problem};
use crate::words::Sentence;

/// The secret of the API's clients; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The longest token we compare, in bytes.
const TOKEN_MAX: usize = 512;

impl Token {
    /// Takes 1 to 512 visible ASCII characters (what fits a header); space around them is dropped.
    pub fn parse(text: &str) -> Result<Self, Sentence> {
        let text = text.trim();
        let usable = !text.is_empty()
            && text.len() <= TOKEN_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Sentence::of("value.token").with("most", TOKEN_MAX))
    }

    /// For the `Authorization` header only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes as long for a near miss as for a far one.
    fn is(&self, other: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.as_bytes());
        let differing = ours
            .iter()
            .zip(theirs)
            .fold(0, |differing: u8, (a, b)| black_box(differing | (a ^ b)));
        ours.len() == theirs.len() && differing == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Decides who comes in, before anything else is read.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) token: Token,
    /// Names besides the loopback's, without port.
    pub(super) allowed_hosts: Vec<String>,
    pub(super) metrics_open: bool,
}

impl Gate {
    pub(super) fn admit(&self, permission: Permission, headers: &HeaderMap) -> Result<(), Problem> {
        self.check_host(headers)?;
        self.check_origin(headers)?;
        let free = match permission {
            Permission::Anyone => true,
            Permission::Metrics => self.metrics_open,
            Permission::Token => false,
        };
        if free || bearer(headers).is_some_and(|token| self.token.is(token)) {
            Ok(())
        } else {
            Err(Code::Unauthorised.into())
        }
    }

    /// A page that had its own name rebound to our address still sends its own name.
    fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let named = text(headers, &header::HOST).unwrap_or_default();
        if self.allows(without_port(named)) {
            Ok(())
        } else {
            Err(Problem::from(Code::HostRefused).with("host", named))
        }
    }

    /// A page of another site may send requests, but says so.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let origin = origin.to_str().unwrap_or_default();
        let uri: Option<Uri> = origin.parse().ok();
        let authority = uri.as_ref().and_then(Uri::authority);
        let ours = authority.is_some_and(|authority| {
            Some(authority.as_str()) == text(headers, &header::HOST)
                || self.is_configured(authority.host())
        });
        if ours {
            Ok(())
        } else {
            Err(Problem::from(Code::OriginRefused).with("origin", origin))
        }
    }

    fn allows(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            || self.is_configured(host)
    }

    fn is_configured(&self, host: &str) -> bool {
        self.allowed_hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// A header that stands exactly once.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)?.to_str().ok()
}

/// `localhost:8080` -> `localhost`, `[::1]:8080` -> `::1`.
fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(ip, _)| ip);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn gate() -> Gate {
        Gate {
            token: Token::parse("s3cret\n").unwrap(),
            allowed_hosts: vec!["desk.example".into()],
            metrics_open: false,
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn refusal(permission: Permission, lines: &[(&'static str, &'static str)]) -> Option<Code> {
        let admitted = gate().admit(permission, &headers(lines));
        admitted.err().map(|problem| problem.code)
    }

    #[test]
    fn only_the_whole_token_opens() {
        let with = |token| {
            refusal(
                Permission::Token,
                &[("host", "localhost"), ("authorization", token)],
            )
        };
        assert_eq!(with("Bearer s3cret"), None);
        assert_eq!(with("bearer s3cret"), None);
        for wrong in [
            "Bearer s3cre",
            "Bearer s3crett",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
        ] {
            assert_eq!(with(wrong), Some(Code::Unauthorised), "{wrong}");
        }
    }

    #[test]
    fn a_rebound_name_is_refused() {
        let to = |host| refusal(Permission::Anyone, &[("host", host)]);
        for ours in [
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "DESK.example",
            "127.0.0.1",
        ] {
            assert_eq!(to(ours), None, "{ours}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example:80", "", "10.0.0.1"] {
            assert_eq!(to(other), Some(Code::HostRefused), "{other}");
        }
        assert_eq!(
            refusal(Permission::Anyone, &[("host", "localhost"), ("host", "x")]),
            Some(Code::HostRefused)
        );
    }

    #[test]
    fn a_page_of_another_site_is_refused() {
        let from = |origin| {
            refusal(
                Permission::Anyone,
                &[("host", "localhost:8080"), ("origin", origin)],
            )
        };
        assert_eq!(from("http://localhost:8080"), None);
        assert_eq!(from("https://desk.example"), None);
        for other in ["http://localhost:9999", "https://evil.example", "null"] {
            assert_eq!(from(other), Some(Code::OriginRefused), "{other}");
        }
    }

    #[test]
    fn a_token_does_not_print_itself() {
        assert!(!format!("{:?}", gate()).contains("s3cret"));
        assert!(Token::parse(" \n").is_err());
    }
}
