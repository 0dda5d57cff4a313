use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
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

use super::Limits;

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
    let room = Arc::new(Room::new(&limits));
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

/// How many connections there are, in all and from each address.
#[derive(Debug)]
struct Room {
    taken: Mutex<BTreeMap<IpAddr, usize>>,
    per_address: usize,
    in_all: usize,
}

/// A client's place: free again when the last holder (connection or WebSocket) drops it.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    address: IpAddr,
}

impl Room {
    fn new(limits: &Limits) -> Self {
        Self {
            taken: Mutex::default(),
            per_address: limits.connections_per_address,
            in_all: limits.connections,
        }
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Place>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_all: usize = taken.values().sum();
        let from_here = taken.get(&address).copied().unwrap_or(0);
        if in_all >= self.in_all || from_here >= self.per_address {
            return None;
        }
        taken.insert(address, from_here + 1);
        Some(Arc::new(Place {
            room: Arc::clone(self),
            address,
        }))
    }

    fn leave(&self, address: IpAddr) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                taken.remove(&address);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn room(per_address: usize, in_all: usize) -> Arc<Room> {
        Arc::new(Room::new(&Limits {
            connections_per_address: per_address,
            connections: in_all,
            ..Limits::default()
        }))
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let room = room(2, 3);
        let first = room.enter(address(1)).unwrap();
        let _second = room.enter(address(1)).unwrap();
        assert!(room.enter(address(1)).is_none());
        drop(first);
        assert!(room.enter(address(1)).is_some());
    }

    #[test]
    fn a_full_room_lets_nobody_in_until_somebody_leaves() {
        let room = room(2, 3);
        let places: Vec<_> = (1..=3)
            .filter_map(|last| room.enter(address(last)))
            .collect();
        assert_eq!(places.len(), 3);
        assert!(room.enter(address(4)).is_none());
        drop(places);
        assert!(room.enter(address(4)).is_some());
        assert!(room.taken.lock().unwrap().is_empty());
    }
}
