use bytes::Bytes;
use rsip::{Header, Headers};

use super::{header_names, multipart};

/// A SIP message: our start line around rsip's headers, values kept as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub start: Start,
    pub headers: Headers,
    pub body: Bytes,
}

/// The first line. Methods and reason phrases stay text: both are open sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Request { method: String, uri: String },
    Response { code: u16, reason: String },
}

impl Message {
    pub fn request(method: &str, uri: &str) -> Self {
        Self::new(Start::Request {
            method: method.to_owned(),
            uri: uri.to_owned(),
        })
    }

    pub fn response(code: u16, reason: &str) -> Self {
        Self::new(Start::Response {
            code,
            reason: reason.to_owned(),
        })
    }

    fn new(start: Start) -> Self {
        Self {
            start,
            headers: Headers::default(),
            body: Bytes::new(),
        }
    }

    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push(header_names::header(name, value.into()));
    }

    pub fn set_body(&mut self, content_type: &str, body: Bytes) {
        self.push("Content-Type", content_type);
        self.body = body;
    }

    /// Puts another value in the place of the first `name`.
    pub fn replace_first(&mut self, name: &str, value: String) {
        let mut headers = self.headers.iter_mut();
        let is_it = |header: &&mut Header| {
            let (found, _) = header_names::name_and_value(header);
            found.eq_ignore_ascii_case(name)
        };
        if let Some(header) = headers.find(is_it) {
            *header = header_names::header(name, value);
        }
    }

    /// The same message with one more Via on top (RFC 3261 18.1.1).
    #[must_use]
    pub fn under(mut self, via: String) -> Self {
        let below = std::mem::take(&mut self.headers);
        self.push("Via", via);
        self.headers.extend(below.into_iter().collect());
        self
    }

    /// The same message less all headers of these names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.headers.retain(|header| {
            let (found, _) = header_names::name_and_value(header);
            !names.iter().any(|name| found.eq_ignore_ascii_case(name))
        });
        self
    }

    /// The first value of `name`, which is matched without regard to case.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .map(header_names::name_and_value)
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .map(header_names::name_and_value)
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The comma-separated tokens of every `name` header (`Require`, `Allow`, `Supported`).
    pub fn tokens<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|token| !token.is_empty())
    }

    /// The media type of the body in lower case, without its parameters; none when there is no body.
    pub fn body_type(&self) -> Option<String> {
        if self.body.is_empty() {
            return None;
        }
        let value = self.value("Content-Type").unwrap_or_default();
        Some(multipart::media_type(value))
    }

    /// The session description: the body, or a part of it.
    pub fn sdp(&self) -> Option<Bytes> {
        let content_type = self
            .value("Content-Type")
            .filter(|_| !self.body.is_empty())?;
        multipart::session_description(content_type, &self.body)
    }
}
