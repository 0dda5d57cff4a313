use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request};
use axum::http::Uri;
use axum::response::Response;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Place;
use super::event_log::{Follower, Gone};
use super::serve::{Shared, query};
use super::{Code, Problem};
use crate::records::Entry;

/// How often a quiet client is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// The longest message a client may send: it has nothing to say but pongs and a close.
const INCOMING_MAX_BYTES: usize = 4096;

/// `GET /events[?since=SEQ]`: replays what came after `SEQ`, then follows.
pub(super) async fn upgrade(shared: &Arc<Shared>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let since = since(&parts.uri)?;
    let follower = shared.events.follow(since).map_err(gone)?;
    let place = parts.extensions.get::<Arc<Place>>().cloned();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| Problem::from(Code::WebsocketRequired))?;
    let client = Client {
        follower,
        send_within: shared.limits.send,
        stop: shared.stop.clone(),
        _place: place,
    };
    Ok(upgrade
        .max_message_size(INCOMING_MAX_BYTES)
        .max_frame_size(INCOMING_MAX_BYTES)
        .on_upgrade(|socket| client.serve(socket)))
}

fn since(uri: &Uri) -> Result<Option<u64>, Problem> {
    let query = query(uri)?;
    let Some(since) = query.get("since") else {
        return Ok(None);
    };
    since
        .parse()
        .map(Some)
        .map_err(|error| Problem::bad_request(format!("since: {error}")))
}

fn gone(Gone { oldest }: Gone) -> Problem {
    Problem::from(Code::EventsGone).with("oldest", oldest)
}

/// One WebSocket that listens to the log.
struct Client {
    follower: Follower,
    send_within: Duration,
    stop: watch::Receiver<bool>,
    _place: Option<Arc<Place>>,
}

/// Why we part from a client; the reason stands in the close frame.
enum Parting {
    FellBehind,
    Stopping,
    /// It left, or does not take what we send: nothing more can be said.
    Lost,
}

impl Client {
    async fn serve(mut self, mut socket: WebSocket) {
        let parting = self.talk(&mut socket).await;
        let (code, reason) = match parting {
            Parting::FellBehind => (close_code::POLICY, "fell-behind"),
            Parting::Stopping => (close_code::AWAY, "stopping"),
            Parting::Lost => return,
        };
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // A client that is gone needs no good-bye.
        let _ = timeout(self.send_within, socket.send(close)).await;
    }

    async fn talk(&mut self, socket: &mut WebSocket) -> Parting {
        loop {
            let Ok(entries) = self.follower.take() else {
                return Parting::FellBehind;
            };
            if entries.is_empty()
                && let Some(parting) = self.wait(socket).await
            {
                return parting;
            }
            for entry in &entries {
                if self.send(socket, line(entry)).await.is_none() {
                    return Parting::Lost;
                }
            }
        }
    }

    /// Until there is news: `None`, or the end.
    async fn wait(&mut self, socket: &mut WebSocket) -> Option<Parting> {
        let news = async {
            tokio::select! {
                // The last news go out before the good-bye.
                biased;
                () = self.follower.changed() => None,
                _ = self.stop.changed() => Some(Parting::Stopping),
                message = socket.recv() => match message {
                    Some(Ok(_)) => None,
                    Some(Err(_)) | None => Some(Parting::Lost),
                },
            }
        };
        match timeout(PING_EVERY, news).await {
            Ok(news) => news,
            Err(_) => {
                let asked = self.send(socket, Message::Ping(Vec::new().into())).await;
                asked.is_none().then_some(Parting::Lost)
            }
        }
    }

    async fn send(&self, socket: &mut WebSocket, message: Message) -> Option<()> {
        timeout(self.send_within, socket.send(message))
            .await
            .ok()?
            .ok()
    }
}

fn line(entry: &Entry) -> Message {
    let json = serde_json::to_string(entry).expect("an entry has only string keys");
    Message::Text(json.into())
}
