use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{Method, Request, Response, Uri, header};
use ureq::{Agent, Body};

use super::Environment;
use super::arguments::Everywhere;
use super::failure::Failure;
use super::start::{of_file, token_file};
use crate::console::{ProblemBody, Token};
use crate::words::Language;

/// The agent answers within 5 s, if only that it is busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The longest answer we read, in bytes: the timeline of a very long call.
const ANSWER_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The agent's API, as its client sees it.
pub(super) struct Api {
    agent: Agent,
    /// `http://host:port`, without a slash at the end.
    pub(super) base: String,
    token: Option<Token>,
    language: Language,
}

impl Api {
    /// Fails with a usage error where the address or the token cannot be used.
    pub(super) fn new(
        everywhere: &Everywhere,
        environment: &Environment,
        language: Language,
    ) -> Result<Self, Failure> {
        Ok(Self {
            agent: agent(),
            base: base(&everywhere.api)?,
            token: token(everywhere, environment)?,
            language,
        })
    }

    /// The API of an agent that may be there; `base` is as of `--api`.
    pub(super) fn at(api: &str, token: Option<Token>, language: Language) -> Result<Self, Failure> {
        Ok(Self {
            agent: agent(),
            base: base(api)?,
            token,
            language,
        })
    }

    /// The API of an agent we know.
    pub(super) fn of(base: &str, token: Token, language: Language) -> Self {
        Self {
            agent: agent(),
            base: base.to_owned(),
            token: Some(token),
            language,
        }
    }

    pub(super) fn get(&self, path: &str) -> Result<String, Failure> {
        let request = self.request(Method::GET, path).body(());
        self.answered(self.agent.run(self.written(request)?))
    }

    /// The body, also of an answer that says no.
    pub(super) fn get_whatever_its_status(&self, path: &str) -> Result<String, Failure> {
        let request = self.request(Method::GET, path).body(());
        let answer = self.agent.run(self.written(request)?);
        let mut answer = answer.map_err(|error| self.unreachable(error))?;
        self.body(&mut answer)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.view(&self.get(path)?)
    }

    pub(super) fn send(&self, method: Method, path: &str, body: &Value) -> Result<String, Failure> {
        let request = self
            .request(method, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        self.answered(self.agent.run(self.written(request)?))
    }

    /// An answer's body as what it should be.
    pub(super) fn view<T: DeserializeOwned>(&self, body: &str) -> Result<T, Failure> {
        serde_json::from_str(body).map_err(|error| self.foreign(error))
    }

    /// `Authorization`, where there is a token.
    pub(super) fn authorization(&self) -> Option<String> {
        self.token
            .as_ref()
            .map(|token| format!("Bearer {}", token.reveal()))
    }

    pub(super) fn accept_language(&self) -> &'static str {
        self.language.tag()
    }

    fn request(&self, method: Method, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT_LANGUAGE, self.language.tag());
        match self.authorization() {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }

    fn written<B>(&self, request: ureq::http::Result<Request<B>>) -> Result<Request<B>, Failure> {
        request.map_err(|_| Failure::Address {
            api: self.base.clone(),
        })
    }

    fn answered(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let mut answer = answer.map_err(|error| self.unreachable(error))?;
        let body = self.body(&mut answer)?;
        if answer.status().is_success() {
            return Ok(body);
        }
        Err(self.refused(answer.status().as_u16(), body.as_bytes()))
    }

    fn body(&self, answer: &mut Response<Body>) -> Result<String, Failure> {
        let body = answer.body_mut().with_config().limit(ANSWER_MAX_BYTES);
        body.read_to_string()
            .map_err(|error| self.unreachable(error))
    }

    /// A problem where the agent refused; anything else is somebody else's answer.
    pub(super) fn refused(&self, status: u16, body: &[u8]) -> Failure {
        serde_json::from_slice::<ProblemBody>(body)
            .map_or_else(|_| self.foreign(format!("HTTP {status}")), Failure::Refused)
    }

    pub(super) fn unreachable(&self, why: impl ToString) -> Failure {
        Failure::Unreachable {
            api: self.base.clone(),
            why: why.to_string(),
        }
    }

    fn foreign(&self, why: impl ToString) -> Failure {
        Failure::Foreign {
            api: self.base.clone(),
            why: why.to_string(),
        }
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(ANSWER_WITHIN))
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

fn base(api: &str) -> Result<String, Failure> {
    let unusable = || Failure::Address {
        api: api.to_owned(),
    };
    let uri: Uri = api.parse().map_err(|_| unusable())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(authority)) if uri.path() == "/" => Ok(format!("http://{authority}")),
        _ => Err(unusable()),
    }
}

fn token(everywhere: &Everywhere, environment: &Environment) -> Result<Option<Token>, Failure> {
    let text = match (&everywhere.token_file, &environment.token) {
        (Some(file), _) => read(file)?,
        (None, Some(token)) => token.clone(),
        (None, None) => match environment.state().map(|state| token_file(&state)) {
            Some(file) if file.exists() => read(&file)?,
            _ => return Ok(None),
        },
    };
    Token::parse(&text)
        .map(Some)
        .map_err(|why| Failure::Token { why })
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::Token {
        why: of_file(file, &error),
    })
}

/// A name as one part of a path or query (RFC 3986 2.3).
pub(super) fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes all that is written to it");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_http_address_is_taken() {
        assert_eq!(
            base("http://127.0.0.1:8080/").unwrap(),
            "http://127.0.0.1:8080"
        );
        for other in [
            "127.0.0.1:8080",
            "https://localhost",
            "http://localhost/api",
            "",
        ] {
            assert!(base(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        assert_eq!(encoded("座席/../1"), "%E5%BA%A7%E5%B8%AD%2F..%2F1");
    }
}
