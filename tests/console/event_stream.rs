use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use thirdring::console::Limits;
use thirdring::records::{Entry, What};
use tokio::task::spawn_blocking;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

use super::fake_desk::{House, Plan, entry};

type Socket = WebSocket<TcpStream>;

async fn listen(address: SocketAddr, query: &'static str) -> Socket {
    let connect = move || {
        let mut request = format!("ws://{address}/api/v1/events{query}")
            .into_client_request()
            .unwrap();
        let token = HeaderValue::from_static("Bearer s3cret");
        request.headers_mut().insert("authorization", token);
        let stream = TcpStream::connect(address).unwrap();
        tungstenite::client(request, stream).unwrap().0
    };
    spawn_blocking(connect).await.unwrap()
}

/// The next `count` messages; entries as their numbers, a close as its reason.
async fn hear(mut socket: Socket, count: usize) -> (Socket, Vec<String>) {
    let read = move || {
        let heard = (0..count).map(|_| put(socket.read().unwrap())).collect();
        (socket, heard)
    };
    spawn_blocking(read).await.unwrap()
}

fn put(message: Message) -> String {
    if let Message::Close(Some(close)) = message {
        return close.reason.to_string();
    }
    let entry: Entry = serde_json::from_str(message.to_text().unwrap()).unwrap();
    entry.seq.to_string()
}

#[tokio::test]
async fn a_listener_hears_what_it_missed_and_then_what_comes() {
    let house = House::open(Plan::default()).await;
    (1..=3).for_each(|seq| house.events.push(entry(seq, "talking")));
    let socket = listen(house.address, "?since=1").await;
    let (socket, heard) = hear(socket, 2).await;
    assert_eq!(heard, ["2", "3"]);
    house.events.push(entry(4, "holding"));
    let (_, heard) = hear(socket, 1).await;
    assert_eq!(heard, ["4"]);
}

#[tokio::test]
async fn what_is_no_longer_kept_is_410() {
    let house = House::open(Plan {
        events_kept: 3,
        ..Plan::default()
    })
    .await;
    (1..=9).for_each(|seq| house.events.push(entry(seq, "talking")));
    let told = house.ask("GET", "/api/v1/events?since=5", "").await;
    assert_eq!(told.status(), 410);
    assert!(told.body().contains('7'), "names the oldest: {told:?}");
    assert_eq!(
        house
            .ask("GET", "/api/v1/events?since=10", "")
            .await
            .status(),
        410
    );
    assert_eq!(
        house
            .ask("GET", "/api/v1/events?since=x", "")
            .await
            .status(),
        400
    );
    assert_eq!(
        house
            .ask("GET", "/api/v1/events?since=6", "")
            .await
            .status(),
        426
    );
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_closed_with_the_reason() {
    let house = House::open(Plan {
        events_kept: 3,
        ..Plan::default()
    })
    .await;
    let socket = listen(house.address, "").await;
    // One thread: the console gets no turn before all ten are in.
    (1..=10).for_each(|seq| house.events.push(entry(seq, "talking")));
    let (_, heard) = hear(socket, 1).await;
    assert_eq!(heard, ["fell-behind"]);
}

#[tokio::test]
async fn a_listener_that_does_not_read_holds_nobody_up() {
    const ENTRIES: u64 = 400;
    let house = House::open(Plan {
        events_kept: 1_000,
        limits: Limits {
            send: Duration::from_millis(50),
            ..Limits::default()
        },
        ..Plan::default()
    })
    .await;
    let _deaf = listen(house.address, "").await;
    let socket = listen(house.address, "").await;
    let text = "话".repeat(20_000);
    for seq in 1..=ENTRIES {
        let what = What::Note { text: text.clone() };
        house.events.push(Entry {
            what,
            ..entry(seq, "")
        });
    }
    let (_socket, heard) = hear(socket, 400).await;
    assert_eq!(heard.last().map(String::as_str), Some("400"));
    house.console.stop().await;
}

#[tokio::test]
async fn a_stopping_console_says_good_bye() {
    let house = House::open(Plan::default()).await;
    let socket = listen(house.address, "").await;
    let (_, (_, heard)) = tokio::join!(house.console.stop(), hear(socket, 1));
    assert_eq!(heard, ["stopping"]);
}

#[tokio::test]
async fn the_last_news_come_before_the_good_bye() {
    for _ in 0..20 {
        let house = House::open(Plan::default()).await;
        house.events.push(entry(1, "talking"));
        let (socket, first) = hear(listen(house.address, "?since=0").await, 1).await;
        assert_eq!(first, ["1"]);
        house.events.push(entry(2, "ended"));
        let (_, (_, heard)) = tokio::join!(house.console.stop(), hear(socket, 2));
        assert_eq!(heard, ["2", "stopping"]);
    }
}
