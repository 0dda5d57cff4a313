use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tower_service::Service;
use tracing::{debug, warn};

use super::room::Room;
use super::{Limits, Place};

/// How long open requests may take once we stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The longest request line and headers, in bytes: 431 after it.
const HEADERS_MAX_BYTES: usize = 16 * 1024;

/// How long nobody is let in after the system had no socket left for us.
const REST_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Lets clients in until `stop` is told; `axum::serve` would wait for a slow header for ever.
pub(super) async fn accept(
    listener: TcpListener,
    pages: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let room = Room::new(limits.connections_per_address, limits.connections);
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match room.enter(peer.ip()) {
                Some(place) => {
                    let talk = talk(stream, pages.clone(), limits.headers, place, stop.clone());
                    tokio::spawn(talk);
                }
                None => warn!(%peer, "API client turned away: too many connections"),
            },
            Err(error) => {
                warn!(%error, "accept an API client");
                if timeout(REST_AFTER_ERROR, stop.changed()).await.is_ok() {
                    return;
                }
            }
        }
    }
}

/// One connection, from its first header to its end or its upgrade.
async fn talk(
    stream: TcpStream,
    pages: Router,
    headers_within: Duration,
    place: Arc<Place>,
    mut stop: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request| page(pages.clone(), request, Arc::clone(&place)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers_within)
        .max_buf_size(HEADERS_MAX_BYTES)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            match timeout(STOP_WITHIN, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        debug!(%error, "API connection ended");
    }
}

async fn page(
    mut pages: Router,
    mut request: Request<Incoming>,
    place: Arc<Place>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(place);
    pages.call(request).await
}
