//! A client of web servers that others keep: answers of a bounded size in a bounded time.

#![expect(
    clippy::disallowed_methods,
    reason = "how long a server takes is what is bounded here"
)]

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls;
use ureq::http::{Request, Response, StatusCode, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::TlsFault;
use super::streams::trusted;

/// All that is asked of one server, together.
pub struct Web {
    agent: Agent,
    until: Instant,
}

/// What a server gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    Whole {
        body: Vec<u8>,
        /// By which it can be asked whether there is another (RFC 9110 8.8.3).
        etag: Option<String>,
    },
    NotModified,
}

/// Why it gave none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebFault {
    Unreachable(String),
    /// Its certificate is not of who is trusted, or not for its name.
    Untrusted(String),
    Slow,
    Status(u16),
    TooLarge,
}

impl Web {
    /// Trusts `ca` alone where it is set, else the system's authorities. `within` is for all that is asked.
    pub fn open(ca: Option<&Path>, within: Duration) -> Result<Self, TlsFault> {
        let certificates = trusted(ca)?;
        let roots: Vec<Certificate<'static>> = certificates
            .iter()
            .map(|it| Certificate::from_der(it).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            until: Instant::now() + within,
        })
    }

    /// A file; by its `etag` only where there is another.
    pub fn get(&self, url: &str, etag: Option<&str>, most: u64) -> Result<Fetched, WebFault> {
        let request = Request::get(url);
        let request = match etag {
            Some(etag) => request.header(header::IF_NONE_MATCH, etag),
            None => request,
        };
        let mut answer = self.run(request.body(()))?;
        match answer.status() {
            StatusCode::NOT_MODIFIED => Ok(Fetched::NotModified),
            StatusCode::OK => {
                let etag = answer.headers().get(header::ETAG);
                let etag = etag.and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                let body = body(&mut answer, most)?;
                Ok(Fetched::Whole { body, etag })
            }
            other => Err(WebFault::Status(other.as_u16())),
        }
    }

    /// Gives JSON; the status and the answer's body.
    pub fn post(&self, url: &str, json: String, most: u64) -> Result<(u16, Vec<u8>), WebFault> {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let mut answer = self.run(request.body(json))?;
        let body = body(&mut answer, most)?;
        Ok((answer.status().as_u16(), body))
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: ureq::http::Result<Request<B>>,
    ) -> Result<Response<Body>, WebFault> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(WebFault::Slow);
        }
        let request = request.map_err(|error| WebFault::Unreachable(error.to_string()))?;
        let request = self.agent.configure_request(request);
        let request = request.timeout_global(Some(left)).build();
        self.agent.run(request).map_err(fault)
    }
}

fn body(answer: &mut Response<Body>, most: u64) -> Result<Vec<u8>, WebFault> {
    let body = answer.body_mut().with_config().limit(most);
    body.read_to_vec().map_err(fault)
}

fn fault(error: ureq::Error) -> WebFault {
    if let ureq::Error::Io(why) = &error {
        of_io(why)
    } else if let ureq::Error::Rustls(why) = &error {
        WebFault::Untrusted(why.to_string())
    } else if matches!(error, ureq::Error::Timeout(_)) {
        WebFault::Slow
    } else if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
        WebFault::TooLarge
    } else {
        WebFault::Unreachable(error.to_string())
    }
}

/// What TLS finds wrong with a certificate comes as a fault of reading.
fn of_io(why: &io::Error) -> WebFault {
    let inner = why.get_ref();
    let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let inner_io = inner.and_then(|inner| inner.source()?.downcast_ref::<rustls::Error>());
    match (tls.or(inner_io), why.kind()) {
        (Some(why @ rustls::Error::InvalidCertificate(_)), _) => {
            WebFault::Untrusted(why.to_string())
        }
        (None, ErrorKind::TimedOut | ErrorKind::WouldBlock) => WebFault::Slow,
        (Some(_) | None, _) => WebFault::Unreachable(why.to_string()),
    }
}
