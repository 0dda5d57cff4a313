use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, RawPathParams, Request as HttpRequest};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::gate::Gate;
use super::idempotency::{idempotency_key, with_key};
use super::reading::ask_for;
use super::routes::{Page, Permission, ROUTES, Route};
use super::{Answer, Ask, Code, EventLog, ExportFormat, Limits, Metrics, Problem, Request, events};
use crate::words::{Catalogue, Language};

/// The longest body we read: a note, a list of digits.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// What all requests share.
pub(super) struct Shared {
    pub(super) gate: Gate,
    pub(super) limits: Limits,
    pub(super) language: Language,
    pub(super) texts: Catalogue,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) events: Arc<EventLog>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) stop: watch::Receiver<bool>,
}

/// The table of routes as axum's router; whatever is not in it is refused.
pub(super) fn pages(shared: Shared) -> Router {
    let shared = Arc::new(shared);
    let (nowhere, otherwise) = (Arc::clone(&shared), Arc::clone(&shared));
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| {
            let shared = Arc::clone(&shared);
            let filter = MethodFilter::try_from(route.method.clone())
                .expect("the table names only methods of RFC 9110");
            let page = move |path: RawPathParams, request: HttpRequest| {
                serve(shared, route, path, request)
            };
            router.route(route.path, on(filter, page))
        })
        .fallback(async move |headers: HeaderMap| refuse(&nowhere, &headers, Code::NoSuchPage))
        .method_not_allowed_fallback(async move |headers: HeaderMap| {
            refuse(&otherwise, &headers, Code::MethodRefused)
        })
}

async fn serve(
    shared: Arc<Shared>,
    route: &'static Route,
    path: RawPathParams,
    request: HttpRequest,
) -> Response {
    let language = preferred(request.headers()).unwrap_or(shared.language);
    let id = path.iter().next().map(|(_, id)| id.to_owned());
    let served = match shared.gate.admit(route.permission, request.headers()) {
        Ok(()) => admitted(&shared, route.page, id, request).await,
        Err(problem) => Err(problem),
    };
    let response = served.unwrap_or_else(|problem| problem.response(&shared.texts, language));
    shared
        .metrics
        .api_request(route.path, response.status().as_u16());
    sealed(response)
}

/// Strangers do not learn what exists and what does not.
fn refuse(shared: &Shared, headers: &HeaderMap, code: Code) -> Response {
    let language = preferred(headers).unwrap_or(shared.language);
    let problem = match shared.gate.admit(Permission::Token, headers) {
        Ok(()) => code.into(),
        Err(problem) => problem,
    };
    shared
        .metrics
        .api_request("none", problem.code.status().as_u16());
    sealed(problem.response(&shared.texts, language))
}

async fn admitted(
    shared: &Arc<Shared>,
    page: Page,
    id: Option<String>,
    request: HttpRequest,
) -> Result<Response, Problem> {
    match page {
        Page::Events => events::upgrade(shared, request).await,
        Page::Metrics => Ok(metrics(&shared.metrics)),
        Page::Health
        | Page::Calls
        | Page::Dial
        | Page::Call
        | Page::Timeline
        | Page::SipMessages
        | Page::Command(_)
        | Page::Callbacks
        | Page::ExportCallbacks
        | Page::NewCallback
        | Page::Callback
        | Page::Wish(_)
        | Page::NewDeletion
        | Page::Seats
        | Page::Seat
        | Page::SeatChoice
        | Page::ExtendWrapUp
        | Page::EndWrapUp
        | Page::Registrations
        | Page::Drain
        | Page::DrainOrder => {
            let query = query(request.uri())?;
            let key = idempotency_key(request.headers())?;
            let body = body(request.into_body(), &shared.limits).await?;
            let ask = ask_for(page, id.as_deref().unwrap_or_default(), &query, &body)?;
            asked(shared, with_key(ask, key)).await.map(told)
        }
    }
}

pub(super) fn query(uri: &Uri) -> Result<BTreeMap<String, String>, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(query)| query)
        .map_err(Problem::bad_request)
}

async fn body(body: Body, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let whole = timeout(limits.body, to_bytes(body, BODY_MAX_BYTES))
        .await
        .map_err(|_| Problem::from(Code::BodyTooSlow))?;
    // The reader's only other failure is a client that left, who reads no answer.
    whole
        .map(Vec::from)
        .map_err(|_| Problem::from(Code::BodyTooLarge).with("bytes", BODY_MAX_BYTES))
}

/// Puts the question to the desk: a full queue or a silent desk is told, never waited for.
async fn asked(shared: &Shared, ask: Ask) -> Result<Answer, Problem> {
    let (reply, answer) = oneshot::channel();
    let busy = || Problem::from(Code::DeskBusy);
    shared
        .requests
        .try_send(Request { ask, reply })
        .map_err(|_| busy())?;
    timeout(shared.limits.desk, answer)
        .await
        .map_err(|_| busy())?
        .map_err(|_| busy())?
}

fn told(answer: Answer) -> Response {
    match answer {
        Answer::Done => StatusCode::NO_CONTENT.into_response(),
        Answer::Calls(calls) => json(StatusCode::OK, &calls),
        Answer::Call(call) => json(StatusCode::OK, &call),
        Answer::Dialled(call) => json(StatusCode::CREATED, &call),
        Answer::Timeline(entries) => typed("application/jsonl", lines(&entries)),
        Answer::SipMessages(messages) => typed("application/jsonl", lines(&messages)),
        Answer::Callbacks(callbacks) => json(StatusCode::OK, &callbacks),
        Answer::Exported { format, body } => match format {
            ExportFormat::Csv => typed("text/csv; charset=utf-8", body),
            ExportFormat::Jsonl => typed("application/jsonl", body),
        },
        Answer::Callback(callback) => json(StatusCode::OK, &callback),
        Answer::Noted(callback) => json(StatusCode::CREATED, &callback),
        Answer::Deleted(deletion) => json(StatusCode::OK, &deletion),
        Answer::Registrations(accounts) => json(StatusCode::OK, &accounts),
        Answer::Drain(drain) => json(StatusCode::OK, &drain),
        Answer::Seats(seats) => json(StatusCode::OK, &seats),
        Answer::Seat(seat) => json(StatusCode::OK, &seat),
        Answer::Health(health) if health.ok => json(StatusCode::OK, &health),
        Answer::Health(health) => json(StatusCode::SERVICE_UNAVAILABLE, &health),
    }
}

fn json(status: StatusCode, view: &impl Serialize) -> Response {
    (status, axum::Json(view)).into_response()
}

fn lines(items: &[impl Serialize]) -> String {
    items.iter().fold(String::new(), |mut lines, item| {
        lines += &serde_json::to_string(item).expect("what we tell has only string keys");
        lines.push('\n');
        lines
    })
}

fn metrics(metrics: &Metrics) -> Response {
    typed(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        metrics.told(),
    )
}

fn typed(content_type: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// Nothing of ours is a page to show, to guess at or to keep.
fn sealed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}

/// The reader's language (RFC 9110 12.5.4): the first of ours; weights beside the order are rare.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    wanted.split(',').find_map(|range| {
        let primary = range.trim().split(['-', ';']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Language::ZhCn),
            "en" => Some(Language::En),
            _ => None,
        }
    })
}
