//! Who asks for callbacks by the API, and asks again where the answer was lost: with the same key.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirdring::words::Entropy;
use ureq::http::{Method, Request};

use crate::peers::agent::TOKEN;

/// Whoever is killed answers nobody; who lives answers sooner.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Numbers of one office: some are promised a callback more than once.
const NUMBERS: u32 = 12;

pub(super) struct Client {
    http: ureq::Agent,
    chance: Entropy,
    office: u32,
    name: String,
    asked: u32,
    /// Not answered yet.
    waiting: Vec<Asked>,
    /// By reason: the promise we were told of.
    pub(super) acknowledged: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Asked {
    number: String,
    /// Each has its own, and it is the key, too.
    reason: String,
}

impl Client {
    pub(super) fn new(office: u32, name: &str, seed: u64) -> Self {
        Self {
            http: http(),
            chance: Entropy::from_number(seed),
            office,
            name: name.to_owned(),
            asked: 0,
            waiting: Vec::new(),
            acknowledged: BTreeMap::new(),
        }
    }

    /// One more that somebody wants.
    pub(super) fn want(&mut self) {
        let nth = self.chance.below(NUMBERS);
        self.want_for(nth);
    }

    /// The nth customer does.
    pub(super) fn want_for(&mut self, nth: u32) {
        self.asked += 1;
        self.waiting.push(Asked {
            number: format!("138{:04}{nth:04}", self.office),
            reason: format!("{}-{}", self.name, self.asked),
        });
    }

    /// How many are not acknowledged.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Asks for the first that is not acknowledged; when it was.
    pub(super) fn ask(&mut self, api: SocketAddr) -> Option<Instant> {
        let asked = self.waiting.first()?.clone();
        let body = json!({ "number": asked.number, "reason": asked.reason });
        let (status, noted) = ask(
            &self.http,
            api,
            Method::POST,
            "/callbacks",
            Some((&asked.reason, &body)),
        )?;
        // A desk that stops, or whose book is elsewhere, may say so.
        if status == 503 {
            return None;
        }
        assert_eq!(status, 201, "{noted}");
        let at = Instant::now();
        let id = noted["id"].as_str().expect("an id").to_owned();
        self.acknowledged.insert(asked.reason, id);
        // Now and then the answer does not reach him.
        if self.chance.below(5) > 0 {
            self.waiting.remove(0);
        }
        Some(at)
    }
}

pub(super) fn http() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(ANSWER_WITHIN))
        .build()
        .new_agent()
}

/// What must be there.
pub(super) fn get(http: &ureq::Agent, api: SocketAddr, path: &str) -> Value {
    let answer = ask(http, api, Method::GET, path, None);
    let (status, body) = answer.expect("the desk lives");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The status and the body; nothing where the answer was lost.
fn ask(
    http: &ureq::Agent,
    api: SocketAddr,
    method: Method,
    path: &str,
    body: Option<(&str, &Value)>,
) -> Option<(u16, Value)> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{api}/api/v1{path}"))
        .header("authorization", format!("Bearer {TOKEN}"));
    let request = match body {
        Some((key, body)) => request
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body.to_string()),
        None => request.body(String::new()),
    };
    let mut answer = http.run(request.expect("a request")).ok()?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().ok()?;
    Some((status, serde_json::from_str(&body).ok()?))
}
